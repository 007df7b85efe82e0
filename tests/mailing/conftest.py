"""Letters to send, through a mail server that misbehaves to order."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from eventreg.config import MailServer
from eventreg.mailing import services
from eventreg.mailing.models import OutboxMessage
from eventreg.mailing.services import Mail
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from tests.mailing.fake_smtp import Script, Server


@pytest.fixture
def smtp() -> Iterator[Callable[..., MailServer]]:
    """`smtp(Script(...))`: starts the server, gives the setting that points to it."""
    servers: list[Server] = []

    def start(script: Script, security: str = "none", host: str = "127.0.0.1") -> MailServer:
        servers.append(Server(script))
        return MailServer(host=host, port=servers[-1].port, security=security)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def owe(to: str = "camille@example.org", *, now: datetime | None = None, **values: Any) -> int:
    """Queues a small letter in a transaction of its own; its id."""
    fields: dict[str, Any] = {
        "kind": "confirmed",
        "locale": "fr",
        "subject": "Inscription confirmée\u00a0: Journée, jeudi 14\u00a0janvier",
        "text": "Bonjour,\n\nInscription confirmée.\n",
        "html": "<!DOCTYPE html><html lang='fr'><head><title>x</title></head><body><p>Bonjour</p></body></html>",
    }
    with transaction():
        key = services.queue(Mail(to=to, **{**fields, **values}), now=now or clock.utc_now())
    assert key is not None
    return key


def row(key: int) -> OutboxMessage:
    """The row as the database has it now."""
    db.session.rollback()
    found = db.session.get(OutboxMessage, key, populate_existing=True)
    assert found is not None
    return found


@dataclass
class Post:
    """What tests of this folder call."""

    app: Flask
    owe: Callable[..., int] = owe
    row: Callable[[int], OutboxMessage] = row


@pytest.fixture
def post(app: Flask, ctx: None) -> Iterator[Callable[..., Post]]:
    """`post(mail_server=...)`: the application with these settings, its context pushed."""
    before = app.extensions["settings"]

    def build(**settings: Any) -> Post:
        app.extensions["settings"] = replace(before, **settings)
        return Post(app)

    yield build
    app.extensions["settings"] = before
