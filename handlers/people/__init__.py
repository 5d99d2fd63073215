"""Greeting, linking an account, languages; and who may invite and take an account away."""

from __future__ import annotations

from datetime import timedelta

from handlers.chat import AccountRef, Answers, Card, Command, Refusal, Replace, Say, Text
from handlers.people import access, inviting, linking, rules, views
from handlers.people.actions import (
    Accept,
    Arrive,
    AskUnlink,
    ChooseBody,
    Invite,
    InviteBody,
    InviteByLetter,
    ListToInvite,
    ListUnused,
    RemindOfUnused,
    Revoke,
    ShowAccess,
    Speak,
    Unlink,
    UseTown,
)
from handlers.people.roles import role_of
from handlers.privacy.actions import notice
from handlers.router import Context, Role, Router
from storage import boards, invitations, people, polls, tenancy
from storage.models import Municipality, Person

router = Router("people")


# --- greeting and linking ------------------------------------------------------------------


@router.command("start", by=Role.ANYONE)
def start(ctx: Context, typed: Command) -> Answers:
    """Greet; with a code, begin to link this account."""
    if typed.args:
        return _invited(ctx, typed.args)
    if ctx.person is None:
        return [Say(views.stranger())]
    return [Say(views.welcome_back(_greeted(ctx)))]


@router.command("beitreten", "join", by=Role.ANYONE)
def join(ctx: Context, typed: Command) -> Answers:
    """Begin to link this account to the invited person."""
    if not typed.args:
        return [Say(Card((Text("people.join_how"),)))]
    return _invited(ctx, typed.args)


def _invited(ctx: Context, code: str) -> Answers:
    account = _account(ctx)
    _check_pause(ctx, account)
    invitation = invitations.valid(ctx.tx, code, ctx.now)
    if invitation is None:
        return _wrong(ctx, account)
    person, town = _whom(ctx, invitation.person_id, invitation.municipality_id)
    if _serves(ctx, account, person, town):
        _become(ctx, person, town)
        return [Say(views.already_linked(_greeted(ctx)))]
    code = invitations.meant(code)
    shown = notice(town.name, town.contact, town.settings)
    return [Say(views.invited(person.name, town.name, shown, code))]


@router.press(Accept, by=Role.ANYONE)
def accept(ctx: Context, pressed: Accept) -> Answers:
    """The notice was read: only now is the account stored."""
    account, place = _account(ctx), ctx.event.place
    _check_pause(ctx, account)
    invitation = invitations.redeem(ctx.tx, pressed.code, ctx.now)
    if invitation is None:
        if ctx.person is not None and invitations.used_by(ctx.tx, pressed.code) == ctx.person.id:
            # A second press of the same button is no wrong code.
            return [Say(views.already_linked(_greeted(ctx)))]
        return _wrong(ctx, account)
    person, town = _whom(ctx, invitation.person_id, invitation.municipality_id)
    known = _serves(ctx, account, person, town)
    mine = (place.platform, account.id, place.id)
    linked = linking.link(ctx.tx, person, town, mine, account.language, ctx.now)
    invitations.right_code(ctx.tx, place.platform, account.id)
    _become(ctx, person, town)
    told = [] if known else linking.tell_others(ctx, linked)
    return [Replace(views.linked(_greeted(ctx))), *told]


@router.press(Arrive, by=Role.LINKED)
def arrive(ctx: Context, pressed: Arrive) -> Answers:
    """The web link was redeemed: greet, and tell the person's other accounts."""
    account = _account(ctx)
    linked = people.linked(ctx.tx, ctx.event.place.platform, account.id, ctx.town.id)
    told = linking.tell_others(ctx, linked) if linked is not None else []
    return [Say(views.linked(_greeted(ctx))), *told]


@router.press(UseTown, by=Role.LINKED)
def use_town(ctx: Context, pressed: UseTown) -> Answers:
    """Act in another of one's municipalities from now on."""
    account = _account(ctx)
    here = ctx.event.place.platform
    linked = people.linked(ctx.tx, here, account.id, pressed.municipality)
    if linked is None:
        raise Refusal("router.old_button")
    people.use(ctx.tx, linked, ctx.now)
    _become(ctx, *_whom(ctx, linked.person_id, linked.municipality_id))
    return [Replace(views.welcome_back(_greeted(ctx)))]


def _account(ctx: Context) -> AccountRef:
    if ctx.event.account is None:
        raise Refusal("people.stranger")
    return ctx.event.account


def _check_pause(ctx: Context, account: AccountRef) -> None:
    until = invitations.paused_until(ctx.tx, ctx.event.place.platform, account.id, ctx.now)
    if until is not None:
        raise Refusal("people.pause", n=-(-(until - ctx.now) // timedelta(minutes=1)))


def _wrong(ctx: Context, account: AccountRef) -> Answers:
    # Said, not refused: a refusal would undo the counting.
    wrong = invitations.wrong_code(ctx.tx, ctx.event.place.platform, account.id, ctx.now)
    left = invitations.MOST_WRONG - wrong
    said = [Text("people.bad_code")]
    said.append(Text("people.tries_left", n=left) if left > 0 else Text("people.no_tries_left"))
    return [Say(Card(tuple(said)))]


def _whom(ctx: Context, person_id: int, municipality_id: int) -> tuple[Person, Municipality]:
    # An invitation or a switch leads into a municipality that may not be the one of before.
    tenancy.enter(ctx.tx, municipality_id)
    person = people.member(ctx.tx, person_id, municipality_id)
    if person is None:
        raise LookupError(f"nobody is person {person_id} of municipality {municipality_id}")
    return person, people.town(ctx.tx, municipality_id)


def _serves(ctx: Context, account: AccountRef, person: Person, town: Municipality) -> bool:
    """Whether the account serves this person already; a refusal if it serves another one."""
    known = people.linked(ctx.tx, ctx.event.place.platform, account.id, town.id)
    if known is not None and known.person_id != person.id:
        raise Refusal("people.account_taken", town=town.name)
    return known is not None


def _become(ctx: Context, person: Person, town: Municipality) -> None:
    """From here on the answer is for this person, in their language."""
    ctx.person, ctx.municipality = person, town
    ctx.language = person.language or ctx.language
    today = ctx.now.astimezone(ctx.zone).date()
    ctx.role = role_of(people.bodies_of(ctx.tx, person.id, today))


def _greeted(ctx: Context) -> views.Greeted:
    account, here = _account(ctx), ctx.event.place.platform
    today = ctx.now.astimezone(ctx.zone).date()
    waiting = {
        poll.id: poll.title
        for poll, _, seat in polls.waiting_for(ctx.tx, ctx.me.id)
        if seat.voted_as is None and polls.is_member(ctx.tx, poll.body_id, ctx.me.id, today)
    }
    towns = [town for _, town in people.accounts_behind(ctx.tx, here, account.id)]
    return views.Greeted(
        ctx.me.name,
        ctx.town.name,
        ctx.role,
        tuple(waiting.items()),
        tuple((town.id, town.name) for town in towns if town.id != ctx.town.id),
    )


# --- languages -----------------------------------------------------------------------------


@router.command("sprache", "language", by=Role.ANYONE, menu=90)
def language(ctx: Context, typed: Command) -> Answers:
    """Offer the languages, or take the named one."""
    if not typed.args:
        return [Say(views.languages())]
    wanted = rules.language_meant(typed.args)
    if wanted is None:
        raise Refusal("people.no_such_language")
    return [Say(Card((_speak(ctx, wanted),)))]


@router.press(Speak, by=Role.ANYONE)
def speak(ctx: Context, pressed: Speak) -> Answers:
    """Take the pressed language."""
    wanted = rules.language_meant(pressed.language)
    if wanted is None:
        raise Refusal("router.old_button")
    return [Replace(Card((_speak(ctx, wanted),)))]


def _speak(ctx: Context, wanted: str) -> Text:
    ctx.language = wanted
    if ctx.person is None:
        return Text("people.language_not_kept")
    ctx.person.language = wanted
    boards.speak(ctx.tx, ctx.person.id, wanted, ctx.now)
    return Text("people.language_set")


# --- inviting, and what is linked ----------------------------------------------------------

router.command("einladen", "invite", by=Role.COORDINATION, menu=65)(inviting.whom)
router.press(ListToInvite, by=Role.COORDINATION)(inviting.turn_page)
router.press(Invite, by=Role.COORDINATION)(inviting.invite)
router.press(InviteByLetter, by=Role.COORDINATION)(inviting.by_letter)
router.press(ChooseBody, by=Role.COORDINATION)(inviting.choose_body)
router.press(InviteBody, by=Role.COORDINATION)(inviting.invite_body)
router.press(ListUnused, by=Role.COORDINATION)(inviting.list_unused)
router.press(Revoke, by=Role.COORDINATION)(inviting.revoke)
router.due(RemindOfUnused)(inviting.remind)
router.press(ShowAccess, by=Role.COORDINATION)(access.show)
router.press(AskUnlink, by=Role.COORDINATION)(access.ask)
router.press(Unlink, by=Role.COORDINATION)(access.unlink)
