"""Negative controls: each takes one control away, and an experiment must notice.

A mutant gets `put(owner, name, value)`: monkeypatch.setattr inside the test's process,
plain setattr in a process of its own (launch.py).
"""

import os
import random
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from eventreg import worker
from eventreg.events.models import Pool
from eventreg.mailing import delivery
from eventreg.mailing import rules as mail_rules
from eventreg.mailing.delivery import claims
from eventreg.registration import services
from eventreg.registration.models import Registration
from eventreg.registration.services import pools, self_service, signup
from eventreg.shared import clock, rows
from eventreg.shared import db as database
from eventreg.shared.db import db, is_sqlite

Put = Callable[[Any, str, Any], None]


class NoLine:
    """In place of the line of one process: each thread then stands for a process of its own."""

    def acquire(self, _timeout: float) -> bool:
        return True

    def release(self) -> None:
        return None


def threads_are_processes(put: Put) -> None:
    """Not a mutant: what several web processes are to each other."""
    put(database, "_sqlite_writers", NoLine())
    put(database, "_turns_on_sqlite", NoLine())
    put(database, "_turns", NoLine())


def count_then_insert(put: Put) -> None:
    """M1: looks for room, then takes the seat without the condition."""

    def apply(changes: Any, *, over_capacity: bool = False, **_options: Any) -> Any:
        for pool_id, change in changes.items():
            room = select(Pool.capacity.is_(None) | (Pool.taken < Pool.capacity))
            free = db.session.execute(room.where(Pool.id == pool_id)).scalar_one()
            if not (free or over_capacity):
                return False, clock.deciding_instant(db.session)
            _take_anyway(pool_id, change.seats)
        return True, clock.deciding_instant(db.session)

    put(pools, "apply", apply)


def _take_anyway(pool_id: int, seats: int) -> None:
    query = update(Pool).where(Pool.id == pool_id).values(taken=Pool.taken + seats)
    db.session.execute(query, execution_options={"synchronize_session": False})


def deferred_begin(put: Put) -> None:
    """M2: SQLite's plain BEGIN; the first read fixes a snapshot that a later write cannot leave."""
    put(database, "_begin_sqlite", lambda connection: connection.exec_driver_sql("BEGIN"))


def read_outside(put: Put) -> None:
    """M1 and M2 as the driver's old way has them: what is read before the first write is outside
    the transaction, and the seat goes by it."""
    look, seen = signup.queries.locked, threading.local()

    def begin(connection: Any) -> None:
        if not connection.get_execution_options().get("immediate"):
            connection.exec_driver_sql("BEGIN")

    def locked(event_id: int, key_hash: str) -> Any:
        seen.event, known = look(event_id, key_hash)
        if db.session().info.get("open"):
            db.session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        return seen.event, known

    def apply(changes: Any, **_options: Any) -> Any:
        if seen.event.taken >= seen.event.capacity:
            return False, clock.deciding_instant(db.session)
        for pool_id, change in changes.items():
            _take_anyway(pool_id, change.seats)
        return True, clock.deciding_instant(db.session)

    put(database, "_begin_sqlite", begin)
    put(signup.queries, "locked", locked)
    put(pools, "apply", apply)


def instant_before_lock(put: Put) -> None:
    """M4: the deadline is compared with an instant older than the lock.

    SQL's now() is the start of the transaction on PostgreSQL; on SQLite it is the request's.
    """
    apply, prepare, asked = pools.apply, services.prepare, threading.local()
    insert_row = signup._insert_registration

    def prepared(*args: Any, **options: Any) -> Any:
        asked.at = clock.utc_now()
        return prepare(*args, **options)

    def old(changes: Any, **options: Any) -> tuple[bool, datetime]:
        taken, _instant = apply(changes, **options)
        if is_sqlite():
            return taken, asked.at
        return taken, db.session.execute(select(func.now())).scalar_one()

    def early(given: Any) -> Any:
        key, now = insert_row(given)
        return key, asked.at if now else None

    put(services, "prepare", prepared)
    put(pools, "apply", old)
    put(signup, "_insert_registration", early)


def no_wait_for_disk(put: Put) -> None:
    """M5: SQLite does not wait for the disk."""
    put(database, "wait_for_disk", lambda: None)


def task_alone(put: Put) -> None:
    """M6: the queue's task is all there is: no poll, and what a lost task had taken is lost."""
    put(worker, "POLL_SECONDS", 3600.0)
    for module in (mail_rules, claims):
        put(module, "LEASE", timedelta(hours=1))


def letter_after_commit(put: Put) -> None:
    """M9: the letter is owed once the registration is stored, by whoever is still alive then."""

    def later(*_args: Any, **_options: Any) -> int:
        def die() -> None:
            raise KeyboardInterrupt  # killed between the commit and the letter

        database.after_commit(die)
        return 1

    put(signup.mailing, "owe", later)


def no_conflict_clause(put: Put) -> None:
    """A plain INSERT: the second of two equal sign-ups meets the index as an exception."""

    def plain(row: Any, **late: Any) -> Any:
        words = row.sql.replace("ON CONFLICT DO NOTHING", "")
        return rows.write(replace(row, sql=words), **late)

    put(signup, "write", plain)


def no_unique_index() -> None:
    """Not a patch: the table without the index that knows twins. The caller restores it."""
    with db.engine.begin() as connection:
        connection.execute(text("DROP INDEX uq_registrations_active"))


def unique_index_again() -> None:
    """Puts the index back: on PostgreSQL the database outlives the test."""
    index = next(i for i in Registration.__table__.indexes if i.name == "uq_registrations_active")
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM registrations"))
        index.create(connection)


def twin_answered_at_once(put: Put) -> None:
    """A duplicate is answered without a look at the deadline and the seats."""
    put(signup, "_answer_twin", lambda *_facts: None)
    put(services, "refuse_at_sight", lambda *_facts: None)


def keys_for_ever(put: Put) -> None:
    """An idempotency key that never dies: the same answer years later."""
    put(signup, "KEY_LIFE", timedelta(days=4000))


def confirm_on_get(app: Any) -> None:
    """M8: opening the link is enough. The caller owns `app`."""
    show = app.view_functions["registration.own"]
    act = app.view_functions["registration.confirm"]

    def eager(public_id: str) -> Any:
        act(public_id=public_id)
        return show(public_id=public_id)

    eager.__dict__.update(show.__dict__)
    app.view_functions["registration.own"] = eager


def hold_ignored(put: Put) -> None:
    """A hold that never ends."""
    put(self_service.rules, "hold_ends_at", lambda **_facts: None)


# ---- fault points: the process kills itself where it hurts most, one time in twenty

CHANCE = 0.05


def _perhaps_die() -> None:
    if random.random() < CHANCE:
        os.kill(os.getpid(), signal.SIGKILL)


def die_before_commit(put: Put) -> None:
    commit, commit_sqlite = Session.commit, database._commit_sqlite

    def perhaps(session: Session) -> None:
        if session.get_bind().dialect.name != "sqlite":  # there it is over already
            _perhaps_die()
        commit(session)

    def perhaps_sqlite(session: Session) -> None:
        _perhaps_die()
        commit_sqlite(session)

    put(Session, "commit", perhaps)
    put(database, "_commit_sqlite", perhaps_sqlite)


def die_after_commit(put: Put) -> None:
    """Stored, and nobody is told."""
    commit = Session.commit

    def perhaps(session: Session) -> None:
        commit(session)
        _perhaps_die()

    put(Session, "commit", perhaps)


def die_after_250(put: Put) -> None:
    """The mail server has the letter, and nobody wrote that down."""
    hand_over = delivery._Run._hand_over

    def perhaps(run: Any, *given: Any) -> Any:
        outcome = hand_over(run, *given)
        _perhaps_die()
        return outcome

    put(delivery._Run, "_hand_over", perhaps)


ALL = {
    "before_commit": die_before_commit,
    "after_commit": die_after_commit,
    "after_250": die_after_250,
    "M1": count_then_insert,
    "M2": deferred_begin,
    "M4": instant_before_lock,
    "M5": no_wait_for_disk,
    "M6": task_alone,
}
