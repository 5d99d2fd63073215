"""How the privacy notice looks (Art. 13 DSGVO, in short)."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.chat import Card, Text, Translated


def notice(town: str, contact: Mapping[str, str]) -> Card:
    """The notice of a municipality."""
    return Card((Text("privacy.notice", town=town, contact=Translated(contact)),))


def notice_for_strangers() -> Card:
    """The notice for an account that is linked to nobody; it names no municipality."""
    return Card((Text("privacy.stranger"),))
