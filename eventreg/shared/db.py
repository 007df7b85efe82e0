"""The database: base class, column types, the one place that commits, what differs by database."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, Dialect, Executable, MetaData, String, Text, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, CursorResult
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, MappedColumn, Session, mapped_column
from sqlalchemy.sql.compiler import Compiled
from sqlalchemy.types import TypeDecorator

from eventreg.config import Settings
from eventreg.shared.disk import LOG_PAGES, log_of
from eventreg.shared.errors import Unavailable
from eventreg.shared.lines import BUSY_SECONDS, FairLock, SqliteWriters

JsonColumn = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


# SQLite gives the id of a deleted row to the next one; traces outlive the rows they speak of.
NEVER_REUSED = {"sqlite_autoincrement": True}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, kept in UTC to the microsecond; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an aware instant is needed")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table: constraints named by convention, instants aware, text unlimited."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcDateTime,
        str: Text,
        dict[str, Any]: JsonColumn,
        list[Any]: JsonColumn,
    }


class Keep(StrEnum):
    """How long a personal value is kept; the nightly erasure goes by it (security.md, F)."""

    REGISTRATION = "registration"  # end of the event + its retention (3 months by default)
    NEEDS = "needs"  # end of the event + 7 days
    PROPOSAL = "proposal"  # 4 days after it ended, whatever the answer
    MAIL_BODY = "mail_body"  # 7 days after the final state
    ACCOUNT = "account"  # 12 months without signing in
    SESSION = "session"  # 12 hours after it ended
    LOG = "log"  # 12 months
    INVITATION = "invitation"  # 7 days after it ended unanswered, else with its registration
    EVENT = "event"  # published by the organiser with the event, leaves with the event's contact


def personal(keep: Keep, *args: Any, **options: Any) -> MappedColumn[Any]:
    """A column about a person: declared with its retention, found by the inventory."""
    return mapped_column(*args, info={"keep": keep}, **options)


def plain(*args: Any, **options: Any) -> MappedColumn[Any]:
    """A text or JSON column that says nothing about a person (the inventory wants it said)."""
    return mapped_column(*args, info={"keep": None}, **options)


def code(length: int = 32) -> String:
    """The type of a short stable code."""
    return String(length)


db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})


_sqlite_writers = SqliteWriters()
_turns_on_sqlite = FairLock()
# A few: while one waits for the network or for a row, another computes.
_turns = FairLock(places=3)
_mine = threading.local()  # the turn that this thread holds


@contextmanager
def in_turn() -> Iterator[None]:
    """A few threads of this process at a time, one on SQLite: for work that ends in a transaction.

    The thread that holds a lock of the database gives the interpreter away at each statement, and
    gets it back only when the others have had enough: with sixteen sign-ups at once each of them
    then keeps the lock twice as long. Here the others wait before they begin to compute. Raises
    Unavailable after BUSY_SECONDS. Never to be taken inside a transaction, nor around anything
    that waits for the visitor's network. On SQLite the next one's turn comes as soon as a
    transaction of this one is committed, while this one waits for the disk.
    """
    if getattr(_mine, "turn", None) is not None:
        raise RuntimeError("turns do not nest")
    turns = _turns_on_sqlite if is_sqlite() else _turns
    if not turns.acquire(BUSY_SECONDS):
        raise Unavailable
    _mine.turn = turns
    try:
        yield
    finally:
        _hand_on_turn()


def _hand_on_turn() -> None:
    turns: FairLock | None = getattr(_mine, "turn", None)
    if turns is not None:
        _mine.turn = None
        turns.release()


@contextmanager
def transaction() -> Iterator[Session]:
    """The only place that commits. Starts afresh, refuses to nest, rolls back on any exception.

    On SQLite it takes the write lock at once, so that what is read inside stays true, and lets the
    next writer in before it waits for the disk. What was given to `after_commit` runs once the
    commit is durable. Raises Unavailable when the database could not do it, or cannot say so.
    """
    session = db.session()
    if session.info.get("open"):
        raise RuntimeError("transactions do not nest: services flush, doors commit")
    sqlite = db.engine.dialect.name == "sqlite"
    session.rollback()
    if sqlite:
        _sqlite_writers.acquire(db.engine.url.database)
    session.info["open"] = True
    session.info["after"] = []
    writing = sqlite
    try:
        options = {"immediate": True} if sqlite else {}
        session.info["connection"] = session.connection(execution_options=options)
        yield session
        if sqlite:
            session.flush()
            _commit_sqlite(session)
            writing = False
            _sqlite_writers.release()  # the next writer starts while this one waits for the disk
            _hand_on_turn()
            wait_for_disk()
        session.commit()
    except (OperationalError, InterfaceError, PoolTimeout) as fault:
        _roll_back(session)
        raise Unavailable from fault  # a lock, a restart, a full disk: try again, never a 500
    except BaseException:
        _roll_back(session)
        raise
    finally:
        session.info["open"] = False
        session.info.pop("connection", None)
        if writing:
            _sqlite_writers.release()
    for call in dict.fromkeys(session.info.pop("after")):
        call()


def _commit_sqlite(session: Session) -> None:
    connection: Connection = session.info["connection"]
    if connection.closed or not connection.in_transaction():
        return
    driver: Any = connection.connection.dbapi_connection
    if driver.in_transaction:
        connection.exec_driver_sql("COMMIT")


def _copy_log() -> bool:
    """Takes the log's pages from memory into the database, waits for that, begins a new log."""
    with closing(db.engine.raw_connection()) as connection:
        try:
            busy = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error:
            return False
    return not busy


def wait_for_disk() -> None:
    """Returns once what was committed is on the disk; raises Unavailable where it cannot be."""
    if is_sqlite():
        log_of(str(db.engine.url.database)).wait(_copy_log)


def _roll_back(session: Session) -> None:
    """Rolls back even on a connection that died."""
    try:
        session.rollback()
    except (OperationalError, InterfaceError):
        session.invalidate()


def after_commit(call: Callable[[], object]) -> None:
    """Runs `call` once after the surrounding transaction has been committed."""
    waiting = db.session().info.get("after")
    if waiting is None:
        raise RuntimeError("after_commit needs a transaction")
    waiting.append(call)


def init_app(app: Flask, settings: Settings) -> None:
    """Configures the engine for `settings.database_url` and prepares each connection."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings)
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    if settings.sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)


def dispose(app: Flask) -> None:
    """Closes pooled connections: a forked server process must open its own."""
    with app.app_context():
        db.engine.dispose(close=False)


def _engine_options(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "pool_size": 16,
        "max_overflow": 8,
        "pool_timeout": 5,
        "hide_parameters": True,  # an error in the log shows no name and no address
    }
    if settings.sqlite:
        options["connect_args"] = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        return options
    limits = "-c lock_timeout=5000 -c statement_timeout=5000 -c timezone=UTC"
    options["connect_args"] = {"options": limits, "connect_timeout": 5}
    options["pool_pre_ping"] = False  # a dead connection becomes one 503 and leaves the pool
    options["pool_recycle"] = 1800
    return options


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's own comes too late
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # NORMAL forgets answered sign-ups on a power cut
    cursor.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A transaction of `transaction()` waits for the disk itself, after its commit."""
    immediate = connection.get_execution_options().get("immediate")
    driver: Any = connection.connection.dbapi_connection
    try:
        driver.execute(f"PRAGMA synchronous={'NORMAL' if immediate else 'FULL'}")
    except sqlite3.Error as fault:
        raise Unavailable from fault
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def is_sqlite() -> bool:
    """Whether the database is the embedded one: one writer at a time, this machine's clock."""
    return bool(db.engine.dialect.name == "sqlite")


def run(
    statement: Executable | Compiled, values: dict[str, Any] | None = None
) -> CursorResult[Any]:
    """Executes on the session's connection, past the ORM: for the statements of a sign-up.

    A statement built once at import and given its parameters here costs a third of one built
    for each request.
    """
    return _connection().execute(cast("Executable", statement), values)


def run_text(statement: str, parameters: tuple[Any, ...] | dict[str, Any]) -> CursorResult[Any]:
    """Executes what is in the database's own words already, parameters included."""
    return _connection().exec_driver_sql(statement, parameters)


def _connection() -> Connection:
    session = db.session()
    connection: Connection = session.info.get("connection") or session.connection()
    return connection
