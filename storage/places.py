"""A conversation that got a new id is followed everywhere it is named."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from storage import boards, outbox
from storage.db import Tx
from storage.models import Account, Channel, ChannelMember, Dialog

_channel: Any = Channel.__table__  # type: ignore[attr-defined]
_account: Any = Account.__table__  # type: ignore[attr-defined]
_member: Any = ChannelMember.__table__  # type: ignore[attr-defined]
_dialog: Any = Dialog.__table__  # type: ignore[attr-defined]


def move(tx: Tx, platform: str, old: str, new: str, now: datetime) -> None:
    """Follow a place from its old id to its new one (Telegram supergroup, Matrix upgrade).

    Cards stay behind: numbers of messages mean something else in the new place.
    """
    here = _channel.c.platform == platform, _channel.c.external_id == old
    known = select(_channel.c.id).where(
        _channel.c.platform == platform, _channel.c.external_id == new
    )
    if tx.execute(known).first() is None:
        # Links and requests to come in belong to the old one.
        mine = select(_channel.c.id).where(*here)
        tx.execute(
            delete(_member).where(
                _member.c.channel_id.in_(mine), _member.c.state.in_(("asked", "wanted"))
            )
        )
        tx.execute(update(_channel).where(*here).values(external_id=new, join_link=None))
    else:
        # Somebody bound the new place already.
        tx.execute(update(_channel).where(*here).values(lost_at=now))
    tx.execute(
        update(_account)
        .where(_account.c.platform == platform, _account.c.direct == old)
        .values(direct=new)
    )
    tx.execute(delete(_dialog).where(_dialog.c.platform == platform, _dialog.c.place == old))
    outbox.move(tx, platform, old, new)
    boards.abandon(tx, platform, old)
