"""Who may do what in a Matrix room, and what is changed so that others may."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.matrix import furnishing, pictures
from bot.platforms.matrix.state import ABOVE_ALL, State
from handlers.tasks import Furnish, MakeRoom

ME, ANNA, BERND = "@gnk:stadt.example", "@anna:stadt.example", "@bernd:stadt.example"


def room(levels: dict[str, Any] | None, *, version: str = "10", **create: Any) -> State:
    """A room that Anna made, with these power levels."""
    made = {"room_version": version, **create}
    events: list[Any] = [
        {"type": "m.room.create", "state_key": "", "sender": ANNA, "content": made},
        {"type": "m.room.name", "state_key": "", "content": "nonsense"},
        {"type": "m.room.topic", "content": {"topic": "without a key"}},
        "nonsense",
    ]
    if levels is not None:
        events.append({"type": "m.room.power_levels", "state_key": "", "content": levels})
    return State.of(events)


# --- who may what -------------------------------------------------------------------------------


def test_levels_are_read_as_the_specification_says() -> None:
    usual = room({"users": {ANNA: 100, ME: 50}, "events": {"m.room.topic": 20}})
    assert [usual.level(who) for who in (ANNA, ME, BERND)] == [100, 50, 0]
    assert usual.rights(BERND) == dict.fromkeys(
        ("remove", "title", "topic", "pin", "levels", "delete"), False
    ) | {"send": True, "invite": True}
    assert all(usual.rights(ME).values())
    assert room({"state_default": 0, "users_default": 10}).may(BERND, "title")


def test_without_levels_whoever_made_the_room_may_everything() -> None:
    assert room(None).level(ANNA) == 100 and room(None).level(ME) == 0
    # What takes a level of its own still takes it.
    assert room(None).may(BERND, "title") and not room(None).may(BERND, "remove")


def test_makers_rule_from_version_twelve_on() -> None:
    listed = {"users": {BERND: 100}}
    assert room(listed).level(ANNA) == 0
    assert room(listed, version="12").level(ANNA) == ABOVE_ALL
    assert room(listed, version="12", additional_creators=[ME]).level(ME) == ABOVE_ALL
    assert room(listed, version="11", additional_creators=[ME]).level(ME) == 0


@pytest.mark.parametrize("value", ["x", None, [], {}, True, 1.5])
def test_malformed_levels_count_as_if_they_were_not_there(value: Any) -> None:
    broken = room({"users": {ME: value}, "invite": value, "events": value, "kick": value})
    assert broken.level(ME) == 0 and broken.may(ME, "invite") and not broken.may(ME, "remove")
    assert room({"users": value}).level(ME) == 0
    # Early versions wrote numbers as text.
    assert room({"users": {ME: "50"}}).level(ME) == 50


# --- what is changed ----------------------------------------------------------------------------

some_levels = st.dictionaries(st.sampled_from([ANNA, BERND, "@c:x", "@d:x"]), st.integers(0, 120))


@given(
    mine=st.integers(0, 120),
    now=some_levels,
    wanted=some_levels,
    speaking=st.integers(0, 120),
    quiet=st.booleans(),
)
def test_levels_become_what_is_wanted_as_far_as_the_bot_may(
    mine: int, now: dict[str, int], wanted: dict[str, int], speaking: int, quiet: bool
) -> None:
    before = room({"users": {**now, ME: mine}, "events_default": speaking, "ban": 50})
    task = Furnish("", "", wanted, quiet=quiet)
    made = furnishing.levels(before, task, ME)
    after = room(made.content)
    assert after.level(ME) == mine and made.content["ban"] == 50
    for account, level in wanted.items():
        allowed = level <= mine and before.level(account) < mine
        assert after.level(account) == (level if allowed else before.level(account))
        assert allowed or not made.complete or before.level(account) == level
    for other in now.keys() - wanted.keys():
        assert after.level(other) == before.level(other)
    if made.complete:
        assert after.may("@guest:x", "send") is not quiet or 0 < speaking < furnishing.WRITES
    # Once done, there is nothing left to do.
    assert furnishing.levels(after, task, ME) == furnishing.Levels(made.content, made.complete)


@pytest.mark.parametrize("version", ["9", "11", "12", "org.example.hydra"])
def test_a_room_begins_with_the_bot_above_those_who_lead(version: str) -> None:
    task = MakeRoom("kern", "Kernteam", "", levels={ANNA: 50, BERND: 0}, quiet=True)
    wished = {kind: content for kind, _, content in furnishing.outfit(task, version, ME)}
    levels = wished["m.room.power_levels"]
    assert levels["users"].pop(ME, None) == (100 if version in ("9", "11") else None)
    assert levels["users"] == {ANNA: 50}


@pytest.mark.parametrize(
    ("default", "available", "restricted", "made"),
    [
        ("12", {"12": "stable"}, True, "12"),
        ("6", {"6": "stable", "9": "stable", "10": "stable", "11": "unstable"}, True, "10"),
        ("6", {"6": "stable", "10": "stable"}, False, "6"),
        ("6", {"6": "stable"}, True, "6"),
    ],
)
def test_the_usual_version_is_made_unless_it_cannot_do_what_is_needed(
    default: str, available: dict[str, str], restricted: bool, made: str
) -> None:
    offered = {"default": default, "available": available}
    assert furnishing.version(offered, restricted=restricted) == made


def test_a_room_in_which_nobody_can_come_in_by_themselves_is_by_invitation() -> None:
    task = MakeRoom("kern", "Kernteam", "", inside="!space")
    for version, rule in (("6", "invite"), ("8", "restricted"), ("12", "restricted")):
        wished = {kind: content for kind, _, content in furnishing.outfit(task, version, ME)}
        assert wished["m.room.join_rules"]["join_rule"] == rule
        assert wished["m.room.history_visibility"] == {"history_visibility": "joined"}


# --- its picture --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "letters"),
    [
        ("Kernteam", "K"),
        ("Ilmbrück – GNK", "IG"),
        ("ärzte & Öffentlichkeit heute", "ÄÖ"),
        ("🌳", ""),
    ],
)
def test_a_picture_shows_the_first_letters(title: str, letters: str) -> None:
    assert pictures.initials(title) == letters
    png = pictures.draw(title)
    assert png.startswith(b"\x89PNG") and png == pictures.draw(title)
    assert int.from_bytes(png[16:20], "big") == int.from_bytes(png[20:24], "big") == 256
