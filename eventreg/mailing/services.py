"""Owing a letter: one finished row in the outbox, inside the caller's transaction."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from eventreg.mailing.models import OutboxMessage
from eventreg.mailing.rules import MailState
from eventreg.shared import bell, letters, rows
from eventreg.shared.addresses import canonical
from eventreg.shared.db import after_commit
from eventreg.shared.letters import Attachment, Letter
from eventreg.shared.rows import Ready
from eventreg.shared.tokens import random_id


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A finished letter. `headers` are added to ours (Reply-To ...); lane 1 is for announcements.

    `dedupe_key`: at most one letter is ever owed under one key.
    """

    kind: str
    to: str
    locale: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    event_id: int | None = None
    registration_id: int | None = None
    dedupe_key: str | None = None
    lane: int = 0
    attachments: tuple[Attachment, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, letter: Letter, **envelope: Any) -> "Mail":
        """A mail with the words of `letter`; `envelope` holds the other fields."""
        return cls(subject=letter.subject, text=letter.text, html=letter.html, **envelope)


@dataclass(frozen=True)
class Owed:
    """A letter ready to be written: made before a transaction, so that no lock waits for it."""

    kind: str
    row: Ready = field(repr=False)


def ready(mail: Mail, *, now: datetime) -> Owed:
    """`mail` as the outbox will hold it, due from `now` on. Raises InvalidAddress."""
    writer = letters.writer()
    recipient = canonical(mail.to).canonical
    domain = writer.settings.mail_sender.rpartition("@")[2]
    row: dict[str, Any] = {
        "kind": mail.kind,
        "lane": mail.lane,
        "state": MailState.QUEUED,
        "locale": mail.locale,
        "recipient": recipient,
        "recipient_key": writer.recipient_key(recipient),
        "subject": letters.subject_line(mail.subject),
        "text": mail.text,
        "html": mail.html,
        "headers": {name: letters.header_text(value) for name, value in mail.headers.items()},
        "attachments": [attachment.as_json() for attachment in mail.attachments],
        "message_id": f"<{random_id()}@{domain}>",
        "dated_at": now,
        "created_at": now,
        "due_at": now,
        "attempts": 0,
        "event_id": mail.event_id,
    }
    late = ("registration_id", "dedupe_key")
    return Owed(mail.kind, rows.ready(OutboxMessage, row, answer="id", late=late))


def owe(owed: Owed, *, registration_id: int | None, dedupe_key: str | None) -> int | None:
    """Writes a ready letter; its id, or None when the key is taken.

    Rings the worker after the commit.
    """
    key: int | None = rows.write(owed.row, registration_id=registration_id, dedupe_key=dedupe_key)
    if key is not None:
        after_commit(bell.ring)
    return key


def queue(mail: Mail, *, now: datetime) -> int | None:
    """Owes `mail` from `now` on; its id, or None when its dedupe key is already taken.

    Rings the worker after the commit. Raises InvalidAddress.
    """
    return owe(
        ready(mail, now=now), registration_id=mail.registration_id, dedupe_key=mail.dedupe_key
    )
