"""``/loeschen``: erase oneself, or (coordination) somebody who has left; asked twice."""

from __future__ import annotations

from datetime import date, timedelta

from handlers.channels.actions import comparison
from handlers.chat import (
    Answers,
    Card,
    Command,
    Direct,
    Forget,
    Redraw,
    Refusal,
    Replace,
    Say,
    Text,
    Toast,
)
from handlers.privacy import views
from handlers.privacy.actions import AskAgain, Erase, KeepData, Warn
from handlers.router import Context, Role
from storage import erasing, people, personal_data, timers
from storage.models import Person

ASKED_FOR = timedelta(hours=1)
"""How long the second question may be answered: an old button must not erase anybody."""

LANGUAGES = ("de", "en", "de-simple")
"""In which what is left of a person is named."""


def erase(ctx: Context, typed: Command) -> Answers:
    """The warning: what goes, what stays and why. With words behind it: for whom else."""
    if typed.args:
        return _others(ctx, typed.args)
    _check_coordination_goes_on(ctx, ctx.me)
    return [Say(_warning(ctx, ctx.me))]


def warn(ctx: Context, pressed: Warn) -> Answers:
    """The warning for one of several who were meant."""
    return [Replace(_warning(ctx, _whom(ctx, pressed.person)))]


def ask_again(ctx: Context, pressed: AskAgain) -> Answers:
    """Ask a second time."""
    person = _whom(ctx, pressed.person)
    return [Replace(views.really(person.id, person.name, _mine(ctx, person), _minute(ctx)))]


def keep(ctx: Context, pressed: KeepData) -> Answers:
    """Erase nothing."""
    return [Replace(views.kept())]


def erase_now(ctx: Context, pressed: Erase) -> Answers:
    """Erase, in this transaction; coordination learns that somebody was, and no more."""
    person = _whom(ctx, pressed.person)
    if _minute(ctx) - pressed.asked > ASKED_FOR // timedelta(minutes=1):
        raise Refusal("privacy.asked_too_long_ago")
    mine, town_id, actor = _mine(ctx, person), ctx.town.id, ctx.me.id
    gone = erasing.erase(ctx.tx, person, ctx.now, designation(ctx))
    timers.put(ctx.tx, *comparison(town_id), ctx.now, town_id)
    told = [
        Say(views.somebody_was_erased(), Direct(c.id))
        for c in people.coordination(ctx.tx, town_id, _today(ctx))
        if c.id != actor
    ]
    if mine:
        # From here on this is a stranger's chat; what is said to them goes with the strangers'.
        ctx.person, ctx.role = None, Role.ANYONE
    done = Say(views.erased() if mine else views.erased_other())
    return [Toast(Text("privacy.done")), done, *told, *redraws(gone.polls, gone.lines), Forget()]


def redraws(polls: tuple[int, ...], lines: tuple[int, ...]) -> Answers:
    """What others see of running polls once somebody is gone from them."""
    boards: Answers = [Redraw("poll", poll) for poll in polls]
    return [*boards, *(Redraw("ballot", line) for line in lines)]


def designation(ctx: Context) -> dict[str, str]:
    """How somebody who has been erased is called, by language."""
    spoken, named = ctx.language, {}
    for language in LANGUAGES:
        ctx.language = language
        named[language] = ctx.words(Text("privacy.former_member"))
    ctx.language = spoken
    return named


def _others(ctx: Context, words: str) -> Answers:
    if ctx.role < Role.COORDINATION:
        raise Refusal("privacy.only_yourself")
    wanted = words.casefold().split()
    gone = erasing.former(ctx.tx, ctx.town.id, _today(ctx))
    found = [p for p in gone if all(w in " ".join(p.name.values()).casefold() for w in wanted)]
    if not found:
        raise Refusal("privacy.nobody_left_called", words=words[:40])
    if len(found) > 1:
        return [Say(views.which_of([(p.id, p.name) for p in found]))]
    return [Say(_warning(ctx, found[0]))]


def _warning(ctx: Context, person: Person) -> Card:
    stays = [Text(kept.stays) for kept in personal_data.KEPT if kept.stays]
    if erasing.serves_elsewhere(ctx.tx, person):
        stays.append(Text("privacy.stays_other_towns"))
    return views.warning(person.id, person.name, _mine(ctx, person), ctx.town.name, stays)


def _whom(ctx: Context, person_id: int) -> Person:
    """Oneself; for coordination also somebody of this municipality who has left."""
    if person_id == ctx.me.id:
        _check_coordination_goes_on(ctx, ctx.me)
        return ctx.me
    if ctx.role >= Role.COORDINATION:
        for person in erasing.former(ctx.tx, ctx.town.id, _today(ctx)):
            if person.id == person_id:
                return person
    raise Refusal("router.old_button")


def _check_coordination_goes_on(ctx: Context, person: Person) -> None:
    if erasing.is_last_coordinator(ctx.tx, person, _today(ctx)):
        raise Refusal("privacy.last_coordinator")


def _mine(ctx: Context, person: Person) -> bool:
    return person.id == ctx.me.id


def _today(ctx: Context) -> date:
    return ctx.now.astimezone(ctx.zone).date()


def _minute(ctx: Context) -> int:
    return int(ctx.now.timestamp()) // 60
