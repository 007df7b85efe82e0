"""Who is signed up does not show: not in the words of an answer, not in its time (R43)."""

import re

import pytest
from flask import request

from eventreg.shared import limits, pace

UNIQUE = re.compile(r'value="[^"]{20,}"')


@pytest.mark.any_database
@pytest.mark.parametrize(("work", "lasts"), [(0.004, 0.25), (0.011, 0.25), (0.26, 0.5)])
def test_an_even_answer_lasts_whole_steps_whatever_the_work(monkeypatch, work, lasts):
    instants = iter([100.0, 100.0 + work])
    slept = []
    monkeypatch.setattr(pace.time, "monotonic", lambda: next(instants))
    monkeypatch.setattr(pace.time, "sleep", slept.append)
    with pace.even():
        pass
    assert work + slept[0] == pytest.approx(lasts)


def test_my_links_answers_strangers_and_registrants_alike(
    client, make_event, make_registration, monkeypatch
):
    """The letter to a registrant took 2 to 5 ms: enough to ask whether one's boss is coming."""
    make_registration(make_event(), "camille@exemple.example")
    slept = []
    monkeypatch.setattr(pace.time, "sleep", slept.append)
    page = client.get("/mes-inscriptions/").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    answers = []
    for email in ("camille@exemple.example", "personne@exemple.example"):
        answer = client.post("/mes-inscriptions/", data={"csrf_token": token, "email": email})
        answers.append((answer.status_code, UNIQUE.sub("", answer.text)))
    assert answers[0] == answers[1]
    assert len(slept) == 2


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, "unknown"),
        ("unix:", "unix:"),
    ],
)
def test_each_network_has_its_own_counter(app, address, counted):
    """Behind a socket for both families, all of IPv4 would have shared the one of ::/64."""
    with app.test_request_context(environ_overrides={"REMOTE_ADDR": address}):
        assert request.remote_addr == address
        assert limits.client() == counted
