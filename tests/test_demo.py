"""The demo as its visitors start it: a process, a page, and Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

WITHIN = 30.0


class Demo:
    """A running demo."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", "--data", str(folder), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.rest = ""
        self.line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", self.line)
        if found is None:
            self.kill()
            raise AssertionError(self.line + self.rest)
        self.address = found[0]

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        server = HTTPConnection(self.address.removeprefix("http://"), timeout=WITHIN)
        try:
            server.request(method, path, body, {"Content-Type": "application/json"})
            answer = server.getresponse()
            made = json.loads(answer.read() or "null")
            assert answer.status < 300, made
            return made
        finally:
            server.close()

    def get(self, path: str) -> Any:
        return self._ask("GET", path)

    def post(self, path: str, **body: Any) -> None:
        self._ask("POST", path, json.dumps({"id": str(uuid.uuid4()), "place": "direct", **body}))

    def messages(self, who: str, place: str = "direct") -> list[Any]:
        made: list[Any] = self.get(f"/api/chat/{who}/messages?place={place}")["messages"]
        return made

    def ballot(self, who: str) -> Any:
        """The newest message with buttons in a direct chat, once there is one."""

        def there() -> Any:
            return next((m for m in reversed(self.messages(who)) if m.get("buttons")), None)

        return until(there)

    def press(self, who: str, button: int = 0) -> None:
        card = self.ballot(who)
        action = card["buttons"][button][0]["action"]
        self.post(f"/api/chat/{who}/press", message=card["id"], action=action)

    def presses(self, who: str, label: str) -> bool:
        """Press the newest button whose label begins so; whether there is one."""
        for message in reversed(self.messages(who)):
            for button in (b for row in message.get("buttons") or [] for b in row):
                if button["label"].startswith(label):
                    action = button["action"]
                    self.post(f"/api/chat/{who}/press", message=message["id"], action=action)
                    return True
        return False

    def sees_picture(self, who: str, place: str) -> bool:
        return any(m.get("picture") for m in self.messages(who, place))

    def channels(self, who: str) -> dict[str, str]:
        places = self.get(f"/api/chat/{who}/places")["places"]
        return {p["title"]: p["id"] for p in places}

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        self.rest, _ = self.process.communicate(timeout=WITHIN)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.rest, _ = self.process.communicate(timeout=WITHIN)


def until(there: Callable[[], Any]) -> Any:
    end = time.monotonic() + WITHIN
    while time.monotonic() < end:
        if found := there():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


@pytest.fixture
def demos() -> Iterator[Callable[..., Demo]]:
    started: list[Demo] = []

    def start(folder: Path, *options: str) -> Demo:
        started.append(Demo(folder, *options))
        return started[-1]

    yield start
    for demo in started:
        if demo.process.poll() is None:
            demo.kill()


def dots(card: Any) -> str:
    return "".join(str(b["label"]) for row in card["buttons"] for b in row)


def test_a_visitor_finds_an_open_vote_and_its_board(
    tmp_path: Path, demos: Callable[..., Demo]
) -> None:
    demo = demos(tmp_path, "--port", "0")
    info = demo.get("/api/demo")
    groups = {person["group"] for person in info["people"]}
    assert info["title"] == "Stadt Ilmbrück"
    assert {"coordination", "core_team", "steering_group", "deputy", "other_town"} <= groups
    assert "stranger" in groups and "Klebepunkte" in info["hint_html"]
    card = demo.ballot("sg-08")
    assert len([b for row in card["buttons"] for b in row]) >= 8
    board = demo.channels("sg-08")["Ankündigungen"]
    until(lambda: demo.messages("sg-08", board))
    assert set(demo.channels("tw-02")) & {"Koordination"} == set()
    assert not any(m["html"] for m in demo.messages("tw-02") if "Klimaschutz" in m["html"])
    assert demo.stop() == 0
    assert demo.rest == ""


def test_what_was_done_is_there_after_a_kill(tmp_path: Path, demos: Callable[..., Demo]) -> None:
    demo = demos(tmp_path, "--port", "0")
    before = dots(demo.ballot("sg-08"))
    demo.press("sg-08")
    voted = until(lambda: (now := dots(demo.ballot("sg-08"))) != before and now)
    demo.kill()
    again = demos(tmp_path, "--port", "0")
    assert dots(again.ballot("sg-08")) == voted
    # Nothing is opened or announced a second time.
    assert len([m for m in again.messages("sg-08") if m.get("buttons")]) == 1
    assert again.stop(signal.SIGTERM) == 0


def test_reset_starts_afresh_and_touches_nothing_else(
    tmp_path: Path, demos: Callable[..., Demo]
) -> None:
    (tmp_path / "mine.txt").write_text("bleibt")
    demo = demos(tmp_path, "--port", "0")
    fresh = dots(demo.ballot("sg-08"))
    demo.press("sg-08")
    until(lambda: dots(demo.ballot("sg-08")) != fresh)
    demo.stop()
    again = demos(tmp_path, "--port", "0", "--reset")
    assert dots(again.ballot("sg-08")) == fresh
    assert (tmp_path / "mine.txt").read_text() == "bleibt"


def test_ctrl_c_does_not_wait_for_open_pages(tmp_path: Path, demos: Callable[..., Demo]) -> None:
    demo = demos(tmp_path, "--port", "0")
    page = HTTPConnection(demo.address.removeprefix("http://"), timeout=WITHIN)
    page.request("GET", "/api/chat/sg-08/events")
    page.getresponse().readline()
    began = time.monotonic()
    assert demo.stop() == 0
    # A second is usual; the machine that tests may be busy with something else.
    assert time.monotonic() - began < 10
    page.close()
    assert "Traceback" not in demo.rest


def test_a_second_demo_in_the_same_place_is_refused_in_a_line(
    tmp_path: Path, demos: Callable[..., Demo]
) -> None:
    demos(tmp_path, "--port", "0")
    second = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "--data", str(tmp_path)],
        capture_output=True, text=True, timeout=WITHIN, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert second.stderr.startswith("Die Demo läuft schon") and second.stderr.count("\n") == 1


def test_others_on_the_network_are_not_let_in(tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "--data", str(tmp_path), "--host", "0.0.0.0"],  # noqa: S104
        capture_output=True, text=True, timeout=WITHIN, check=False, env={**os.environ},
    )  # fmt: skip
    assert refused.returncode == 2
    assert "nur auf diesem Rechner" in refused.stderr and refused.stderr.count("\n") == 1


def test_the_main_job_from_first_dot_to_the_result_in_the_channels(
    tmp_path: Path, demos: Callable[..., Demo]
) -> None:
    demo = demos(tmp_path, "--port", "0")
    demo.press("sg-08")
    until(lambda: "Gespeichert" in demo.ballot("sg-08")["html"])
    demo.post("/api/chat/sg-01/say", text="/abstimmungen")
    for label in ("Verwalten", "Jetzt beenden", "Ja, beenden"):
        until(partial(demo.presses, "sg-01", label))
    for channel in ("Ankündigungen", "Steuerungsgruppe"):
        until(partial(demo.sees_picture, "sg-11", demo.channels("sg-11")[channel]))
    assert demo.stop() == 0
