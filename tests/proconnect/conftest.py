"""Fixtures: the application with ProConnect played by a twin that lies on demand."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from eventreg.config import ProConnectClient, Settings
from eventreg.proconnect.client import Provider
from eventreg.proconnect.routes import leave_provider
from tests.proconnect import provider
from tests.proconnect.provider import CLIENT_ID, CLIENT_SECRET, Twin


@pytest.fixture(scope="module")
def _twin() -> Iterator[Twin]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with provider.running() as twin:
        yield twin


@pytest.fixture
def twin(_twin: Twin, app: Flask, settings: Settings) -> Iterator[Twin]:
    """Connected to the application; its process knows nothing of the provider yet."""
    _twin.reset()
    connect(app, _twin.issuer)
    yield _twin
    app.extensions["proconnect"] = None
    app.extensions["sign_out_elsewhere"] = None


def connect(app: Flask, issuer: str) -> None:
    client = ProConnectClient(issuer=issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    app.extensions["proconnect"] = Provider(client)
    app.extensions["sign_out_elsewhere"] = leave_provider


@pytest.fixture
def sign_in(twin: Twin) -> Callable[..., Any]:
    """`sign_in(client, "?pour=organisation", error=...)`: there and back; the last answer."""

    def go(client: FlaskClient, query: str = "", **more: str) -> Any:
        left = client.get(f"/proconnect/connexion/{query}")
        if left.status_code != 303:
            return left
        return client.get(twin.come_back(left.location, **more))

    return go
