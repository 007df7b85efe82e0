"""Instances with real processes; databases of their own."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from eventreg.events import services as event_services
from eventreg.shared import clock
from eventreg.shared.db import transaction
from tests.conftest import postgres_database
from tests.reliability.servers import Instance


@pytest.fixture
def seed() -> int:
    """Printed with a failure; EVENTREG_TEST_SEED replays it."""
    chosen = int(os.environ.get("EVENTREG_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"EVENTREG_TEST_SEED={chosen}")
    return chosen


def _database(name: str, kind: str, folder: Path, stack: ExitStack) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder / 'eventreg.sqlite3'}"
    return stack.enter_context(postgres_database(name))


@pytest.fixture(scope="session")
def server(
    database_name: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instance]:
    """One running web server with two processes, shared; each test makes its own event."""
    folder = tmp_path_factory.mktemp("server")
    with ExitStack() as stack:
        url = _database(f"eventreg_server_{worker_id}_{os.getpid()}", database_name, folder, stack)
        instance = Instance(folder, url)
        stack.callback(instance.stop)
        instance.serve(workers=2)
        yield instance


@pytest.fixture
def instance(
    database_name: str, worker_id: str, tmp_path: Path
) -> Iterator[Callable[..., Instance]]:
    """`instance(mail_port=..., mutant="M5")`: one of its own, nothing started yet."""
    with ExitStack() as stack:
        made: list[Instance] = []

        def build(**options: Any) -> Instance:
            folder = tmp_path / f"instance{len(made)}"
            folder.mkdir()
            name = f"eventreg_own{len(made)}_{worker_id}_{os.getpid()}"
            made.append(Instance(folder, _database(name, database_name, folder, stack), **options))
            stack.callback(made[-1].stop)
            return made[-1]

        yield build


@pytest.fixture
def fresh(make_app: Callable[..., Flask], app: Flask, database_name: str) -> Callable[..., Flask]:
    """`fresh(base_url=...)`: an application to change at will, on an empty database."""

    def build(**settings: Any) -> Flask:
        assert app is not None  # on PostgreSQL this emptied the database that they share
        return make_app(**settings)

    return build


def new_event(app: Flask, slug: str, **values: Any) -> int:
    """A published event of an instance's database; its id."""
    with app.app_context():
        at = clock.utc_now()
        values.setdefault("starts_at", at + timedelta(days=20))
        with transaction():
            made = event_services.create(
                slug, title=f"Essai {slug}", actor="operator", now=at - timedelta(days=1), **values
            )
            made.state = "published"
            made.published_at = at - timedelta(days=1)
            return made.id
