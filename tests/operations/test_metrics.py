"""/metrics: an operator's figures, for this machine or the holder of the token only."""

import pytest

from eventreg.events.models import Pool
from eventreg.shared.db import db, transaction


def test_figures_are_for_this_machine(client, make_event, make_registration):
    make_registration(make_event())
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "eventreg_seat_drift 0\n" in answer.text
    assert 'eventreg_mails{state="queued"} 0\n' in answer.text


def test_a_counter_that_drifts_shows(client, make_event):
    make_event()
    with transaction():
        db.session.query(Pool).update({"taken": 3})
    assert "eventreg_seat_drift 3\n" in client.get("/metrics").text


@pytest.mark.parametrize(
    ("headers", "remote", "status"),
    [
        ({}, "203.0.113.5", 404),
        ({"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", 404),
        ({"Authorization": "Bearer wrong"}, "203.0.113.5", 404),
        ({"Authorization": "Bearer a-token-of-24-characters"}, "203.0.113.5", 200),
        ({"Authorization": "Bearer "}, "203.0.113.5", 404),
    ],
)
def test_a_stranger_gets_nothing(make_app, headers, remote, status):
    app = make_app(metrics_token="a-token-of-24-characters")
    answer = app.test_client().get(
        "/metrics", headers=headers, environ_base={"REMOTE_ADDR": remote}
    )
    assert answer.status_code == status


def test_without_a_token_an_empty_one_opens_nothing(client):
    answer = client.get(
        "/metrics",
        headers={"Authorization": "Bearer "},
        environ_base={"REMOTE_ADDR": "203.0.113.5"},
    )
    assert answer.status_code == 404
