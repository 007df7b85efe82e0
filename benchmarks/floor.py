"""The floor: what Flask, Jinja and the database cost when nothing else is asked of them.

`/page` renders a 36 KB Jinja page; `POST /transaction` takes one seat of one hot row and inserts
one row, in one transaction, with the database's driver alone.
"""

import os
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from flask import Flask, render_template, request
from jinja2 import DictLoader

from eventreg.operations import server

ROWS = 260
PAGE = """<!DOCTYPE html><html lang="fr"><head><title>{{ title }}</title></head><body><h1>{{ title }}</h1>
<ul>{% for line in lines %}<li class="session"><b>{{ line.hour }}</b> {{ line.title }}
<i>{{ line.place }}</i> <a href="/agenda/{{ line.slug }}/">{{ line.slug }}</a></li>
{% endfor %}</ul></body></html>"""
LINES = [
    {
        "hour": f"{n % 24} h {n % 60:02d}",
        "title": f"Séance numéro {n} & suite <prévue>",
        "place": "Halle des Forges",
        "slug": f"seance-{n}",
    }
    for n in range(ROWS)
]
_local = threading.local()


def sqlite_connection() -> Any:
    connection = sqlite3.connect(os.environ["FLOOR_SQLITE"], timeout=10, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def postgres_connection() -> Any:
    return psycopg.connect(os.environ["FLOOR_POSTGRES"], autocommit=True)


def connection(make: Callable[[], Any]) -> Any:
    """One connection per thread and process."""
    if getattr(_local, "pid", None) != os.getpid():
        _local.pid, _local.connection = os.getpid(), make()
    return _local.connection


def create_app() -> Flask:
    app = Flask(__name__)
    app.jinja_loader = DictLoader({"page.html": PAGE})  # type: ignore[assignment]
    lock = threading.Lock()

    @app.get("/hello")
    def hello() -> str:
        return "hello\n"

    @app.get("/page")
    def page() -> str:
        return render_template("page.html", title="Programme", lines=LINES)

    @app.post("/transaction/sqlite")
    def sqlite_transaction() -> str:
        db = connection(sqlite_connection)
        with lock:
            db.execute("BEGIN IMMEDIATE")
            db.execute("UPDATE pool SET taken = taken + 1 WHERE id = 1")
            db.execute("INSERT INTO entry (email) VALUES (?)", (request.form["email"],))
            db.execute("COMMIT")
        return "ok\n"

    @app.post("/transaction/postgresql")
    def postgres_transaction() -> str:
        db = connection(postgres_connection)
        with db.transaction():
            db.execute("UPDATE pool SET taken = taken + 1 WHERE id = 1")
            db.execute("INSERT INTO entry (email) VALUES (%s)", (request.form["email"],))
        return "ok\n"

    return app


def prepare() -> None:
    """Makes the two tables in each database."""
    statements = (
        "CREATE TABLE pool (id INTEGER PRIMARY KEY, taken INTEGER NOT NULL)",
        "INSERT INTO pool (id, taken) VALUES (1, 0)",
    )
    lite = sqlite_connection()
    for statement in (*statements, "CREATE TABLE entry (id INTEGER PRIMARY KEY, email TEXT)"):
        lite.execute(statement)
    lite.close()
    if "FLOOR_POSTGRES" in os.environ:
        with postgres_connection() as db:
            for statement in (
                *statements,
                "CREATE TABLE entry (id SERIAL PRIMARY KEY, email TEXT)",
            ):
                db.execute(statement)


if __name__ == "__main__":
    server.serve(
        create_app(), host="127.0.0.1", port=int(os.environ["FLOOR_PORT"]), workers=2, threads=8
    )
