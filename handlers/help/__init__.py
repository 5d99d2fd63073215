"""Menu, help, and the way out of a dialog."""

from __future__ import annotations

from dataclasses import replace

from handlers.chat import Answers, Card, Command, Refusal, Say, Sent, Text
from handlers.dispatch import dispatch
from handlers.help import views
from handlers.help.actions import Run
from handlers.router import Context, Role, Route, Router, plain_word
from storage import dialogs

router = Router("help")


@router.command("menue", "menu", by=Role.ANYONE)
def menu(ctx: Context, typed: Command) -> Answers:
    """Everything that this role may do, as buttons."""
    if ctx.role is Role.ANYONE:
        return [Say(views.for_strangers())]
    offered = [
        (r.words[0], Text(f"commands.{r.words[0]}_button")) for r in ctx.routes.menu(ctx.role)
    ]
    return [Say(views.menu(offered))]


@router.press(Run, by=Role.ANYONE)
def run(ctx: Context, pressed: Run) -> Answers:
    """Do what the command does; whether it may be done is decided as if it had been typed."""
    if pressed.word not in ctx.routes.commands:
        raise Refusal("router.old_button")
    ctx.event = replace(ctx.event, what=Command(pressed.word))
    return dispatch(ctx)


@router.command("hilfe", "help", by=Role.ANYONE, menu=85)
def help_(ctx: Context, typed: Command) -> Answers:
    """What the bot does, or one command explained."""
    usable = _usable(ctx)
    if typed.args:
        word = plain_word(typed.args.split()[0].lstrip("/!"))
        route = next((r for r in usable if word in r.words), None)
        if route is None:
            raise Refusal("help.no_such_command", word=typed.args.split()[0])
        more = Text(f"commands.{route.words[0]}_more")
        return [Say(views.explained(route.words, more, runs=route.where != "channel"))]
    if ctx.role is Role.ANYONE:
        return [Say(views.for_strangers())]
    return [Say(views.overview([(_word(ctx, r), r.hint) for r in usable]))]


@router.command("abbrechen", "cancel", by=Role.ANYONE)
def cancel(ctx: Context, typed: Command) -> Answers:
    """Leave the dialog."""
    place, account = ctx.event.place, ctx.event.account
    left = account is not None and dialogs.stop(ctx.tx, place.platform, place.id, account.id)
    return [Say(Card((Text("help.cancelled" if left else "help.nothing_to_cancel"),)))]


def _word(ctx: Context, route: Route) -> str:
    """The command's word in the reader's language; German words always work too."""
    return route.words[-1] if ctx.language == "en" else route.words[0]


def _usable(ctx: Context) -> list[Route]:
    """The commands that this role may use, those of the menu first and in its order."""
    offered = ctx.routes.menu(ctx.role)
    others = {id(r): r for r in ctx.routes.commands.values() if r.by <= ctx.role and r.menu is None}
    return [*offered, *others.values()]


@router.when(Sent)
def file(ctx: Context, sent: Sent) -> Answers:
    """A file that no feature takes from this person; in a direct chat the bot is never silent."""
    if not ctx.in_direct:
        return []
    raise Refusal("people.stranger" if ctx.role is Role.ANYONE else "help.no_files")
