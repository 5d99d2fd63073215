"""The settings of an installation: one TOML file, overridden by the environment.

Secrets may stand in the file (which then only its owner may read), in the environment
(``GNK_TELEGRAM__TOKEN``), or in a file of their own (``token_file``), as systemd's credentials
and containers' secrets are. What is missing or wrong is told in one German line a setting.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

FILE = "gnk-bot.toml"
"""The usual name, in the folder in which the bot is started."""


class Unusable(Exception):
    """The settings cannot be used: ``lines`` says in German what to do, one line a setting."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("Hier gehört eine Adresse hin, wie https://example.org.")
    return url.rstrip("/")


def _public(address: str) -> str:
    """Cookies and codes go there: unencrypted only where nothing leaves this machine."""
    parts = urlsplit(address)
    if parts.path or parts.query or parts.fragment:
        raise ValueError("Hier gehört nur der Rechnername hin, wie https://bot.example.org.")
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("Diese Adresse muss mit https:// beginnen.")
    return address


def _database(url: str) -> str:
    try:
        backend = make_url(url).drivername
    except ArgumentError:
        backend = ""
    if backend not in ("sqlite", "postgresql+psycopg"):
        raise ValueError(
            "Hier gehört sqlite:///pfad oder postgresql+psycopg://name:wort@rechner/datenbank hin."
        )
    return url


Address = Annotated[str, AfterValidator(_address)]


class Part(BaseModel):
    """A section of the file. A setting ``x_file`` names the file in which the secret ``x`` is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secrets: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _from_files(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        made = dict(given)
        for name in cls.secrets:
            path = made.pop(f"{name}_file", None)
            if path is None or made.get(name) is not None:
                continue
            try:
                made[name] = Path(str(path)).read_text("utf-8").strip()
            except OSError as error:
                raise ValueError(
                    f"{name}_file: {path} lässt sich nicht lesen ({error.strerror})."
                ) from None
        return made


class Telegram(Part):
    """Telegram. With ``mode = "webhook"`` Telegram calls our web server by ``webhook_url``.

    That is its public address; the path is known, and may be left out.
    """

    secrets = ("token", "webhook_secret")

    token: SecretStr
    base_url: Address = "https://api.telegram.org"
    mode: Literal["polling", "webhook"] = "polling"
    webhook_url: Address | None = None
    webhook_secret: Annotated[SecretStr, Field(min_length=16, max_length=256)] | None = None

    @model_validator(mode="after")
    def _webhook_is_whole(self) -> Telegram:
        if self.mode == "webhook" and not (self.webhook_url and self.webhook_secret):
            raise ValueError("Zu mode = „webhook“ gehören webhook_url und webhook_secret.")
        return self


class Matrix(Part):
    """Matrix: an account's device; ``init`` logs in and writes this section."""

    secrets = ("access_token",)

    homeserver: Address
    user_id: Annotated[str, Field(pattern=r"^@[^\s:@]+:\S+$")]
    access_token: SecretStr
    device_id: Annotated[str, Field(min_length=1)]
    store: Path = Path("matrix")
    """Keys of encrypted rooms, below the data folder: lost keys open no old message again."""


class Web(Part):
    """The web server: health, Telegram's webhook, the web chat."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    names: tuple[str, ...] = ()
    """Further host names by which it may be asked (behind a reverse proxy: the public one)."""
    address: Annotated[Address, AfterValidator(_public)] | None = None
    """The public address of the web chat; members' links begin with it."""
    proxy: bool = False
    """Whether a reverse proxy says in its headers who asks, and whether by https."""
    session_days: Annotated[int, Field(ge=1, le=365)] = 90
    """Days after which a device that is not used needs a new link."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """All names by which it may be asked; the public address is one of them."""
        mine = urlsplit(self.address).hostname if self.address else None
        return (*self.names, mine) if mine else self.names


class Config(BaseSettings):
    """All settings. Relative paths count from the folder of the file."""

    model_config = SettingsConfigDict(
        env_prefix="GNK_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    database: Annotated[str, AfterValidator(_database)] = "sqlite:///data/gnk-bot.sqlite3"
    data: Path = Path("data")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    telegram: Telegram | None = None
    matrix: Matrix | None = None
    web: Web | None = None

    @model_validator(mode="after")
    def _webhook_has_a_server(self) -> Config:
        if self.telegram and self.telegram.mode == "webhook" and self.web is None:
            raise ValueError("telegram.mode „webhook“ braucht den Abschnitt [web].")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file."""
        return env_settings, init_settings

    @property
    def hidden(self) -> list[str]:
        """Everything that must not be read in a log."""
        password = make_url(self.database).password
        found = [str(password)] if password else []
        for part in (self.telegram, self.matrix):
            for name in part.secrets if part is not None else ():
                secret = getattr(part, name)
                found += [secret.get_secret_value()] if secret is not None else []
        return found

    @property
    def matrix_store(self) -> Path:
        """Where Matrix's keys are."""
        return self.data / (self.matrix.store if self.matrix else "matrix")


def path_of(given: str | None) -> Path:
    """Where the settings are: as given, as ``GNK_CONFIG`` says, or the usual name here."""
    return Path(given or os.environ.get("GNK_CONFIG") or FILE)


def read(path: Path) -> Config:
    """Read and check the settings. Raises Unusable with all that is wrong."""
    if not path.exists():
        raise Unusable([f"{path}: Diese Datei gibt es nicht. Legen Sie sie mit „gnk-bot init“ an."])
    if complaint := open_to_others(path):
        raise Unusable([complaint])
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Unusable([f"{path}: Die Datei lässt sich nicht lesen ({error.strerror})."]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable([f"{path}: Das ist kein gültiges TOML ({error})."]) from None
    return check(given, path)


def check(given: dict[str, Any], path: Path) -> Config:
    """Settings from what stands in a file. Raises Unusable."""
    known = {name for name in os.environ if name.startswith("GNK_")} - _OTHERS
    unknown = [
        n for n in sorted(known) if n[4:].lower().partition("__")[0] not in Config.model_fields
    ]
    if unknown:
        raise Unusable(
            [f"{name}: Diese Umgebungsvariable kennt der Bot nicht." for name in unknown]
        )
    try:
        config = Config(**given)
    except ValidationError as invalid:
        lines = list(dict.fromkeys(_sentences(invalid)))
        raise Unusable([f"{path}: {line}" for line in lines]) from None
    return _absolute(config, path.resolve().parent)


_OTHERS = frozenset({"GNK_CONFIG", "GNK_MATRIX_PASSWORD", "GNK_REQUIRE_ALL"})
"""Variables that begin alike and are no settings, but read by ``init`` or by the tests."""


def open_to_others(path: Path) -> str | None:
    """A line to say where others than the owner may read the file; None if all is well."""
    mode = path.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return (
            f"{path}: Andere dürfen diese Datei lesen (Rechte {stat.S_IMODE(mode):o}). "
            f"Abhilfe: chmod 600 {path}"
        )
    return None


def _absolute(config: Config, folder: Path) -> Config:
    url = make_url(config.database)
    changed: dict[str, Any] = {"data": folder / config.data}
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        changed["database"] = f"sqlite:///{folder / url.database}"
    return config.model_copy(update=changed)


_SENTENCES = {
    "missing": "Das fehlt. Tragen Sie es ein, oder rufen Sie „gnk-bot init“ auf.",
    "extra_forbidden": "Diese Einstellung gibt es nicht. Ist sie richtig geschrieben?",
    "string_type": "Hier gehört Text in Anführungszeichen hin.",
    "int_type": "Hier gehört eine ganze Zahl hin.",
    "int_parsing": "Hier gehört eine ganze Zahl hin.",
    "model_type": "Hier gehört ein Abschnitt hin.",
    "string_pattern_mismatch": "Hier gehört eine Kennung hin, wie @bot:example.org.",
    "string_too_short": "Das darf nicht leer sein.",
    "too_short": "Das ist zu kurz; nötig sind mindestens 16 Zeichen.",
    "too_long": "Das ist zu lang.",
    "greater_than_equal": "Die Zahl ist zu klein.",
    "less_than_equal": "Die Zahl ist zu groß.",
}


def _sentences(invalid: ValidationError) -> Iterator[str]:
    """What is wrong, without the value: it may be a secret."""
    for error in invalid.errors(include_url=False, include_input=False):
        place = ".".join(str(step) for step in error["loc"]) or "Einstellungen"
        context = error.get("ctx", {})
        match error["type"]:
            case "value_error":
                yield f"{place}: {context['error']}"
            case "literal_error":
                allowed = str(context["expected"]).replace("'", "").replace(" or ", " oder ")
                yield f"{place}: Erlaubt ist {allowed}."
            case kind:
                yield f"{place}: {_SENTENCES.get(kind, 'Dieser Wert passt nicht.')}"
