"""From an event to the function that answers it: commands, buttons, typed numbers and labels."""

from __future__ import annotations

import re
from difflib import get_close_matches

from handlers import forms
from handlers.chat import (
    Action,
    Answers,
    Card,
    Command,
    Done,
    Due,
    Join,
    MembershipChanged,
    NativeVote,
    PlaceMoved,
    Press,
    Refusal,
    Said,
    Say,
    Sent,
    Text,
)
from handlers.router import Context, FileRoute, Role, Route, command, plain_word, unpack
from storage import boards
from storage.models import Posted

_NUMBERS = re.compile(r"\s*\d{1,3}(?:[\s,;+]+\d{1,3}){0,11}\s*[.!]?\s*")


def dispatch(ctx: Context) -> Answers:
    """What the event is answered with; raises Refusal for an expected "no"."""
    what = ctx.event.what
    match what:
        case Command():
            return _command(ctx, what)
        case Press(packed):
            pressed = unpack(packed)
            if pressed is None:
                raise Refusal("router.old_button")
            return _press(ctx, pressed)
        case Said():
            return _said(ctx, what)
        case Due() | Done():
            return _awaited(ctx, what)
        case Sent():
            return _sent(ctx, what)
        case MembershipChanged() | PlaceMoved() | NativeVote():
            handle = ctx.routes.other.get(type(what))
            return handle(ctx, what) if handle else []
    return []


def _awaited(ctx: Context, what: Due | Done) -> Answers:
    """A time that has come, or what became of a task: somebody asked to be told."""
    asked = unpack(what.packed)
    if asked is not None:
        if isinstance(what, Due) and (handle := ctx.routes.dues.get(type(asked))):
            return handle(ctx, asked)
        if isinstance(what, Done) and (handle := ctx.routes.outcomes.get(type(asked))):
            return handle(ctx, asked, what)
    raise LookupError(f"nothing handles {what.packed!r}")


def file_wanted(ctx: Context) -> FileRoute | None:
    """Who takes the file that was sent, if this person may give it to them here."""
    what = ctx.event.what
    if not isinstance(what, Sent) or not ctx.in_direct:
        return None
    route = ctx.routes.files.get(what.name.rpartition(".")[2].casefold())
    return route if route is not None and ctx.role >= route.by else None


def _sent(ctx: Context, sent: Sent) -> Answers:
    route = file_wanted(ctx)
    if route is None:
        handle = ctx.routes.other.get(Sent)
        return handle(ctx, sent) if handle else []
    if sent.size > route.most:
        raise Refusal("router.file_too_large", most=route.most // 1_000_000)
    if ctx.file is None:
        raise Refusal("router.file_lost")
    return route.handle(ctx, sent)


def _command(ctx: Context, typed: Command) -> Answers:
    route = ctx.routes.commands.get(typed.name)
    if route is not None:
        _admit(ctx, route)
        return [*_before(ctx, typed), *route.handle(ctx, typed)]
    if not ctx.in_direct:
        return []
    return [_not_understood(ctx, typed.name)]


def _before(ctx: Context, typed: Command) -> Answers:
    first = ctx.routes.other.get(Command)
    return first(ctx, typed) if first and ctx.in_direct and ctx.person is not None else []


def _press(ctx: Context, pressed: Action) -> Answers:
    if isinstance(pressed, forms.Pick):
        return forms.picked(ctx, ctx.routes.forms, pressed)
    if isinstance(pressed, forms.Go):
        return forms.went(ctx, ctx.routes.forms, pressed)
    route = ctx.routes.presses.get(type(pressed))
    if route is None:
        raise Refusal("router.old_button")
    _admit(ctx, route)
    return route.handle(ctx, pressed)


def _admit(ctx: Context, route: Route) -> None:
    if ctx.event.account is not None and ctx.event.account.anonymous:
        raise Refusal("router.anonymous")
    if route.where == "direct" and not ctx.in_direct:
        raise Refusal("router.direct_only")
    if route.where == "channel" and ctx.in_direct:
        raise Refusal("router.channel_only")
    if ctx.role >= route.by:
        return
    raise Refusal("people.stranger" if ctx.role is Role.ANYONE else "router.not_allowed")


def _said(ctx: Context, said: Said) -> Answers:
    text = said.text.strip()
    for sign in "/!":
        typed = command(text, sign)
        if typed is not None:
            return _command(ctx, typed)
    card = card_meant(ctx)
    if not ctx.in_direct and card is None and not said.addressed:
        return []
    dialog = forms.running(ctx)
    by_label = card and _by_label(card, text)
    if by_label:
        return _press(ctx, by_label)
    if dialog is not None and forms.wants_words(ctx.routes.forms[dialog.form], dialog):
        form = ctx.routes.forms[dialog.form]
        if ctx.role < form.by:
            raise Refusal("router.not_allowed")
        # Where there are no buttons, a number is one; any other number is the answer itself.
        chosen = forms.numbered(form, dialog, int(text)) if re.fullmatch(r"\d{1,3}", text) else None
        if chosen is not None:
            return _press(ctx, chosen)
        return forms.said(ctx, form, dialog, text)
    meant = card and _to_card(ctx, card, text)
    if meant:
        return meant
    if card and _NUMBERS.fullmatch(text):
        return _by_numbers(ctx, card, text)
    return _bare_word(ctx, text)


def _to_card(ctx: Context, card: Posted, text: str) -> Answers | None:
    """What a live card makes of words that are said to it, unless they are a command's name."""
    hear = ctx.routes.spoken.get(card.board_kind or "")
    if hear is None or not ctx.in_direct or ctx.role < Role.MEMBER:
        return None
    if plain_word(text) in ctx.routes.commands:
        return None
    return hear(ctx, card.board_id, text)


def card_meant(ctx: Context) -> Posted | None:
    """The card that is pressed or answered; in a direct chat, bare words answer the newest one."""
    place, what = ctx.event.place, ctx.event.what
    named = what.reply_to if isinstance(what, Said) else ctx.event.message
    if named is not None and isinstance(what, Said | Press):
        answered = boards.at_message(ctx.tx, place.platform, place.id, named)
        if answered is not None and answered.actions:
            return answered
    if not isinstance(what, Said) or not ctx.in_direct:
        return None
    return boards.latest(ctx.tx, place.platform, place.id)


def _by_label(card: Posted, text: str) -> Action | None:
    wanted = _comparable(text)
    for label, packed in zip(card.labels, card.actions, strict=False):
        if wanted and _comparable(label) == wanted:
            return unpack(packed)
    return None


def _comparable(label: str) -> str:
    return " ".join(re.findall(r"\w+", label.casefold()))


def _by_numbers(ctx: Context, card: Posted, text: str) -> Answers:
    answers: Answers = []
    for number in re.findall(r"\d+", text):
        if not 1 <= int(number) <= len(card.actions):
            raise Refusal("router.no_such_number", number=number, most=len(card.actions))
        pressed = unpack(card.actions[int(number) - 1])
        if pressed is None:
            raise Refusal("router.old_button")
        answers += _press(ctx, pressed)
    return answers


def _bare_word(ctx: Context, text: str) -> Answers:
    word, _, rest = text.partition(" ")
    if ctx.in_direct and plain_word(word) in ctx.routes.commands:
        return _command(ctx, Command(plain_word(word), rest.strip()))
    if not ctx.in_direct:
        return []
    if ctx.role is Role.ANYONE:
        raise Refusal("people.stranger")
    return [_not_understood(ctx, text)]


def _not_understood(ctx: Context, text: str) -> Say:
    if ctx.role is Role.ANYONE:
        raise Refusal("people.stranger")
    may = {
        w: r for w, r in ctx.routes.commands.items() if r.by <= ctx.role and r.where != "channel"
    }
    word = plain_word(text.split()[0]) if text.split() else ""
    near = get_close_matches(word, may, n=3, cutoff=0.6)
    # The German word comes first, its English alias last; both always work.
    spoken = -1 if ctx.language == "en" else 0
    seen = dict.fromkeys(may[w].words[spoken] for w in near or ("menue", "hilfe"))
    parts = tuple(Text("plain", text=f"/{name}") for name in seen)
    return Say(Card((Text("router.not_understood", commands=Join(parts, ", ")),)))
