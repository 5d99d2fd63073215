"""What the dialog asks for a choice of one option: nothing."""

from __future__ import annotations

from typing import Any

from handlers.forms import Field, Given
from handlers.router import Context

FIELDS: tuple[Field, ...] = ()


def settings(ctx: Context, given: Given) -> dict[str, Any]:
    """There is nothing to set."""
    return {}
