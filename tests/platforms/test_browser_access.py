"""The demo's page for everybody: contrast, names, focus, zoom, narrow windows, less motion."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.platforms.web import DemoInfo, DemoPerson
from storage import webchat
from storage.db import Tx
from tests.platforms.browser import DESKTOP, PHONE, Visit, chromium, script, visiting
from tests.platforms.webtown import PEOPLE, Town, running

__all__ = ["chromium"]

pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="module")]

LONG_WORD = "Straßenbeleuchtungsmodernisierungsfinanzierungskonzeptentwurf"
LONG_NAME = DemoPerson(
    "sg-08",
    f"Mitglied mit sehr langem {LONG_WORD}",
    "Verein der Freunde langer Namen e. V.",
    "deputy",
)


async def people() -> DemoInfo:
    hint = f"<p>Schreiben Sie <code>/{LONG_WORD}</code>.</p><ol><li>Das <b>zuerst</b>.</li></ol>"
    return DemoInfo("Verbandsgemeinde Ilmbrück-Oberau", (PEOPLE[0], LONG_NAME, *PEOPLE[2:]), hint)


@pytest_asyncio.fixture(loop_scope="module")
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with running(tmp_path / "town.db", people=people) as town:
        yield town


async def fill(visit: Visit, town: Town) -> None:
    """Everything at once: board, picture, file, long words, many messages, toast, suggestions."""

    def many(tx: Tx) -> None:
        for number in range(30):
            said = webchat.Draft("sg-01", {"html": f"Nachricht {number}"}, "de")
            webchat.say(tx, said, datetime.now(UTC))

    left = visit.left
    await town.db.write(many)
    await town.say("sg-01", "/aushang 1")
    await town.say("sg-08", f"{LONG_WORD} {LONG_WORD}{LONG_WORD}", "c1")
    await town.send("sg-01", f"{LONG_WORD}.csv", b"a")
    await town.say("sg-01", "/blatt")
    await town.say("sg-01", "/zaehlen")
    await left.sees("Bisher gezählt")
    await left.option("Dach").click()
    await expect(left.toasts).to_contain_text("gespeichert")
    await left.input.fill("/")
    await expect(left.root.get_by_role("listbox")).to_be_visible()


async def test_every_text_can_be_read(chromium: Browser, town: Town) -> None:
    # Colours must not be on their way while they are measured.
    async with visiting(chromium, town, reduced_motion="reduce") as visit:
        await visit.page.goto(town.server.address)
        await expect(visit.page.locator("#guide-start")).to_be_visible()
        await readable(visit, 10)
        await visit.begin()
        await fill(visit, town)
        await readable(visit, 40)
        await visit.left.open("Steuerungsgruppe 1")
        await visit.left.sees(LONG_WORD)
        await readable(visit, 20)


async def readable(visit: Visit, least: int) -> None:
    """By day and by night, on a desk and on a phone; at least so many texts are there."""
    contrast = script("contrast.js")
    papers = {"light": "rgb(233, 240, 238)", "dark": "rgb(11, 21, 23)"}
    for scheme, paper in papers.items():
        await visit.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await expect(visit.page.locator("html")).to_have_css("background-color", paper)
        for size in (PHONE, DESKTOP):
            await visit.page.set_viewport_size(size)
            found = await visit.run(contrast)
            assert (scheme, size["width"], found["poor"]) == (scheme, size["width"], [])
            assert found["looked"] >= least


async def test_every_control_has_a_name(chromium: Browser, town: Town) -> None:
    async with visiting(chromium, town) as visit:
        await visit.begin()
        await fill(visit, town)
        tree = await (await visit.context.new_cdp_session(visit.page)).send(
            "Accessibility.getFullAXTree"
        )
        roles = {"button", "link", "textbox", "combobox", "tab", "option", "img", "image", "log"}
        named = [(_of(node, "role"), _of(node, "name")) for node in tree["nodes"]]
        controls = [(role, name) for role, name in named if role in roles]
        assert [role for role, name in controls if not name.strip()] == []
        assert {"button", "combobox", "tab", "log"} <= {role for role, _ in controls}
        assert ("button", "Radweg (1 Punkt)") in controls
        small = await visit.run(
            "() => [...document.querySelectorAll('button, a[href], select, textarea')]"
            ".filter(e => e.checkVisibility() && !e.closest('.skip'))"
            ".map(e => [e.textContent.trim() || e.id, e.getBoundingClientRect()])"
            ".filter(([, box]) => box.width < 24 || box.height < 24).map(([name]) => name)"
        )
        assert small == []


def _of(node: dict[str, Any], what: str) -> str:
    return str(node.get(what, {}).get("value", "")) if not node.get("ignored") else ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_focus_is_always_seen(chromium: Browser, town: Town, scheme: str) -> None:
    async with visiting(chromium, town, color_scheme=scheme) as visit:
        await visit.begin()
        await visit.left.write("/zaehlen")
        await visit.left.sees("Bisher gezählt")
        await visit.run("() => { document.activeElement.blur(); window.scrollTo(0, 0); }")
        stops = []
        for _ in range(30):
            await visit.page.keyboard.press("Tab")
            stops.append(
                await visit.run(
                    "() => { const e = document.activeElement, s = getComputedStyle(e);"
                    " return e === document.body ? null : { name: e.id || e.textContent,"
                    " style: s.outlineStyle, width: parseFloat(s.outlineWidth) }; }"
                )
            )
        reached = [stop for stop in stops if stop is not None]
        assert len(reached) > 12
        assert [s for s in reached if s["style"] == "none" or s["width"] < 2] == []


async def test_nothing_scrolls_sideways(chromium: Browser, town: Town) -> None:
    """720 pixels, two dots each, is what a window of 1440 pixels has at a zoom of 200 %."""
    widths = (1440, 1000, 720, 390, 320)
    async with visiting(chromium, town, device_scale_factor=2) as visit:
        page, left, right = visit.page, visit.left, visit.right

        async def fits() -> None:
            for width in widths:
                await page.set_viewport_size({"width": width, "height": 450})
                assert (width, await visit.run(_TOO_WIDE)) == (width, [])

        await page.goto(town.server.address)
        await expect(page.locator("#guide-start")).to_be_visible()
        await fits()
        await visit.begin()
        await fill(visit, town)
        await fits()
        await left.input.fill("Das kann man noch senden")
        await left.root.get_by_role("button", name="Senden").click()
        await left.said("Das kann man noch senden")
        await page.locator("#view-right").click()
        await page.locator("#right-who").select_option("sg-08")
        await right.root.get_by_role("button", name="Weitere").click()
        await right.root.get_by_role("button", name="Steuerungsgruppe 1").click()
        await right.said(LONG_WORD)
        await fits()


_TOO_WIDE = """async () => {
  for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
  const frames = document.querySelectorAll(".scroller, .panel, .guide");
  const wide = [document.scrollingElement, ...frames]
    .filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.className || e.tagName);
  const inside = [...document.querySelectorAll("button, .bubble, .option, textarea, select")]
    .filter((e) => e.checkVisibility())
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5)
    .map((e) => e.id || e.textContent.slice(0, 30));
  return [...wide, ...inside];
}"""


async def test_who_wants_less_motion_gets_less(chromium: Browser, town: Town) -> None:
    longest = (
        "() => Math.max(0, ...document.getAnimations().map(a => a.effect.getTiming().duration))"
    )
    found = {}
    for motion in ("no-preference", "reduce"):
        async with visiting(chromium, town, reduced_motion=motion) as visit:
            await visit.begin()
            await visit.left.write("/zaehlen")
            card = await visit.left.sees("Bisher gezählt")
            # A button that waits for its answer turns a wheel.
            await card.evaluate("e => e.querySelector('.option').setAttribute('aria-busy', 'true')")
            found[motion] = await visit.run(longest)
    assert found["no-preference"] > 100
    assert found["reduce"] < 1


async def test_a_card_taller_than_the_window_is_shown_from_its_beginning(
    chromium: Browser, town: Town
) -> None:
    async with visiting(chromium, town, viewport={"width": 390, "height": 500}) as visit:
        await visit.begin()
        await visit.left.write("/blatt")
        card = await visit.left.sees("Blatt 1")
        await expect(card.locator(".author")).to_be_in_viewport()
        # What is before one's eyes counts as read.
        await expect(visit.left.root.get_by_role("tab", name="GNK-Bot", exact=True)).to_be_visible()
