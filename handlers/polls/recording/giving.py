"""Recording a ballot: whose, what it says, a second person's yes, and taking it back.

Who gave a ballot on paper or by phone is told what was recorded and can replace it by voting;
a ballot of their own goes before what was recorded (voting.md, Who votes).
"""

from __future__ import annotations

from typing import Any

from handlers.chat import (
    HERE,
    Answers,
    Board,
    Card,
    Direct,
    Post,
    Redraw,
    Refusal,
    Replace,
    Say,
    Text,
    Toast,
    Translated,
    plain,
)
from handlers.forms import Choice, Field, Form, Given, start
from handlers.polls import closing, rules
from handlers.polls.boards import coordinates
from handlers.polls.reading import method_of, option_facts, poll_facts
from handlers.polls.recording import views
from handlers.polls.recording.actions import (
    BackToBallot,
    Confirm,
    Mark,
    MarkPage,
    MarkWritten,
    Record,
    Submit,
    TakeBack,
)
from handlers.polls.recording.reading import as_ballot, check, in_words, recorded_facts
from handlers.polls.refusing import refusal
from handlers.polls.rules import Broken
from handlers.polls.voting import LONGEST_ANSWER, redraws_of, take_out
from handlers.router import Context, Look, Role
from storage import audit, ballots, conflicts, people, polls, recording
from storage.models import Person, Poll, Recording, RollPerson, RollSeat, Seat

# --- whose -----------------------------------------------------------------------------------


def record(ctx: Context, pressed: Record) -> Answers:
    """Ask whose ballot it is."""
    poll = _open(ctx, pressed.poll)
    if len(_coordination(ctx)) < 2:
        raise Refusal("recording.needs_two")
    return start(ctx, RECORD, {"poll": poll.id})


def _open(ctx: Context, poll_id: int) -> Poll:
    """A poll that still takes ballots, and not secret ones."""
    poll = closing.locked(ctx, poll_id)
    if poll.secrecy == "secret":
        raise Refusal("recording.never_secret")
    if not rules.is_open(poll.state, poll.closes_at, ctx.event.at, ctx.started_at):
        raise Refusal("polls.closed", at=poll.closes_at)
    return poll


def _coordination(ctx: Context) -> list[Person]:
    today = ctx.now.astimezone(ctx.zone).date()
    return people.coordination(ctx.tx, ctx.town.id, today)


def _seats(ctx: Context, given: Given) -> list[tuple[RollSeat, Seat]]:
    """Those on the roll; seats without a ballot first."""
    rows = polls.seats_of(ctx.tx, _open(ctx, given["poll"]).id)
    there = [(line, seat) for line, seat, _ in rows if line.excluded is None]
    return sorted(there, key=lambda row: row[0].voted_as is not None)


def _seat_choices(ctx: Context, given: Given) -> list[Choice]:
    return [
        Choice(
            Text("recording.seat_done", seat=Translated(seat.name))
            if line.voted_as is not None
            else plain(Translated(seat.name)),
            seat.id,
        )
        for line, seat in _seats(ctx, given)
    ]


def _find_seat(ctx: Context, given: Given, text: str) -> int:
    wanted = text.casefold().split()
    found = [
        seat
        for _, seat in _seats(ctx, given)
        if all(word in " ".join(seat.name.values()).casefold() for word in wanted)
    ]
    exact = [s for s in found if text.strip().casefold() in [n.casefold() for n in s.name.values()]]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0].id
    if not found:
        raise Refusal("recording.no_such_seat", words=text[:60])
    raise Refusal("recording.several_seats", words=text[:60], n=len(found))


def _givers(ctx: Context, given: Given) -> list[tuple[RollPerson, Person]]:
    return recording.givers(ctx.tx, given["poll"], given["seat"])


def _giver_choices(ctx: Context, given: Given) -> list[Choice]:
    return [
        Choice(
            Text("recording.deputy", name=Translated(person.name))
            if line.position
            else plain(Translated(person.name)),
            line.id,
        )
        for line, person in _givers(ctx, given)
    ]


def _begin(ctx: Context, given: Given) -> Answers:
    poll, me = _open(ctx, given["poll"]), ctx.me.id
    standing = recording.of_seat(ctx.tx, poll.id, given["seat"])
    if not standing:
        givers = [line for line, _ in _givers(ctx, given)]
        wanted = given.get("entry", givers[0].id if givers else 0)
        entry = next((line for line in givers if line.id == wanted), None)
        if entry is None:
            raise Refusal("recording.nobody_there")
        _may_record(ctx, poll, entry)
        standing = [
            recording.begin(ctx.tx, poll, entry.seat_id, entry.id, given["way"], me, ctx.now)
        ]
    seat = ctx.tx.get_one(Seat, given["seat"])
    return [
        Replace(views.begun(seat.name)),
        *(Post(Board("recording", one.id, me), HERE) for one in standing),
    ]


def _may_record(ctx: Context, poll: Poll, entry: RollPerson) -> None:
    seat = recording.seat(ctx.tx, poll.id, entry.seat_id)
    if seat.excluded is not None:
        raise Refusal("recording.excluded")
    if _goes_before(seat, entry.position):
        raise Refusal("recording.voted_already")


def _goes_before(seat: RollSeat, position: int) -> bool:
    """Whether the seat's ballot in the box goes before one that this person gave otherwise: their
    own, or that of whom they stand in for."""
    if seat.voted_as is None:
        return False
    if seat.recorded is not None:
        return seat.voted_as < position
    return seat.voted_as <= position


RECORD = Form(
    name="record",
    by=Role.COORDINATION,
    fields=(
        Field("seat", lambda c, g: (Text("recording.ask_seat"),), _seat_choices, _find_seat),
        Field(
            "entry",
            lambda c, g: (Text("recording.ask_giver"),),
            _giver_choices,
            when=lambda ctx, given: "seat" in given and len(_givers(ctx, given)) > 1,
        ),
        Field(
            "way",
            lambda c, g: (Text("recording.ask_way"),),
            lambda c, g: [
                Choice(Text("recording.paper"), "paper"),
                Choice(Text("recording.phone"), "phone"),
            ],
        ),
    ),
    review=None,
    confirm=Text("forms.done"),
    finish=_begin,
)


# --- what it says ----------------------------------------------------------------------------


def _mine(ctx: Context, recording_id: int) -> tuple[Poll, Recording]:
    """A draft of this person's, in a poll that still takes ballots."""
    poll, one = _waiting(ctx, recording_id)
    if one.recorded_by != ctx.me.id:
        raise Refusal("recording.not_yours")
    if one.state != "draft":
        raise Refusal("recording.handed_over")
    return poll, one


def _waiting(ctx: Context, recording_id: int) -> tuple[Poll, Recording]:
    there = recording.get(ctx.tx, recording_id, ctx.town.id)
    if there is None:
        raise Refusal("recording.not_there")
    poll = _open(ctx, there.poll_id)
    one = recording.get(ctx.tx, recording_id, ctx.town.id, lock=True)
    if one is None or one.state not in recording.WAITING:
        raise Refusal("recording.settled")
    return poll, one


def mark(ctx: Context, pressed: Mark) -> Answers:
    """A tap on the ballot."""
    poll, one = _mine(ctx, pressed.recording)
    options = option_facts(ctx.tx, poll)
    if pressed.option and pressed.option not in {option.id for option in options}:
        raise Refusal("polls.not_yours")
    if pressed.option in conflicts.barred(ctx.tx, poll.id, one.seat_id):
        raise Refusal("recording.barred")
    press = method_of(poll).rules.press
    try:
        value = press(poll.settings, dict(one.value), pressed.option, pressed.part, pressed.value)
    except Broken as broken:
        raise refusal(broken) from None
    return _keep(ctx, poll, one, value)


def typed(ctx: Context, recording_id: int, text: str) -> Answers | None:
    """Words said to the newest ballot that is recorded, as the paper has them."""
    there = recording.get(ctx.tx, recording_id, ctx.town.id)
    if there is None or there.state != "draft" or there.recorded_by != ctx.me.id:
        return None
    poll, one = _mine(ctx, recording_id)
    ids = [option.id for option in option_facts(ctx.tx, poll)]
    try:
        value = method_of(poll).rules.typed(poll.settings, dict(one.value), ids, text)
    except Broken as broken:
        raise refusal(broken) from None
    return None if value is None else _keep(ctx, poll, one, value)


def _keep(ctx: Context, poll: Poll, one: Recording, value: dict[str, Any]) -> Answers:
    barred = conflicts.barred(ctx.tx, poll.id, one.seat_id)
    free = [id for id in polls.option_ids(ctx.tx, poll.id) if id not in barred]
    if not method_of(poll).rules.valid(poll.settings, value, free):
        raise Refusal("recording.barred" if barred else "polls.not_yours")
    one.value = value
    ctx.tx.flush()
    return [Toast(Text("recording.noted")), Redraw("recording", one.id, ctx.me.id)]


def turn_page(ctx: Context, pressed: MarkPage) -> Answers:
    """Another page of the ballot."""
    _, one = _mine(ctx, pressed.recording)
    one.page = max(0, pressed.page)
    ctx.tx.flush()
    return [Redraw("recording", one.id, ctx.me.id)]


def write(ctx: Context, pressed: MarkWritten) -> Answers:
    """Ask for a written answer."""
    _, one = _mine(ctx, pressed.recording)
    return start(ctx, WRITTEN, {"recording": one.id, "part": pressed.part})


def _ask_written(ctx: Context, given: Given) -> tuple[Text, ...]:
    poll, _ = _mine(ctx, given["recording"])
    return (method_of(poll).prompt(given["part"]),)


def _read_written(ctx: Context, given: Given, text: str) -> str:
    if len(text) > LONGEST_ANSWER:
        raise Refusal("polls.answer_too_long", most=LONGEST_ANSWER, n=len(text))
    return text


def _written(ctx: Context, given: Given) -> Answers:
    poll, one = _mine(ctx, given["recording"])
    put = method_of(poll).rules.write
    try:
        value = put(poll.settings, dict(one.value), given["part"], given["answer"])
    except Broken as broken:
        raise refusal(broken) from None
    there = Post(Board("recording", one.id, ctx.me.id), HERE)
    return [*_keep(ctx, poll, one, value), there]


WRITTEN = Form(
    name="recordwritten",
    by=Role.COORDINATION,
    fields=(Field("answer", _ask_written, parse=_read_written),),
    review=None,
    confirm=Text("forms.done"),
    finish=_written,
)


# --- a second person -------------------------------------------------------------------------


def back_to_ballot(ctx: Context, pressed: BackToBallot) -> Answers:
    """Not yet."""
    _, one = _mine(ctx, pressed.recording)
    return [Post(Board("recording", one.id, ctx.me.id), HERE)]


def submit(ctx: Context, pressed: Submit) -> Answers:
    """Show it once more, then hand it to all others in coordination."""
    poll, one = _mine(ctx, pressed.recording)
    if not one.value:
        raise Refusal("recording.empty")
    if not pressed.sure:
        return [Say(views.submit_surely(recorded_facts(ctx.tx, poll, one)))]
    one.state = "unconfirmed"
    ctx.tx.flush()
    _note(ctx, poll, one, "ballot_recorded")
    others = [person for person in _coordination(ctx) if person.id != ctx.me.id]
    return [
        Replace(views.stands(recorded_facts(ctx.tx, poll, one))),
        Redraw("recording", one.id),
        *(
            Post(
                Board("recording", one.id, person.id),
                Direct(person.id),
                key=f"recording:{one.id}:{person.id}",
            )
            for person in others
        ),
    ]


def confirm(ctx: Context, pressed: Confirm) -> Answers:
    """A second person's yes puts it into the box, unless the person has voted meanwhile."""
    poll, one = _waiting(ctx, pressed.recording)
    if one.state != "unconfirmed":
        raise Refusal("recording.not_handed_over")
    if one.recorded_by == ctx.me.id:
        raise Refusal("recording.not_your_own")
    if pressed.check != check(one.value):
        raise Refusal("recording.changed_since")
    entry = ctx.tx.get(RollPerson, one.entry_id) if one.entry_id is not None else None
    if entry is None:
        raise Refusal("recording.nobody_there")
    seat = recording.seat(ctx.tx, poll.id, one.seat_id)
    if seat.excluded is not None:
        raise Refusal("recording.excluded")
    if _goes_before(seat, entry.position):
        return _settle(ctx, one, "overtaken", Text("recording.overtaken"))
    value, recorder = dict(one.value), one.recorded_by
    by = (recorder, ctx.me.id)
    ballots.record(ctx.tx, poll, one.seat_id, entry.position, value, by)
    one.confirmed_by = ctx.me.id
    answers = _settle(ctx, one, "confirmed", Text("recording.confirmed"))
    _note(ctx, poll, one, "ballot_confirmed")
    closing.expect_the_end(ctx, poll)
    answers += redraws_of(ctx, poll.id, one.seat_id)
    card = views.told(poll.title, _seat_name(ctx, one), in_words(ctx.tx, poll, value), one.way)
    return [*answers, *_tell(ctx, entry.person_id, card, f"recording:{one.id}:told")]


def _settle(ctx: Context, one: Recording, state: str, said: Text) -> Answers:
    one.state, one.value = state, {}
    ctx.tx.flush()
    return [Toast(said), Redraw("recording", one.id)]


def _tell(ctx: Context, person_id: int, card: Card, key: str) -> Answers:
    """To whoever gave it; where the bot cannot reach them, coordination has to."""
    if people.reachable(ctx.tx, person_id) is None:
        person = ctx.tx.get_one(Person, person_id)
        return [Say(Card((Text("recording.tell_them", name=Translated(person.name)),)))]
    return [Say(card, Direct(person_id), key=key)]


def _seat_name(ctx: Context, one: Recording) -> dict[str, str]:
    return ctx.tx.get_one(Seat, one.seat_id).name


def _note(ctx: Context, poll: Poll, one: Recording, what: str) -> None:
    """Into the audit log: who, for which seat, in which poll; never what the ballot says."""
    entry = ctx.tx.get(RollPerson, one.entry_id) if one.entry_id is not None else None
    whose = entry.person_id if entry is not None else None
    details = {"poll": poll.title, "seat": _seat_name(ctx, one), "way": one.way}
    audit.record(ctx.tx, poll.municipality_id, ctx.now, ctx.me.id, what, whose, details)


# --- taken back ------------------------------------------------------------------------------


def take_back(ctx: Context, pressed: TakeBack) -> Answers:
    """Before it counts or after; a ballot that the person cast since then stays."""
    there = recording.get(ctx.tx, pressed.recording, ctx.town.id)
    if there is None:
        raise Refusal("recording.not_there")
    poll = _open(ctx, there.poll_id)
    one = recording.get(ctx.tx, pressed.recording, ctx.town.id, lock=True)
    seat = recording.seat(ctx.tx, poll.id, there.seat_id)
    counts = there.state == "confirmed" and seat.recorded == "confirmed"
    if one is None or not (one.state in recording.WAITING or counts):
        raise Refusal("recording.settled")
    if one.state == "draft" and one.recorded_by != ctx.me.id:
        raise Refusal("recording.not_yours")
    facts = recorded_facts(ctx.tx, poll, one)
    if not pressed.sure:
        return [Say(views.take_back_surely(facts))]
    handed_over = one.state != "draft"
    one.state, one.value = "withdrawn", {}
    ctx.tx.flush()
    answers: Answers = [Replace(views.taken_back(facts)), Redraw("recording", one.id)]
    if handed_over:
        _note(ctx, poll, one, "ballot_taken_back")
    if not counts:
        return answers
    take_out(ctx, poll, one.seat_id)
    answers += redraws_of(ctx, poll.id, one.seat_id)
    entry = ctx.tx.get(RollPerson, one.entry_id) if one.entry_id is not None else None
    if entry is None:
        return answers
    card = views.told_taken_back(poll.title, _seat_name(ctx, one))
    return [*answers, *_tell(ctx, entry.person_id, card, f"recording:{one.id}:taken_back")]


# --- the live card ---------------------------------------------------------------------------


def board(look: Look, recording_id: int) -> Card | None:
    """The ballot for whoever fills it in, the check for the others, later how it stands."""
    one = look.tx.get(Recording, recording_id)
    if one is None or look.viewer is None:
        return None
    poll = look.tx.get_one(Poll, one.poll_id)
    if not coordinates(look, one.municipality_id):
        return None
    facts = recorded_facts(look.tx, poll, one)
    mine = one.recorded_by == look.viewer.id
    if one.state == "draft":
        if not mine:
            return None
        options = option_facts(look.tx, poll)
        ballot = as_ballot(look.tx, poll, one, options)
        looks = method_of(poll).views
        return views.draft(facts, poll_facts(look.tx, poll), looks, options, ballot)
    if one.state == "unconfirmed" and not mine:
        return views.to_confirm(facts)
    return views.stands(facts)
