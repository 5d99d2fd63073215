"""Open pages, and how they are told that something changed.

A stream is only woken; it then asks the database what is new since the number it sent last. So
nothing piles up for a slow page, many changes become one answer, and a page that comes back with
its last number has missed nothing. One process serves all pages.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from storage.webchat import CHANNEL_ID

MOST_TOASTS = 20

MISSED = 30.0
"""Seconds that a toast waits for a page whose connection is just being made again."""

MOST_STREAMS = 24
"""Pages that one person may have open; the oldest is closed for another."""


class Stream:
    """One open page."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()
        self.toasts: deque[str] = deque(maxlen=MOST_TOASTS)
        self.closed = False

    def close(self) -> None:
        """End it at its next step."""
        self.closed = True
        self.woken.set()


class Streams:
    """All open pages, by who looks."""

    def __init__(self) -> None:
        self._open: dict[str, list[Stream]] = {}
        self._missed: dict[str, deque[tuple[float, str]]] = {}
        self._closed = False

    @contextmanager
    def open(self, who: str) -> Iterator[Stream]:
        """A stream for as long as the page is there."""
        stream = Stream()
        streams = self._open.setdefault(who, [])
        streams.append(stream)
        if len(streams) > MOST_STREAMS:
            streams[0].close()
        if self._closed:
            stream.close()
        self._drop_old()
        stream.toasts.extend(text for _, text in self._missed.pop(who, ()))
        try:
            yield stream
        finally:
            streams.remove(stream)
            if not streams and self._open.get(who) is streams:
                del self._open[who]

    def changed(self, place: str) -> None:
        """Something changed at a place: those who may see it look."""
        channel = CHANNEL_ID.fullmatch(place) is not None
        for who, streams in self._open.items():
            if channel or who == place:
                for stream in streams:
                    stream.woken.set()

    def toast(self, who: str, text: str) -> None:
        """Show a short text on all pages of a person that are open now, else on the next one."""
        self._drop_old()
        if not self._open.get(who):
            missed = self._missed.setdefault(who, deque(maxlen=MOST_TOASTS))
            missed.append((time.monotonic(), text))
        for stream in self._open.get(who, ()):
            stream.toasts.append(text)
            stream.woken.set()

    def end(self, who: str) -> None:
        """End the streams of an account: whether its pages may come back is asked anew."""
        for stream in self._open.get(who, ()):
            stream.close()

    def _drop_old(self) -> None:
        oldest = time.monotonic() - MISSED
        for who, missed in list(self._missed.items()):
            while missed and missed[0][0] < oldest:
                missed.popleft()
            if not missed:
                del self._missed[who]

    def close(self) -> None:
        """End all streams, and those that still come."""
        self._closed = True
        for streams in self._open.values():
            for stream in streams:
                stream.close()


def event(kind: str, data: Any, id: int | None = None) -> bytes:
    """One server-sent event (HTML standard, Server-sent events)."""
    number = "" if id is None else f"id: {id}\n"
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"{number}event: {kind}\ndata: {body}\n\n".encode()
