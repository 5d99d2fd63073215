"""The privacy notice as other features show it, and the buttons of erasing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.chat import Action, Text, Translated
from handlers.router import action

NOTICE_VERSION = "2026-12"
"""Changes with the words of ``privacy.notice``; which version somebody saw is recorded."""

OWN_NOTICE = "privacy_notice"
"""In ``municipality.settings``: the municipality's own words for the notice, by language."""


def notice_version(settings: Mapping[str, Any]) -> str:
    """The version of a municipality's notice; one of its own changes with every word."""
    own = settings.get(OWN_NOTICE)
    if not own:
        return NOTICE_VERSION
    written = json.dumps(own, sort_keys=True, ensure_ascii=False)
    return f"own-{hashlib.sha256(written.encode()).hexdigest()[:12]}"


def notice(town: str, contact: Mapping[str, str], settings: Mapping[str, Any]) -> Text:
    """The notice of a municipality: its own, or the catalogue's."""
    own = settings.get(OWN_NOTICE)
    if not own:
        return Text("privacy.notice", town=town, contact=Translated(contact))
    return Text("privacy.own_notice", town=town, text=Translated(own), contact=Translated(contact))


@action("da")
@dataclass(frozen=True)
class AskAgain(Action):
    """The warning was read: ask a second time whether this person is to be erased."""

    person: int


@action("de")
@dataclass(frozen=True)
class Erase(Action):
    """Erase this person for good. ``asked``: when the second question was put, in minutes."""

    person: int
    asked: int


@action("dk")
@dataclass(frozen=True)
class KeepData(Action):
    """Erase nothing."""


@action("dw")
@dataclass(frozen=True)
class Warn(Action):
    """Coordination: the warning for one of several former members who are meant."""

    person: int


@action("dr")
@dataclass(frozen=True)
class EnforcePeriods(Action):
    """It is night: drop what a municipality has kept long enough.

    ``dropped``: the night has deleted something already, so that pages are to be overwritten.
    """

    municipality: int
    dropped: bool
