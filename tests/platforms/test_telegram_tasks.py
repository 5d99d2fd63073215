"""What the bot does in Telegram groups besides writing: rights, members, links, topics."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms import Delivered, Delivery, Failed, Moved, Outcome, Retry, Unknown
from bot.platforms.telegram import Telegram
from bot.platforms.telegram.limits import GROUP, OVERALL, Limit, Pace
from bot.platforms.telegram.tasks import fitting_tag
from bot.text import Reader
from handlers.chat import (
    Card,
    plain,
)
from handlers.tasks import (
    Admit,
    AskNatively,
    BringIn,
    EndNatively,
    Furnish,
    Inspect,
    MakeLink,
    MakeRoom,
    MakeTopic,
    PutOut,
    TagMember,
    Task,
)
from tests.platforms import botapi
from tests.platforms.botapi import Group, Limits, Person, Server
from tests.platforms.botapi.town import ANNA, BERND, CLARA
from tests.platforms.botapi.world import ADMIN_RIGHTS

READER = Reader("de", ZoneInfo("Europe/Berlin"))
NEEDED = frozenset(ADMIN_RIGHTS) - {"can_promote_members", "can_manage_video_chats"}
LOST = ["drop", "error_after", "garbage"]


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Office:
    """A group with its owner Anna, the member Bernd, and the bot; Clara is outside."""

    server: Server
    telegram: Telegram
    group: Group
    anna: Person
    bernd: Person
    clara: Person

    async def has(self, task: Task, *, kind: str = "task", thread: str | None = None) -> Outcome:
        """Have the bot do a task in the group."""
        place = str(self.group.id)
        return await self.telegram.deliver(
            Delivery(1, kind, place, READER, task=task, thread=thread)
        )

    async def done(self, task: Task, **rest: Any) -> Delivered:
        """The same, where it must be done."""
        outcome = await self.has(task, **rest)
        assert isinstance(outcome, Delivered), outcome
        return outcome

    def grants(self, *rights: str) -> None:
        """Anna gives the bot exactly these rights."""
        self.group.bot_becomes("administrator", self.anna, rights)

    async def link(self) -> str:
        """A link by which people ask to come in."""
        link = (await self.done(MakeLink("Steuerungsgruppe"))).message
        assert link is not None
        return link


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with botapi.running() as server:
        telegram = Telegram(server.token, now, base_url=server.url)
        anna, bernd = server.user(ANNA, "Anna Probe"), server.user(BERND, "Bernd Probe")
        group = server.group("Steuerungsgruppe", [anna, bernd], supergroup=True)
        group.becomes(anna, "creator")
        group.bot_becomes("administrator", anna, NEEDED)
        yield Office(server, telegram, group, anna, bernd, server.user(CLARA, "Clara Probe"))
        await telegram.close()


# --- looking ------------------------------------------------------------------------------------


async def test_a_plain_member_may_only_write_and_an_administrator_all_it_was_given(
    office: Office,
) -> None:
    office.group.bot_becomes("member", office.anna)
    told = (await office.done(Inspect())).told
    names = ("invite", "link", "remove", "title", "topic", "pin", "delete", "tag")
    assert told["rights"] == {**dict.fromkeys(names, False), "send": True}
    assert (told["title"], told["public"], told["topics"]) == ("Steuerungsgruppe", False, False)
    office.group.bot_becomes("administrator", office.anna, NEEDED)
    told = (await office.done(Inspect())).told
    assert told["rights"] == dict.fromkeys((*names, "send"), True)


async def test_each_right_is_looked_at_by_itself(office: Office) -> None:
    office.grants("can_manage_chat", "can_invite_users", "can_change_info")
    rights = (await office.done(Inspect())).told["rights"]
    assert {name for name, given in rights.items() if given} == {
        "invite", "link", "title", "topic", "send",
    }  # fmt: skip


async def test_the_right_to_topics_is_asked_for_in_forums_only(office: Office) -> None:
    office.group.becomes_forum()
    office.group.chat.username = "ilmbrueck_offen"
    told = (await office.done(Inspect())).told
    assert told["topics"] and told["public"] and told["rights"]["topics"] is True
    office.grants("can_pin_messages")
    assert (await office.done(Inspect())).told["rights"]["topics"] is False


async def test_where_members_must_not_write_a_plain_bot_must_not_either(office: Office) -> None:
    office.group.chat.denied = {"can_send_messages"}
    office.group.bot_becomes("member", office.anna)
    assert (await office.done(Inspect())).told["rights"]["send"] is False
    office.group.bot_becomes("restricted", office.anna)
    assert (await office.done(Inspect())).told["rights"]["send"] is False


async def test_of_those_who_are_asked_about_the_ones_inside_are_named(office: Office) -> None:
    assert "members" not in (await office.done(Inspect())).told
    office.group.becomes(office.clara, "kicked", office.anna)
    asked = (str(ANNA), str(BERND), str(CLARA), "52000099", "keine-zahl")
    assert (await office.done(Inspect(asked))).told["members"] == {
        str(ANNA): {"name": "Anna Probe", "state": "joined", "rank": "owner"},
        str(BERND): {"name": "Bernd Probe", "state": "joined"},
    }
    office.group.becomes(office.bernd, "left")
    office.group.becomes(office.clara, "restricted", office.anna)
    members = (await office.done(Inspect(asked[1:3]))).told["members"]
    assert members == {str(CLARA): {"name": "Clara Probe", "state": "joined"}}


async def test_where_the_bot_is_not_there_is_nothing_to_see(office: Office) -> None:
    office.group.bot_becomes("kicked", office.anna)
    assert await office.has(Inspect()) == Failed("not_there", gone=True)
    elsewhere = Delivery(1, "task", "-100999", READER, task=Inspect())
    assert await office.telegram.deliver(elsewhere) == Failed("not_there", gone=True)


# --- the group ----------------------------------------------------------------------------------


async def test_title_and_description_are_set_where_they_differ(office: Office) -> None:
    wanted = Furnish("Steuerungsgruppe Ilmbrück", "Hier stimmt die Steuerungsgruppe ab.")
    for _ in range(2):
        assert (await office.done(wanted)).told == {"missing": []}
    chat = office.group.chat
    assert (chat.title, chat.description) == (wanted.title, wanted.topic)
    assert len(office.server.called("setChatTitle", "setChatDescription")) == 2


async def test_what_may_not_be_set_is_told_and_the_rest_is_no_less_done(office: Office) -> None:
    office.grants("can_pin_messages")
    told = (await office.done(Furnish("Anders", "Neu"))).told
    assert told == {"missing": ["title", "topic"]}
    assert office.group.chat.title == "Steuerungsgruppe"
    assert (await office.done(Furnish("Steuerungsgruppe", "Neu"))).told == {"missing": ["topic"]}


async def test_a_title_or_description_too_long_for_telegram_is_cut(office: Office) -> None:
    wanted = Furnish("Runde " * 40, "Wort " * 100)
    for _ in range(2):
        await office.done(wanted)
    chat = office.group.chat
    assert len(chat.title) <= 128 and chat.title.endswith("…")
    assert len(chat.description) <= 255 and chat.description.endswith("…")
    assert len(office.server.called("setChatTitle")) == 1


async def test_rooms_and_threads_of_other_platforms_are_not_possible(office: Office) -> None:
    room = MakeRoom("ilmbrueck-core", "Kernteam", "…")
    assert await office.has(room) == Failed("not_possible")
    anywhere = Delivery(1, "task", "*", READER, task=room)
    assert await office.telegram.deliver(anywhere) == Failed("not_possible")
    assert office.server.world.calls == []


# --- coming in ----------------------------------------------------------------------------------


async def test_whoever_opens_the_link_asks_and_is_let_in(office: Office) -> None:
    link = await office.link()
    made = office.group.chat.links[link]
    assert (made.name, made.asking) == ("Steuerungsgruppe", True)
    office.clara.asks_to_join(office.group, link)
    assert office.group.state_of(office.clara) == "left"
    for _ in range(2):
        assert await office.has(Admit(str(CLARA), True)) == Delivered()
    assert office.group.state_of(office.clara) == "member"


async def test_whoever_does_not_belong_is_turned_away_and_may_ask_again(office: Office) -> None:
    link = await office.link()
    office.clara.asks_to_join(office.group, link)
    for _ in range(2):
        assert await office.has(Admit(str(CLARA), False)) == Delivered()
    assert office.group.state_of(office.clara) == "left"
    office.clara.asks_to_join(office.group, link)
    office.clara.takes_back_asking(office.group)
    assert await office.has(Admit(str(CLARA), True)) == Delivered()
    assert office.group.state_of(office.clara) == "left"


async def test_without_the_right_to_links_there_is_no_link_and_nobody_is_let_in(
    office: Office,
) -> None:
    link = await office.link()
    office.clara.asks_to_join(office.group, link)
    office.grants("can_pin_messages")
    for task in (MakeLink("x"), Admit(str(CLARA), True), Admit(str(CLARA), False)):
        assert await office.has(task) == Failed("no_right:link")


async def test_the_name_of_a_link_is_cut(office: Office) -> None:
    link = (await office.done(MakeLink("Lenkungsrunde der Nachhaltigkeitsstrategie"))).message
    assert office.group.chat.links[str(link)].name == "Lenkungsrunde der Nachhaltigkei…"


async def test_only_somebody_who_is_shut_out_is_let_back(office: Office) -> None:
    office.grants("can_pin_messages")
    assert await office.has(BringIn(str(CLARA))) == Delivered()
    office.group.becomes(office.clara, "kicked", office.anna)
    assert await office.has(BringIn(str(CLARA))) == Failed("no_right:remove")
    office.grants("can_restrict_members", "can_invite_users")
    for _ in range(2):
        assert await office.has(BringIn(str(CLARA))) == Delivered()
    office.clara.asks_to_join(office.group, await office.link())
    assert await office.has(BringIn("52000099")) == Failed("unknown_account")


# --- going out ----------------------------------------------------------------------------------


async def test_whoever_is_removed_may_be_invited_again(office: Office) -> None:
    for _ in range(2):
        assert await office.has(PutOut(str(BERND))) == Delivered()
        assert office.group.state_of(office.bernd) == "left"
    office.bernd.asks_to_join(office.group, await office.link())
    await office.done(Admit(str(BERND), True))
    assert office.group.state_of(office.bernd) == "member"


async def test_in_a_small_group_removing_bars_nobody(office: Office) -> None:
    group = office.server.group("Kernteam", [office.anna, office.bernd])
    group.bot_becomes("administrator", office.anna, NEEDED)
    task = Delivery(1, "task", str(group.id), READER, task=PutOut(str(BERND)))
    for _ in range(2):
        assert await office.telegram.deliver(task) == Delivered()
    assert group.state_of(office.bernd) == "left"


async def test_owners_and_administrators_are_not_removed_by_a_bot(office: Office) -> None:
    assert await office.has(PutOut(str(ANNA))) == Failed("not_possible")
    office.group.becomes(office.bernd, "administrator", office.anna)
    assert await office.has(PutOut(str(BERND))) == Failed("no_right:remove")
    assert office.group.state_of(office.bernd) == "administrator"
    office.group.becomes(office.bernd, "member", office.anna)
    office.grants("can_pin_messages")
    assert await office.has(PutOut(str(BERND))) == Failed("no_right:remove")
    assert await office.has(PutOut("52000099")) == Failed("unknown_account")
    assert await office.has(PutOut("@anna:example.org")) == Failed("unknown_account")


# --- tags and topics ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("Verwaltung", "Verwaltung"),
        ("Klimaschutzmanagement", "Klimaschutzmana…"),
        ("🌳 Stadtgrün 👩🏽‍🌾", "Stadtgrün"),
        ("Bürgerverein ❤️", "Bürgerverein"),
        ("", ""),
    ],
)
async def test_a_tag_is_as_telegram_takes_it(office: Office, wanted: str, shown: str) -> None:
    for _ in range(2):
        assert await office.has(TagMember(str(BERND), wanted)) == Delivered()
    assert office.group.chat.tags[BERND] == shown


@given(st.text(max_size=60))
def test_whatever_the_words_a_tag_fits(words: str) -> None:
    tag = fitting_tag(words)
    assert len(tag.encode("utf-16-le")) <= 32 and fitting_tag(tag) == tag
    assert not {unicodedata.category(c) for c in tag} & {"So", "Sk", "Cf", "Cs", "Cn", "Cc"}


@given(st.text("aäßzÉ-/ .", max_size=16))
def test_plain_words_are_left_as_they_are(words: str) -> None:
    assert fitting_tag(words) == " ".join(words.split())


async def test_only_ordinary_members_are_tagged_and_only_with_the_right_to(office: Office) -> None:
    assert await office.has(TagMember(str(ANNA), "Leitung")) == Failed("not_possible")
    assert await office.has(TagMember(str(CLARA), "Gast")) == Failed("not_possible")
    office.grants("can_pin_messages")
    assert await office.has(TagMember(str(BERND), "Verwaltung")) == Failed("no_right:tag")


async def test_a_topic_is_made_and_written_into(office: Office) -> None:
    assert await office.has(MakeTopic("Abstimmungen"), kind="poll") == Failed("not_possible")
    office.group.becomes_forum()
    made = await office.done(MakeTopic("Abstimmungen"), kind="poll")
    card = Card((plain("Radweg"),))
    place = str(office.group.id)
    await office.telegram.deliver(Delivery(2, "card", place, READER, card, thread=made.message))
    assert office.anna.sees(office.group)[-1]["message_thread_id"] == int(str(made.message))
    office.grants("can_pin_messages")
    assert await office.has(MakeTopic("Entwürfe"), kind="poll") == Failed("no_right:topics")
    assert await office.has(MakeTopic(" "), kind="poll") == Failed("not_possible")


# --- broken connections and limits --------------------------------------------------------------


def _asking(office: Office, link: str) -> None:
    office.clara.asks_to_join(office.group, link)


def _barred(office: Office, _: str) -> None:
    office.group.becomes(office.clara, "kicked", office.anna)


def _nothing(office: Office, _: str) -> None:
    pass


REPEATED: list[tuple[Task, str, Callable[[Office, str], None], Callable[[Office], object], Any]]
REPEATED = [
    (Inspect((str(BERND),)), "getChatMember", _nothing, lambda o: o.group.chat.title,
     "Steuerungsgruppe"),
    (Furnish("Neu", "Worum es geht"), "setChatTitle", _nothing,
     lambda o: (o.group.chat.title, o.group.chat.description), ("Neu", "Worum es geht")),
    (Furnish("Neu", "Worum es geht"), "setChatDescription", _nothing,
     lambda o: (o.group.chat.title, o.group.chat.description), ("Neu", "Worum es geht")),
    (BringIn(str(CLARA)), "unbanChatMember", _barred, lambda o: o.group.state_of(o.clara), "left"),
    (PutOut(str(BERND)), "banChatMember", _nothing, lambda o: o.group.state_of(o.bernd), "left"),
    (PutOut(str(BERND)), "unbanChatMember", _nothing, lambda o: o.group.state_of(o.bernd), "left"),
    (Admit(str(CLARA), True), "approveChatJoinRequest", _asking,
     lambda o: o.group.state_of(o.clara), "member"),
    (Admit(str(CLARA), False), "declineChatJoinRequest", _asking,
     lambda o: o.group.state_of(o.clara), "left"),
    (MakeLink("Runde"), "createChatInviteLink", _nothing, lambda o: len(o.group.chat.links), 3),
    (TagMember(str(BERND), "Amt"), "setChatMemberTag", _nothing, lambda o: o.group.chat.tags[BERND],
     "Amt"),
]  # fmt: skip


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize(("task", "method", "before", "look", "afterwards"), REPEATED)
async def test_a_task_whose_answer_is_lost_is_simply_done_again(
    office: Office,
    kind: Any,
    task: Task,
    method: str,
    before: Callable[[Office, str], None],
    look: Callable[[Office], object],
    afterwards: object,
) -> None:
    before(office, await office.link())
    office.server.fault(kind, method)
    assert isinstance(await office.has(task), Retry)
    await office.done(task)
    assert look(office) == afterwards


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize(
    ("task", "method"),
    [(MakeTopic("Entwürfe"), "createForumTopic"),
     (AskNatively("Wann?", ("früh", "spät")), "sendPoll")],
)  # fmt: skip
async def test_what_would_be_there_twice_is_not_done_again(
    office: Office, kind: Any, task: Task, method: str
) -> None:
    office.group.becomes_forum()
    office.server.fault(kind, method)
    assert isinstance(await office.has(task, kind="poll"), Unknown)
    assert len(office.anna.sees(office.group)) == 1


async def test_what_was_never_sent_is_done_later(office: Office) -> None:
    office.group.becomes_forum()
    await office.server.refuse()
    for task in (MakeTopic("Entwürfe"), AskNatively("Wann?", ("früh", "spät")), Inspect()):
        assert isinstance(await office.has(task), Retry)
    await office.server.accept()
    await office.done(MakeTopic("Entwürfe"))
    assert len(office.anna.sees(office.group)) == 1


async def test_a_group_that_moved_tells_a_task_where_to(office: Office) -> None:
    group = office.server.group("Kernteam", [office.anna, office.bernd])
    group.bot_becomes("administrator", office.anna, NEEDED)
    old, new = group.id, group.migrate(told=False)
    for task in (Inspect(), Furnish("Neu", ""), PutOut(str(BERND)), EndNatively("5")):
        delivery = Delivery(1, "task", str(old), READER, task=task)
        assert await office.telegram.deliver(delivery) == Moved(str(new))
    delivery = Delivery(1, "task", str(new), READER, task=PutOut(str(BERND)))
    assert await office.telegram.deliver(delivery) == Delivered()


async def test_a_flood_is_put_off_as_long_as_telegram_says() -> None:
    tight = Limits(group=1, group_seconds=40.0)
    async with botapi.running(limits=tight) as server:
        telegram = Telegram(server.token, now, base_url=server.url)
        anna = server.user(ANNA)
        group = server.group("Probe", [anna], supergroup=True)
        group.bot_becomes("administrator", anna, NEEDED)

        async def has(task: Task) -> Outcome:
            return await telegram.deliver(Delivery(1, "task", str(group.id), READER, task=task))

        assert isinstance(await has(Furnish("Neu", "")), Delivered)
        outcome = await has(Furnish("Noch neuer", ""))
        assert isinstance(outcome, Retry) and outcome.after == timedelta(seconds=40)
        # Until then nothing at all is tried there.
        calls = len(server.world.calls)
        again = await has(Inspect())
        assert isinstance(again, Retry) and timedelta(seconds=30) < again.after
        assert len(server.world.calls) == calls
        await telegram.close()


async def test_calls_that_nobody_reads_count_with_all_others_of_the_bot() -> None:
    at = [1000.0]
    pace = Pace(now=lambda: at[0], overall=Limit(OVERALL.calls, 60.0))
    for number in range(OVERALL.calls):
        made = pace.silent(-5) if number % 2 else pace.turn(-number - 1)
        async with made as wait:
            assert wait == 0
    async with pace.silent(-5) as wait:
        assert wait == 60
    at[0] += 60
    pace.refused(-5, 30)
    async with pace.silent(-5) as wait:
        assert wait == 30


async def test_what_nobody_reads_leaves_a_groups_messages_their_room(office: Office) -> None:
    for number in range(GROUP.calls + 5):
        await office.done(TagMember(str(BERND), f"Nr. {number}"))
    for number in range(GROUP.calls):
        card = Card((plain(f"Nr. {number}"),))
        delivery = Delivery(2, "card", str(office.group.id), READER, card)
        assert isinstance(await office.telegram.deliver(delivery), Delivered)
    assert isinstance(await office.has(Furnish("Eins zu viel", "")), Retry)
