"""When Telegram says 429 (Bots FAQ, "My bot is hitting limits")."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from tests.platforms.botapi.refusal import too_many

COUNTED = {
    "sendMessage", "sendPhoto", "sendDocument", "editMessageText", "editMessageCaption",
    "editMessageMedia", "editMessageReplyMarkup", "sendPoll", "stopPoll", "setChatTitle",
    "createForumTopic",
}  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """Messages (edits included) that are let through; seconds may be shortened for a test."""

    overall: int = 30
    overall_seconds: float = 1.0
    private_burst: int = 5
    private_seconds: float = 1.0
    """In a private chat one message per this time, after a burst."""
    group: int = 20
    group_seconds: float = 60.0


class Flood:
    """Counts messages; too many are refused, and refused ones do not count."""

    def __init__(self, limits: Limits | None) -> None:
        self.limits = limits
        self._all: deque[float] = deque()
        self._groups: dict[int, deque[float]] = {}
        self._private: dict[int, float] = {}
        """When a private chat has its whole burst again."""

    def check(self, method: str, chat: int) -> None:
        """Count a message or refuse it."""
        limits = self.limits
        if limits is None or method not in COUNTED:
            return
        now = time.monotonic()
        windows = [(self._all, limits.overall, limits.overall_seconds)]
        if chat < 0:
            group = self._groups.setdefault(chat, deque())
            windows.append((group, limits.group, limits.group_seconds))
        for window, most, seconds in windows:
            while window and window[0] <= now - seconds:
                window.popleft()
            if len(window) >= most:
                raise _wait(window[0] + seconds - now)
        if chat > 0:
            full_at = max(self._private.get(chat, 0.0), now) + limits.private_seconds
            over = full_at - now - limits.private_burst * limits.private_seconds
            if over > 1e-9:
                raise _wait(over)
            self._private[chat] = full_at
        for window, _, _ in windows:
            window.append(now)


def _wait(seconds: float) -> Exception:
    return too_many(max(1, int(seconds + 0.999)))
