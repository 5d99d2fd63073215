"""The roster: list, add, change, end, undo; as a spreadsheet in and out; who changed what."""

from __future__ import annotations

from handlers import sheets
from handlers.chat import Answers, Card, Command, Refusal, Replace, Say, SendFile, Sent, Text
from handlers.forms import start
from handlers.members import changing, documents, forms, views
from handlers.members.actions import (
    AddMember,
    AskUndo,
    EditMember,
    Export,
    Files,
    History,
    HistoryFile,
    ListMembers,
    ShowMember,
    Undo,
)
from handlers.members.changing import Impossible
from handlers.members.plans import plan
from handlers.members.rules import Broken
from handlers.router import Context, Role, Router, plain_word
from storage import audit
from storage.members import Standing
from storage.models import AuditEvent

router = Router("members")

MOST_EVENTS = 10_000
"""Events of the audit log in one file."""


@router.command("mitglieder", "members", by=Role.COORDINATION, menu=67)
def members_(ctx: Context, typed: Command) -> Answers:
    """The list; with a word behind it, something else about the roster, or a search."""
    word = plain_word(typed.args.strip())
    if not word:
        return [Say(_list(ctx, 0))]
    if word in ("neu", "new", "add"):
        return start(ctx, forms.MEMBER)
    if word in ("export", "import", "vorlage", "template"):
        return [Say(_files())]
    if word in ("verlauf", "history", "log"):
        return [Say(_history(ctx, 0))]
    if word in ("zurueck", "undo"):
        return [Say(_undoing(ctx, _last(ctx)))]
    return [Say(_found(ctx, typed.args))]


# --- looking -------------------------------------------------------------------------------


@router.press(ListMembers, by=Role.COORDINATION)
def turn_page(ctx: Context, pressed: ListMembers) -> Answers:
    """A page of the list."""
    return [Replace(_list(ctx, pressed.page))]


@router.press(ShowMember, by=Role.COORDINATION)
def show(ctx: Context, pressed: ShowMember) -> Answers:
    """A person's card."""
    people = _people(ctx)
    person = _person(people, pressed.person)
    return [Say(views.person(forms.shown(person), changing.lines(people), forms.today(ctx)))]


def _people(ctx: Context) -> dict[str, Standing]:
    return changing.standing(ctx.tx, ctx.town, ctx.now)


def _person(people: dict[str, Standing], id: int) -> Standing:
    found = next((p for p in people.values() if p.id == id), None)
    if found is None:
        raise Refusal("router.old_button")
    return found


def _list(ctx: Context, page: int) -> Card:
    people, today = _people(ctx), forms.today(ctx)
    shown = [forms.shown(p) for p in people.values() if p.member.belongs(today)]
    return views.roster(views.in_order(shown), changing.lines(people), page, today)


def _found(ctx: Context, words: str) -> Card:
    people = _people(ctx)
    found = [
        forms.shown(p)
        for p in people.values()
        if p.member.bodies
        and all(
            w in f"{p.member.name} {p.member.institution} {p.member.key}".casefold()
            for w in words.casefold().split()
        )
    ]
    exactly = people.get(words.strip().casefold())
    if exactly is not None:
        found = [forms.shown(exactly)]
    if not found:
        raise Refusal("members.nobody_found", words=words[:40])
    return views.found(views.in_order(found), changing.lines(people), forms.today(ctx))


# --- changing ------------------------------------------------------------------------------


@router.press(AddMember, by=Role.COORDINATION)
def add(ctx: Context, pressed: AddMember) -> Answers:
    """Begin to add a person."""
    return start(ctx, forms.MEMBER)


@router.press(EditMember, by=Role.COORDINATION)
def edit(ctx: Context, pressed: EditMember) -> Answers:
    """Begin to change a part of a person's line."""
    if pressed.part not in forms.PARTS:
        raise Refusal("router.old_button")
    member = _person(_people(ctx), pressed.person).member
    return start(ctx, forms.MEMBER, forms.begin(member.key, pressed.part, member))


@router.press(AskUndo, by=Role.COORDINATION)
def ask_undo(ctx: Context, pressed: AskUndo) -> Answers:
    """Say what taking back would do."""
    return [Say(_undoing(ctx, _last(ctx, pressed.event)))]


@router.press(Undo, by=Role.COORDINATION)
def undo(ctx: Context, pressed: Undo) -> Answers:
    """Take the last change back."""
    event = _last(ctx, pressed.event)
    try:
        changing.undo(ctx.tx, ctx.town, ctx.now, ctx.me.id, event)
    except Impossible as wrong:
        raise Refusal(wrong.text) from None
    keys = [line.key for change in changing.changes_of(event) for line in change if line]
    card = views.said(Text("members.is_undone"))
    return [Replace(card), *changing.redraws(ctx.tx, ctx.town, ctx.now, keys)]


def _last(ctx: Context, meant: int | None = None) -> AuditEvent:
    last = audit.last_standing(ctx.tx, ctx.town.id, changing.UNDOABLE)
    if last is None:
        raise Refusal("members.nothing_to_undo")
    if meant is not None and last.id != meant:
        raise Refusal("members.not_the_last")
    return last


def _undoing(ctx: Context, event: AuditEvent) -> Card:
    try:
        changes = changing.undoing(ctx.tx, ctx.town, ctx.now, event)
    except Impossible as wrong:
        raise Refusal(wrong.text) from None
    return views.undoing(changes, event.id)


# --- files ---------------------------------------------------------------------------------


@router.press(Files, by=Role.COORDINATION)
def files(ctx: Context, pressed: Files) -> Answers:
    """Import and export."""
    return [Say(_files())]


def _files() -> Card:
    return views.files(sheets.MOST_ROWS, sheets.LARGEST // 1_000_000)


@router.press(Export, by=Role.COORDINATION)
def export(ctx: Context, pressed: Export) -> Answers:
    """The roster as a file, or an example."""
    kind = next((k for k in sheets.MIMES if k == pressed.kind), None)
    if kind is None:
        raise Refusal("router.old_button")
    today = forms.today(ctx)
    people = [p.member for p in _people(ctx).values() if p.member.belongs(today)]
    rows = documents.template() if pressed.empty else documents.table(people)
    caption = (
        Text("members.template_caption")
        if pressed.empty
        else Text("members.export_caption", n=len(people), town=ctx.town.name)
    )
    name = "mitglieder-vorlage" if pressed.empty else f"mitglieder-{ctx.town.slug}-{today}"
    return [SendFile(f"{name}.{kind}", sheets.MIMES[kind], sheets.write(kind, rows), caption)]


@router.file("xlsx", "ods", "csv", "xlsm", by=Role.COORDINATION, most=sheets.LARGEST)
def take_file(ctx: Context, sent: Sent) -> Answers:
    """A spreadsheet: say what it would change, and ask."""
    people = changing.lines(_people(ctx))
    try:
        rows = sheets.read(sent.name, ctx.file or b"")
        made = plan(ctx.town, people, rows, forms.today(ctx))
    except sheets.Unreadable as unreadable:
        raise Refusal(unreadable.text) from None
    except Broken as broken:
        raise Refusal(broken.text) from None
    if made.rejected:
        return [Say(views.rejected(made.rejected))]
    if not made.new and not made.missing:
        raise Refusal("members.import_changes_nothing")
    return start(ctx, forms.IMPORT, forms.begin_import(rows, people))


# --- the audit log -------------------------------------------------------------------------


@router.press(History, by=Role.COORDINATION)
def history(ctx: Context, pressed: History) -> Answers:
    """A page of the audit log."""
    return [Replace(_history(ctx, pressed.page))]


@router.press(HistoryFile, by=Role.COORDINATION)
def history_file(ctx: Context, pressed: HistoryFile) -> Answers:
    """The audit log as a file."""
    events = _events(ctx, MOST_EVENTS, 0)
    rows = [[ctx.words(cell) for cell in row] for row in views.history_rows(events)]
    name = f"verlauf-{ctx.town.slug}-{forms.today(ctx)}.csv"
    caption = Text("members.history_caption", town=ctx.town.name)
    return [SendFile(name, sheets.MIMES["csv"], sheets.write("csv", rows), caption)]


def _history(ctx: Context, page: int) -> Card:
    total = audit.count(ctx.tx, ctx.town.id)
    page = min(max(page, 0), max(0, -(-total // views.A_PAGE) - 1))
    last = audit.last_standing(ctx.tx, ctx.town.id, changing.UNDOABLE)
    shown = _events(ctx, views.A_PAGE, page * views.A_PAGE)
    return views.history(shown, total, page, last.id if last and page == 0 else None)


def _events(ctx: Context, most: int, skip: int) -> list[views.Happened]:
    return [
        views.Happened(
            told.event.id,
            told.event.at,
            told.actor,
            told.event.action,
            changing.changes_of(told.event),
            told.event.undone_at is not None,
            told.subject,
            told.event.details.get("channel") or {},
            changing.about(told.event),
        )
        for told in audit.newest(ctx.tx, ctx.town.id, most, skip)
    ]


router.form(forms.MEMBER)
router.form(forms.IMPORT)
