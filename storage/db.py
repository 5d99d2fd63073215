"""The engine and the unit of work, for SQLite and PostgreSQL.

Storage is synchronous: one thread writes (SQLite has one writer anyway), readers run beside it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from storage.tenancy import ALL, SETTING

Tx = Session
"""A transaction. Questions and changes take it as their first argument."""

T = TypeVar("T")

BUSY_MS = 10_000


class Database:
    """One database: ``begin()`` for a change, ``read()`` for a question."""

    def __init__(self, url: str) -> None:
        """Open ``sqlite:///path`` or ``postgresql+psycopg://…``; nothing is created yet."""
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = _sqlite(url) if self.is_sqlite else _postgres(url)
        self._readers = self.engine.execution_options(readonly=True)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._reading = ThreadPoolExecutor(4, thread_name_prefix="reader")
        self._write_lock = threading.Lock()

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """A writing transaction: committed at the end, rolled back on any exception."""
        with self._lock(), Session(self.engine, expire_on_commit=False) as tx, tx.begin():
            yield tx

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A consistent look; whatever is written in it is thrown away."""
        with Session(self._readers, expire_on_commit=False, autoflush=False) as tx:
            try:
                yield tx
            finally:
                tx.rollback()

    async def write(self, change: Callable[[Tx], T]) -> T:
        """Run ``change`` in a writing transaction on the writer's thread and await the commit."""

        def run() -> T:
            with self.begin() as tx:
                return change(tx)

        return await asyncio.get_running_loop().run_in_executor(self._writer, run)

    async def look(self, question: Callable[[Tx], T]) -> T:
        """Run ``question`` in a reading transaction on a reader's thread."""

        def run() -> T:
            with self.read() as tx:
                return question(tx)

        return await asyncio.get_running_loop().run_in_executor(self._reading, run)

    async def alone(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on the writer's thread outside a transaction (VACUUM and the like)."""

        def run() -> T:
            options: dict[str, Any] = (
                {"bare": True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
            )
            with self._lock(), self.engine.connect().execution_options(**options) as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._writer, run)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Whether this process is the first at work on the database, for as long as this lasts.

        PostgreSQL only, where files of this machine say nothing about others: one process hands
        out what is to be delivered. On SQLite the lock is a file beside it.
        """
        if self.is_sqlite:
            yield True
            return
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            taken = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
            yield bool(connection.execute(taken, {"name": "gnk-bot"}).scalar_one())

    def close(self) -> None:
        """End the threads and the connections; waits for what is under way."""
        self._writer.shutdown()
        self._reading.shutdown()
        self.engine.dispose()

    @contextmanager
    def _lock(self) -> Iterator[None]:
        if self.is_sqlite:
            with self._write_lock:
                yield
        else:
            yield


def _postgres(url: str) -> Engine:
    # Each connection begins with the view of all municipalities; what narrows it ends with its
    # transaction. Other programs see no municipality's rows until they say whose they want.
    given = make_url(url).query.get("options", "")
    options = f"{given} -c {SETTING}={ALL}".strip()
    return create_engine(
        url, pool_pre_ping=True, hide_parameters=True, connect_args={"options": options}
    )


def _sqlite(url: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    patience = {"check_same_thread": False, "timeout": BUSY_MS / 1000}
    engine = create_engine(url, hide_parameters=True, connect_args=patience)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling begins too late for savepoints and BEGIN IMMEDIATE.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        f"busy_timeout = {BUSY_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    options: dict[str, Any] = connection.get_execution_options()
    if options.get("bare"):
        return
    # A deferred BEGIN lets two writers read the same state and fails one of them at its commit.
    connection.exec_driver_sql("BEGIN" if options.get("readonly") else "BEGIN IMMEDIATE")
