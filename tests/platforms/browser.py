"""The demo's page in the system's Chromium: what a visitor does there, and sees."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    ViewportSize,
    async_playwright,
    expect,
)

from tests.platforms.webtown import Town

MISSING = "Chromium is missing (on Debian: apt install chromium)"

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}

_ARGUMENTS = (
    # Without these it asks its maker's servers at every start.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
)

expect.set_options(timeout=8_000)


def _program() -> str | None:
    known = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in known if path), None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """A browser without a window; skipped with one line where there is none."""
    program = _program()
    if program is None:
        if os.environ.get("GNK_REQUIRE_ALL") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    # Root, as in a container, may not use the sandbox; pages come from this machine only.
    alone = ["--no-sandbox"] if os.getuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, headless=True, args=[*_ARGUMENTS, *alone]
        )
        yield browser
        await browser.close()


class Side:
    """One of the two chats."""

    def __init__(self, page: Page, name: str) -> None:
        self.root = page.locator(f"#{name}")
        self.input = page.locator(f"#{name}-input")
        self.log = self.root.get_by_role("log")
        self.messages = self.root.locator("article.message:not(.pending)")
        self.toasts = self.root.locator(".toasts")

    async def write(self, text: str) -> None:
        await self.input.fill(text)
        await self.input.press("Enter")

    async def open(self, place: str) -> None:
        await self.root.get_by_role("tab", name=place).click()

    def option(self, label: str) -> Locator:
        """The newest button of this name."""
        return self.messages.get_by_role("button", name=label).last

    async def sees(self, text: str) -> Locator:
        """The newest message of somebody else with this text, once it is there."""
        found = self.root.locator("article.message:not(.me)").filter(has_text=text).last
        await expect(found).to_be_visible()
        return found

    async def said(self, text: str) -> Locator:
        """The person's own newest message with this text, once the server has it."""
        found = self.root.locator("article.me:not(.pending)").filter(has_text=text).last
        await expect(found).to_be_visible()
        return found


class Visit:
    """A tab with the demo's page, and what went wrong in it."""

    def __init__(self, context: BrowserContext, page: Page, address: str) -> None:
        self.context, self.page, self.address = context, page, address
        self.left, self.right = Side(page, "left"), Side(page, "right")
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.elsewhere.append(request.url)

    async def begin(self) -> None:
        """Open the page and put the guide away."""
        await self.page.goto(self.address)
        start = self.page.locator("#guide-start")
        await start.click()
        await expect(start).to_be_hidden()
        for side in (self.left, self.right):
            await expect(side.root.locator("[role=tab]").first).to_be_attached()

    async def run(self, script: str, argument: Any = None) -> Any:
        """What a script in the page returns."""
        return await self.page.evaluate(script, argument)

    async def focused(self) -> str:
        """What has the focus: its id, its accessible name or its text."""
        return str(
            await self.run(
                "() => { const e = document.activeElement;"
                " return e.id || e.getAttribute('aria-label') || e.textContent.trim(); }"
            )
        )


@asynccontextmanager
async def visiting(chromium: Browser, town: Town, **options: Any) -> AsyncIterator[Visit]:
    """A visit that must end without an error in the console and without a foreign request."""
    given = {"viewport": DESKTOP, "locale": "de-DE", "accept_downloads": True, **options}
    context = await chromium.new_context(**given)
    try:
        visit = Visit(context, await context.new_page(), town.server.address)
        yield visit
        assert visit.errors == []
        assert visit.elsewhere == []
    finally:
        await context.close()


def script(name: str) -> str:
    """A script beside the tests that is run in the page."""
    return (Path(__file__).parent / "page" / name).read_text(encoding="utf-8")
