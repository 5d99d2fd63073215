"""Quick polls: one question in several channels, one answer a person, one count."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms import Delivered, Delivery, Failed, Outcome
from handlers.chat import (
    NativeVote,
    Press,
)
from handlers.quickpolls import rules
from handlers.tasks import AskNatively, EndNatively
from storage import quickpolls, timers
from storage.models import NativePoll, QuickPoll, QuickVote
from tests.messenger import Meeting, Messenger
from tests.world import Town

ASK = "/umfrage Wann passt es besser? | Dienstag | Donnerstag | egal"


class WithPolls(Messenger):
    """A messenger that has polls of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.capabilities = replace(self.capabilities, native_polls=True)
        self.asked: dict[str, AskNatively] = {}
        self.ended: list[str] = []
        self.polls_forbidden = False
        self._polls = itertools.count(1)

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Ask and end polls; everything else as usual."""
        match delivery.task:
            case AskNatively() if self.polls_forbidden:
                return Failed("no_right:send")
            case AskNatively() as task:
                number = f"n{next(self._polls)}"
                self.asked[number] = task
                return Delivered(f"m-{number}", {"poll": number})
            case EndNatively(message):
                self.ended.append(message)
                return Delivered()
        return await super().deliver(delivery)


@pytest.fixture
async def meeting(town: Town) -> Meeting:
    """Two groups of the steering group; everybody has an account there too."""
    meeting = Meeting(town.db, WithPolls())
    meeting.now = town.now
    meeting.link("coordination", "second_coordination", "group_a", "nature_club", "neighbour")
    for group in ("group", "second"):
        await meeting.types("coordination", "/kanal", at=group, title=group)
        await meeting.presses("coordination", "Steuerungsgruppe", at=group)
    return meeting


def polls_of(meeting: Meeting) -> WithPolls:
    assert isinstance(meeting.messenger, WithPolls)
    return meeting.messenger


async def answers(meeting: Meeting, who: str, poll: str, *chosen: int) -> None:
    await meeting.happens(who, NativeVote(poll, chosen), at=f"poll:{poll}")


def counted(town: Town) -> list[int]:
    with town.db.read() as tx:
        return quickpolls.counts(tx, town.one(QuickPoll))


async def everywhere(meeting: Meeting) -> None:
    """The question goes to all channels of the steering group."""
    await meeting.types("coordination", ASK)
    await meeting.presses("coordination", "Steuerungsgruppe")
    await meeting.presses("coordination", "Jetzt fragen")


async def test_a_question_in_a_group_is_asked_there_at_once(town: Town, meeting: Meeting) -> None:
    await meeting.types("coordination", ASK, at="group")
    [(number, task)] = polls_of(meeting).asked.items()
    assert task.question == "Wann passt es besser?"
    assert task.options == ("Dienstag", "Donnerstag", "egal")
    await answers(meeting, "group_a", number, 1)
    assert counted(town) == [0, 1, 0]


async def test_one_person_has_one_answer_the_last_wherever_it_was_given(
    town: Town, meeting: Meeting
) -> None:
    await everywhere(meeting)
    first, second = polls_of(meeting).asked
    await answers(meeting, "group_a", first, 0)
    await answers(meeting, "nature_club", first, 0)
    await answers(meeting, "group_a", second, 2)
    assert counted(town) == [1, 0, 1]
    # Taking back the first one does not touch the later one; taking back the later one does.
    await answers(meeting, "group_a", first)
    assert counted(town) == [1, 0, 1]
    await answers(meeting, "group_a", second)
    assert counted(town) == [1, 0, 0]


async def test_the_web_chat_has_a_card_that_counts_into_the_same_result(
    town: Town, meeting: Meeting
) -> None:
    await everywhere(meeting)
    first = next(iter(polls_of(meeting).asked))
    await answers(meeting, "group_a", first, 0)
    await town.settle()
    await town.sports_club.press("Dienstag", at="Steuerungsgruppe")
    assert counted(town) == [2, 0, 0]
    await town.sports_club.press("egal", at="Steuerungsgruppe")
    assert counted(town) == [1, 0, 1]
    await town.sports_club.press("egal", at="Steuerungsgruppe")
    assert counted(town) == [1, 0, 0]
    await town.settle()
    assert "1 Antwort" in town.sports_club.newest("Steuerungsgruppe")


async def test_strangers_neighbours_and_advisers_of_no_body_do_not_count(
    town: Town, meeting: Meeting
) -> None:
    await everywhere(meeting)
    first = next(iter(polls_of(meeting).asked))
    await answers(meeting, "somebody else", first, 0)
    await answers(meeting, "neighbour", first, 0)
    await answers(meeting, "group_a", "n99", 0)
    await answers(meeting, "group_a", first, 17)
    assert counted(town) == [0, 0, 0]
    assert town.all(QuickVote) == []


async def test_it_ends_by_itself_and_late_answers_do_not_count(
    town: Town, meeting: Meeting
) -> None:
    await everywhere(meeting)
    first, second = polls_of(meeting).asked
    await answers(meeting, "group_a", first, 0)
    meeting.passes(hours=24)
    # It reaches the inbox after the end, and before the timer fires.
    await answers(meeting, "nature_club", second, 1)
    await town.db.write(lambda tx: timers.fire(tx, meeting.now))
    await meeting.settle()
    assert sorted(polls_of(meeting).ended) == ["m-n1", "m-n2"]
    assert town.one(QuickPoll).counts == [1, 0, 0]
    said = meeting.at("group")[-1].text
    assert "Stimmungsbild, kein Beschluss" in said and "Beendet" in said and "1 Antwort" in said
    await answers(meeting, "nature_club", second, 1)
    assert counted(town) == [1, 0, 0]


async def test_whoever_asked_ends_it_once(town: Town, meeting: Meeting) -> None:
    await everywhere(meeting)
    await meeting.presses("coordination", "Umfrage beenden")
    assert town.one(QuickPoll).closed_at == meeting.now
    packed = next(a for s in meeting.at("d-coordination") for a in s.actions if a[:3] == "qe:")
    await meeting.happens("second_coordination", Press(packed), message="1")
    assert "schon zu Ende" in meeting.toast_of("second_coordination")
    await town.settle()
    with pytest.raises(AssertionError):
        town.sports_club.button("Dienstag", at="Steuerungsgruppe")


async def test_where_no_native_poll_can_be_sent_a_card_takes_its_place(
    town: Town, meeting: Meeting
) -> None:
    polls_of(meeting).polls_forbidden = True
    await meeting.types("coordination", ASK, at="group")
    board = meeting.at("group")[-1]
    assert board.board is not None and board.labels == ("Dienstag", "Donnerstag", "egal")
    await meeting.presses("group_a", "Donnerstag", at="group")
    assert counted(town) == [0, 1, 0]
    assert meeting.toast_of("group_a") == "Gespeichert: Donnerstag"


async def test_without_answers_it_is_yes_or_no(town: Town, meeting: Meeting) -> None:
    await meeting.types("coordination", "/umfrage Treffen wir uns online?", at="group")
    assert town.one(QuickPoll).options == ["Ja", "Nein"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/umfrage | A | B", "Die Frage fehlt"),
        ("/umfrage Frage? | nur eine", "lässt keine Wahl"),
        ("/umfrage Frage? | A | a", "steht zweimal da"),
        ("/umfrage Frage? | " + "x" * 101 + " | B", "Bis zu 100 Zeichen"),
        ("/umfrage " + "y" * 301, "Bis zu 300 Zeichen"),
        ("/umfrage F? | " + " | ".join(map(str, range(13))), "Das sind 13 Antworten"),
    ],
)
async def test_what_cannot_be_asked_is_said_in_a_sentence(
    town: Town, meeting: Meeting, typed: str, told: str
) -> None:
    assert told in await meeting.types("coordination", typed)
    assert town.all(QuickPoll) == []


async def test_members_do_not_ask_and_nobody_asks_in_a_channel_without_a_body(
    town: Town, meeting: Meeting
) -> None:
    await meeting.types("group_a", ASK)
    await meeting.types("group_a", ASK, at="group")
    await meeting.types("coordination", ASK, at="elsewhere")
    assert town.all(QuickPoll) == [] and town.all(NativePoll) == []


async def test_answers_are_forgotten_when_the_period_is_over(town: Town, meeting: Meeting) -> None:
    await everywhere(meeting)
    await answers(meeting, "group_a", next(iter(polls_of(meeting).asked)), 0)
    await meeting.presses("coordination", "Umfrage beenden")
    with town.db.begin() as tx:
        assert quickpolls.drop_old_votes(tx, town.id, meeting.now + timedelta(seconds=1)) == 1
    assert counted(town) == [1, 0, 0]


@given(st.text(max_size=400))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    try:
        question = rules.read(typed)
    except rules.Broken:
        return
    assert question.words and len(question.answers) != 1
    assert len(set(question.answers)) == len(question.answers) <= rules.MOST
