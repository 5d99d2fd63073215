"""Polls of Matrix's own on a real homeserver, and how answers to them are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from nio import UnknownEvent

from bot.platforms.matrix import polls
from handlers.tasks import AskNatively, BringIn, EndNatively, MakeRoom
from tests.platforms.matrix.between import between
from tests.platforms.matrix.synapse import Member, Synapse, online, synapse
from tests.platforms.matrix.town import running

__all__ = ["synapse"]

MEETING = AskNatively("Wann treffen wir uns?", ("Montag", "Dienstag", "Mittwoch"), several=True)

START, RESPONSE = "org.matrix.msc3381.poll.start", "org.matrix.msc3381.poll.response"
END = "org.matrix.msc3381.poll.end"


def listening(member: Member) -> list[UnknownEvent]:
    """What a member's client gets besides messages, decrypted."""
    heard: list[UnknownEvent] = []
    member.client.add_event_callback(lambda _, event: heard.append(event), UnknownEvent)
    return heard


async def seen(member: Member, heard: list[UnknownEvent], kind: str) -> dict[str, Any]:
    """Wait for an event of this type; returns it."""
    await member.until(lambda: any(e.type == kind for e in heard))
    return next(e.source for e in heard if e.type == kind)


@pytest.mark.synapse
@pytest.mark.parametrize("encrypted", [True, False])
async def test_a_poll_is_asked_answered_and_ended(
    synapse: Synapse, tmp_path: Path, encrypted: bool
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        heard = listening(anna)
        name = f"umfrage-{encrypted}".lower()
        place = await town.works.made(MakeRoom(name, "Kernteam", "", encrypted=encrypted))
        await town.works.do(place, BringIn(anna.id))
        await anna.is_invited(place)
        await anna.enters(place)
        asked = await town.works.do(place, MEETING)
        assert asked.told == {"poll": asked.ref}
        content = (await seen(anna, heard, START))["content"]
        assert content["org.matrix.msc1767.text"].endswith("\n1. Montag\n2. Dienstag\n3. Mittwoch")
        start = content[START]
        assert start["max_selections"] == 3 and start["kind"].endswith("disclosed")
        ids = [a["id"] for a in start["answers"]]
        refers = {"rel_type": "m.reference", "event_id": asked.ref}

        async def answers(kind: str, chosen: Any, noted: str) -> None:
            await anna.sends(place, {"m.relates_to": refers, **chosen}, kind)
            note = f"voted {asked.ref} {noted} {anna.id}"
            await town.until(lambda: town.noted()[-1:] == [note])

        await answers(RESPONSE, {RESPONSE: {"answers": [ids[2], ids[0]]}}, "[2, 0]")
        await answers("m.poll.response", {"m.selections": [ids[1]]}, "[1]")
        await answers(RESPONSE, {RESPONSE: {"answers": []}}, "[]")
        assert (await town.works.twice(place, EndNatively(asked.ref or ""))).well
        ended = await seen(anna, heard, END)
        assert ended["content"]["m.relates_to"] == refers
        assert ended["content"]["body"] == "Die Umfrage ist beendet."


@pytest.mark.synapse
async def test_a_poll_whose_answer_is_lost_is_asked_once(synapse: Synapse, tmp_path: Path) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with between(synapse.address) as way:
        bot = type(bot)(way.address, bot.user_id, bot.access_token, bot.device_id)
        async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
            heard = listening(anna)
            place = await anna.opens("Kernteam", invite=(bot.user_id,))
            await anna.meets(bot.user_id, place)
            lost = ["once"]
            way.accident = lambda method, path: (
                "lose answer" if "poll.start" in path and lost and lost.pop() else None
            )
            asked = await town.works.begin(place, MEETING)
            await town.until(lambda: not lost)
            town.pass_time(20)
            await town.until(lambda: town.works.became(asked) is not None)
            done = town.works.became(asked)
            assert done is not None and done.well
            await anna.says(place, "!sag fertig")
            await anna.sees("fertig")
            assert [e.event_id for e in heard if e.type == START] == [done.ref]


@pytest.mark.synapse
async def test_where_no_poll_can_be_asked_that_is_told(synapse: Synapse, tmp_path: Path) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        quiet = {"events_default": 50}
        place = await anna.opens("Leise", invite=(bot.user_id,), power_level_override=quiet)
        await anna.meets(bot.user_id, place)
        assert (await town.works.do(place, MEETING)).reason == "no_right:send"
        assert (await town.works.do("!weg:gnk.test", MEETING)).reason == "not_there"
        many = AskNatively("Was?", tuple(f"Maßnahme {n}" for n in range(21)))
        assert (await town.works.do(place, many)).reason == "not_possible"
        assert (await town.works.do(place, EndNatively("$weg"))).reason == "no_right:send"


# --- reading ------------------------------------------------------------------------------------

NAMED = {"m.relates_to": {"rel_type": "m.reference", "event_id": "$umfrage"}}


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ({RESPONSE: {"answers": ["0"]}}, (0,)),
        ({RESPONSE: {"answers": ["3", "1", "3"]}}, (3, 1)),
        ({"m.poll.response": {"answers": ["19"]}}, (19,)),
        ({"m.selections": ["2"]}, (2,)),
        ({RESPONSE: {"answers": []}}, ()),
        ({RESPONSE: {}}, ()),
    ],
)
def test_answers_are_positions(said: dict[str, Any], chosen: tuple[int, ...]) -> None:
    assert polls.answered(said | NAMED) == ("$umfrage", chosen)


@pytest.mark.parametrize(
    "said",
    [
        {RESPONSE: {"answers": ["0", "eine fremde"]}} | NAMED,
        {RESPONSE: {"answers": ["-1"]}} | NAMED,
        {RESPONSE: {"answers": ["٣"]}} | NAMED,
        {RESPONSE: {"answers": ["100000000000000000000"]}} | NAMED,
        {RESPONSE: {"answers": [0]}} | NAMED,
        {RESPONSE: {"answers": ["0"]}},
        {RESPONSE: {"answers": ["0"]}, "m.relates_to": {"event_id": "$umfrage"}},
    ],
)
def test_an_answer_to_nothing_that_the_bot_asked_does_not_count(said: dict[str, Any]) -> None:
    assert polls.answered(said) is None
