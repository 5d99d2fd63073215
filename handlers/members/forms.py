"""The dialogs in which a line of the roster is made or changed, and a file is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from handlers.chat import Answers, Join, Refusal, Replace, Text, plain
from handlers.forms import Choice, Field, Form, Given
from handlers.members import changing, rules, views
from handlers.members.changing import Impossible
from handlers.members.plans import Plan, plan, warnings
from handlers.members.rules import Broken
from handlers.router import Context, Role
from storage import members
from storage.lines import Member, free_key, slug
from storage.members import Standing

PARTS = ("name", "institution", "bodies", "role", "deputy", "order", "language", "end")
"""What of a line can be changed by itself."""

NEW, NOBODY = 0, -1


def today(ctx: Context) -> date:
    """The day in the municipality."""
    return changing.today_in(ctx.town, ctx.now)


def begin(key: str, part: str, line: Member) -> Given:
    """What the dialog that changes this part of a line knows at first."""
    return {"part": part, "key": key, "seen": line.as_json()}


def _lines(ctx: Context) -> dict[str, Member]:
    return changing.lines(changing.standing(ctx.tx, ctx.town, ctx.now))


def _asks(*parts: str) -> Callable[[Context, Given], bool]:
    return lambda ctx, given: given.get("part", "all") in parts


def _read(parse: Callable[[str], Any]) -> Callable[[Context, Given, str], Any]:
    def read(ctx: Context, given: Given, typed: str) -> Any:
        try:
            return parse(typed)
        except Broken as broken:
            raise Refusal(broken.text) from None

    return read


# --- questions -----------------------------------------------------------------------------


def _institutions(ctx: Context, given: Given) -> list[Choice]:
    return [
        *(Choice(plain(name), id) for id, name, _ in members.institutions(ctx.tx, ctx.town)),
        Choice(Text("members.new_institution"), NEW),
        Choice(Text("members.no_institution"), NOBODY),
    ]


def _new_institution(ctx: Context, given: Given) -> bool:
    return given.get("institution") == NEW and _asks("all", "institution")(ctx, given)


def _groups(ctx: Context, given: Given) -> list[Choice]:
    return [Choice(rules.group(code), code) for code in rules.GROUPS]


def _bodies(ctx: Context, given: Given) -> list[Choice]:
    return [
        Choice(Text("members.choose_steering_group"), "steering_group"),
        Choice(Text("members.choose_core_team"), "core_team"),
        Choice(Text("members.choose_coordination"), "coordination"),
    ]


def _roles(ctx: Context, given: Given) -> list[Choice]:
    seen = given.get("seen")
    inner = given.get("bodies") or (seen["bodies"][0] if seen and seen["bodies"] else "")
    barred = inner == "coordination" and not changing.coordination_votes(ctx.town)
    return [
        Choice(rules.role(code), code) for code in rules.ROLES if not (barred and code == "member")
    ]


def _wants_holder(ctx: Context, given: Given) -> bool:
    if given.get("part", "all") == "deputy":
        return True
    return given.get("role") == "deputy" and _asks("all", "role")(ctx, given)


def _holders(ctx: Context, given: Given) -> list[Choice]:
    found = [
        Choice(plain(m.name), m.key)
        for m in _lines(ctx).values()
        if m.role == "member" and m.belongs(today(ctx)) and m.key != given.get("key")
    ]
    nobody = [Choice(Text("members.no_deputy"), "")]
    return found + (nobody if given.get("part") == "deputy" else [])


def _holder_typed(ctx: Context, given: Given, typed: str) -> str:
    wanted = typed.strip().casefold()
    found = [m.key for m in _lines(ctx).values() if wanted in (m.key, m.name.casefold())]
    if len(found) != 1:
        raise Refusal("members.holder_unknown", key=typed[:60])
    return found[0]


def _deputies(ctx: Context, given: Given) -> list[Choice]:
    return [Choice(plain(m.name), m.key) for m in rules.deputies(given["key"], _lines(ctx))]


def _languages(ctx: Context, given: Given) -> list[Choice]:
    return [Choice(rules.language(code), code) for code in rules.LANGUAGES]


def _wants_end(ctx: Context, given: Given) -> bool:
    if given.get("part", "all") == "end":
        return True
    return given.get("role") == "guest" and _asks("all", "role")(ctx, given)


def _ends(ctx: Context, given: Given) -> list[Choice]:
    now = today(ctx)
    month = (now.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    offered = [Choice(Text("members.last_day", day=month), month.isoformat())]
    if given.get("part") != "end":
        return offered
    at_once = Choice(Text("members.end_at_once"), (now - timedelta(days=1)).isoformat())
    offered = [at_once, Choice(Text("members.last_day", day=now), now.isoformat()), *offered]
    if given["seen"]["end"]:
        offered.append(Choice(Text("members.no_end"), ""))
    return offered


def _end_typed(typed: str) -> str:
    return rules.day(typed).isoformat()


def _ask(message: Text) -> Callable[[Context, Given], tuple[Text, ...]]:
    return lambda ctx, given: (message,)


# --- what comes of the answers -------------------------------------------------------------


def _new_lines(ctx: Context, given: Given, roster: dict[str, Member]) -> dict[str, Member]:
    if given.get("part") == "order":
        return rules.in_order(given["first"], given["key"], roster)
    seen = given.get("seen")
    if seen is None:
        key = free_key(slug(given["name"]), roster)
        line = Member(key, given["name"], start=today(ctx), language=ctx.town.default_language)
    else:
        line = Member.of_json(seen)
    line = _with_institution(ctx, given, line)
    if "name" in given:
        line = replace(line, name=given["name"])
    if "bodies" in given:
        line = replace(line, bodies=rules.with_outer([given["bodies"]]))
    if "role" in given:
        line = replace(line, role=given["role"])
        if line.role not in ("deputy", "voteless"):
            line = replace(line, deputy_of="", rank=0)
    if "holder" in given:
        line = _standing_in(line, given["holder"], roster)
    if "language" in given:
        line = replace(line, language=given["language"])
    if "end" in given:
        line = replace(line, end=date.fromisoformat(given["end"]) if given["end"] else None)
    return {line.key: line}


def _standing_in(line: Member, holder: str, roster: dict[str, Member]) -> Member:
    if holder == line.deputy_of:
        return line
    last = len(rules.deputies(holder, roster)) + 1
    role = "deputy" if holder and line.role == "member" else line.role
    return replace(line, deputy_of=holder, rank=last if holder else 0, role=role)


def _with_institution(ctx: Context, given: Given, line: Member) -> Member:
    chosen = given.get("institution")
    if chosen is None:
        return line
    if chosen == NOBODY:
        return replace(line, institution="", group="")
    if chosen == NEW:
        return replace(line, institution=given["new_institution"], group=given["group"])
    for id, name, group in members.institutions(ctx.tx, ctx.town):
        if id == chosen:
            return replace(line, institution=name, group=group)
    raise Refusal("members.changed_meanwhile")


def _review(ctx: Context, given: Given) -> tuple[Text, ...]:
    people = changing.standing(ctx.tx, ctx.town, ctx.now)
    roster = changing.lines(people)
    new = _new_lines(ctx, given, roster)
    _check(ctx, roster, new)
    after = {**roster, **new}
    said: list[Text] = [Text("members.review")]
    for key, line in new.items():
        old = roster.get(key)
        changed = rules.differences(old, line, after)
        if len(new) > 1 and changed:
            said.append(Text("members.about", name=line.name))
        said += changed
        if old is not None and old.bodies:
            running = members.running_polls(ctx.tx, people[key].id)
            channels = members.channels(ctx.tx, ctx.town.id, people[key].id)
            said += rules.causes(old, line, after, today(ctx), running, channels)
        if rules.namesakes(line, after, today(ctx)) and (old is None or old.name != line.name):
            said.append(Text("members.namesake", name=line.name))
    if len(said) == 1:
        raise Refusal("members.nothing_changes")
    said.append(Text("members.review_end"))
    return tuple(said)


def shown(person: Standing) -> views.Shown:
    """A person as the views take them."""
    return views.Shown(person.id, person.member, person.platforms)


def _check(ctx: Context, roster: dict[str, Member], new: dict[str, Member]) -> None:
    try:
        changing.check(ctx.town, roster, new, today(ctx))
    except Impossible as wrong:
        raise Refusal(wrong.text) from None


def _finish(ctx: Context, given: Given) -> Answers:
    roster = _lines(ctx)
    seen = given.get("seen")
    if seen is not None and roster.get(given["key"]) != Member.of_json(seen):
        return [Replace(views.said(Text("members.changed_meanwhile")))]
    new = _new_lines(ctx, given, roster)
    action = "added" if seen is None else "ended" if given.get("part") == "end" else "changed"
    try:
        event = changing.carry_out(ctx.tx, ctx.town, ctx.now, ctx.me.id, action, new)
    except Impossible as wrong:
        raise Refusal(wrong.text) from None
    first = next(iter(new.values()))
    person = changing.standing(ctx.tx, ctx.town, ctx.now)[given.get("key") or first.key]
    card = views.done(shown(person), event.id, new=seen is None)
    return [Replace(card), *changing.redraws(ctx.tx, ctx.town, ctx.now, new)]


MEMBER = Form(
    name="member",
    by=Role.COORDINATION,
    fields=(
        Field(
            "name",
            _ask(Text("members.ask_name")),
            parse=_read(rules.name),
            when=_asks("all", "name"),
        ),
        Field(
            "institution",
            _ask(Text("members.ask_institution")),
            _institutions,
            when=_asks("all", "institution"),
        ),
        Field(
            "new_institution",
            _ask(Text("members.ask_new_institution")),
            parse=_read(rules.name),
            when=_new_institution,
        ),
        Field("group", _ask(Text("members.ask_group")), _groups, when=_new_institution),
        Field("bodies", _ask(Text("members.ask_bodies")), _bodies, when=_asks("all", "bodies")),
        Field("role", _ask(Text("members.ask_role")), _roles, when=_asks("all", "role")),
        Field(
            "holder",
            _ask(Text("members.ask_holder")),
            _holders,
            _holder_typed,
            when=_wants_holder,
        ),
        Field("first", _ask(Text("members.ask_first")), _deputies, when=_asks("order")),
        Field(
            "language",
            _ask(Text("members.ask_language")),
            _languages,
            when=_asks("all", "language"),
        ),
        Field("end", _ask(Text("members.ask_end")), _ends, _read(_end_typed), when=_wants_end),
    ),
    review=_review,
    confirm=Text("members.confirm"),
    finish=_finish,
)


# --- import --------------------------------------------------------------------------------


def begin_import(rows: Sequence[Sequence[str]], roster: dict[str, Member]) -> Given:
    """What the dialog that imports these rows knows at first."""
    return {"rows": [list(row) for row in rows], "seen": _all(roster)}


def _all(roster: dict[str, Member]) -> list[dict[str, Any]]:
    return [line.as_json() for line in roster.values()]


def _missing(ctx: Context, given: Given) -> bool:
    return bool(plan(ctx.town, _lines(ctx), given["rows"], today(ctx)).missing)


def _ask_missing(ctx: Context, given: Given) -> tuple[Text, ...]:
    made = plan(ctx.town, _lines(ctx), given["rows"], today(ctx))
    return (views.missing([m.name for m in made.missing]), Text("members.ask_missing"))


def _to_write(ctx: Context, given: Given, roster: dict[str, Member]) -> dict[str, Member]:
    made = plan(ctx.town, roster, given["rows"], today(ctx))
    return made.with_missing_ended(today(ctx)) if given.get("missing") == "end" else made.new


def _review_import(ctx: Context, given: Given) -> tuple[Text, ...]:
    roster = _lines(ctx)
    made = plan(ctx.town, roster, given["rows"], today(ctx))
    new = _to_write(ctx, given, roster)
    if not new:
        raise Refusal("members.import_changes_nothing")
    _check(ctx, roster, new)
    return views.preview(preview(made, today(ctx), given.get("missing") == "end"))


def preview(made: Plan, on: date, ends_missing: bool) -> views.Preview:
    """An import's preview, in sentences."""
    after = {**made.before, **made.new}

    def told(rows: Sequence[tuple[int, Member]]) -> list[tuple[int, Text]]:
        return [
            (number, Text("members.told", name=m.name, what=Join(changed, " ")))
            for number, m in rows
            for changed in (rules.differences(made.before.get(m.key), m, after),)
        ]

    return views.Preview(
        told(made.added),
        told(made.changed),
        told(made.ended),
        warnings(made, on),
        made.same,
        [m.name for m in made.missing],
        ends_missing,
    )


def _finish_import(ctx: Context, given: Given) -> Answers:
    roster = _lines(ctx)
    if _all(roster) != given["seen"]:
        return [Replace(views.said(Text("members.changed_meanwhile")))]
    new = _to_write(ctx, given, roster)
    try:
        event = changing.carry_out(ctx.tx, ctx.town, ctx.now, ctx.me.id, "imported", new)
    except Impossible as wrong:
        raise Refusal(wrong.text) from None
    card = views.imported(len(new), event.id)
    return [Replace(card), *changing.redraws(ctx.tx, ctx.town, ctx.now, new)]


IMPORT = Form(
    name="members_import",
    by=Role.COORDINATION,
    fields=(
        Field(
            "missing",
            _ask_missing,
            lambda ctx, given: [
                Choice(Text("members.missing_keep"), "keep"),
                Choice(Text("members.missing_end"), "end"),
            ],
            when=_missing,
        ),
    ),
    review=_review_import,
    confirm=Text("members.import_confirm"),
    finish=_finish_import,
)
