"""A throw-away PostgreSQL server from the system's programs, and fresh databases on it."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from storage.db import Database
from storage.upgrading import upgrade

MISSING = "PostgreSQL's server programs are missing (on Debian: apt install postgresql)"
STARTS_WITHIN = 30.0
"""Seconds after which the server counts as not starting."""

TEMPLATE = "migrated"
BOT = "gnk_bot"
"""The role that the bot has in tests, as operators make it: it owns its database and no more.
Row-level security does not hold back a superuser."""


def _programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``, the newest there is."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    found.sort(key=lambda folder: float(folder.parent.name))
    beside = shutil.which("initdb")
    return found[-1] if found else Path(beside).parent if beside else None


class Server:
    """A running server. Nothing in it outlives the tests."""

    def __init__(self, programs: Path, folder: Path) -> None:
        """Start one in an empty ``folder``; root hands it over to an account without rights."""
        self.folder = folder
        user = pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else None
        if user is not None:
            os.chown(folder, user, -1)
        data = folder / "data"
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "gnk", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync", "--no-instructions"],
            check=True, capture_output=True, user=user, cwd=folder, timeout=60,
        )  # fmt: skip
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "max_connections": "60",
            "shared_buffers": "32MB",
            "max_wal_size": "256MB",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [programs / "postgres", "-D", data, *options],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, user=user, cwd=folder,
        )  # fmt: skip
        self._await_ready()
        self.run(f"CREATE ROLE {BOT} LOGIN")

    def url(self, database: str, role: str = BOT) -> str:
        """The address of a database on it."""
        return f"postgresql+psycopg://{role}@/{database}?host={quote(str(self.folder))}"

    def create(self, template: str = "template1") -> str:
        """Make a database; returns its address."""
        name = f"t{secrets.token_hex(6)}"
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {BOT}')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Throw a database away, whoever is still connected."""
        name = url.split("?")[0].rpartition("/")[2]
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def run(self, statement: str) -> None:
        """Run a statement outside a transaction."""
        engine = create_engine(
            self.url("postgres", "gnk"), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
        with engine.connect() as connection:
            connection.execute(text(statement))

    def migrated(self) -> str:
        """The name of a database with all tables, to be copied."""
        self.run(f'CREATE DATABASE "{TEMPLATE}" OWNER {BOT}')
        db = Database(self.url(TEMPLATE))
        try:
            upgrade(db)
        finally:
            db.close()
        return TEMPLATE

    def stop(self) -> None:
        """End it at once."""
        # SIGINT: open connections are cut; the data is thrown away anyway.
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def _await_ready(self) -> None:
        until = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(host=str(self.folder), user="gnk", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The server of this test run; skipped with one line where its programs are missing."""
    programs = _programs()
    if programs is None:
        if os.environ.get("GNK_REQUIRE_ALL") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    # Not pytest's folder: the path of a socket has at most 107 bytes, and others may not enter.
    folder = Path(tempfile.mkdtemp(prefix="gnk-pg-"))
    folder.chmod(0o755)
    server: Server | None = None
    try:
        server = Server(programs, folder)
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Server) -> str:
    """The name of a database with all tables."""
    return postgres_server.migrated()


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The address of an empty database of one's own."""
    url = postgres_server.create()
    yield url
    postgres_server.drop(url)
