"""R11 in the process: what was answered is on the disk, although nobody waits for it under a lock.

The disk is taken to hold the database as it was at the start, and the log as it was when somebody
last began to wait for it: the worst that a power cut can leave.
"""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from eventreg.audit import services as audit
from eventreg.audit.models import AuditEntry
from eventreg.shared import clock, db
from eventreg.shared import disk as disk_room
from eventreg.shared.db import in_turn, transaction
from eventreg.shared.errors import Unavailable

WRITERS, EACH = 6, 5


class Disk:
    """What a power cut leaves of a database at the instants at which its writers were answered."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.app = app
        with app.app_context():
            self.path = str(db.db.engine.url.database)
        self.before = folder / "before.sqlite3"
        self.left = folder / "left.sqlite3"
        shutil.copy(self.path, self.before)
        self.guard = threading.Lock()
        self.log = b""
        self.answered: list[tuple[int, bytes]] = []
        self.wait = disk_room._sync

    def sync(self, descriptor: int) -> None:
        """In place of `disk_room._sync`: notes what was waited for."""
        content = Path(f"{self.path}-wal").read_bytes()
        self.wait(descriptor)
        with self.guard:
            self.log = max(self.log, content, key=len)

    def write(self) -> None:
        for _ in range(EACH):
            with self.app.app_context():
                with in_turn(), transaction() as session:
                    audit.record("tested", at=clock.utc_now(), actor="cli")
                    newest = select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(1)
                    key = session.execute(newest).scalar_one()
                with self.guard:
                    self.answered.append((key, self.log))

    def lost(self) -> list[int]:
        """Runs the writers at once; how many answered entries a cut at each answer would lose."""
        threads = [threading.Thread(target=self.write) for _ in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        keys = [key for key, _log in self.answered]
        assert len(keys) == WRITERS * EACH
        return [
            len(set(keys[:number]) - self.entries(log))
            for number, (_key, log) in enumerate(self.answered, 1)
        ]

    def entries(self, log: bytes) -> set[int]:
        shutil.copy(self.before, self.left)
        Path(f"{self.left}-wal").write_bytes(log)
        with closing(sqlite3.connect(self.left)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return {key for (key,) in connection.execute("SELECT id FROM audit_entries")}


@pytest.fixture
def disk(app: Flask, database_name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Disk:
    if database_name != "sqlite":
        pytest.skip("PostgreSQL waits for its disk itself")
    made = Disk(app, tmp_path)
    monkeypatch.setattr(disk_room, "_sync", made.sync)
    return made


def test_a_power_cut_at_any_answer_loses_nothing_that_was_answered(disk: Disk) -> None:
    assert disk.lost() == [0] * (WRITERS * EACH)


def test_mutant_an_answer_that_does_not_wait_for_the_disk_is_seen(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "wait_for_disk", lambda: None)
    assert min(disk.lost()) > 0


def test_mutant_a_wait_before_the_commit_is_seen(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, wait = db._commit_sqlite, db.wait_for_disk

    def early(session: object) -> None:
        wait()
        commit(session)

    monkeypatch.setattr(db, "_commit_sqlite", early)
    monkeypatch.setattr(db, "wait_for_disk", lambda: None)
    assert max(disk.lost()) > 0


class Failing:
    """A disk whose waits fail while `broken`."""

    def __init__(self) -> None:
        self.broken = True

    def sync(self, _descriptor: int) -> None:
        if self.broken:
            raise OSError(5, "Input/output error")


@pytest.fixture
def failing(app: Flask, database_name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Failing]:
    if database_name != "sqlite":
        pytest.skip("PostgreSQL waits for its disk itself")
    made = Failing()
    monkeypatch.setattr(disk_room, "_sync", made.sync)
    with app.app_context():
        yield made
        disk_room.log_of.cache_clear()


def write_and_ring(rung: list[str], word: str) -> None:
    with in_turn(), transaction():
        audit.record("tested", at=clock.utc_now(), actor="cli")
        db.after_commit(lambda: rung.append(word))


def test_after_a_failure_only_what_is_copied_into_the_database_is_answered(
    failing: Failing, tmp_path: Path
) -> None:
    rung: list[str] = []
    write_and_ring(rung, "copied")
    assert rung == ["copied"]
    left = tmp_path / "left.sqlite3"
    shutil.copy(str(db.db.engine.url.database), left)  # the log is taken to be lost
    with closing(sqlite3.connect(left)) as connection:
        assert connection.execute("SELECT count(*) FROM audit_entries").fetchone() == (1,)


def test_a_disk_that_goes_on_failing_is_told_even_when_the_system_has_forgotten_it(
    failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(db, "_copy_log", lambda: False)
        with pytest.raises(Unavailable):
            write_and_ring(rung, "early")
        failing.broken = False  # a failure is told once: the next wait is said to be good
        with pytest.raises(Unavailable):
            write_and_ring(rung, "early")
    write_and_ring(rung, "in time")
    assert rung == ["in time"]


def test_the_log_is_found_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.sqlite3"
    link.symlink_to(tmp_path / "real" / "events.sqlite3")
    with closing(sqlite3.connect(link)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE entry (id INTEGER)")
        log = disk_room.log_of(str(link))
        log.wait(copy=lambda: False)
        assert Path(log.path).exists()


def test_turns_do_not_nest(app: Flask) -> None:
    with app.app_context():
        with in_turn(), pytest.raises(RuntimeError), in_turn():
            pass
        with in_turn():
            pass
