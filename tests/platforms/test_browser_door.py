"""The personal link in a real browser: from the notice to the chat, at a phone's width."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.platforms.browser import PHONE, chromium, script
from tests.platforms.test_web_access import Town, opened

__all__ = ["chromium"]

pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def town(town_template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    async with opened(town_template, tmp_path) as town:
        yield town


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_comes_from_the_letter_into_the_chat_and_out_again(
    chromium: Browser, town: Town, scheme: Literal["light", "dark"]
) -> None:
    context = await chromium.new_context(
        viewport=PHONE, locale="de-DE", color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)

    async def readable(name: str) -> None:
        found = await page.evaluate(script("contrast.js"))
        assert found["poor"] == []
        wide = "document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth"
        assert await page.evaluate(wide) is False
        if folder := os.environ.get("LOOK"):
            await page.screenshot(path=f"{folder}/{name}-{scheme}.png", full_page=True)

    try:
        await page.goto(f"{town.server.address}/zugang/{town.code()}")
        await expect(page.get_by_role("heading", name="Ihr Zugang zum Chat")).to_be_visible()
        await readable("door")
        await page.get_by_role("button", name="Gelesen – Chat öffnen").click()
        await expect(page).to_have_url(f"{town.server.address}/chat")
        await expect(page.get_by_text("Willkommen, Vertretung Stadtratsfraktion A")).to_be_visible()
        await readable("chat")
        await page.reload()
        await expect(page.get_by_text("Willkommen, Vertretung Stadtratsfraktion A")).to_be_visible()
        await page.get_by_role("link", name="Abmelden").click()
        await readable("leave")
        await page.get_by_role("button", name="Abmelden").click()
        await expect(page.get_by_role("heading", name="Abgemeldet")).to_be_visible()
        assert errors == []
        await page.goto(f"{town.server.address}/chat")
        await expect(page.get_by_role("heading", name="Kein Zugang")).to_be_visible()
        await page.goto(f"{town.server.address}/zugang/FALSCH")
        await expect(page.get_by_role("heading", name="Dieser Link gilt nicht")).to_be_visible()
        await readable("closed")
    finally:
        await context.close()
