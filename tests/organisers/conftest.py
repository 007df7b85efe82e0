"""Helpers of the tests of organiser accounts."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from eventreg.mailing.models import OutboxMessage
from eventreg.organisers import services
from eventreg.organisers.models import Organiser
from eventreg.organisers.rules import Role
from eventreg.shared import clock
from eventreg.shared.db import db, transaction

Post = Callable[..., TestResponse]


@pytest.fixture
def post() -> Post:
    """`post(client, path, form_at=path, **fields)`: what a person does with the form of a page."""

    def send(
        client: FlaskClient, path: str, *, form_at: str | None = None, **fields: object
    ) -> TestResponse:
        page = client.get(form_at or path)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        token = found.group(1) if found else ""
        return client.post(path, data={"csrf_token": token, **fields})

    return send


@pytest.fixture
def make_organiser(ctx: None) -> Callable[..., Organiser]:
    def make(
        email: str = "nadia@example.org", role: str = "owner", slug: str | None = None
    ) -> Organiser:
        with transaction():
            return services.create(
                email, name="Nadia Roussel", role=Role(role), event_slug=slug, now=clock.utc_now()
            )

    return make


@pytest.fixture
def make_code(ctx: None) -> Callable[..., str]:
    """The code of a fresh sign-in link."""

    def make(email: str = "nadia@example.org", minutes: int = 10) -> str:
        with transaction():
            return services.link(email, life=timedelta(minutes=minutes), now=clock.utc_now())[1]

    return make


@pytest.fixture
def sign_in_mails(ctx: None) -> Callable[[], list[OutboxMessage]]:
    def read() -> list[OutboxMessage]:
        db.session.rollback()
        query = select(OutboxMessage).where(OutboxMessage.kind == "organiser_sign_in")
        return list(db.session.execute(query.order_by(OutboxMessage.id)).scalars())

    return read
