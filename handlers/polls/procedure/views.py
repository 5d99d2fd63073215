"""The rules of procedure in words, from the data that votes follow. Pure."""

from __future__ import annotations

from handlers.chat import Card, Join, Text
from handlers.polls.rules import Rules

_QUORUMS = {
    "none": "procedure.quorum_none",
    "half": "procedure.quorum_half",
    "more_than_half": "procedure.quorum_more_than_half",
    "two_thirds": "procedure.quorum_two_thirds",
}
_MAJORITIES = {
    "simple": "procedure.majority_simple",
    "absolute": "procedure.majority_absolute",
    "two_thirds": "procedure.majority_two_thirds",
}
_BASES = {
    "yes_and_no": "procedure.base_yes_and_no",
    "present": "procedure.base_present",
    "all_seats": "procedure.base_all_seats",
}
_OPENERS = {
    "coordination": "procedure.opens_coordination",
    "core_team": "procedure.opens_core_team",
}
_SECRECIES = {
    "open": "procedure.usually_open",
    "roll_call": "procedure.usually_roll_call",
    "secret": "procedure.usually_secret",
}


def procedure(town: str, rules: Rules) -> Card:
    """All rules, a line each; every line says what holds now."""
    lines = [
        Text(_QUORUMS[rules.quorum]),
        _majority(rules),
        Text(
            "procedure.chair_decides" if rules.chair_casting_vote else "procedure.tie_rejects",
        ),
        Text("procedure.second_reading" if rules.second_reading else "procedure.no_second_reading"),
        Text(_SECRECIES[rules.default_secrecy]),
        Text("procedure.secret_minimum", n=rules.secret_minimum_voters),
        Text("procedure.open_elections" if rules.open_elections else "procedure.secret_elections"),
        Text("procedure.totals" if rules.running_totals_visible else "procedure.no_totals"),
        Text("procedure.ends_early" if rules.close_when_all_voted else "procedure.ends_in_time"),
        Text("procedure.dots", n=rules.dots_per_seat, most=rules.max_dots_per_option),
        Text("procedure.groups", n=rules.small_group_minimum),
        Text(_OPENERS[rules.who_may_open]),
        Text("procedure.two_persons" if rules.second_person_confirms else "procedure.one_person"),
    ]
    listed = Join(tuple(Text("procedure.line", rule=line) for line in lines))
    return Card(
        (
            Text("procedure.title", town=town),
            Text("procedure.lines", lines=listed),
            Text("procedure.frozen"),
        )
    )


def _majority(rules: Rules) -> Text:
    if rules.majority == "simple":
        return Text(_MAJORITIES["simple"])
    base = rules.majority_base
    if base == "yes_and_no" and rules.abstentions_count:
        # Abstentions that count into yes and no make it all votes cast.
        base = "present"
    return Text(
        "procedure.majority_of", majority=Text(_MAJORITIES[rules.majority]), base=Text(_BASES[base])
    )
