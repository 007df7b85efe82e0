"""The database: base class, column types, the one place that commits, what differs by database."""

import fcntl
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, cast

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, Dialect, Executable, MetaData, String, Text, event
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, CursorResult
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, MappedColumn, Session, mapped_column
from sqlalchemy.sql.compiler import Compiled, SQLCompiler
from sqlalchemy.types import TypeDecorator

from eventreg.config import Settings
from eventreg.shared.errors import Unavailable

BUSY_SECONDS = 10
# Pages of SQLite's log before they are copied into the database: a sign-up writes about 33.
LOG_PAGES = 4_000
_sync = getattr(os, "fdatasync", os.fsync)  # macOS has the second only
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


class FairLock:
    """First come, first served inside one process; `places` hold it at a time.

    SQLite lets one writer in and makes the others poll; with threads queueing here in order the
    tail of a rush is short and nobody starves. Other processes are held off by BEGIN IMMEDIATE.
    """

    def __init__(self, places: int = 1) -> None:
        self._guard = threading.Lock()
        self._free = places
        self._line: deque[threading.Event] = deque()

    def acquire(self, timeout: float) -> bool:
        with self._guard:
            if self._free:
                self._free -= 1
                return True
            turn = threading.Event()
            self._line.append(turn)
        if turn.wait(timeout):
            return True
        with self._guard:
            if turn.is_set():  # the turn came at the last moment: it is ours
                return True
            self._line.remove(turn)
            return False

    def release(self) -> None:
        with self._guard:
            if self._line:
                self._line.popleft().set()
            else:
                self._free += 1


class FileLock:
    """One writer among the processes of a machine, woken by the kernel in turn.

    SQLite's own way is to sleep and look again, up to 100 ms at a time: two busy processes then
    leave the database idle half of the time. Other programs are still held off by SQLite's lock.
    A holder that hangs keeps one thread of each other process; those in line behind it get their
    503 after BUSY_SECONDS.
    """

    def __init__(self) -> None:
        self._owner: tuple[int, str] | None = None
        self._descriptor = -1

    def acquire(self, path: str) -> None:
        """Called by one thread of a process at a time (FairLock)."""
        if self._owner != (os.getpid(), path):  # a descriptor is shared with a fork: open our own
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            self._owner = (os.getpid(), path)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def release(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)


class SqliteWriters:
    """First come, first served: the threads of this process, then the processes."""

    def __init__(self) -> None:
        self.threads = FairLock()
        self.processes = FileLock()

    def acquire(self, database: str | None) -> None:
        """Raises Unavailable after BUSY_SECONDS in the line of threads."""
        if not self.threads.acquire(BUSY_SECONDS):
            raise Unavailable
        try:
            self.processes.acquire(f"{database}-writers")
        except BaseException:
            self.threads.release()
            raise

    def release(self) -> None:
        self.processes.release()
        self.threads.release()


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


class _Descriptor:
    """A file kept open by one thread. A disk's failure is told once to each that was open then."""

    def __init__(self, path: str) -> None:
        self.number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.file = os.fstat(self.number).st_ino

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        if hasattr(self, "number"):
            close(self.number)


class Log:
    """SQLite's log: what is committed stands in it, in order, until it is copied into the database.

    The name is the one that SQLite uses: it follows links first.
    """

    def __init__(self, database: str) -> None:
        self.path = f"{os.path.realpath(database)}-wal"
        self._threads = threading.local()
        self._doubtful = False

    def wait(self) -> None:
        """Returns once all that was committed is on the disk.

        It is what `synchronous=FULL` does inside COMMIT, done after the lock: one wait serves all
        that came before it, and nobody queues for the disk. Raises Unavailable when the disk fails
        and goes on failing.
        """
        try:
            _sync(self._descriptor())
        except OSError:
            self._doubtful = True
        if self._doubtful:
            self._copy()

    def _descriptor(self) -> int:
        held: _Descriptor | None = getattr(self._threads, "held", None)
        if held is None or held.file != os.stat(self.path).st_ino:
            held = self._threads.held = _Descriptor(self.path)
        return held.number

    def _copy(self) -> None:
        """After a failure the system may call lost pages written: only a copy that ends well counts."""
        self._doubtful = False
        if not _copy_log():
            self._doubtful = True
            raise Unavailable


def _copy_log() -> bool:
    """Takes the log's pages from memory into the database, waits for that, begins a new log."""
    with closing(db.engine.raw_connection()) as connection:
        try:
            busy = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error:
            return False
    return not busy


@lru_cache(maxsize=16)
def log_of(database: str) -> Log:
    """The log of a database file, the same object for all threads."""
    return Log(database)


def wait_for_disk() -> None:
    """Returns once what was committed is on the disk; raises Unavailable where it cannot be."""
    if is_sqlite():
        log_of(str(db.engine.url.database)).wait()


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


def insert_or_none(model: type[Base], values: dict[str, Any], answer: Any) -> Any:
    """Inserts a row and gives one of its columns, or None when a unique index already has it.

    ON CONFLICT instead of a savepoint: the same on both databases, and one statement less.
    """
    return write(ready(model, values, answer=answer.key))


@dataclass(frozen=True)
class Ready:
    """A row in the database's own words, but for the `late` columns: made before a lock is held."""

    sql: str
    values: list[Any] | dict[str, Any] = field(repr=False)
    late: Mapping[str, tuple[Any, Callable[[Any], Any] | None]]  # column: its place, its writing
    answers: bool


def ready(
    model: type[Base], values: Mapping[str, Any], *, answer: str = "", late: tuple[str, ...] = ()
) -> Ready:
    """Prepares an insert: `write` gives the column `answer`, or None where the row is there already.

    Without `answer` a conflict is an error. `late` columns are given to `write`. Dates and JSON are
    turned into what the driver takes here, so that a writer holds SQLite's lock for less.
    """
    plan = _plan(model, answer, tuple(values), late, db.engine.dialect)
    row = plan.empty.copy()
    for key, place, process in plan.given:
        value = values[key]
        row[place] = process(value) if process else value
    return Ready(plan.sql, row, plan.late, bool(answer))


def write(row: Ready, **late: Any) -> Any:
    """Inserts what was made ready, with the values of its late columns."""
    values: Any = row.values.copy()
    for key, (place, process) in row.late.items():
        values[place] = process(late[key]) if process else late[key]
    parameters = tuple(values) if isinstance(values, list) else values
    done = _connection().exec_driver_sql(row.sql, parameters)
    return done.scalar_one_or_none() if row.answers else None


@dataclass(frozen=True)
class _Plan:
    """An insert worked out once: what is written where, the defaults in the driver's words."""

    sql: str
    empty: Any  # a list by position, or a dict by name
    given: tuple[tuple[str, Any, Callable[[Any], Any] | None], ...]
    late: Mapping[str, tuple[Any, Callable[[Any], Any] | None]]


@lru_cache(maxsize=256)
def _plan(
    model: type[Base], answer: str, keys: tuple[str, ...], late: tuple[str, ...], dialect: Dialect
) -> _Plan:
    """Compiled once and kept here: SQLAlchemy does not cache an insert with ON CONFLICT."""
    processors = _processors(model, dialect)
    defaults = {k: v for k, v in _defaults(model) if k not in {*keys, *late}}
    written = (*defaults, *keys, *late)
    table = model.__table__
    words = sqlite_dialect if dialect.name == "sqlite" else postgresql_dialect
    statement: Any = words.insert(table)
    if answer:
        statement = statement.on_conflict_do_nothing().returning(table.c[answer])
    compiled = cast("SQLCompiler", statement.compile(dialect=dialect, column_keys=list(written)))
    order = compiled.positiontup
    places = {key: key if order is None else order.index(key) for key in written}
    empty: Any = {} if order is None else [None] * len(order)
    for key, value in defaults.items():
        process = processors[key]
        empty[places[key]] = process(value) if process else value
    return _Plan(
        compiled.string,
        empty,
        tuple((key, places[key], processors[key]) for key in keys),
        {key: (places[key], processors[key]) for key in late},
    )


def _defaults(model: type[Base]) -> tuple[tuple[str, Any], ...]:
    """What a row holds where nothing is said."""
    found = []
    for column in model.__table__.columns:
        default: Any = column.default
        if default is not None:
            found.append((column.key, default.arg(None) if default.is_callable else default.arg))
    return tuple(found)


def _processors(model: type[Base], dialect: Dialect) -> dict[str, Callable[[Any], Any] | None]:
    """What turns a value of each column into what the driver takes."""
    return {
        column.key: column.type.dialect_impl(dialect).bind_processor(dialect)
        for column in model.__table__.columns
    }


def run(
    statement: Executable | Compiled, values: dict[str, Any] | None = None
) -> CursorResult[Any]:
    """Executes on the session's connection, past the ORM: for the statements of a sign-up.

    A statement built once at import and given its parameters here costs a third of one built
    for each request.
    """
    return _connection().execute(cast("Executable", statement), values)


def _connection() -> Connection:
    session = db.session()
    connection: Connection = session.info.get("connection") or session.connection()
    return connection
