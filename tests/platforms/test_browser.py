"""The demo's page as visitors use it, in Chromium: two chats, mouse, keyboard, files, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.platforms.browser import PHONE, chromium, visiting
from tests.platforms.webtown import Town, counted, running

__all__ = ["chromium"]

pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with running(tmp_path / "town.db") as town:
        yield town


async def test_a_press_on_one_side_changes_the_board_on_the_other(
    chromium: Browser, town: Town
) -> None:
    async with visiting(chromium, town) as visit:
        await visit.begin()
        await visit.run("() => { window.neverReloaded = true; }")
        left, right = visit.left, visit.right
        await left.write("/aushang 1")
        await expect(right.root.get_by_role("tab", name="1 neue Nachricht")).to_be_visible()
        for side in (left, right):
            await side.open("Steuerungsgruppe 1")
            await side.sees("Bisher gezählt: 0")
        await right.option("Radweg").click()
        await expect(
            right.root.get_by_role("status").filter(has_text="gespeichert")
        ).to_be_visible()
        await expect(left.toasts).to_be_empty()
        town.pass_time(3)
        for side in (left, right):
            card = await side.sees("Bisher gezählt: 1")
            await expect(card.get_by_role("img", name="Balken mit 1")).to_be_visible()
            await expect(side.messages.filter(has_text="Bisher gezählt")).to_have_count(1)
            await expect(side.root.locator(".pinned")).to_contain_text("Bisher gezählt: 1")
        assert await visit.run("() => window.neverReloaded")


async def test_a_card_is_edited_in_place(chromium: Browser, town: Town) -> None:
    async with visiting(chromium, town) as visit:
        await visit.begin()
        await visit.left.write("/blatt")
        card = await visit.left.sees("Blatt 1")
        number = await card.get_attribute("data-message")
        await expect(card.get_by_role("img", name="Bild 1")).to_be_visible()
        await visit.left.option("Weiter").click()
        card = await visit.left.sees("Blatt 2")
        assert await card.get_attribute("data-message") == number
        await expect(card.get_by_role("img", name="Bild 2")).to_be_visible()
        await expect(visit.left.messages).to_have_count(2)


async def test_everything_goes_by_keyboard(chromium: Browser, town: Town) -> None:
    async with visiting(chromium, town) as visit:
        await visit.page.goto(town.server.address)
        await expect(visit.left.root.get_by_role("tab").first).to_be_visible()
        keys = visit.page.keyboard
        await keys.press("Tab")
        skip = visit.page.get_by_role("link", name="Zum Chat springen")
        await expect(skip).to_be_focused()
        await expect(skip).to_be_in_viewport()
        await keys.press("Enter")
        assert await visit.focused() == "main"
        order: list[str] = []
        while (await visit.focused()) != "right-input" and len(order) < 30:
            await keys.press("Tab")
            order.append(await visit.focused())
        assert order == [
            "guide-close",
            "guide-start",
            *("left-who", "Zum Eingabefeld springen", "left-tab-direct", "Nachrichten: GNK-Bot"),
            *("Gespräch beginnen", "Datei anhängen", "left-input", "Senden"),
            *("right-who", "Zum Eingabefeld springen", "right-tab-direct", "Nachrichten: GNK-Bot"),
            *("Gespräch beginnen", "Datei anhängen", "right-input"),
        ]

        right = visit.right
        await keys.type("/z")
        await keys.press("ArrowDown")
        chosen = right.root.get_by_role("listbox").get_by_role("option", selected=True)
        await expect(chosen).to_contain_text("/zaehlen")
        await keys.press("Enter")
        await expect(right.input).to_have_value("/zaehlen ")
        await keys.press("Enter")
        await right.sees("Bisher gezählt: 0")
        while not (await visit.focused()).startswith("Radweg"):
            await keys.press("Shift+Tab")
        await keys.press("Space")
        await expect(right.toasts).to_contain_text("gespeichert: 1")
        town.pass_time(3)
        await right.sees("Bisher gezählt: 1")
        await expect(right.option("Radweg")).to_be_focused()


async def test_a_dialog_of_one_more_line_and_an_escape(chromium: Browser, town: Town) -> None:
    async with visiting(chromium, town) as visit:
        await visit.begin()
        left = visit.left
        await left.input.press("/")
        await expect(left.root.get_by_role("listbox")).to_be_visible()
        await left.input.press("Escape")
        await expect(left.root.get_by_role("listbox")).to_be_hidden()
        await left.input.fill("")
        await left.input.type("erste")
        await left.input.press("Shift+Enter")
        await left.input.type("zweite <img src=/x onerror=alert(1)>")
        await left.open("Steuerungsgruppe 1")
        await expect(left.input).to_have_value("")
        await left.open("GNK-Bot")
        await left.input.press("Enter")
        said = await left.said("zweite <img")
        assert await said.locator("img").count() == 0
        assert (await said.locator(".text").inner_text()).startswith("erste\nzweite")


async def test_lines_become_paragraphs_and_lists(chromium: Browser, town: Town) -> None:
    async with visiting(chromium, town) as visit:
        await visit.begin()
        await visit.left.write(
            "/sag Zwei Wege:\n• der eine\n• der andere\n\nBeides geht. ▰▰▱ 2 von 3"
        )
        card = (await visit.left.sees("Beides geht")).locator(".text")
        assert await card.locator("li").all_inner_texts() == ["der eine", "der andere"]
        assert await card.locator("p").all_inner_texts() == [
            "Zwei Wege:",
            "Beides geht. ▰▰▱ 2 von 3",
        ]
        await expect(card.locator("[aria-hidden=true]")).to_have_text("▰▰▱")


async def test_the_first_message_is_one_press_away(chromium: Browser, town: Town) -> None:
    async with visiting(chromium, town) as visit:
        await visit.begin()
        await visit.left.root.get_by_role("button", name="Gespräch beginnen").click()
        await visit.left.said("/start")
        await expect(visit.left.root.locator(".empty")).to_be_hidden()


async def test_the_phone_shows_one_chat_at_a_time(chromium: Browser, town: Town) -> None:
    async with visiting(chromium, town, viewport=PHONE, has_touch=True, is_mobile=True) as visit:
        page, left, right = visit.page, visit.left, visit.right
        await page.goto(town.server.address)
        await expect(page.locator("#guide")).to_be_visible()
        await expect(left.root).to_be_hidden()
        await page.locator("#guide-start").tap()
        await expect(left.root).to_be_visible()
        await expect(right.root).to_be_hidden()
        await town.say("sg-08", "/sag Guten Tag")
        await expect(page.locator("#view-right .badge")).to_contain_text("1 neue Nachricht")
        await page.locator("#view-right").tap()
        await expect(page.locator("#view-right .badge")).to_be_hidden()
        await page.locator("#view-left").tap()
        await left.write("/aushang 1")
        await expect(page.locator("#view-right .badge")).to_contain_text("1 neue Nachricht")
        await page.locator("#view-right").tap()
        await expect(left.root).to_be_hidden()
        await right.root.get_by_role("tab", name="Steuerungsgruppe 1").tap()
        await right.sees("Bisher gezählt: 0")
        await right.option("Dach").tap()
        await expect(right.toasts).to_contain_text("gespeichert: 2")
        town.pass_time(3)
        await right.sees("Bisher gezählt: 1")
        await expect(page.locator("#view-right .badge")).to_be_hidden()


async def test_files_go_both_ways(chromium: Browser, town: Town, tmp_path: Path) -> None:
    plan = tmp_path / "Plan für die Brücke.txt"
    plan.write_bytes(b"Pfeiler, Bogen\n")
    async with visiting(chromium, town) as visit:
        await visit.begin()
        left = visit.left
        await left.root.locator("input[type=file]").set_input_files(plan)
        await expect(left.root.locator(".tray")).to_contain_text(plan.name)
        await left.root.get_by_role("button", name=f"{plan.name} entfernen").click()
        await expect(left.root.locator(".tray")).to_be_hidden()
        await left.root.locator("input[type=file]").set_input_files(plan)
        await left.root.get_by_role("button", name="Senden").click()
        await left.sees("text/plain · 15")
        assert await saved(visit.page, plan.name) == (plan.name, b"Pfeiler, Bogen\n")
        await left.write("/akte")
        await left.sees("Die Übersicht")
        assert await saved(visit.page, "Übersicht.csv") == ("Übersicht.csv", b"a;b\n1;2\n")


async def saved(page: Page, name: str) -> tuple[str, bytes]:
    """Name and bytes of a file that a press on its link saves."""
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name=name).last.click()
    download = await waiting.value
    content = await asyncio.to_thread(Path(await download.path()).read_bytes)
    return download.suggested_filename, content


async def test_a_page_outlives_a_restart_of_the_server(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "town.db"
    async with running(path) as town, visiting(chromium, town) as visit:
        await visit.begin()
        left, banner = visit.left, visit.left.root.locator(".banner")
        await left.write("/zaehlen")
        await left.sees("Bisher gezählt: 0")
        stopped, gone = asyncio.Event(), asyncio.Event()

        async def meanwhile() -> None:
            await stopped.wait()
            await expect(banner).to_contain_text("Keine Verbindung")
            await left.write("/sag inzwischen")
            await left.option("Radweg").click()
            await expect(left.root.locator(".pending")).to_contain_text("wartet auf Verbindung")
            gone.set()

        task = asyncio.create_task(meanwhile())
        port = town.server.port
        await town.stop()
        stopped.set()
        await gone.wait()
        await task
        async with running(path, port) as again:
            await left.sees("inzwischen")
            await expect(left.toasts).to_contain_text("gespeichert: 1")
            await expect(banner).to_be_empty()
            again.pass_time(3)
            await left.sees("Bisher gezählt: 1")
            await expect(left.root.locator(".pending")).to_have_count(0)
            texts = await left.messages.locator(".text").all_inner_texts()
            assert texts == ["/zaehlen", "Bisher gezählt: 1", "/sag inzwischen", "inzwischen"]
            with again.db.read() as tx:
                assert counted(tx) == 1
            await visit.page.reload()
            await left.sees("inzwischen")
            await expect(left.messages).to_have_count(4)
        # The browser itself notes each request that nobody answered.
        assert all("ERR_CONNECTION_REFUSED" in error for error in visit.errors)
        visit.errors.clear()


async def test_each_side_speaks_its_persons_language(chromium: Browser, town: Town) -> None:
    async with visiting(chromium, town) as visit:
        await visit.begin()
        await visit.page.locator("#right-who").select_option("sg-09")
        right = visit.right
        await expect(right.root.get_by_role("button", name="Send", exact=True)).to_be_visible()
        await right.write("/zaehlen")
        await right.sees("Votes so far: 0")
        assert await right.root.locator(".chat").get_attribute("lang") == "en"
        await expect(visit.left.root.get_by_role("button", name="Senden")).to_be_visible()
        await visit.page.reload()
        await right.sees("Votes so far: 0")
