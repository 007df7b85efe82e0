"""A browser that is not inside the test's own application context, as real ones are not."""

import contextvars
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient


class Outsider(FlaskClient):
    """Each request gets a context, a session and a language of its own."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return contextvars.Context().run(super().open, *args, **kwargs)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return Outsider(app, app.response_class)
