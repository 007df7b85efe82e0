"""Fixtures: a real database for each test, SQLite by default, PostgreSQL with --database."""

import contextvars
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from alembic import command as alembic
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as sa_event
from sqlalchemy import text

from eventreg.audit import services as audit
from eventreg.config import ROOT, Settings
from eventreg.events import services as event_services
from eventreg.events.models import Event
from eventreg.factory import create_app
from eventreg.operations import migrations
from eventreg.organisers import services as organiser_services
from eventreg.organisers.rules import Role
from eventreg.questionnaire import queries as forms
from eventreg.registration.models import Registration
from eventreg.registration.rules import ALWAYS_HOLDING, State
from eventreg.shared import bell, clock
from eventreg.shared.addresses import canonical
from eventreg.shared.db import Base, db, transaction
from eventreg.shared.text import fold

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
DOCUMENTS = Path(os.environ.get("EVENTREG_TEST_DOCUMENTS") or ROOT.parent / "shared")
POSTGRES = (
    os.environ.get("EVENTREG_TEST_POSTGRES_URL") or "postgresql://postgres@127.0.0.1/postgres"
)


class Outsider(FlaskClient):
    """A browser outside the test's own context: each request has its own, as real ones do."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return contextvars.Context().run(super().open, *args, **kwargs)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.addoption("--fault", action="store_true", help="also run the long fault injections")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault: long fault injection, run by `make fault`")
    config.addinivalue_line("markers", "any_database: says nothing about a database; run once")
    config.addinivalue_line("markers", "browser: drives headless Chromium")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:  # a test that asks for no database says nothing about one
        if not {"database_url", "database_name"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.any_database)
    if not config.getoption("--fault"):
        skip = pytest.mark.skip(reason="long fault injection: `make fault` runs it")
        for item in items:
            if "fault" in item.keywords:
                item.add_marker(skip)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Servers and browsers are shared by the tests of a group: it must run in one process."""
    if not getattr(session.config.option, "loadgroup", False):
        return
    for item in session.items:
        if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
            raise pytest.UsageError("pytest-xdist does not group: see the versions of both")


@pytest.fixture(scope="session")
def database_name(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--database"))


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def database_url(database_name: str, worker_id: str) -> Iterator[str]:
    """An empty database of this test process; PostgreSQL's is made and dropped here.

    SQLite's is in memory where the system has such a folder: no test cuts its power.
    """
    if database_name == "sqlite":
        memory = Path("/dev/shm")  # noqa: S108 - the folder inside it is made for us alone
        place = memory if os.access(memory, os.W_OK) else None
        with TemporaryDirectory(prefix="eventreg-test-", dir=place) as folder:
            yield f"sqlite:///{folder}/test.sqlite3"
        return
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")[:8] or os.getpid()  # two runs at a time
    with postgres_database(f"eventreg_test_{worker_id}_{run}") as url:
        yield url


@contextmanager
def postgres_database(name: str) -> Iterator[str]:
    """A new PostgreSQL database, dropped afterwards."""
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
        # The server itself never dies in these tests: its trips to the disk prove nothing of ours.
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    try:
        yield POSTGRES.rpartition("/")[0].replace("postgresql:", "postgresql+psycopg:") + f"/{name}"
    finally:
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("instance")
    return Settings(
        env="testing",
        secret_key="a key for tests only, never for an instance",
        database_url=database_url,
        queue_url=f"sqlite:///{folder / 'queue.sqlite3'}",
        base_url="http://localhost",
        rate_limits=False,
        instance_dir=folder,
    )


@pytest.fixture(scope="session")
def _shared_app(settings: Settings, database_name: str) -> Iterator[Flask]:
    """One application for the whole run; its database is migrated once."""
    app = create_app(settings)
    app.test_client_class = Outsider
    app.config["PROPAGATE_BUGS"] = True
    bell.connect(None)
    with app.app_context():
        alembic.upgrade(migrations.config(), "head")
        db.engine.dispose()
    if database_name == "sqlite":
        path = _file(settings)
        shutil.copyfile(path, path.with_suffix(".template"))
    yield app
    with app.app_context():
        db.engine.dispose()


def _file(settings: Settings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///"))


@pytest.fixture
def app(_shared_app: Flask, settings: Settings, database_name: str) -> Iterator[Flask]:
    """The application on an empty, migrated database."""
    with _shared_app.app_context():
        db.session.remove()
        if database_name == "sqlite":
            db.engine.dispose()
            path = _file(settings)
            for suffix in ("-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            shutil.copyfile(path.with_suffix(".template"), path)
        else:
            _empty()
    _shared_app.extensions["pagecache"].clear()
    _shared_app.extensions.pop("signup-pages", None)  # PostgreSQL numbers the next event anew
    _shared_app.extensions.pop("agenda-entries", None)
    forms.forget()
    yield _shared_app
    with _shared_app.app_context():
        db.session.rollback()
        db.session.remove()


def _empty() -> None:
    """DELETE, not TRUNCATE: on small tables it costs 3 ms instead of 50."""
    with db.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(text(f'DELETE FROM "{table.name}"'))


@pytest.fixture
def ctx(app: Flask) -> Iterator[None]:
    """An application context around the test."""
    with app.app_context():
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def now() -> Iterator[datetime]:
    """The clock stands at NOW; `clock.frozen(...)` inside a test moves it."""
    with clock.frozen(NOW):
        yield NOW


@pytest.fixture
def make_app(
    settings: Settings, tmp_path: Path, database_name: str
) -> Iterator[Callable[..., Flask]]:
    """Another application with other settings, on its own migrated database."""
    made: list[Flask] = []

    def build(**overrides: Any) -> Flask:
        number = len(made)
        own = {"queue_url": f"sqlite:///{tmp_path / f'queue{number}.sqlite3'}"}
        if "database_url" not in overrides and database_name == "sqlite":
            own["database_url"] = f"sqlite:///{tmp_path / f'own{number}.sqlite3'}"
        app = create_app(replace(settings, **own, **overrides))
        app.test_client_class = Outsider
        bell.connect(None)
        with app.app_context():
            alembic.upgrade(migrations.config(), "head")
        made.append(app)
        return app

    yield build
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def make_event(ctx: None) -> Callable[..., Event]:
    """`make_event(slug, capacity=50, closes_at=..., state="published")`: committed."""

    def make(slug: str = "journee", **values: Any) -> Event:
        at = clock.utc_now()
        state = values.pop("state", "published")
        values.setdefault("title", "Journée du service public")
        values.setdefault("starts_at", at + timedelta(days=20))
        values.setdefault("published_at", at - timedelta(days=1))
        values.setdefault("created_at", at - timedelta(days=2))
        created = values.pop("created_at")
        with transaction():
            made = event_services.create(slug, actor="operator", now=created, **values)
            made.state = state
        return made

    return make


@pytest.fixture
def make_registration(ctx: None) -> Callable[..., Registration]:
    """`make_registration(event, email="...", state="confirmed")`: committed, with its seat."""

    def make(event: Event, email: str = "camille@example.org", **values: Any) -> Registration:
        at = clock.utc_now()
        address = canonical(email)
        state = State(values.pop("state", State.CONFIRMED))
        seats = int(state in ALWAYS_HOLDING)
        defaults: dict[str, Any] = {
            "public_id": os.urandom(12).hex(),
            "nonce": os.urandom(6).hex(),
            "locale": "fr",
            "source": "organiser",
            "given_name": "Camille",
            "family_name": "Martin",
            "registered_at": at,
            "proven_at": at if state is not State.UNCONFIRMED else None,
            "confirmed_at": at if state is State.CONFIRMED else None,
        }
        values = defaults | values
        values["search"] = fold(
            f"{values['family_name']} {values['given_name']} {address.canonical}"
        )
        with transaction() as session:
            made = Registration(
                event_id=event.id,
                state=state,
                seats=seats,
                email=address.typed,
                email_key=address.canonical,
                **values,
            )
            session.add(made)
            session.flush()
            session.execute(
                text("UPDATE pools SET taken = taken + :n WHERE event_id = :e"),
                {"n": seats, "e": event.id},
            )
            audit.record(
                "made",
                at=at,
                actor="operator",
                event_id=event.id,
                registration_id=made.id,
                states=(None, state),
            )
        return made

    return make


@pytest.fixture
def organiser_client(app: Flask, ctx: None) -> Callable[..., FlaskClient]:
    """`organiser_client(role="owner", slug=None)`: a browser signed in with that role."""

    def sign_in(
        email: str = "organisatrice@example.org", role: str = "owner", slug: str | None = None
    ) -> FlaskClient:
        at = clock.utc_now()
        with transaction():
            organiser_services.create(
                email, name="Nadia Roussel", role=Role(role), event_slug=slug, now=at
            )
        with transaction():
            _locale, code = organiser_services.link(email, life=timedelta(minutes=60), now=at)
        browser = app.test_client()
        page = browser.get(f"/organisation/connexion/{code}")
        token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
        answer = browser.post(f"/organisation/connexion/{code}", data={"csrf_token": token})
        assert answer.status_code == 303, answer.text
        return browser

    return sign_in


@pytest.fixture
def count_queries(app: Flask) -> Callable[[], Any]:
    """`with count_queries() as seen: ...; len(seen)`: the statements sent meanwhile."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_c: Any, _cur: Any, statement: str, *_rest: Any) -> None:
            if statement != "COMMIT":  # PostgreSQL's is not seen either
                seen.append(statement)

        with app.app_context():
            engine = db.engine
        sa_event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            sa_event.remove(engine, "before_cursor_execute", note)

    return counting


@pytest.fixture
def documents() -> Path:
    """The folder of the State's documents; the test is skipped where it is absent."""
    if not (DOCUMENTS / "seeds").is_dir():
        pytest.skip(f"no documents: set EVENTREG_TEST_DOCUMENTS (looked in {DOCUMENTS.name}/seeds)")
    return DOCUMENTS
