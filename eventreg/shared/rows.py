"""Rows made ready before a lock is held, and written under it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from eventreg.shared.db import Base, db, run_text


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
    done = run_text(row.sql, parameters)
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
    words = sqlite if dialect.name == "sqlite" else postgresql
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
