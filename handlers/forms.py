"""Multi-step dialogs, declared as fields and kept in the database.

A form asks one field after the other, shows what it gathered for review, and finishes. People
may go back, leave (/abbrechen), come back after a restart, and type instead of pressing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.chat import (
    HERE,
    Action,
    Answers,
    Button,
    Card,
    Refusal,
    Replace,
    Say,
    Text,
)
from handlers.router import Context, Role, action
from storage import dialogs
from storage.models import Dialog

Given = dict[str, Any]
"""What was answered so far, by field name; JSON values."""

PAGE = 8
"""Choices on one card."""


@dataclass(frozen=True)
class Choice:
    """One answer that a button gives; ``value`` is JSON."""

    label: Text
    value: Any


@dataclass(frozen=True)
class Field:
    """One question. ``choices`` are its buttons, ``parse`` reads typed words (or refuses them).

    ``multi``: any number of choices, ``preset`` of which are chosen at first.
    """

    name: str
    ask: Callable[[Context, Given], tuple[Text, ...]]
    choices: Callable[[Context, Given], Sequence[Choice]] | None = None
    parse: Callable[[Context, Given, str], Any] | None = None
    when: Callable[[Context, Given], bool] = lambda ctx, given: True
    multi: bool = False
    preset: Callable[[Context, Given], Sequence[Any]] | None = None
    also: Callable[[Context, Given], Sequence[Button]] | None = None
    """Other ways than an answer: buttons that lead out of the dialog or beside it."""


@dataclass(frozen=True)
class Form:
    """A dialog: its fields, what is shown before the end, and what the end does.

    Without a ``review`` it ends with the last answer, which then is never stored in the dialog.
    """

    name: str
    by: Role
    fields: tuple[Field, ...]
    review: Callable[[Context, Given], tuple[Text, ...]] | None
    confirm: Text
    finish: Callable[[Context, Given], Answers]
    also: Callable[[Context, Given], Sequence[Button]] | None = None
    """What can be done with the answers besides confirming them."""


@action("fp")
@dataclass(frozen=True)
class Pick(Action):
    """A choice of a field. ``step`` tells an old button from a current one."""

    dialog: int
    step: int
    choice: int


@action("fd")
@dataclass(frozen=True)
class Go(Action):
    """Forward (a multiple choice is done, a review confirmed), back, another page, or leave."""

    dialog: int
    step: int
    way: str


REVIEW = "review"


def start(ctx: Context, form: Form, given: Given | None = None) -> Answers:
    """Begin a dialog here; one that was under way is left."""
    place, account = ctx.event.place, ctx.event.account
    if account is None:
        raise Refusal("forms.nobody")
    dialog = Dialog(
        municipality_id=ctx.municipality.id if ctx.municipality else None,
        person_id=ctx.person.id if ctx.person else None,
        platform=place.platform,
        place=place.id,
        account=account.id,
        form=form.name,
        step=form.fields[0].name,
        answers={"given": given or {}, "offered": [], "page": 0},
        touched_at=ctx.now,
    )
    dialogs.start(ctx.tx, dialog)
    return [Say(_enter(ctx, form, dialog, _first(ctx, form, dialog)), HERE)]


def running(ctx: Context) -> Dialog | None:
    """The dialog that this person is in here."""
    place, account = ctx.event.place, ctx.event.account
    return (account and dialogs.running(ctx.tx, place.platform, place.id, account.id)) or None


def said(ctx: Context, form: Form, dialog: Dialog, text: str) -> Answers:
    """Typed words as the answer to the current field."""
    if dialog.step == REVIEW:
        raise Refusal("forms.press_please")
    field = _field(form, dialog.step)
    if field.parse is None:
        raise Refusal("forms.choose_please")
    given = dict(dialog.answers["given"])
    given[field.name] = field.parse(ctx, given, text)
    if _ends(ctx, form, dialog, given):
        return _end(ctx, form, dialog, given)
    return [Say(_advance(ctx, form, dialog, given))]


def wants_words(form: Form, dialog: Dialog) -> bool:
    """Whether the current field reads typed words."""
    return dialog.step != REVIEW and _field(form, dialog.step).parse is not None


def numbered(form: Form, dialog: Dialog, number: int) -> Pick | None:
    """The choice on the current page that a typed number stands for (none on a review)."""
    if dialog.step == REVIEW:
        return None
    first = int(dialog.answers["page"]) * PAGE
    shown = min(PAGE, len(dialog.answers["offered"]) - first)
    if not 1 <= number <= shown:
        return None
    return Pick(dialog.id, _position(form, dialog.step), first + number - 1)


def picked(ctx: Context, forms: dict[str, Form], pressed: Pick) -> Answers:
    """A pressed choice."""
    form, dialog = _current(ctx, forms, pressed.dialog, pressed.step)
    field = _field(form, dialog.step)
    offered = dialog.answers["offered"]
    if not 0 <= pressed.choice < len(offered):
        raise Refusal("forms.old_button")
    value = offered[pressed.choice]
    given = dict(dialog.answers["given"])
    if not field.multi:
        given[field.name] = value
        if _ends(ctx, form, dialog, given):
            return _end(ctx, form, dialog, given)
        return [Replace(_advance(ctx, form, dialog, given))]
    chosen = list(given.get(field.name, []))
    chosen.remove(value) if value in chosen else chosen.append(value)
    given[field.name] = [v for v in offered if v in chosen]
    dialog.answers = {**dialog.answers, "given": given}
    dialog.touched_at = ctx.now
    return [Replace(_question(ctx, form, dialog, field))]


def went(ctx: Context, forms: dict[str, Form], pressed: Go) -> Answers:
    """Forward, back, another page, or leave."""
    form, dialog = _current(ctx, forms, pressed.dialog, pressed.step)
    given = dict(dialog.answers["given"])
    if pressed.way == "cancel":
        ctx.tx.delete(dialog)
        return [Replace(Card((Text("forms.cancelled"),)))]
    if pressed.way == "back":
        return [Replace(_back(ctx, form, dialog, given))]
    if pressed.way in ("next", "prev"):
        page = dialog.answers["page"] + (1 if pressed.way == "next" else -1)
        dialog.answers = {**dialog.answers, "page": max(page, 0)}
        return [Replace(_question(ctx, form, dialog, _field(form, dialog.step)))]
    if dialog.step == REVIEW:
        return _end(ctx, form, dialog, given)
    if not given.get(dialog.step):
        raise Refusal("forms.choose_one")
    if _ends(ctx, form, dialog, given):
        return _end(ctx, form, dialog, given)
    return [Replace(_advance(ctx, form, dialog, given))]


def _current(ctx: Context, forms: dict[str, Form], id: int, step: int) -> tuple[Form, Dialog]:
    dialog = running(ctx)
    if dialog is None or dialog.id != id:
        raise Refusal("forms.old_button")
    form = forms[dialog.form]
    if _position(form, dialog.step) != step:
        raise Refusal("forms.old_button")
    if ctx.role < form.by:
        raise Refusal("router.not_allowed")
    return form, dialog


def _ends(ctx: Context, form: Form, dialog: Dialog, given: Given) -> bool:
    return form.review is None and _following(ctx, form, dialog, given) is None


def _end(ctx: Context, form: Form, dialog: Dialog, given: Given) -> Answers:
    answers = form.finish(ctx, given)
    # The end of one dialog may be the beginning of another.
    if dialog in ctx.tx:
        ctx.tx.delete(dialog)
    return answers


def _advance(ctx: Context, form: Form, dialog: Dialog, given: Given) -> Card:
    dialog.answers = {"given": given, "offered": [], "page": 0}
    return _enter(ctx, form, dialog, _following(ctx, form, dialog, given))


def _following(ctx: Context, form: Form, dialog: Dialog, given: Given) -> Field | None:
    names = [f.name for f in form.fields]
    rest = form.fields[names.index(dialog.step) + 1 :]
    return next((f for f in rest if f.when(ctx, given)), None)


def _back(ctx: Context, form: Form, dialog: Dialog, given: Given) -> Card:
    names = [f.name for f in form.fields]
    at = len(names) if dialog.step == REVIEW else names.index(dialog.step)
    before = [f for f in form.fields[:at] if f.when(ctx, given)]
    return _enter(ctx, form, dialog, before[-1] if before else form.fields[0])


def _first(ctx: Context, form: Form, dialog: Dialog) -> Field | None:
    given = dialog.answers["given"]
    return next((f for f in form.fields if f.when(ctx, given) and f.name not in given), None)


def _enter(ctx: Context, form: Form, dialog: Dialog, field: Field | None) -> Card:
    dialog.touched_at = ctx.now
    if field is None:
        dialog.step = REVIEW
        return _review(ctx, form, dialog)
    dialog.step = field.name
    given = dict(dialog.answers["given"])
    if field.multi and field.preset is not None and field.name not in given:
        given[field.name] = list(field.preset(ctx, given))
    dialog.answers = {"given": given, "offered": [], "page": 0}
    return _question(ctx, form, dialog, field)


def _question(ctx: Context, form: Form, dialog: Dialog, field: Field) -> Card:
    given = dialog.answers["given"]
    choices = list(field.choices(ctx, given)) if field.choices else []
    pages = max(1, -(-len(choices) // PAGE))
    page = min(dialog.answers["page"], pages - 1)
    dialog.answers = {**dialog.answers, "offered": [c.value for c in choices], "page": page}
    step = _position(form, dialog.step)
    chosen = given.get(field.name, []) if field.multi else None
    rows: list[tuple[Button, ...]] = []
    for index in range(page * PAGE, min(len(choices), (page + 1) * PAGE)):
        choice = choices[index]
        label = choice.label
        if chosen is not None:
            mark = "forms.chosen" if choice.value in chosen else "forms.not_chosen"
            label = Text(mark, label=label)
        rows.append((Button(label, Pick(dialog.id, step, index)),))
    paging = []
    if page > 0:
        paging.append(Button(Text("forms.previous_page"), Go(dialog.id, step, "prev")))
    if page < pages - 1:
        paging.append(Button(Text("forms.next_page"), Go(dialog.id, step, "next")))
    if paging:
        rows.append(tuple(paging))
    if field.multi:
        rows.append((Button(Text("forms.done"), Go(dialog.id, step, "on"), strong=True),))
    rows += [(button,) for button in (field.also(ctx, given) if field.also else ())]
    return Card(field.ask(ctx, given), (*rows, _ways(form, dialog)))


def _review(ctx: Context, form: Form, dialog: Dialog) -> Card:
    step = _position(form, dialog.step)
    confirm = Button(form.confirm, Go(dialog.id, step, "on"), strong=True)
    given = dialog.answers["given"]
    said = form.review(ctx, given) if form.review is not None else ()
    also = tuple((button,) for button in (form.also(ctx, given) if form.also else ()))
    return Card(said, ((confirm,), *also, _ways(form, dialog)))


def _ways(form: Form, dialog: Dialog) -> tuple[Button, ...]:
    step = _position(form, dialog.step)
    leave = Button(Text("forms.cancel"), Go(dialog.id, step, "cancel"))
    if step == 0:
        return (leave,)
    return (Button(Text("forms.back"), Go(dialog.id, step, "back")), leave)


def _field(form: Form, name: str) -> Field:
    return next(f for f in form.fields if f.name == name)


def _position(form: Form, step: str) -> int:
    names = [f.name for f in form.fields]
    return len(names) if step == REVIEW else names.index(step)
