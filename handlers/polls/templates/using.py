"""Keeping a prepared poll as a template, and preparing the next one from it."""

from __future__ import annotations

from handlers.chat import Answers, Refusal, Replace, Text, Toast, Translated
from handlers.forms import running, start
from handlers.polls import closing, forms, opening
from handlers.polls.methods.registry import METHODS
from handlers.polls.opening import Plan
from handlers.polls.rules import Rules
from handlers.polls.templates import plans, series, views
from handlers.polls.templates.actions import (
    DropTemplate,
    KeepPlan,
    KeepPoll,
    Templates,
    UseTemplate,
)
from handlers.router import Context
from storage import poll_templates, polls
from storage.models import PollTemplate

MOST_TEMPLATES = 50


def show(ctx: Context, pressed: Templates) -> Answers:
    """The municipality's own templates, and what comes ready-made."""
    _check(ctx)
    return [Replace(_list(ctx))]


def _list(ctx: Context) -> views.Card:
    own = [
        views.TemplateFacts(t.id, t.name, t.plan["method"], t.plan["settings"])
        for t in poll_templates.of_town(ctx.tx, ctx.town.id)
    ]
    fields = len(series.votable(ctx))
    return views.templates(own, fields, Rules.of(ctx.town.rules).dots_per_seat)


def _check(ctx: Context) -> None:
    if not closing.manages(ctx):
        raise Refusal("router.not_allowed")


def _template(ctx: Context, template_id: int) -> PollTemplate:
    _check(ctx)
    found = poll_templates.get(ctx.tx, template_id, ctx.town.id)
    if found is None:
        raise Refusal("templates.not_there")
    return found


def use(ctx: Context, pressed: UseTemplate) -> Answers:
    """Prepare a poll: only what the template does not know is asked."""
    template = _template(ctx, pressed.template)
    plan = template.plan
    bodies = {body.id for body in polls.bodies(ctx.tx, ctx.town.id)}
    known = plans.answers(plan, template.name, METHODS[plan["method"]], plan["body"] in bodies)
    return start(ctx, forms.PREPARE, known)


def drop(ctx: Context, pressed: DropTemplate) -> Answers:
    """Delete a template; asks back first."""
    template = _template(ctx, pressed.template)
    if not pressed.sure:
        return [Replace(views.drop_surely(template.id, template.name))]
    ctx.tx.delete(template)
    ctx.tx.flush()
    return [Toast(Text("templates.dropped", name=template.name)), Replace(_list(ctx))]


# --- keeping ----------------------------------------------------------------------------------


def keep_plan(ctx: Context, pressed: KeepPlan) -> Answers:
    """Keep what is being prepared in the dialog here; it goes on."""
    _check(ctx)
    dialog = running(ctx)
    if dialog is None or dialog.form != forms.PREPARE.name:
        raise Refusal("forms.old_button")
    plan = forms.plan_of(ctx, dialog.answers["given"])
    opening.check(ctx, plan)
    return _keep(ctx, plan)


def keep_poll(ctx: Context, pressed: KeepPoll) -> Answers:
    """Keep a poll that was opened."""
    poll = closing.of_poll(ctx, pressed.poll)
    return _keep(
        ctx,
        Plan(
            method=poll.method,
            settings=poll.settings,
            title=poll.title,
            options=(),
            body_id=poll.body_id,
            opens_at=poll.opens_at,
            closes_at=poll.closes_at,
            secrecy=poll.secrecy,
            formal=poll.formal,
        ),
    )


def _keep(ctx: Context, plan: Plan) -> Answers:
    name = ctx.words(Text("plain", text=Translated(plan.title)))
    own = poll_templates.of_town(ctx.tx, ctx.town.id)
    if len(own) >= MOST_TEMPLATES and name not in {template.name for template in own}:
        raise Refusal("templates.too_many", most=MOST_TEMPLATES)
    made = plans.kept(
        plan.method,
        plan.settings,
        plan.secrecy,
        plan.formal,
        plan.body_id,
        plan.opens_at or ctx.now,
        plan.closes_at,
        ctx.zone,
    )
    replaced = poll_templates.keep(ctx.tx, ctx.town.id, name, made)
    return [Toast(Text("templates.replaced" if replaced else "templates.kept", name=name))]
