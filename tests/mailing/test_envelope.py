"""R23, R24: messages are well formed whatever people typed, and nothing gets into the headers."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventreg.config import Settings
from eventreg.mailing.delivery import envelope
from eventreg.mailing.delivery.envelope import Owed, Unbuildable
from eventreg.shared import letters
from eventreg.shared.letters import Attachment

OURS = Settings(
    secret_key="k" * 40,
    database_url="sqlite:///unused",
    mail_sender="ne-pas-repondre@example.gouv.fr",
    service_name='Événements : "l’État", <bcc@example.org>',
)
OWED = Owed(
    id=1,
    kind="confirmed",
    lane=0,
    recipient="camille@example.org",
    recipient_key="k",
    subject="Inscription confirmée\u00a0: Journée, jeudi 14\u00a0janvier",
    text="Bonjour,\n\nÀ bientôt\n",
    html="<!DOCTYPE html><html><head></head><body><p>À bientôt</p></body></html>",
    headers={"Reply-To": "contact@example.gouv.fr"},
    attachments=(),
    message_id="<abc@example.gouv.fr>",
    dated_at=datetime(2027, 1, 4, 9, tzinfo=UTC),
    created_at=datetime(2027, 1, 4, 9, tzinfo=UTC),
    attempts=1,
    registration_id=None,
)
HOSTILE = [
    "Bonjour\r\nBcc: victime@example.org",
    "Bonjour\nBcc: victime@example.org",
    "Bonjour\rBcc: victime@example.org",
    "Bonjour\u2028Bcc: victime@example.org",
    "Bonjour\u2029Bcc: victime@example.org",
    "Bonjour\u0085Bcc: victime@example.org",
    "Bonjour\x0b\x0cBcc: victime@example.org",
    "Bonjour\x00Bcc: victime@example.org",
    "Bonjour =?utf-8?q?=0D=0ABcc=3A_victime=40example=2Eorg?=",
    "\r\n\r\n<p>un autre corps</p>",
    "Bonjour %0d%0aBcc: victime@example.org",
    'a"b, c <d@example.org>',
    "é" * 5_000,
    "x" * 10_000,
    "{{ 7 * 7 }} {subject} %(to)s",
    "\u202egnp.exe\u2066 \ufeff",
    "😀" * 300,
    "\ud800",
    "",
]
NAMES = sorted(
    [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "auto-submitted",
        "x-auto-response-suppress",
        "reply-to",
        "mime-version",
        "content-type",
    ]
)


def read(content: bytes) -> Any:
    return message_from_bytes(content, policy=policy.SMTP + policy.strict)


def plain_of(message: Any) -> str:
    return str(message.get_body(("plain",)).get_content()).replace("\r\n", "\n")


def test_a_message_says_who_it_is_from_and_that_no_person_wrote_it() -> None:
    message = read(envelope.as_bytes(OWED, OURS))
    assert message["From"].addresses[0].addr_spec == "ne-pas-repondre@example.gouv.fr"
    assert len(message["From"].addresses) == 1
    assert not set('@:,"<>') & set(message["From"].addresses[0].display_name)
    assert message["To"] == "camille@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Message-ID"] == "<abc@example.gouv.fr>"
    assert message["Date"].datetime == OWED.dated_at
    assert message["Subject"].replace("\u00a0", " ") == OWED.subject.replace("\u00a0", " ")
    assert plain_of(message) == OWED.text
    assert message.get_body(("html",)).get_content().strip() == OWED.html
    assert message.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_subject_adds_no_header_and_no_recipient(typed: str) -> None:
    owed = replace(OWED, subject=letters.subject_line(typed))
    message = read(envelope.as_bytes(owed, OURS))
    assert sorted(name.lower() for name in message) == NAMES
    assert [a.addr_spec for a in message["To"].addresses] == ["camille@example.org"]
    assert len(str(message["Subject"])) <= letters.SUBJECT_LIMIT


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_subject_that_came_past_the_queue_fails_alone_or_stays_one_header(
    typed: str,
) -> None:
    try:
        content = envelope.as_bytes(replace(OWED, subject=typed), OURS)
    except Unbuildable:
        return
    assert sorted(name.lower() for name in read(content)) == NAMES


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_reply_address_or_file_name_adds_nothing(typed: str) -> None:
    file = Attachment(typed, "text/calendar", b"BEGIN:VCALENDAR").as_json()
    owed = replace(OWED, headers={"Reply-To": letters.clean(typed)}, attachments=(file,))
    try:
        content = envelope.as_bytes(owed, OURS)
    except Unbuildable:
        return
    message = read_loosely(content)
    assert {name.lower() for name in message.keys()} <= set(NAMES)  # noqa: SIM118 - a message
    assert message.get_all("Bcc") is None
    (part,) = list(message.iter_attachments())
    assert {name.lower() for name in part.keys()} <= {  # noqa: SIM118 - a message
        "content-type",
        "content-transfer-encoding",
        "content-disposition",
        "mime-version",
    }


def read_loosely(content: bytes) -> Any:
    return message_from_bytes(content, policy=policy.SMTP)


HIDDEN = "=?utf-8?q?=0D=0ABcc=3A_victime=40example=2Eorg?="


@pytest.mark.parametrize(
    "owed",
    [
        replace(OWED, subject=HIDDEN),
        replace(OWED, headers={"Reply-To": f"{HIDDEN} <a@example.org>"}),
        replace(OWED, headers={"X-Note": HIDDEN}),
        replace(OWED, attachments=(Attachment(HIDDEN, "text/calendar", b"x").as_json(),)),
        replace(
            OWED,
            attachments=(Attachment("a.ics", "text/calendar", b"x", {"method": HIDDEN}).as_json(),),
        ),
    ],
)
def test_a_line_end_hidden_in_an_encoded_word_never_reaches_a_message(owed: Owed) -> None:
    """The library of Python 3.11.7 decodes it and then writes it as a line end."""
    with pytest.raises(Unbuildable):
        envelope.as_bytes(owed, OURS)


def test_an_address_that_looks_like_an_encoded_word_stays_one_recipient() -> None:
    odd = "=?utf-8?q?=0d=0abcc=3a_x?=@example.org"
    message = read_loosely(envelope.as_bytes(replace(OWED, recipient=odd), OURS))
    assert sorted(name.lower() for name in message) == NAMES


@pytest.mark.parametrize("name", ["Bcc", "to", "Subject", "Message-ID", "Date", "From", "Sender"])
def test_a_header_that_is_ours_cannot_be_given_by_a_letter(name: str) -> None:
    with pytest.raises(Unbuildable):
        envelope.as_bytes(replace(OWED, headers={name: "x@example.org"}), OURS)


@pytest.mark.parametrize("name", ["X-A\r\nBcc", "X A", "X:A", ""])
def test_a_header_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Unbuildable):
        envelope.as_bytes(replace(OWED, headers={name: "x"}), OURS)


@pytest.mark.parametrize(
    "file",
    [
        {},
        {"filename": "a", "content_type": "text/plain", "parameters": {}, "base64": "*"},
        {"filename": "a", "content_type": "text/plain", "parameters": None, "base64": ""},
        {"filename": "a", "content_type": "multipart/mixed", "parameters": {}, "base64": ""},
        {"filename": "a", "content_type": "text/pl\r\nBcc: x", "parameters": {}, "base64": ""},
    ],
)
def test_a_broken_attachment_fails_its_letter_only(file: dict[str, Any]) -> None:
    with pytest.raises(Unbuildable):
        envelope.as_bytes(replace(OWED, attachments=(file,)), OURS)


def test_an_attachment_keeps_its_bytes_type_and_method() -> None:
    file = Attachment(
        "inscription.ics", "text/calendar", b"BEGIN:VCALENDAR\r\n", {"method": "REQUEST"}
    )
    message = read(envelope.as_bytes(replace(OWED, attachments=(file.as_json(),)), OURS))
    (part,) = list(message.iter_attachments())
    assert (part.get_content_type(), part.get_filename()) == ("text/calendar", "inscription.ics")
    assert part["Content-Type"].params["method"] == "REQUEST"
    assert part.get_payload(decode=True) == b"BEGIN:VCALENDAR\r\n"


@settings(max_examples=150, deadline=None)
@given(subject=st.text(max_size=300), text=st.text(max_size=1_500))
def test_any_text_makes_lines_that_every_server_takes(subject: str, text: str) -> None:
    cleaned = str(letters.several(text))
    owed = replace(OWED, subject=letters.subject_line(subject), text=cleaned + "\n")
    content = envelope.as_bytes(owed, OURS)
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert content.isascii()
    message = read(content)
    assert sorted(name.lower() for name in message) == NAMES
    assert plain_of(message).rstrip("\n") == cleaned
