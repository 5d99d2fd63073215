"""Answers become outbox rows: targets are resolved to places, cards to JSON."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.wire import card_to_json, task_to_json, text_to_json
from handlers.chat import (
    HERE,
    Answer,
    Answers,
    Card,
    Direct,
    Do,
    Enter,
    InChannel,
    Leave,
    OnAccount,
    OnPlatform,
    Post,
    Redraw,
    Refusal,
    Replace,
    Say,
    SendFile,
    Target,
    Text,
    Toast,
    Translated,
)
from handlers.router import Context, pack
from handlers.tasks import AskNatively, MakeTopic
from storage import outbox, people, tenancy
from storage.models import Account, Channel, Municipality, Person
from storage.outbox import Draft

ITSELF = "*"
"""In the place of a place: what is done at a platform itself."""

_VOTES = ("poll", "result")
"""Live cards of votes."""

NOWHERE = ("timer", "done")
"""Where events come from that nobody sent: there is no place to answer at."""


def keep(ctx: Context, answers: Answers) -> None:
    """Queue the answers in the transaction that decided them; redraws are marked by the app.

    Raises Refusal, before anything is queued, for what somebody asked to have said in a public
    channel and is confidential.
    """
    to_say = (answer for answer in answers if not isinstance(answer, Redraw))
    kept = [said for answer in to_say for said in _allowed(ctx, answer)]
    drafts = [d for d in (_draft(ctx, a) for a in kept) if d is not None]
    here = ctx.municipality.id if ctx.municipality else None
    if all(draft.municipality_id in (None, here) for draft in drafts):
        outbox.put(ctx.tx, drafts, ctx.now)
        return
    # Said to a person's own account in another municipality of theirs (``OnAccount``).
    with tenancy.across(ctx.tx):
        outbox.put(ctx.tx, drafts, ctx.now)


def _allowed(ctx: Context, answer: Answer) -> Answers:
    """The answer; in place of what is confidential and meant for a public channel, a word."""
    if not isinstance(answer, Say | Post | SendFile) or not answer.confidential:
        return [answer]
    if not isinstance(answer.to, InChannel):
        return [answer]
    channel = ctx.tx.get(Channel, answer.to.channel_id)
    if channel is None or channel.lost_at is not None or channel.confidentiality != "public":
        return [answer]
    title = Translated(channel.title)
    if ctx.event.account is not None:
        raise Refusal("channels.not_into_public", channel=title)
    # Nobody is here to be refused.
    card = Card((Text("channels.was_for_public", channel=title),))
    zone = ZoneInfo(people.town(ctx.tx, channel.municipality_id).timezone)
    day = ctx.now.astimezone(zone).date()
    return [
        Say(card, Direct(person.id), f"public:{channel.id}:{day}:{person.id}")
        for person in people.coordination(ctx.tx, channel.municipality_id, day)
    ]


def refused(ctx: Context, text: Text, private: bool) -> Answers:
    """Say a "no" so that only the person reads it."""
    if private:
        return [Toast(text)]
    if ctx.event.account is None:
        return []
    if ctx.in_direct:
        return [Say(Card((text,)))]
    if ctx.person is not None and people.reachable(ctx.tx, ctx.person.id):
        return [Say(Card((text,)), Direct(ctx.person.id))]
    # In a channel nothing about the matter is said aloud.
    return [Say(Card((Text("router.write_me_directly"),)))]


def named(ctx: Context, toast: Toast | None, others: Answers) -> tuple[Toast | None, Answers]:
    """Whoever acts in several municipalities is told with every answer which one it is about."""
    if not ctx.several or not ctx.in_direct or ctx.municipality is None:
        return toast, others
    town = ctx.municipality.name
    if toast is not None:
        aloud = toast.aloud and Text("router.toast_in_town", town=town, said=toast.aloud)
        toast = Toast(Text("router.toast_in_town", town=town, said=toast.text), aloud)
    return toast, [_in_town(answer, town) for answer in others]


def _in_town(answer: Answer, town: str) -> Answer:
    if isinstance(answer, Replace) or (isinstance(answer, Say) and answer.to == HERE):
        card = answer.card
        said = (Text("router.in_town", town=town), *card.body)
        return replace(answer, card=replace(card, body=said))
    return answer


def _platform_of(ctx: Context, person_id: int) -> str | None:
    """Whoever acts is answered on the platform they act on, if they have a direct chat there."""
    mine = ctx.person is not None and ctx.person.id == person_id
    return ctx.event.place.platform if mine else None


def _draft(ctx: Context, answer: object) -> Draft | None:
    match answer:
        case Say(card, to, key, _):
            return _at(ctx, to, "card", card_to_json(card), key=key)
        case Post(board, to, pin, key, _):
            content = {
                "kind": board.kind,
                "id": board.id,
                "viewer": board.viewer,
                "pin": pin,
            }
            return _topic(ctx, answer, _at(ctx, to, "board", content, key=key))
        case Replace(card):
            content = {**card_to_json(card), "message": ctx.event.message}
            pressed = ctx.event.answer_token is not None and ctx.event.message is not None
            return _at(ctx, HERE, "replace" if pressed else "card", content)
        case SendFile(name, mime, data, caption, to, key, _):
            content = {"name": name, "mime": mime, "caption": text_to_json(caption)}
            return _at(ctx, to, "file", content, data=data, key=key)
        case Do(task, to, then, key):
            # Done twice, these would be there twice, and everybody would see it.
            kind = "poll" if isinstance(task, AskNatively | MakeTopic) else "task"
            asked: dict[str, object] = {
                "task": task_to_json(task),
                "then": pack(then) if then else None,
            }
            return _at(ctx, to, kind, asked, key=key)
        case Enter():
            return _at(ctx, HERE, "enter", {})
        case Leave():
            return _at(ctx, HERE, "leave", {})
    raise TypeError(f"{type(answer).__name__} is no answer")


def _topic(ctx: Context, post: Post, draft: Draft | None) -> Draft | None:
    """In a forum, votes have a topic of their own."""
    if draft is None or not isinstance(post.to, InChannel):
        return draft
    channel = ctx.tx.get(Channel, post.to.channel_id)
    thread = channel.topics.get("votes") if channel is not None else None
    if thread is None or post.board.kind not in _VOTES:
        return draft
    return replace(draft, content={**draft.content, "thread": thread})


def _thread(channel: Channel, to: InChannel) -> dict[str, object]:
    thread = channel.topics.get(to.topic) if to.topic is not None else None
    return {} if thread is None else {"thread": thread}


def _to(
    ctx: Context,
    account: Account | None,
    kind: str,
    content: dict[str, object],
    data: bytes | None,
    key: str | None,
) -> Draft | None:
    if account is None or account.direct is None:
        return None
    person = ctx.tx.get(Person, account.person_id)
    language = person.language if person else "de"
    return Draft(
        account.platform, account.direct, kind, content, language,
        account.municipality_id, account.person_id, data, key,
    )  # fmt: skip


def _at(
    ctx: Context,
    to: Target,
    kind: str,
    content: dict[str, object],
    *,
    data: bytes | None = None,
    key: str | None = None,
) -> Draft | None:
    town = ctx.municipality.id if ctx.municipality else None
    match to:
        case Direct(person_id):
            account = people.reachable(ctx.tx, person_id, _platform_of(ctx, person_id))
            return _to(ctx, account, kind, content, data, key)
        case OnAccount(account_id):
            with tenancy.across(ctx.tx):
                return _to(ctx, ctx.tx.get(Account, account_id), kind, content, data, key)
        case InChannel(channel_id):
            channel = ctx.tx.get(Channel, channel_id)
            if channel is None or channel.lost_at is not None:
                return None
            municipality = ctx.tx.get(Municipality, channel.municipality_id)
            language = municipality.default_language if municipality else "de"
            return Draft(
                channel.platform, channel.external_id, kind, {**content, **_thread(channel, to)},
                language, channel.municipality_id, None, data, key,
            )  # fmt: skip
        case OnPlatform(name):
            return Draft(name, ITSELF, kind, content, ctx.language, town, None, data, key)
    place = ctx.event.place
    if place.platform in NOWHERE:
        return None
    reader = ctx.person.id if ctx.person and ctx.in_direct else None
    if ctx.in_direct and ctx.person is None:
        # Said to a stranger, perhaps to somebody who has just erased themself.
        town = None
    language = ctx.language
    if not ctx.in_direct and ctx.municipality is not None:
        language = ctx.municipality.default_language
    if ctx.event.thread is not None:
        content = {**content, "thread": ctx.event.thread}
    return Draft(place.platform, place.id, kind, content, language, town, reader, data, key)
