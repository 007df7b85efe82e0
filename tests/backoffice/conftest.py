"""Helpers of the tests of organiser pages."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from eventreg.eligibility import services as eligibility
from eventreg.shared.db import db

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
def registry_read_again(ctx: None) -> Iterator[None]:
    """What one test decided about domains is unknown to the next."""
    eligibility.forget()
    yield
    db.session.rollback()
    eligibility.forget()
