"""What can go wrong between the bot and Telegram, on request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["drop", "drop_before", "error", "error_after", "garbage", "hold", "hold_after"]
"""
``drop``: carried out, but the connection ends without an answer. ``drop_before``: the same,
without being carried out. ``error`` / ``error_after``: 502 from a gateway before or after it is
carried out. ``garbage``: carried out, and the answer cannot be read. ``hold`` / ``hold_after``:
nothing happens, before or after it is carried out, until it is released.
"""

BEFORE = ("drop_before", "error", "hold")


@dataclass
class Fault:
    """One fault for the next ``times`` calls of a method (any, if empty)."""

    kind: Kind
    method: str = ""
    times: int = 1
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a call has come to it."""
    released: asyncio.Event = field(default_factory=asyncio.Event)


class Faults:
    """The faults that are planned."""

    def __init__(self) -> None:
        self.planned: list[Fault] = []

    def plan(self, kind: Kind, method: str = "", times: int = 1) -> Fault:
        """Plan a fault."""
        fault = Fault(kind, method, times)
        self.planned.append(fault)
        return fault

    def next(self, method: str) -> Fault | None:
        """The fault that this call meets."""
        for fault in self.planned:
            if fault.times > 0 and fault.method in ("", method):
                fault.times -= 1
                return fault
        return None

    def release(self) -> None:
        """Let go everything that is held."""
        for fault in self.planned:
            fault.times = 0
            fault.released.set()
