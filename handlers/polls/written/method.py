"""The written procedure as it is offered beside the methods: a resolution with a setting more."""

from __future__ import annotations

from typing import Any

from handlers.forms import Given
from handlers.polls.methods import Method
from handlers.polls.methods.resolution import METHOD as RESOLUTION
from handlers.polls.methods.resolution.rules import Resolution
from handlers.router import Context

NAME = "written"
"""Under which it is offered; polls store the method ``resolution``."""


class WrittenResolution(Resolution):
    """As any resolution, but never secret: consent to the procedure is given by name."""

    secrecies: tuple[str, ...] = ("open", "roll_call")


def _settings(ctx: Context, given: Given) -> dict[str, Any]:
    settings: dict[str, Any] = RESOLUTION.settings(ctx, given)
    return {**settings, "written": True}


WRITTEN = Method(
    rules=WrittenResolution(), views=RESOLUTION.views, fields=RESOLUTION.fields, settings=_settings
)
