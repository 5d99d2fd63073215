"""What the dialog asks for an election: who stands, and what more than half is measured by."""

from __future__ import annotations

from collections import Counter
from typing import Any

from handlers.chat import Refusal, Text, Translated, plain
from handlers.forms import Choice, Field, Given
from handlers.polls import rules
from handlers.polls.facts import Words
from handlers.polls.rules import Broken
from handlers.router import Context
from storage import elections

_BASES = {"present": "election.base_present", "for_somebody": "election.base_for_somebody"}


def _members(ctx: Context, given: Given) -> dict[int, Words]:
    """The body's members; two of the same name are told apart by their seats."""
    today = ctx.now.astimezone(ctx.zone).date()
    found = elections.members(ctx.tx, given["body"], today)
    often = Counter(person.name["de"] for person, _ in found if "de" in person.name)
    return {
        person.id: _with_seat(person.name, seat)
        if seat and often[person.name.get("de", "")] > 1
        else person.name
        for person, seat in found
    }


def _with_seat(name: Words, seat: Words) -> Words:
    usual = next(iter(seat.values()))
    return {language: f"{said} ({seat.get(language, usual)})" for language, said in name.items()}


def _choices(ctx: Context, given: Given) -> list[Choice]:
    return [Choice(plain(Translated(name)), id) for id, name in _members(ctx, given).items()]


def _read_names(ctx: Context, given: Given, text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        if len(lines) == 1:
            return [_name(lines[0])]
        return list(rules.check_options(lines))
    except Broken as broken:
        raise Refusal(Text(broken.message, **broken.named)) from None


def _name(line: str) -> str:
    name = " ".join(line.split())
    if len(name) > rules.LONGEST_OPTION:
        raise Broken("polls.option_too_long", option=name[:40], most=rules.LONGEST_OPTION)
    return name


FIELDS = (
    Field(
        "election_candidates",
        lambda ctx, given: (Text("election.ask_candidates"),),
        _choices,
        _read_names,
        multi=True,
    ),
    Field(
        "election_base",
        lambda ctx, given: (Text("election.ask_base"),),
        lambda ctx, given: [Choice(Text(id), base) for base, id in _BASES.items()],
        when=lambda ctx, given: len(given.get("election_candidates", ())) != 1,
    ),
)


def settings(ctx: Context, given: Given) -> dict[str, Any]:
    """What the answers make of a first round."""
    single = len(given["election_candidates"]) == 1
    base = "present" if single else given["election_base"]
    return {"round": 1, "base": base, "single": single}


def options(ctx: Context, given: Given) -> list[Words]:
    """The candidates' names, those of members in the order of the list."""
    chosen = given["election_candidates"]
    if all(isinstance(name, str) for name in chosen):
        return [{ctx.town.default_language: name} for name in chosen]
    members = _members(ctx, given)
    return [members[id] for id in chosen if id in members]
