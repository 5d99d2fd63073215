"""Which role follows from the bodies that a person belongs to (nested sets)."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.router import Role

_OF_BODY = {
    "coordination": Role.COORDINATION,
    "core_team": Role.CORE_TEAM,
    "steering_group": Role.MEMBER,
}
_ADVISORY = ("adviser", "facilitator", "guest")


def role_of(bodies: Mapping[str, str]) -> Role:
    """The highest role; a guest or adviser of a body is known, but no member of it."""
    roles = [
        Role.LINKED if role in _ADVISORY else _OF_BODY.get(kind, Role.LINKED)
        for kind, role in bodies.items()
    ]
    return max(roles, default=Role.LINKED)
