"""The privacy notice's version. The notice has no buttons of its own."""

from __future__ import annotations

NOTICE_VERSION = "2026-11"
"""Changes with the words of ``privacy.notice``; which version somebody saw is recorded."""
