"""Alembic's environment: the application's database, our types written as plain ones."""

from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate import rewriter
from alembic.operations import ops
from flask import current_app, has_app_context

from eventreg.config import read
from eventreg.shared.db import Base, UtcDateTime, db


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Migrations import nothing of ours: they must still run when the code has moved on."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, sa.JSON):
        return (
            "sa.JSON(none_as_null=True).with_variant("
            "sa.dialects.postgresql.JSONB(none_as_null=True), 'postgresql')"
        )
    return False


def compare_type(
    _context: Any, _inspected: Any, _column: Any, _stored: Any, wanted: Any
) -> bool | None:
    return False if isinstance(wanted, UtcDateTime) else None


writer = rewriter.Rewriter()  # type: ignore[no-untyped-call]


@writer.rewrites(ops.AddColumnOp)
def fill_old_rows(_context: Any, _revision: Any, operation: ops.AddColumnOp) -> ops.AddColumnOp:
    """A column that may not be null gets a value for the rows that are there already."""
    column = operation.column
    if column.nullable or column.server_default is not None or column.default is None:
        return operation
    value = column.default.arg
    if callable(value):
        value = "[]" if isinstance(value(None), list) else "{}"
    text = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
    column.server_default = sa.DefaultClause(str(text))
    return operation


def run() -> None:
    with db.engine.connect() as connection:
        keys = _keys_of(connection)
        keys("OFF")  # a table rebuilt in batch mode is dropped while others point to it
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=render_item,
            compare_type=compare_type,
            transaction_per_migration=True,
            process_revision_directives=writer,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        keys("ON")


def _keys_of(connection: Any) -> Any:
    """Switches SQLite's foreign keys, outside of any transaction; nothing elsewhere."""
    driver = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite":
        return lambda _state: None
    return lambda state: driver.execute(f"PRAGMA foreign_keys={state}").close()


if has_app_context() and current_app:
    run()
else:
    raise SystemExit(f"run `eventreg db ...` instead of alembic ({read().env})")
