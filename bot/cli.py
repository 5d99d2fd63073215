"""The commands of the program. Whatever takes time to import is imported where it is used."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from bot import __version__

CONFIG = click.option(
    "--config", "-c", metavar="DATEI", help="Einstellungen (sonst GNK_CONFIG oder gnk-bot.toml)."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
def cli() -> None:
    """GNK-Bot: gemeinsam arbeiten und abstimmen in Telegram, Matrix und Web-Chat."""


@cli.command()
@click.option("--reset", is_flag=True, help="Von vorn beginnen; was im Demo-Ort geschah, ist weg.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Nur dieser Rechner.")
@click.option("--port", type=click.IntRange(0, 65535), help="Sonst 8080 oder der nächste freie.")
@click.option("--browser", is_flag=True, help="Die Seite gleich im Browser öffnen.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Ordner der Demo.")
def demo(reset: bool, host: str, port: int | None, browser: bool, data: Path | None) -> None:
    """Einen erfundenen Ort im Web-Chat ausprobieren."""
    from bot.commands.demo import start

    start(reset=reset, host=host, port=port, browser=browser, folder=data)


@cli.command()
@CONFIG
@click.option("--file", type=click.Path(path_type=Path), help="Kommune aus dieser YAML-Datei.")
@click.option("--name", help="Name der Kommune, ohne --file.")
@click.option("--slug", help="Kurzname der Kommune: musterdorf.")
@click.option("--timezone", help="Zeitzone: Europe/Berlin.")
@click.option("--languages", help="Sprachen, mit Komma: de,en,de-simple.")
@click.option("--contact", help="Wer den Bot betreibt und Fragen beantwortet (keine Person).")
@click.option("--telegram-api", help="Adresse eines eigenen Bot-API-Servers.")
@click.option("--matrix-homeserver", help="Matrix-Server: https://matrix.example.org.")
@click.option("--matrix-user", help="Konto des Bots: @bot:example.org.")
@click.option("--web-port", type=click.IntRange(1, 65535), help="Webserver auf diesem Port.")
@click.option("--web-name", help="Öffentlicher Name des Webservers: bot.example.org.")
@click.option("--database", help="sqlite:///pfad oder postgresql+psycopg://…")
@click.option("--yes", "-y", is_flag=True, help="Nichts fragen; was fehlt, bleibt weg.")
@click.option("--force", is_flag=True, help="Vorhandene Einstellungen überschreiben.")
def init(config: str | None, yes: bool, force: bool, **given: str | int | Path | None) -> None:
    """Den Bot Schritt für Schritt einrichten.

    Zugänge werden erfragt oder aus GNK_TELEGRAM__TOKEN und GNK_MATRIX_PASSWORD gelesen; in der
    Befehlszeile könnten andere auf diesem Rechner sie sehen. Das Passwort wird nicht gespeichert.
    """
    from bot.commands.init import start

    start(config, given, ask=not yes, force=force)


@cli.command()
@CONFIG
def run(config: str | None) -> None:
    """Den Bot starten, auf allen eingerichteten Plattformen."""
    from bot.commands.run import start

    start(config)


@cli.command("import")
@CONFIG
@click.argument("file", metavar="DATEI", type=click.Path(dir_okay=False, path_type=Path))
def import_(config: str | None, file: Path) -> None:
    """Eine Kommune aus einer YAML-Datei einlesen oder auf deren Stand bringen."""
    from bot.commands.importing import start

    start(config, file)


@cli.group()
def roster() -> None:
    """Mitglieder aus einer Tabelle einlesen oder in eine ausgeben."""


_TOWN = click.option("--town", metavar="KURZNAME", help="Welche Kommune, wenn es mehrere gibt.")


@roster.command("import")
@CONFIG
@_TOWN
@click.option("--end-missing", is_flag=True, help="Wer nicht in der Datei steht, scheidet aus.")
@click.option("--yes", "-y", is_flag=True, help="Nicht fragen.")
@click.argument("file", metavar="DATEI", type=click.Path(dir_okay=False, path_type=Path))
def roster_import(
    config: str | None, town: str | None, end_missing: bool, yes: bool, file: Path
) -> None:
    """Sagen, was die Tabelle ändert, fragen, und dann alles oder nichts einlesen."""
    from bot.commands.roster import take_in

    take_in(config, file, town, yes=yes, end_missing=end_missing)


@roster.command("export")
@CONFIG
@_TOWN
@click.argument("file", metavar="DATEI", type=click.Path(dir_okay=False, path_type=Path))
def roster_export(config: str | None, town: str | None, file: Path) -> None:
    """Die Mitglieder als .xlsx, .ods oder .csv ausgeben."""
    from bot.commands.roster import give_out

    give_out(config, file, town)


@cli.command()
@CONFIG
def doctor(config: str | None) -> None:
    """Sagen, was nicht stimmt und was zu tun ist."""
    from bot.commands.doctor import start

    sys.exit(start(config))


@cli.command()
@CONFIG
@click.argument("target", metavar="ORDNER", type=click.Path(path_type=Path))
def backup(config: str | None, target: Path) -> None:
    """Datenbank und Schlüssel in einen neuen Ordner sichern, auch im laufenden Betrieb."""
    from bot.commands.backup import start

    start(config, target)


@cli.command("matrix-reset-signing")
@CONFIG
def matrix_reset_signing(config: str | None) -> None:
    """Die Signaturschlüssel des Matrix-Kontos durch neue ersetzen.

    Das Passwort des Kontos wird erfragt oder aus GNK_MATRIX_PASSWORD gelesen und nicht gespeichert.
    """
    from bot.commands.signing import start

    start(config)


def main() -> None:
    """Run a command; what is expected to go wrong is said in a line, without a traceback."""
    # Whatever this program writes holds somebody's data: nobody else may read it.
    os.umask(0o077)
    try:
        cli.main(prog_name="gnk-bot", standalone_mode=False)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Abgebrochen.", err=True)
        sys.exit(130)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except Exception as error:
        from bot.commands.trouble import told

        lines, code = told(error)
        if not lines:
            raise
        for line in lines:
            click.echo(line, err=True)
        sys.exit(code)
