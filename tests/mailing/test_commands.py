"""`eventreg mails ...`: JSON that programs rely on, messages on stderr, exit codes."""

import json
from datetime import datetime
from typing import Any

import pytest
from click.testing import Result

from eventreg.config import MailServer
from eventreg.shared.letters import Attachment
from tests.mailing.fake_smtp import Script

KEYS = [
    "id",
    "kind",
    "recipient",
    "state",
    "attempts",
    "due_at",
    "sent_at",
    "message_id",
    "last_error",
    "registration",
]
MORE = ["subject", "text", "html", "headers", "links", "attachments"]
LINK = "https://evenements.example.gouv.fr/inscriptions/lien/c.jeton"


def run(outbox: Any, *arguments: str) -> Result:
    return outbox.app.test_cli_runner().invoke(args=["mails", *arguments])


def test_list_gives_all_keys_always(
    post: Any, now: datetime, make_event: Any, make_registration: Any
) -> None:
    registration = make_registration(make_event())
    outbox = post()
    with_one = outbox.owe(registration_id=registration.id)
    without = outbox.owe()
    run(outbox, "drain")
    third = outbox.owe("dominique@example.org")
    rows = json.loads(run(outbox, "list", "--json").stdout)
    assert [list(row) for row in rows] == [KEYS] * 3
    assert [row["id"] for row in rows] == [with_one, without, third]
    assert [row["registration"] for row in rows] == [registration.public_id, None, None]
    assert [row["state"] for row in rows] == ["sent", "sent", "queued"]
    assert rows[0]["sent_at"] == now.isoformat()
    assert rows[2]["sent_at"] is None
    assert rows[2]["recipient"] == "dominique@example.org"


def test_list_by_state(post: Any, now: datetime) -> None:
    outbox = post()
    outbox.owe()
    run(outbox, "drain")
    waiting = outbox.owe()
    (row,) = json.loads(run(outbox, "list", "--json", "--state", "queued").stdout)
    assert row["id"] == waiting
    assert json.loads(run(outbox, "list", "--json", "--state", "failed").stdout) == []
    assert run(outbox, "list", "--state", "lost").exit_code == 2


def test_list_for_people_is_one_line_for_each_letter(post: Any, now: datetime) -> None:
    outbox = post()
    outbox.owe()
    result = run(outbox, "list")
    assert result.stdout.count("\n") == 1
    assert "confirmed\tqueued\t0" in result.stdout


def test_show_gives_the_letter_its_links_and_its_files(post: Any, now: datetime) -> None:
    outbox = post()
    file = Attachment("inscription.ics", "text/calendar", b"BEGIN", {"method": "REQUEST"})
    key = outbox.owe(text=f"Bonjour\n\nConfirmer :\n{LINK}\n\n{LINK}\n", attachments=(file,))
    shown = json.loads(run(outbox, "show", str(key), "--json").stdout)
    assert list(shown) == KEYS + MORE
    assert shown["links"] == [LINK]
    assert shown["headers"]["Auto-Submitted"] == "auto-generated"
    assert shown["headers"]["To"] == "camille@example.org"
    assert shown["attachments"] == [
        {
            "filename": "inscription.ics",
            "content_type": "text/calendar",
            "parameters": {"method": "REQUEST"},
            "size": 5,
            "content": "BEGIN",
            "encoding": "text",
        }
    ]
    assert LINK in run(outbox, "show", str(key)).stdout


def test_show_of_a_letter_that_cannot_be_built_still_shows_it(post: Any, now: datetime) -> None:
    outbox = post()
    key = outbox.owe(headers={"Bcc": "x@example.org"})
    shown = json.loads(run(outbox, "show", str(key), "--json").stdout)
    assert (shown["headers"], shown["attachments"]) == ({}, [])
    assert shown["text"].startswith("Bonjour")


@pytest.mark.parametrize("key", ["999999", "x"])
def test_show_of_nothing_is_an_error_without_a_traceback(
    post: Any, now: datetime, key: str
) -> None:
    result = run(post(), "show", key)
    assert result.exit_code == (2 if key == "x" else 1)
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_show_is_refused_in_production_because_links_open_registrations(
    post: Any, now: datetime
) -> None:
    outbox = post(env="production")
    key = outbox.owe(text=LINK)
    result = run(outbox, "show", str(key), "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert LINK not in result.output


def test_drain_sends_all_that_is_due_and_says_so_on_stderr(
    post: Any, smtp: Any, now: datetime
) -> None:
    script = Script(rcpt=lambda to: "550 no" if to.startswith("non") else "250 ok")
    outbox = post(mail_server=smtp(script))
    for to in ("a@example.org", "non@example.org", "b@example.org"):
        outbox.owe(to)
    result = run(outbox, "drain")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "sent 2, retrying 0, failed 1, cancelled 0, postponed 0" in result.stderr


def test_drain_without_an_answer_is_an_error(post: Any, now: datetime, closed_port: int) -> None:
    outbox = post(mail_server=MailServer(host="127.0.0.1", port=closed_port, security="none"))
    outbox.owe()
    result = run(outbox, "drain")
    assert result.exit_code == 1
    assert "connection connect" in result.stderr
    assert "Traceback" not in result.output


def test_every_command_explains_itself(post: Any) -> None:
    outbox = post()
    for arguments in ((), ("list",), ("show",), ("drain",)):
        result = run(outbox, *arguments, "--help")
        assert result.exit_code == 0
        assert "Usage:" in result.stdout
