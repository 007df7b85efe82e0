"""Requests that attack the edge: addresses, hosts, bodies; and what the log says of them."""

import io
import logging
import re

import pytest
from flask import abort
from sqlalchemy.exc import IntegrityError

from eventreg.shared import http
from eventreg.shared.logs import Discreet, WithoutAddresses
from eventreg.shared.requests import FIELDS_LIMIT

NUL = "%00"
TOO_LARGE = "99999999999999999999999"


@pytest.mark.parametrize(
    "path",
    [
        f"/agenda/{NUL}/",
        f"/agenda/{NUL}.ics",
        f"/agenda/{NUL}/inscription/",
        f"/agenda/journee/inscription/recue/{NUL}/",
        f"/inscriptions/{NUL}/",
        f"/organisation/evenements/{NUL}/",
        f"/organisation/evenements/journee/inscriptions/{NUL}/",
        f"/organisation/evenements/journee/inscriptions/?q=a{NUL}b",
        f"/organisation/connexion/{NUL}",
        f"/dev/courriels/{TOO_LARGE}/",
        f"/dev/courriels/{2**31}/html",
        f"/dev/courriels/1/pieces/{TOO_LARGE}",
    ],
)
def test_what_no_table_can_hold_does_not_exist(make_event, organiser_client, path):
    """PostgreSQL refuses a NUL, both refuse such a number: it was a 500."""
    make_event()
    assert organiser_client().get(path).status_code == 404


def test_a_session_number_that_no_table_can_hold_does_not_exist(organiser_client):
    browser = organiser_client()
    page = browser.get("/organisation/mes-sessions/").text
    data = {"csrf_token": re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]}
    answer = browser.post(f"/organisation/mes-sessions/{TOO_LARGE}/terminer/", data=data)
    assert answer.status_code == 404


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
@pytest.mark.parametrize("path", ["/mes-inscriptions/", "/agenda/journee/inscription/"])
def test_a_form_of_three_hundred_fields_is_refused(client, make_event, path, kind):
    make_event()
    fields = {f"f{number}": "x" for number in range(300)}
    content = {"multipart": "multipart/form-data"}.get(kind, "application/x-www-form-urlencoded")
    assert client.post(path, data=fields, content_type=content).status_code == 413


def test_a_form_of_two_hundred_fields_is_read(client):
    fields = {f"f{number}": "x" for number in range(FIELDS_LIMIT)}
    assert client.post("/mes-inscriptions/", data=fields).status_code == 400  # no token in it


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/agenda", "/agenda/"),
        ("/en/agenda", "/en/agenda/"),
        ("/agenda?q=a%20b", "/agenda/?q=a%20b"),
        ("/agenda//", "/agenda/"),
        ("/organisation", "/organisation/"),
    ],
)
@pytest.mark.parametrize("host", ["localhost", "localhost:9999"])
def test_a_redirection_names_no_host_and_no_port(client, path, place, host):
    answer = client.get(path, headers={"Host": host})
    assert (answer.status_code, answer.headers["Location"], answer.data) == (308, place, b"")


@pytest.mark.parametrize("path", ["//exemple.example/x", "/en//exemple.example/x", "///x"])
def test_a_page_that_does_not_exist_links_to_no_other_site(client, path):
    page = client.get("/", environ_overrides={"PATH_INFO": path})
    assert page.status_code == 404
    assert 'href="//' not in page.get_data(as_text=True)


def test_a_log_line_of_a_bug_quotes_nothing():
    """Messages of exceptions quote values: a driver's DETAIL even the address of a person."""
    secret = "camille@exemple.example"
    try:
        try:
            int(secret)
        except ValueError as fault:
            raise IntegrityError("INSERT", {"email": secret}, fault) from fault
    except IntegrityError:
        text = _logged(lambda log: log.exception("job failed"))
    assert secret not in text
    assert "builtins.ValueError" in text
    assert "sqlalchemy.exc.IntegrityError" in text
    assert "test_a_log_line_of_a_bug_quotes_nothing" in text


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (
            "Invalid request from ip=192.0.2.7: Invalid HTTP request line: 'GET /lien/c.JETON'",
            "Invalid request from: Invalid HTTP request line",
        ),
        ("Error handling request GET /inscriptions/lien/c.JETON", "Error handling request"),
        ("Worker exiting (pid: 12)", "Worker exiting (pid: 12)"),
    ],
)
def test_the_server_own_log_keeps_no_address(message, kept):
    record = logging.LogRecord("gunicorn.error", logging.WARNING, "", 0, message, (), None)
    assert WithoutAddresses().filter(record)
    assert record.getMessage() == kept


def test_an_error_page_that_fails_logs_no_path(make_app, monkeypatch):
    """Flask's own line for it quotes the path, and paths of mailed links hold tokens."""
    app = make_app()

    def broken(*_given, **_named):
        raise ZeroDivisionError

    monkeypatch.setattr(http, "error_page", broken)
    app.config.update(PROPAGATE_EXCEPTIONS=False)
    app.view_functions["agenda.index"] = lambda: abort(403)

    def ask(_log):
        with pytest.raises(ZeroDivisionError):
            app.test_client().get("/agenda/?jeton=SECRET")

    text = _logged(ask)
    assert "bug in request" in text
    assert "SECRET" not in text
    assert "/agenda/ [GET]" not in text


def _logged(act):
    """What a handler of the server writes while `act` runs."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Discreet())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        act(logging.getLogger("eventreg.test"))
    finally:
        root.removeHandler(handler)
    return out.getvalue()
