"""Helpers of the tests of organiser pages."""

import contextvars
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Post = Callable[..., TestResponse]


@pytest.fixture(autouse=True)
def own_contexts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request gets an application context of its own, as behind a real server.

    Flask would otherwise share the test's, with its `g`, between two browsers.
    """
    inner = app.wsgi_app

    def wsgi(environ: Any, start_response: Any) -> Any:
        return contextvars.Context().run(inner, environ, start_response)

    monkeypatch.setattr(app, "wsgi_app", wsgi)


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
