"""The demo's votes come out as its file says: held in the town, and told when the demo starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot import demo
from bot.demo.votes import options_of, spread, values_of
from bot.importing_yaml import read_yaml
from handlers.chat import Text
from handlers.features import ROUTERS
from handlers.polls import views
from handlers.router import Routes
from storage.models import Ballot, BallotKey, Outbox, Person, Poll, PollOption, RollPerson
from tests.deciding import press
from tests.methods import said
from tests.polling import GROUP, begin
from tests.world import DEMO, MORNING, Somebody, Town

FILE: Any = read_yaml((DEMO / "polls.yaml").read_text(encoding="utf-8"))
PAST: dict[str, Any] = {vote["key"]: vote for vote in FILE["past"]}
PLANNED: dict[str, Any] = {vote["key"]: vote for vote in FILE["planned"]}

BERLIN = ZoneInfo("Europe/Berlin")


# --- held in the town, as coordination and members would -------------------------------------


async def prepare(town: Town, vote: Mapping[str, Any]) -> None:
    """Coordination prepares the vote through the dialog and publishes it."""
    who = town.coordination
    written = vote.get("procedure") == "written"
    await begin(who, said(Text("written.name") if written else views.method_name(vote["method"])))
    if vote["method"] in ("dots", "consensing"):
        await _options(who, options_of(vote))
    await who.says(vote["question"]["de"])
    await who.press(GROUP)
    await (who.says(_local(vote["opens_at"])) if "opens_at" in vote else who.press("Sofort"))
    await who.says(_local(vote.get("closed_at") or vote["closes_at"]))
    if vote["method"] != "election":
        await who.press("Geheim" if vote["secrecy"] == "secret" else "Offen")
    for answer in _last_answers(town, vote):
        await press(who, answer)
    await who.press("Veröffentlichen")


async def _options(who: Somebody, names: list[str]) -> None:
    if names[0].startswith("M"):
        await who.press(f"TF{names[0][1]}")
        await who.press("Fertig")
        return
    await who.press("Eigene Optionen")
    await who.says("\n".join(names))
    if "So lassen" in who.buttons():
        await who.press("So lassen")


def _last_answers(town: Town, vote: Mapping[str, Any]) -> list[str]:
    """What is pressed for the method's own questions."""
    match vote["method"]:
        case "dots":
            return [f"{vote['dots_per_seat']} (Ihre", f"{vote['max_dots_per_option']} (Ihre"]
        case "consensing":
            return ["Stimmungsbild", said(Text("consensing.status_quo_given"))]
        case "election":
            names = [_name(town, key) for key in options_of(vote)]
            return [*names, "Fertig", said(Text("election.base_present"))]
    return [said(Text("resolution.majority_simple"))]


def _name(town: Town, key: str) -> str:
    return str(town.one(Person, key=key).name["de"])


def _local(written: str) -> str:
    return f"{datetime.fromisoformat(written).astimezone(BERLIN):%d.%m.%Y %H:%M}"


async def vote_as_told(town: Town, vote: Mapping[str, Any]) -> None:
    """As many seats as were there cast ballots that add up to what was announced."""
    poll = town.one(Poll)
    options = town.all(PollOption, poll_id=poll.id)
    people = {person.id: person.key for person in town.all(Person)}
    lines = town.all(RollPerson, poll_id=poll.id, position=0)
    numbers = {name: number for number, name in enumerate(options_of(vote), 1)}
    for line, value in zip(lines, values_of(vote, numbers), strict=False):
        who = town.somebody(people[line.person_id])
        if vote["method"] == "consensing":
            await who.says(" ".join(str(value[str(n)]) for n in numbers.values()))
            continue
        if vote["method"] == "dots":
            for number in value:
                await _tap(who, options[int(number) - 1].label["de"])
            continue
        # Some read another language than German: their answers stand in the same order.
        answers = [*map(str, numbers.values()), "abstain"]
        if vote["method"] == "resolution":
            answers = ["yes", "no", "abstain"]
        (said_so,) = value if vote["method"] == "election" else value.values()
        await who.press(who.buttons()[answers.index(said_so)])


async def _tap(who: Somebody, label: str) -> None:
    """Press it on the ballot, on its other page if it is there."""
    if not any(label in shown for shown in who.buttons()):
        await who.press(said(Text("polls.next_page")))
    await who.press(label)


@pytest.mark.parametrize("key", PAST)
async def test_a_past_vote_held_again_comes_out_as_it_did(town: Town, key: str) -> None:
    vote = PAST[key]
    town.now = datetime.fromisoformat(vote["opened_at"]).astimezone(UTC)
    await prepare(town, vote)
    await vote_as_told(town, vote)
    await town.until(datetime.fromisoformat(vote["closed_at"]).astimezone(UTC))
    if town.one(Poll).published_at is None:
        await town.coordination.press("Veröffentlichen")
    came_out_as_told(vote, town.one(Poll), {o.id: o.label["de"] for o in town.all(PollOption)})
    assert vote["question"]["de"] in town.seniors.sees(GROUP), "announced where everybody reads"
    if vote["secrecy"] == "secret":
        assert town.all(BallotKey) == []


def came_out_as_told(vote: Mapping[str, Any], poll: Poll, names: Mapping[int, str]) -> None:
    """The stored result of a vote is the one in the file."""
    result, tally = poll.result, vote["tally"]
    assert poll.state == "closed" and poll.published_at is not None and result is not None
    assert result["cast"] == vote.get("voters_present", vote.get("returned"))
    assert (result["seats"], result["needed"]) == (19, 10) and not result["withheld"]
    counts, told = result["counts"], vote["result"]
    match vote["method"]:
        case "dots":
            assert {names[p["option"]]: int(p["score"]) for p in counts["places"]} == tally
            first = [p for p in counts["places"] if p["rank"] <= len(told["options"])]
            assert [names[p["option"]] for p in first] == told["options"]
            assert not any(p["shared"] for p in first)
        case "consensing":
            assert {names[p["option"]]: p["sum"] for p in counts["places"]} == tally
            assert names[counts["places"][0]["option"]] == told["option"]
            assert names[counts["status_quo"]] == list(tally)[-1]
        case "election":
            given = {names[v["option"]]: v["votes"] for v in counts["votes"]}
            assert list(given.values()) == [tally[key] for key in options_of(vote)]
            assert counts["abstain"] == tally["abstain"] and counts["verdict"] == told["kind"]
            place = options_of(vote).index(told["person"])
            assert counts["elected"] == counts["votes"][place]["option"]
        case "resolution":
            assert {answer: counts[answer] for answer in tally} == tally
            assert counts["verdict"] == told["kind"]
            assert counts["tie"] == (told.get("reason") == "tie")
    assert bool(poll.settings.get("written")) == (vote["procedure"] == "written")


@pytest.mark.parametrize("key", PLANNED)
async def test_a_planned_vote_opens_in_the_meeting_as_it_was_planned(town: Town, key: str) -> None:
    vote = PLANNED[key]
    await prepare(town, vote)
    poll = town.one(Poll)
    assert poll.state == "planned" and town.all(Outbox, kind="board") == []
    await town.until(datetime.fromisoformat(vote["opens_at"]).astimezone(UTC))
    poll = town.one(Poll)
    assert (poll.state, poll.method, poll.secrecy) == ("open", vote["method"], vote["secrecy"])
    assert [option.code for option in town.all(PollOption)] == options_of(vote)
    if vote["method"] == "dots":
        wanted = {"dots": vote["dots_per_seat"], "max_per_option": vote["max_dots_per_option"]}
        assert poll.settings == wanted
    await town.group_a.press("Ja" if vote["method"] == "resolution" else town.group_a.buttons()[0])
    board = town.seniors.sees(GROUP)
    assert "1 von 19" in board and "●" not in board.split("1 von 19")[1], "no running totals"
    await town.until(datetime.fromisoformat(vote["closes_at"]).astimezone(UTC))
    assert town.one(Poll).state == "closed"


# --- as the demo tells them ---------------------------------------------------------------------


@pytest.mark.parametrize("weeks", [-90, 0, 30])
def test_the_demo_starts_with_its_votes_whatever_day_it_is(tmp_path: Path, weeks: int) -> None:
    now = MORNING + timedelta(weeks=weeks, days=3)
    db = demo.open_database(tmp_path, Routes(ROUTERS), now)
    with db.read() as tx:
        found = list(tx.execute(select(Poll).order_by(Poll.id)).scalars())  # type: ignore[arg-type]
        names = {o.id: o.label["de"] for o in tx.execute(select(PollOption)).scalars()}
        running = {row.content["kind"] for row in tx.execute(select(Outbox)).scalars()}
        keys = tx.execute(select(BallotKey)).all()
        ballots = tx.execute(select(Ballot)).all()
        tx.expunge_all()
    db.close()
    for vote, poll in zip(FILE["past"], found, strict=False):
        came_out_as_told(vote, poll, names)
        assert poll.opens_at < poll.closes_at < now
    states = [poll.state for poll in found[len(PAST) :]]
    assert states == ["open", *["planned"] * (len(PLANNED) - 1)]
    assert all(poll.opens_at > now for poll in found if poll.state == "planned")
    assert running == {"poll", "ballot"}, "of the past nothing is announced again"
    assert keys == [] and len(ballots) == sum(
        vote.get("voters_present", vote.get("returned")) for vote in FILE["past"]
    )


@given(st.data(), st.integers(1, 40))
def test_resistance_adds_up_and_stays_on_the_scale(data: st.DataObject, voters: int) -> None:
    total = data.draw(st.integers(0, 10 * voters))
    shares = spread(total, voters)
    assert len(shares) == voters and sum(shares) == total
    assert all(0 <= share <= 10 for share in shares)
