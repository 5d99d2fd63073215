"""What the machinery keeps of a person: events, deliveries, cards, dialogs, the web chat."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Any

from sqlalchemy import and_, delete, false, func, or_, select, update

from storage import webchat
from storage.db import Tx
from storage.models import Dialog, Inbox, Outbox, PlatformState, Posted, WebMessage
from storage.traces import Kept, Row, Traces

_inbox: Any = Inbox.__table__  # type: ignore[attr-defined]
_outbox: Any = Outbox.__table__  # type: ignore[attr-defined]
_posted: Any = Posted.__table__  # type: ignore[attr-defined]
_dialog: Any = Dialog.__table__  # type: ignore[attr-defined]
_web: Any = WebMessage.__table__  # type: ignore[attr-defined]
_state: Any = PlatformState.__table__  # type: ignore[attr-defined]

_QUARANTINED = 2
_OVER = ("sent", "failed", "unknown")


# --- events --------------------------------------------------------------------------------


def _events(whose: Traces) -> Any:
    """Events that name an account: the web chat's by their key, unreadable ones by content."""
    found = [false()]
    for a in whose.accounts:
        if a.id in whose.elsewhere:
            continue
        own = [_inbox.c.payload.contains(a.external_id, autoescape=True)]
        if a.direct is not None:
            own.append(_inbox.c.payload.contains(a.direct, autoescape=True))
        unread = (_inbox.c.state == _QUARANTINED) & or_(*own)
        by_key = false()
        if a.platform == webchat.PLATFORM:
            by_key = _inbox.c.key.startswith(f"{a.external_id}:", autoescape=True)
        found.append((_inbox.c.platform == a.platform) & (unread | by_key))
    return or_(*found)


def _event_rows(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(
        select(_inbox.c.platform, _inbox.c.key, _inbox.c.received_at)
        .where(_events(whose))
        .order_by(_inbox.c.id)
    )
    return [{"platform": p, "key": key, "at": at} for p, key, at in rows]


def _drop_events(tx: Tx, whose: Traces, now: datetime) -> None:
    tx.execute(delete(_inbox).where(_events(whose)))


# --- deliveries ----------------------------------------------------------------------------


def _deliveries(whose: Traces) -> Any:
    return (_outbox.c.person_id == whose.person.id) | whose.directs(_outbox)


def _delivery_rows(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(select(Outbox).where(_deliveries(whose)).order_by(_outbox.c.id)).scalars()
    return [
        {"platform": d.platform, "place": d.place, "kind": d.kind, "state": d.state,
         "at": d.created_at}
        for d in rows
    ]  # fmt: skip


def drop_deliveries(tx: Tx, *which: Any) -> int:
    """Delete rows of the outbox; returns how many.

    The newest row of all is emptied instead: platforms recognise a repeated delivery by its
    number, so that no number may be given out twice.
    """
    newest = tx.execute(select(func.max(_outbox.c.id))).scalar_one_or_none()
    emptied: dict[str, Any] = {
        "place": "", "content": {}, "data": None, "key": None, "person_id": None,
        "message": None, "error": None, "state": "sent",
    }  # fmt: skip
    tx.execute(
        update(_outbox).where(_outbox.c.id == newest, _outbox.c.place != "", *which).values(emptied)
    )
    gone = tx.execute(delete(_outbox).where(_outbox.c.id != newest, *which))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def drop_old_deliveries(tx: Tx, municipality_id: int, before: datetime) -> int:
    """A municipality's deliveries from before then; what still waits is sent first."""
    return drop_deliveries(
        tx,
        _outbox.c.municipality_id == municipality_id,
        _outbox.c.state.in_(_OVER),
        _outbox.c.created_at < before,
    )


def _forget_deliveries(tx: Tx, whose: Traces, now: datetime) -> None:
    drop_deliveries(tx, _deliveries(whose))


# --- cards ---------------------------------------------------------------------------------


def _cards(whose: Traces) -> Any:
    mine = (_posted.c.person_id == whose.person.id) | (_posted.c.board_viewer == whose.person.id)
    return mine | whose.directs(_posted)


def _card_rows(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(select(Posted).where(_cards(whose)).order_by(_posted.c.id)).scalars()
    return [
        {"platform": p.platform, "place": p.place, "kind": p.board_kind, "buttons": p.labels}
        for p in rows
    ]


def _drop_cards(tx: Tx, whose: Traces, now: datetime) -> None:
    tx.execute(delete(_posted).where(_cards(whose)))


# --- dialogs -------------------------------------------------------------------------------


def _dialogs(whose: Traces) -> Any:
    return (_dialog.c.person_id == whose.person.id) | whose.by_account(_dialog, "account")


def _dialog_rows(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(select(Dialog).where(_dialogs(whose)).order_by(_dialog.c.id)).scalars()
    return [
        {"platform": d.platform, "kind": d.form, "at": d.touched_at,
         "given": d.answers.get("given", {})}
        for d in rows
    ]  # fmt: skip


def _drop_dialogs(tx: Tx, whose: Traces, now: datetime) -> None:
    tx.execute(delete(_dialog).where(_dialogs(whose)))


# --- the web chat --------------------------------------------------------------------------


def _web_accounts(whose: Traces) -> list[Any]:
    return [a for a in whose.accounts if a.platform == webchat.PLATFORM]


def _mine_only(whose: Traces, account: Any) -> Any:
    if account.id not in whose.elsewhere:
        return _web.c.id.is_not(None)
    return _web.c.municipality_id == whose.person.municipality_id


def _direct_messages(whose: Traces) -> Any:
    parts = [
        and_(_web.c.place == a.direct, _mine_only(whose, a))
        for a in _web_accounts(whose)
        if a.direct is not None
    ]
    return or_(*parts) if parts else false()


def _authored(whose: Traces) -> Any:
    parts = [
        and_(_web.c.author == a.external_id, _mine_only(whose, a)) for a in _web_accounts(whose)
    ]
    return or_(*parts) if parts else false()


def _web_rows(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(
        select(_web.c.place, _web.c.author, _web.c.content, _web.c.at)
        .where(_direct_messages(whose) | _authored(whose))
        .order_by(_web.c.id)
    )
    return [
        {"at": at, "place": place, "by_me": author is not None, "text": _as_text(content or {})}
        for place, author, content, at in rows
    ]


def _as_text(content: dict[str, Any]) -> str:
    if "file" in content:
        return str(content["file"]["name"])
    html = str(content.get("html", ""))
    return str(content.get("text") or unescape(re.sub(r"<[^>]+>", " ", html)))


def _drop_web(tx: Tx, whose: Traces, now: datetime) -> None:
    webchat.disown(tx, _authored(whose) & ~_direct_messages(whose))
    webchat.drop(tx, _direct_messages(whose))


# --- what adapters remember ----------------------------------------------------------------


def _remembered(whose: Traces) -> Any:
    parts = [
        (_state.c.platform == a.platform) & _state.c.name.endswith(a.direct, autoescape=True)
        for a in whose.accounts
        if a.direct and a.id not in whose.elsewhere
    ]
    return or_(*parts) if parts else false()


def _remembered_rows(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(select(_state.c.platform, _state.c.name).where(_remembered(whose)))
    return [{"platform": platform, "key": name} for platform, name in rows]


def _drop_remembered(tx: Tx, whose: Traces, now: datetime) -> None:
    tx.execute(delete(_state).where(_remembered(whose)))


KEPT = (
    Kept("dialog", "privacy.of_dialogs", _dialog_rows, _drop_dialogs),
    Kept(
        "web_message",
        "privacy.of_web_messages",
        _web_rows,
        _drop_web,
        stays="privacy.stays_with_others",
    ),
    Kept("outbox", "privacy.of_deliveries", _delivery_rows, _forget_deliveries,
         note="privacy.note_deliveries", stays="privacy.stays_farewell"),
    Kept("posted", "privacy.of_cards", _card_rows, _drop_cards),
    Kept("inbox", "privacy.of_events", _event_rows, _drop_events, note="privacy.note_events"),
    Kept("platform_state", "privacy.of_remembered", _remembered_rows, _drop_remembered),
)  # fmt: skip
