"""What may go wrong before the bot runs, in German lines instead of a traceback."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, NoSuchModuleError

from bot.config import Unusable
from bot.importing import ImportRefused
from storage.loading import AnotherTown
from storage.upgrading import NewerDatabase

SETTINGS, WORK = 2, 1
"""Exit codes: something about the settings or the machine; something about what was asked."""


class Stopped(Exception):
    """The command cannot go on; the message is a German sentence with what to do."""

    def __init__(self, line: str, code: int = SETTINGS) -> None:
        super().__init__(line)
        self.code = code


def told(error: Exception) -> tuple[list[str], int]:
    """The lines to print and the exit code; no lines for what nobody expected."""
    match error:
        case Unusable():
            return error.lines, SETTINGS
        case ImportRefused():
            return error.errors, WORK
        case Stopped():
            return [str(error)], error.code
        case AnotherTown():
            return [_another_town(error)], WORK
        case OSError() if error.filename:
            return [
                f"{error.filename}: Das lässt sich nicht benutzen ({error.strerror})."
            ], SETTINGS
    line = _of_database(error)
    return ([line], SETTINGS) if line else ([], WORK)


def _another_town(error: AnotherTown) -> str:
    return (
        f"Der Kurzname „{error.slug}“ gehört schon zu „{error.name}“ mit anderen Personen. "
        "Wählen Sie in der Datei einen anderen slug."
    )


def _of_database(error: Exception) -> str | None:
    match error:
        case NewerDatabase():
            return (
                f"Die Datenbank hat schon Stand {error.found}, dieses Programm kennt nur "
                f"{error.known}. Installieren Sie wieder die neuere Version, oder spielen Sie "
                "eine ältere Sicherung ein."
            )
        case DBAPIError():
            reason = " ".join(str(error.orig).split())
            return (
                f"Die Datenbank lässt sich nicht benutzen ({reason}). "
                "Prüfen Sie die Einstellung database."
            )
        case ImportError() | NoSuchModuleError() if "psycopg" in str(error):
            return "Für PostgreSQL fehlt ein Teil des Programms: pip install 'gnk-bot[postgres]'"
    return None


def of_platform(platform: str, error: Exception) -> str:
    """Why a platform does not let the bot in, and what to do."""
    refused = type(error).__name__ != "Unreachable"
    match platform, refused:
        case "telegram", True:
            return (
                "Telegram nimmt dieses Token nicht an. Kopieren Sie es noch einmal von BotFather, "
                "ohne Leerzeichen."
            )
        case "matrix", True:
            return f"Der Matrix-Server lässt den Bot nicht hinein ({error})."
    return f"{platform.capitalize()} ist nicht erreichbar ({error}). Stimmt die Adresse?"
