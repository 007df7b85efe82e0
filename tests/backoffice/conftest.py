"""Helpers of the tests of organiser pages."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

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
