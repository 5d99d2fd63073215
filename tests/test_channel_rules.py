"""Who is to be in which channel: the rules, for any roster and any channel."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from handlers.channels import rules
from handlers.channels.rules import OnRoster, Present, differences, wanted
from storage.lines import BODIES

ACCOUNTS = [f"account-{number}" for number in range(9)]
STATES = ("joined", "invited", "asked", "left", "wanted", "leaving", "failed")


@st.composite
def rosters(draw: st.DrawFn) -> list[OnRoster]:
    """People in nested bodies; an account is one person's."""
    free, people = list(ACCOUNTS), []
    for id in range(draw(st.integers(0, 5))):
        inner = draw(st.sampled_from([None, *BODIES]))
        bodies = BODIES[BODIES.index(inner) :] if inner is not None else ()
        role = draw(st.sampled_from(["member", "deputy", "adviser", "facilitator", "guest"]))
        number = draw(st.integers(0, 2))
        mine, free = free[:number], free[number:]
        people.append(OnRoster(id, dict.fromkeys(bodies, role), tuple(mine)))
    return people


@st.composite
def presences(draw: st.DrawFn) -> list[Present]:
    """What is known of a channel; an account is there once."""
    there = draw(st.lists(st.sampled_from(ACCOUNTS), unique=True))
    return [
        Present(
            number,
            account,
            draw(st.sampled_from(STATES)),
            belonged=draw(st.booleans()),
            let_be=draw(st.booleans()),
        )
        for number, account in enumerate(there)
    ]


CHANNELS = st.sampled_from(
    [*(("body", body) for body in BODIES), ("announcements", ""), ("space", ""), ("network", "")]
)


@given(rosters(), CHANNELS)
def test_coordination_belongs_everywhere_and_nobody_without_a_body_anywhere(
    people: list[OnRoster], channel: tuple[str, str]
) -> None:
    found = wanted(*channel, people)
    assert all(p in found for p in people if "coordination" in p.bodies)
    assert all(p.bodies for p in found)


@given(rosters())
def test_who_belongs_to_an_inner_body_belongs_to_the_outer_ones(people: list[OnRoster]) -> None:
    inner, middle, outer = (wanted("body", body, people) for body in BODIES)
    everybody = wanted("announcements", "", people)
    for smaller, larger in ((inner, middle), (middle, outer), (outer, everybody)):
        assert {p.id for p in smaller} <= {p.id for p in larger}


@given(rosters(), presences(), CHANNELS)
def test_every_account_and_every_person_is_accounted_for_once(
    people: list[OnRoster], present: list[Present], channel: tuple[str, str]
) -> None:
    should = wanted(*channel, people)
    found = differences(should, people, present)
    listed = [
        one.id
        for some in (found.admit, found.ended, found.misplaced, found.strangers, found.asking,
                     found.left, found.failed, found.stale)
        for one in some
    ]  # fmt: skip
    assert len(listed) == len(set(listed))
    missing = [*(person for person, _ in found.bring), *found.unlinked]
    assert len(missing) == len(set(missing))
    assert not set(missing) & set(found.inside)
    assert set(missing) | set(found.inside) <= {p.id for p in should}


@given(rosters(), presences(), CHANNELS)
def test_nobody_who_belongs_is_put_out_and_nobody_who_does_not_is_brought_in(
    people: list[OnRoster], present: list[Present], channel: tuple[str, str]
) -> None:
    should = wanted(*channel, people)
    theirs = {account for p in should for account in p.accounts}
    found = differences(should, people, present)
    for one in (*found.ended, *found.misplaced, *found.strangers, *found.asking):
        assert one.account not in theirs
    assert {account for _, account in found.bring} <= theirs
    assert all(one.account in theirs for one in (*found.admit, *found.left, *found.failed))


@given(rosters(), presences(), CHANNELS)
def test_whoever_never_belonged_is_not_removed_without_asking(
    people: list[OnRoster], present: list[Present], channel: tuple[str, str]
) -> None:
    found = differences(wanted(*channel, people), people, present)
    assert all(one.belonged and not one.let_be for one in found.ended)
    assert not any(one.let_be for one in (*found.misplaced, *found.strangers))


@given(rosters(), CHANNELS)
def test_a_channel_as_it_should_be_has_nothing_to_settle(
    people: list[OnRoster], channel: tuple[str, str]
) -> None:
    should = wanted(*channel, people)
    accounts = [account for p in should for account in p.accounts]
    present = [Present(n, account, "joined", True) for n, account in enumerate(accounts)]
    found = differences(should, people, present)
    assert found.to_settle == [] and found.bring == [] and found.stale == []
    assert set(found.inside) == {p.id for p in should if p.accounts}


def test_people_are_removed_at_once_where_the_bot_made_the_room_or_the_town_says_so() -> None:
    at_once = rules.removes_at_once
    assert at_once(True, "telegram", False)
    assert at_once(False, "matrix", None) and not at_once(False, "telegram", None)
    assert at_once(False, "telegram", True) and not at_once(False, "matrix", False)
    assert at_once(False, "telegram", {"telegram": True})
    assert not at_once(False, "telegram", {"matrix": True})


def test_only_rights_that_exist_and_are_needed_can_be_missing() -> None:
    rights = {"remove": False, "delete": False, "topics": False, "pin": True, "title": True}
    assert rules.missing_rights("telegram", rights, False) == ["remove"]
    assert rules.missing_rights("telegram", rights, True) == ["remove", "topics"]
    assert rules.missing_rights("matrix", {}, False) == []


def test_rooms_are_made_from_the_outside_in_under_names_of_their_own() -> None:
    made = [room.what for room in rules.rooms(BODIES)]
    assert made == ["space", "steering_group", "core_team", "coordination", "announcements"]
    assert rules.alias("ilmbrueck", "steering_group") == "gnk-ilmbrueck-steering-group"
    assert len({rules.alias("a", what) for what in made}) == len(made)
