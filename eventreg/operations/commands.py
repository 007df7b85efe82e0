"""Command line: server, worker, jobs, migrations, doctor, sample events."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

import click
from alembic import command as alembic
from alembic.util.exc import CommandError
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from eventreg import worker as timetable
from eventreg.config import Settings
from eventreg.demo import loading
from eventreg.eligibility import services as eligibility
from eventreg.events import indexing
from eventreg.operations import health, migrations, server
from eventreg.operations.invariants import Finding
from eventreg.shared import db
from eventreg.shared.cli import shown_refusals
from eventreg.shared.clock import utc_now
from eventreg.shared.fields import parse_local


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # behind the proxy
    return app


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes."
)
@click.option(
    "--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="Threads of each."
)
@with_appcontext
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Run the web server."""
    if not host.isascii():
        raise click.UsageError("--host takes the address or the name of this machine")
    app = _app()
    eligibility.warm_up()  # read before the fork, the registry is shared by all processes
    server.serve(
        app,
        host=host,
        port=port,
        workers=workers,
        threads=threads,
        after_fork=lambda: db.dispose(app),
    )


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Run the queue's consumer and the timetable."""
    server.log_to_stderr()
    timetable.run_worker(_app())


jobs = AppGroup("jobs", help="The timetable's jobs.")


@jobs.command("run")
@click.option("--now", "instant", help="ISO instant for the jobs; refused in production.")
def run_jobs(instant: str | None) -> None:
    """Every due job once."""
    now = utc_now()
    if instant is not None:
        if _settings().production:
            raise click.ClickException("--now is refused in production")
        now = _instant(instant)
    with shown_refusals():
        for name, count in timetable.run_due(_app(), now).items():
            click.echo(f"{name}\t{count}")


def _instant(text: str) -> datetime:
    try:
        return parse_local(text, _settings().timezone)
    except ValueError as fault:
        raise click.UsageError("--now takes an ISO date and time") from fault


database = AppGroup("db", help="Migrations.")


@database.command("upgrade")
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the schema up to date."""
    _alembic(lambda: alembic.upgrade(migrations.config(), revision))
    if revision == "head":
        indexing.fill()


@database.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Go back to an earlier schema."""
    _alembic(lambda: alembic.downgrade(migrations.config(), revision))


@database.command("check")
def check() -> None:
    """Say whether the tables are what the code expects."""
    _alembic(lambda: alembic.check(migrations.config()))


def _alembic(run: Callable[[], object]) -> None:
    try:
        run()
    except CommandError as fault:
        raise click.ClickException(str(fault)) from fault


@click.command("doctor")
@click.option("--json", "as_data", is_flag=True, help="The findings, as JSON.")
@with_appcontext
def doctor(as_data: bool) -> None:
    """Check settings, database, queue and the invariants; exit 1 when something is off."""
    found = health.findings(_settings(), utc_now())
    answers = health.queue_answers(_app())
    found.append(Finding("queue", True, "answers" if answers else "away: the poll sends"))
    if as_data:
        click.echo(json.dumps([asdict(f) for f in found], ensure_ascii=False, indent=2))
    else:
        for finding in found:
            click.echo(f"{'ok ' if finding.ok else 'OFF'}\t{finding.check}\t{finding.message}")
    if not all(finding.ok for finding in found):
        sys.exit(1)


demo = AppGroup("demo", help="Sample events and people.")


@demo.command("load")
def load() -> None:
    """Load the sample events and people (again: nothing changes)."""
    if _settings().production:
        raise click.ClickException("refused in production: these events do not exist")
    with shown_refusals():
        for line in loading.load(utc_now()):
            click.echo(line)


ALL = (serve, worker, jobs, database, doctor, demo)
