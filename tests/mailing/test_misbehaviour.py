"""R19: each way in which a mail server can misbehave has one decided outcome."""

import shutil
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from eventreg.config import MailServer
from eventreg.mailing import delivery
from eventreg.mailing.delivery import connection
from eventreg.shared import clock
from tests.mailing.fake_smtp import CUT, CUT_AFTER, ENDLESS, Script

BAD = "mauvaise@slow.example"


def only_bad(reply: str, otherwise: str = "250 ok") -> Callable[[str], str]:
    return lambda recipient: reply if recipient == BAD else otherwise


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (Script(rcpt=only_bad("421 later")), ("retrying", "421 recipient", 0)),
        (Script(rcpt=only_bad("451 later")), ("retrying", "451 recipient", 0)),
        (Script(rcpt=only_bad("452 full")), ("retrying", "452 recipient", 0)),
        (Script(rcpt=only_bad("550 unknown")), ("failed", "550 recipient", 0)),
        (Script(rcpt=only_bad(CUT)), ("retrying", "connection recipient", 0)),
        (Script(data=only_bad("451 no", "354 go")), ("retrying", "451 data", 0)),
        (Script(data=only_bad("554 no", "354 go")), ("failed", "554 data", 0)),
        (Script(body=only_bad("432 too many")), ("retrying", "432 data", 0)),
        (Script(body=only_bad("552 too large")), ("failed", "552 data", 0)),
        (Script(body=only_bad("554 spam")), ("failed", "554 data", 0)),
        (Script(body=only_bad("421 leaving")), ("retrying", "421 data", 0)),
        (Script(body=only_bad(CUT)), ("retrying", "connection data", 0)),
        (Script(body=only_bad(CUT_AFTER)), ("retrying", "connection data", 1)),
        (Script(rcpt=only_bad("gibberish")), ("retrying", "connection recipient", 0)),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_one_refused_letter_has_its_outcome_and_the_others_leave(
    post: Any, smtp: Any, now: datetime, script: Script, outcome: tuple[str, str, int]
) -> None:
    state, reason, copies = outcome
    outbox = post(mail_server=smtp(script))
    first, bad, last = outbox.owe(), outbox.owe(BAD), outbox.owe("dominique@example.org")
    delivery.drain()
    seen = outbox.row(bad)
    assert (seen.state, seen.last_error, seen.attempts) == (state, reason, 1)
    assert (seen.failed_at == now) is (state == "failed")
    assert [outbox.row(key).state for key in (first, last)] == ["sent", "sent"]
    taken = [recipient for recipient, _ in script.copies]
    assert taken.count(BAD) == copies
    assert sorted(set(taken) - {BAD}) == ["camille@example.org", "dominique@example.org"]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (Script(greeting="421 busy"), "421 connect"),
        (Script(greeting="554 go away"), "554 connect"),
        (Script(greeting=CUT), "connection connect"),
    ],
)
def test_a_server_that_is_away_keeps_every_letter_waiting(
    post: Any, smtp: Any, now: datetime, script: Script, reason: str
) -> None:
    outbox = post(mail_server=smtp(script))
    keys = [outbox.owe() for _ in range(5)]
    counts = delivery.drain()
    assert (counts.away, counts.retrying, counts.failed) == (reason, 1, 0)
    assert [outbox.row(key).state for key in keys] == ["retrying"] + ["queued"] * 4
    assert [outbox.row(key).attempts for key in keys] == [1, 0, 0, 0, 0]
    assert script.connections == 1, "a server in trouble gets one knock, not one for each letter"


def test_a_refused_connection_keeps_every_letter_and_the_next_run_sends_them(
    post: Any, smtp: Any, closed_port: int, now: datetime
) -> None:
    outbox = post(mail_server=MailServer(host="127.0.0.1", port=closed_port, security="none"))
    keys = [outbox.owe() for _ in range(3)]
    counts = delivery.drain()
    assert (counts.away, counts.retrying, counts.sent) == ("connection connect", 1, 0)
    settings = outbox.app.extensions["settings"]
    script = Script()
    outbox.app.extensions["settings"] = replace(settings, mail_server=smtp(script))
    with clock.frozen(now + timedelta(seconds=20)):
        assert delivery.drain().sent == 3
    assert [outbox.row(key).state for key in keys] == ["sent"] * 3


@pytest.mark.parametrize(
    "reply", ["421 later", "451 later", "530 sign in first", "550 who are you"]
)
def test_a_refused_sender_is_our_trouble_and_gives_up_nobody(
    post: Any, smtp: Any, now: datetime, reply: str
) -> None:
    outbox = post(mail_server=smtp(Script(mail=reply)))
    keys = [outbox.owe(f"p{number}@d{number}.example") for number in range(5)]
    counts = delivery.drain()
    assert (counts.sent, counts.failed) == (0, 0)
    states = [outbox.row(key).state for key in keys]
    assert states == ["retrying"] * 3 + ["queued"] * 2, "three in a row end the run"


def test_starttls_stripped_by_somebody_in_between_sends_nothing_in_clear(
    post: Any, smtp: Any, now: datetime
) -> None:
    script = Script()
    outbox = post(mail_server=smtp(script, "starttls"))
    key = outbox.owe()
    assert delivery.drain().away == "not offered tls"
    assert outbox.row(key).state == "retrying"
    assert {command.split(" ")[0].lower() for command in script.commands} <= {"ehlo", "quit"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that nobody has signed but itself, made for this run."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return key, cert


def tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    return context


def test_a_certificate_that_nobody_vouches_for_stops_the_conversation(
    post: Any, smtp: Any, now: datetime, certificate: tuple[Path, Path]
) -> None:
    script = Script(extensions=("STARTTLS",), tls=tls(certificate))
    outbox = post(mail_server=smtp(script, "starttls", "localhost"))
    key = outbox.owe()
    assert delivery.drain().away == "certificate tls"
    assert (outbox.row(key).state, script.copies) == ("retrying", [])


def test_a_certificate_of_a_known_authority_for_this_very_host_is_accepted(
    post: Any,
    smtp: Any,
    now: datetime,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    script = Script(extensions=("STARTTLS",), tls=tls(certificate))
    named = post(mail_server=smtp(script, "starttls", "localhost"))
    named.owe()
    assert delivery.drain().sent == 1
    settings = named.app.extensions["settings"]
    server = replace(settings.mail_server, host="127.0.0.1")
    named.app.extensions["settings"] = replace(settings, mail_server=server)
    named.owe()
    assert delivery.drain().away == "certificate tls", "the certificate names localhost only"


def test_a_server_that_takes_few_letters_per_connection_costs_no_attempt(
    post: Any, smtp: Any, now: datetime
) -> None:
    script = Script(most=2)
    outbox = post(mail_server=smtp(script))
    keys = [outbox.owe(f"p{number}@example.org") for number in range(5)]
    assert delivery.drain().sent == 5
    assert [outbox.row(key).attempts for key in keys] == [1] * 5
    assert (len(script.copies), script.connections) == (5, 3)


def test_one_domain_that_refuses_is_put_aside_for_the_run(
    post: Any, smtp: Any, now: datetime
) -> None:
    script = Script(rcpt=lambda to: "451 later" if to.endswith("slow.example") else "250 ok")
    outbox = post(mail_server=smtp(script))
    slow = [outbox.owe(f"p{number}@slow.example") for number in range(6)]
    quick = outbox.owe()
    counts = delivery.drain()
    assert (counts.sent, counts.retrying, counts.postponed) == (1, 3, 3)
    assert outbox.row(quick).state == "sent"
    assert [outbox.row(key).attempts for key in slow] == [1, 1, 1, 0, 0, 0]
    assert all(outbox.row(key).due_at > now for key in slow)


def test_one_domain_that_answers_slowly_is_put_aside_for_the_run(
    post: Any, smtp: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "SLOW_SECONDS", 0.0)  # every answer counts as slow
    outbox = post(mail_server=smtp(Script()))
    keys = [outbox.owe(f"p{number}@slow.example") for number in range(3)]
    other = outbox.owe("p@other.example")
    counts = delivery.drain()
    assert (counts.sent, counts.postponed) == (2, 2)
    assert [outbox.row(key).state for key in keys] == ["sent", "queued", "queued"]
    assert outbox.row(other).state == "sent"


def test_a_letter_that_cannot_be_built_fails_alone(post: Any, smtp: Any, now: datetime) -> None:
    script = Script()
    outbox = post(mail_server=smtp(script))
    first = outbox.owe()
    broken = outbox.owe(headers={"Subject": "another subject"})
    last = outbox.owe()
    delivery.drain()
    assert [outbox.row(key).state for key in (first, broken, last)] == ["sent", "failed", "sent"]
    assert outbox.row(broken).last_error == "ValueError build"
    assert len(script.copies) == 2


def test_an_answer_that_never_ends_is_broken_off_after_our_patience(
    post: Any, now: datetime, smtp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.1)
    outbox = post(mail_server=smtp(Script(rcpt=ENDLESS)))
    key = outbox.owe()
    delivery.drain()
    seen = outbox.row(key)
    assert (seen.state, seen.last_error) == ("retrying", "connection recipient")


def test_an_accent_before_the_at_sign_needs_a_server_that_knows_how(
    post: Any, smtp: Any, now: datetime
) -> None:
    script = Script()
    outbox = post(mail_server=smtp(script))
    outbox.owe("rené@example.org")
    assert delivery.drain().sent == 1
    assert [recipient for recipient, _ in script.copies] == ["rené@example.org"]
    old = Script(extensions=("8BITMIME",))
    settings = outbox.app.extensions["settings"]
    outbox.app.extensions["settings"] = replace(settings, mail_server=smtp(old))
    key = outbox.owe("rené@example.org")
    delivery.drain()
    assert (outbox.row(key).state, outbox.row(key).last_error) == (
        "failed",
        "SMTPUTF8 is not offered",
    )


def test_a_letter_is_retried_with_the_same_bytes_so_that_a_copy_is_recognised(
    post: Any, smtp: Any, now: datetime
) -> None:
    answers = iter([CUT_AFTER, CUT_AFTER, "250 ok"])
    script = Script(body=lambda _recipient: next(answers))
    outbox = post(mail_server=smtp(script))
    key = outbox.owe(attachments=())
    for minutes in (0, 1, 2):
        with clock.frozen(now + timedelta(minutes=minutes)):
            delivery.drain()
    assert (outbox.row(key).state, outbox.row(key).attempts) == ("sent", 3)
    contents = [content for _, content in script.copies]
    assert len(contents) == 3
    assert len(set(contents)) == 1, "another Message-ID, Date or boundary: a new letter to readers"
    sent = message_from_bytes(contents[0])
    assert sent["Message-ID"] == outbox.row(key).message_id


def test_the_control_sees_a_message_id_made_anew_for_each_attempt(
    post: Any, smtp: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant M7: what the test above must notice."""
    build = delivery.envelope.build
    numbers = iter(range(9))

    def renewed(owed: Any, settings: Any) -> Any:
        return build(replace(owed, message_id=f"<{next(numbers)}@example.org>"), settings)

    monkeypatch.setattr(delivery.envelope, "build", renewed)
    answers = iter([CUT_AFTER, "250 ok"])
    script = Script(body=lambda _recipient: next(answers))
    outbox = post(mail_server=smtp(script))
    outbox.owe()
    for minutes in (0, 1):
        with clock.frozen(now + timedelta(minutes=minutes)):
            delivery.drain()
    assert len({content for _, content in script.copies}) == 2
