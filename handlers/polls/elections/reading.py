"""What is stored about what follows an election."""

from __future__ import annotations

from typing import Any

from storage import elections
from storage.db import Tx
from storage.models import Poll


def next_step(tx: Tx, poll: Poll) -> str:
    """What is to be done after an election's published result.

    ``run_off`` (open it) | ``run_off_open`` | ``announce`` (a lot) | ``draw`` (it) | ``elected``
    (by lot) | empty: nothing, as after a result that was set aside.
    """
    if poll.method != "election" or poll.published_at is None or poll.result is None:
        return ""
    if "void" in poll.afterwards:
        return ""
    counts = poll.result["counts"]
    if poll.result["withheld"] or counts["verdict"] not in ("run_off", "lot"):
        return ""
    lot = elections.lot_of(tx, poll.id)
    if counts["lot_places"] and (lot is None or lot.outcome is None):
        return "announce" if lot is None else "draw"
    if counts["verdict"] == "lot":
        return "elected"
    return "run_off" if elections.run_off_of(tx, poll) is None else "run_off_open"


def lot_note(tx: Tx, poll: Poll) -> dict[str, Any]:
    """What a result tells of a drawing of lots, as its notes; empty without one."""
    lot = elections.lot_of(tx, poll.id) if poll.method == "election" else None
    if lot is None:
        return {}
    outcome = lot.outcome or {"seed": "", "tickets": [], "chosen": []}
    return {
        "lot": {
            "announced": lot.announced,
            "announced_at": lot.announced_at.isoformat(),
            "drawn": lot.drawn,
            "drawn_at": lot.drawn_at.isoformat() if lot.drawn_at else None,
            "digest": lot.digest,
            **outcome,
        }
    }
