"""How the Bot API says no."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An answer with ``ok: false``."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        self.code, self.description, self.parameters = code, description, parameters
        super().__init__(description)

    def json(self) -> dict[str, Any]:
        """The answer's body."""
        made: dict[str, Any] = {
            "ok": False,
            "error_code": self.code,
            "description": self.description,
        }
        if self.parameters:
            made["parameters"] = self.parameters
        return made


def bad(what: str, **parameters: Any) -> Refusal:
    """400."""
    return Refusal(400, f"Bad Request: {what}", **parameters)


def forbidden(what: str) -> Refusal:
    """403."""
    return Refusal(403, f"Forbidden: {what}")


def too_many(seconds: int) -> Refusal:
    """429."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
