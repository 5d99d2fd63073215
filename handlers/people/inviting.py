"""Coordination invites: one person or many, by message or by letter, and is reminded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from handlers.chat import (
    Answers,
    Command,
    Direct,
    Refusal,
    Replace,
    Say,
    SendFile,
    Text,
    Toast,
    Translated,
)
from handlers.people import inviting_views as views
from handlers.people import rules
from handlers.people.actions import (
    ChooseBody,
    Invite,
    InviteBody,
    InviteByLetter,
    ListToInvite,
    ListUnused,
    RemindOfUnused,
    Revoke,
)
from handlers.people.documents import letters_pdf
from handlers.people.letters import Invited, letter
from handlers.router import Context, pack
from storage import audit, invitations, people, timers
from storage.models import Municipality, Person

VALID_DAYS = 14
"""How long an invitation may be used."""

MOST_AT_ONCE = 60
"""Letters of one file."""

BETWEEN_REMINDERS = timedelta(days=7)

PDF = "application/pdf"


def whom(ctx: Context, typed: Command) -> Answers:
    """Who has no account yet; with words behind it, the members whose name has them."""
    everybody = _members(ctx)
    if not typed.args:
        return [Say(views.to_invite(everybody, 0, everybody=False))]
    found = [m for m in everybody if rules.is_called(typed.args, m.name)]
    if not found:
        raise Refusal("people.nobody_called", words=typed.args[:40])
    return [Say(views.to_invite(found[: views.A_PAGE], 0, everybody=True))]


def turn_page(ctx: Context, pressed: ListToInvite) -> Answers:
    """Another page of the list."""
    return [Replace(views.to_invite(_members(ctx), pressed.page, pressed.everybody))]


def invite(ctx: Context, pressed: Invite) -> Answers:
    """Make a one-time code, shown once."""
    person = _person(ctx, pressed.person)
    invited = _invited(ctx, person)
    return [
        Say(views.invitation(person.id, person.name, invited.until)),
        Say(views.invitation_to_pass_on(invited, ctx.links)),
    ]


def by_letter(ctx: Context, pressed: InviteByLetter) -> Answers:
    """Make a one-time code, as a letter to be printed."""
    person = _person(ctx, pressed.person)
    invited = _invited(ctx, person)
    caption = Text("people.letter_made", name=Translated(person.name), until=invited.until)
    return [SendFile("einladung.pdf", PDF, _letters(ctx, [(person, invited)]), caption)]


def choose_body(ctx: Context, pressed: ChooseBody) -> Answers:
    """Of which body those without an account are to be invited."""
    waiting = [m for m in _members(ctx) if not m.linked and not m.invited]
    if not waiting:
        raise Refusal("people.nobody_to_invite")
    kinds = _kinds(ctx, [m.id for m in waiting])
    counted = {
        kind: sum(kind in of for of in kinds.values())
        for kind in ("steering_group", "core_team", "coordination")
    }
    return [Replace(views.choose_body(counted, len(waiting)))]


def invite_body(ctx: Context, pressed: InviteBody) -> Answers:
    """A letter for each who has neither account nor invitation, in one file."""
    waiting = [m.id for m in _members(ctx) if not m.linked and not m.invited]
    kinds = _kinds(ctx, waiting)
    chosen = [id for id in waiting if not pressed.body or pressed.body in kinds[id]]
    if not chosen:
        raise Refusal("people.nobody_to_invite")
    made = [(p, _invited(ctx, p)) for p in (_person(ctx, id) for id in chosen[:MOST_AT_ONCE])]
    left, until = len(chosen) - len(made), made[0][1].until
    caption = Text("people.letters_made", n=len(made), until=until)
    texts = "\n\n――――――――――\n\n".join(_as_text(ctx, person, invited) for person, invited in made)
    return [
        SendFile("einladungen.pdf", PDF, _letters(ctx, made), caption),
        SendFile(
            "einladungen.txt",
            "text/plain",
            texts.encode("utf-8-sig"),
            Text("people.texts_made", n=len(made)),
        ),
        *([Say(views.more_to_invite(left))] if left else []),
    ]


def list_unused(ctx: Context, pressed: ListUnused) -> Answers:
    """Invitations that nobody has used yet."""
    unused = [
        views.Unused(person.id, person.name, invitation.expires_at)
        for invitation, person in invitations.unused(ctx.tx, ctx.town.id, ctx.now)
    ]
    return [Replace(views.unused(unused, pressed.page))]


def revoke(ctx: Context, pressed: Revoke) -> Answers:
    """A person's unused invitation stops working."""
    person = _person(ctx, pressed.person)
    invitations.revoke(ctx.tx, person.id, ctx.now)
    _record(ctx, "revoked", person)
    return [Toast(Text("people.revoked", name=Translated(person.name)))]


def remind(ctx: Context, due: RemindOfUnused) -> Answers:
    """Once a week at most: which invitations expire soon, or have expired, unused."""
    town = people.town(ctx.tx, due.municipality)
    ctx.municipality = town
    soon = ctx.now + BETWEEN_REMINDERS
    found = invitations.unused(ctx.tx, town.id, ctx.now, since=ctx.now - BETWEEN_REMINDERS)
    if any(invitation.expires_at > ctx.now for invitation, _ in found):
        # Counted from this morning, however late it was looked at.
        _remind_at(ctx, town, _morning(ctx, ctx.now) + BETWEEN_REMINDERS)
    told = [
        views.Unused(person.id, person.name, invitation.expires_at)
        for invitation, person in found
        if invitation.expires_at <= soon
    ]
    if not told:
        return []
    card = views.unused_reminder(told, ctx.now)
    today = ctx.now.astimezone(ctx.zone).date()
    return [Say(card, Direct(person.id)) for person in people.coordination(ctx.tx, town.id, today)]


# --- parts ---------------------------------------------------------------------------------


def _members(ctx: Context) -> list[views.Member]:
    today = ctx.now.astimezone(ctx.zone).date()
    invited = {person.id for _, person in invitations.unused(ctx.tx, ctx.town.id, ctx.now)}
    return [
        views.Member(person.id, person.name, linked, person.id in invited)
        for person, linked in people.members(ctx.tx, ctx.town.id, today)
    ]


def _person(ctx: Context, person_id: int) -> Person:
    person = people.member(ctx.tx, person_id, ctx.town.id)
    if person is None:
        raise Refusal("router.old_button")
    return person


def _kinds(ctx: Context, person_ids: Sequence[int]) -> dict[int, list[str]]:
    today = ctx.now.astimezone(ctx.zone).date()
    return {id: list(people.bodies_of(ctx.tx, id, today)) for id in person_ids}


def _invited(ctx: Context, person: Person) -> Invited:
    code = invitations.create(ctx.tx, person.id, ctx.town.id, ctx.now, VALID_DAYS)
    until = ctx.now + timedelta(days=VALID_DAYS)
    _record(ctx, "invited", person)
    key = _reminder(ctx.town)
    if not timers.is_set(ctx.tx, key):
        _remind_at(ctx, ctx.town, until - BETWEEN_REMINDERS)
    return Invited(person.name, ctx.town.name, ctx.town.contact, code, until)


def _record(ctx: Context, action: str, person: Person) -> None:
    audit.record(ctx.tx, ctx.town.id, ctx.now, ctx.me.id, action, person.id, {"changes": []})


def _reminder(town: Municipality) -> str:
    return f"invitations:{town.id}"


def _morning(ctx: Context, at: datetime) -> datetime:
    return at.astimezone(ctx.zone).replace(hour=9, minute=0, second=0, microsecond=0)


def _remind_at(ctx: Context, town: Municipality, at: datetime) -> None:
    """In the morning from then on, when somebody is there to read it."""
    morning = _morning(ctx, at)
    if morning < at:
        morning += timedelta(days=1)
    timers.put(ctx.tx, _reminder(town), pack(RemindOfUnused(town.id)), morning, town.id)


def _letters(ctx: Context, made: Sequence[tuple[Person, Invited]]) -> bytes:
    drawn = []
    for person, invited in made:
        with _speaking(ctx, person.language):
            drawn.append(letter(invited, ctx.links, ctx.words, ctx.language))
    return letters_pdf(drawn, ctx.now)


def _as_text(ctx: Context, person: Person, invited: Invited) -> str:
    with _speaking(ctx, person.language):
        card = views.invitation_to_pass_on(invited, ctx.links)
        return "\n\n".join(ctx.words(text) for text in card.body)


@contextmanager
def _speaking(ctx: Context, language: str) -> Iterator[None]:
    """What is written for somebody else is in their language."""
    before = ctx.language
    ctx.language = language or ctx.town.default_language
    try:
        yield
    finally:
        ctx.language = before
