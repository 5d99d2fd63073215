"""The way in by a web link: what a code leads to, and linking the device that redeems it.

For the web chat's pages, which know no feature. Synchronous, within the caller's transaction.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.text import Reader
from handlers.chat import Card
from handlers.people import linking, views
from handlers.people.actions import Arrive
from handlers.privacy.actions import notice
from handlers.router import pack
from storage import inbox, invitations, people, web_access
from storage.db import Tx
from storage.inbox import Arrival
from storage.models import Account, Invitation, Municipality, Person


@dataclass(frozen=True, slots=True)
class Open:
    """The code is good: the notice to be read first, and for whom it is written."""

    notice: Card
    reader: Reader


@dataclass(frozen=True, slots=True)
class Closed:
    """The code is not good. ``guessed``: it never was one."""

    guessed: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """The device serves somebody else of this town already."""

    town: str
    reader: Reader


@dataclass(frozen=True, slots=True)
class Known:
    """The device is this person's already; nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Entered:
    """The device was linked: the cookie that it is known by from now on."""

    cookie: str


@dataclass(frozen=True, slots=True)
class Paused:
    """Too many wrong codes came from there; whole minutes still to wait."""

    minutes: int


class Entrance:
    """Invitations, as the pages of the web chat need them."""

    def __init__(self, clock: Callable[[], datetime], lasts: timedelta) -> None:
        """``lasts``: how long a device that is not used stays known."""
        self.clock, self.lasts = clock, lasts

    # --- devices ----------------------------------------------------------------------------

    def account(self, tx: Tx, cookie: str) -> tuple[str, bool] | None:
        """The account of a device, and whether its use is to be written down (``used``)."""
        now = self.clock()
        session = web_access.behind(tx, cookie, now)
        return (session.account, web_access.wants_touch(session, now)) if session else None

    def used(self, tx: Tx, cookie: str) -> None:
        """The device was used: it stays known from now on."""
        web_access.touch(tx, cookie, self.clock(), self.lasts)

    def reader(self, tx: Tx, cookie: str) -> Reader | None:
        """For whom a page is written that this device asks for."""
        found = self.account(tx, cookie)
        known = people.behind(tx, web_access.PLATFORM, found[0], None) if found else None
        return _reader(known.person, known.municipality) if known else None

    # --- codes ------------------------------------------------------------------------------

    def look(self, tx: Tx, code: str, cookie: str) -> Open | Closed | Taken | Known:
        """What a code leads to on this device; changes nothing."""
        invitation = invitations.valid(tx, code, self.clock())
        session = web_access.behind(tx, cookie, self.clock()) if cookie else None
        if invitation is None:
            used_by = invitations.used_by(tx, code)
            if session is not None and used_by in _served(tx, session.account):
                return Known()
            return Closed(guessed=not invitations.is_known(tx, code))
        person, town = _whom(tx, invitation)
        reader = _reader(person, town)
        if session is not None:
            linked = people.linked(tx, web_access.PLATFORM, session.account, town.id)
            if linked is not None:
                return Known() if linked.person_id == person.id else Taken(town.name, reader)
        meant = invitations.meant(code)
        read = notice(town.name, town.contact, town.settings)
        return Open(views.invited(person.name, town.name, read, meant), reader)

    def enter(
        self, tx: Tx, code: str, cookie: str, visitor: str, hint: str | None
    ) -> Entered | Closed | Taken | Known:
        """The notice was read: redeem the code and bind the device, all or nothing."""
        now = self.clock()
        found = self.look(tx, code, cookie)
        if not isinstance(found, Open):
            return found
        invitation = invitations.redeem(tx, code, now)
        if invitation is None:
            return Closed(guessed=False)
        person, town = _whom(tx, invitation)
        id = self._account_for(tx, person, cookie)
        linked = linking.link(tx, person, town, (web_access.PLATFORM, id, id), hint, now)
        people.use(tx, linked, now)
        if cookie:
            web_access.end(tx, cookie)
        invitations.right_code(tx, web_access.PLATFORM, visitor)
        self._greet(tx, linked)
        return Entered(web_access.begin(tx, linked, now, self.lasts))

    def leave(self, tx: Tx, cookie: str) -> str | None:
        """Forget the device; returns the account that it used."""
        session = web_access.behind(tx, cookie, self.clock())
        web_access.end(tx, cookie)
        return session.account if session else None

    # --- guessing ---------------------------------------------------------------------------

    def paused(self, tx: Tx, visitor: str) -> Paused | None:
        """Whether codes from there are not looked at now."""
        now = self.clock()
        until = invitations.paused_until(tx, web_access.PLATFORM, visitor, now)
        return Paused(-(-(until - now) // timedelta(minutes=1))) if until else None

    def wrong(self, tx: Tx, visitor: str) -> None:
        """Count a code that never was one."""
        invitations.wrong_code(tx, web_access.PLATFORM, visitor, self.clock())

    # --- parts ------------------------------------------------------------------------------

    def _account_for(self, tx: Tx, person: Person, cookie: str) -> str:
        """The device's own account, else the person's that no device uses, else a new one."""
        now = self.clock()
        session = web_access.behind(tx, cookie, now) if cookie else None
        if session is not None:
            return session.account
        left = web_access.resumable(tx, person.id, now)
        return left.external_id if left else web_access.new_account()

    def _greet(self, tx: Tx, linked: Account) -> None:
        """What the bot says about it, it says as always: in answer to an event."""
        who = linked.external_id
        payload = {"kind": "press", "message": 0, "action": pack(Arrive())}
        text = json.dumps({**payload, "who": who, "place": who})
        key = f"{who}:{secrets.token_hex(8)}"
        inbox.put(tx, web_access.PLATFORM, [Arrival(key, who, text)], self.clock())


def _served(tx: Tx, account: str) -> set[int]:
    """The people whom a web account serves."""
    return {a.person_id for a, _ in people.accounts_behind(tx, web_access.PLATFORM, account)}


def _whom(tx: Tx, invitation: Invitation) -> tuple[Person, Municipality]:
    person = people.member(tx, invitation.person_id, invitation.municipality_id)
    if person is None:
        raise LookupError(f"nobody is person {invitation.person_id}")
    return person, people.town(tx, invitation.municipality_id)


def _reader(person: Person, town: Municipality) -> Reader:
    return Reader(person.language or town.default_language, ZoneInfo(town.timezone))
