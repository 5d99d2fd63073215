"""The privacy notice, everything stored about oneself, and erasing."""

from __future__ import annotations

from handlers.chat import Command
from handlers.privacy import erasing, mydata, notice, retention
from handlers.privacy.actions import AskAgain, EnforcePeriods, Erase, KeepData, Warn
from handlers.router import Role, Router

router = Router("privacy")

router.when(Command)(notice.renewed)
router.command("datenschutz", "privacy", by=Role.ANYONE, menu=95)(notice.show)
router.command("meinedaten", "mydata", by=Role.LINKED, menu=96)(mydata.send)
router.command("loeschen", "erase", by=Role.LINKED, menu=97)(erasing.erase)
router.press(Warn, by=Role.COORDINATION)(erasing.warn)
router.press(AskAgain, by=Role.LINKED)(erasing.ask_again)
router.press(Erase, by=Role.LINKED)(erasing.erase_now)
router.press(KeepData, by=Role.LINKED)(erasing.keep)
router.due(EnforcePeriods)(retention.enforce)
