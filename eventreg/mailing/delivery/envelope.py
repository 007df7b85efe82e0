"""An outbox row as the bytes of a message: the same bytes on each attempt."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from eventreg.config import Settings
from eventreg.shared.letters import Attachment

DISPLAY_LIMIT = 75
LINE = 78
_OURS = frozenset(
    {"from", "to", "cc", "bcc", "subject", "date", "message-id", "sender", "return-path"}
    | {"auto-submitted", "x-auto-response-suppress", "mime-version"}
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_TYPE = re.compile(r"(text|application|image)/[a-z0-9.+-]{1,60}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_REMEMBERED = 2_048


def _checked(header: tuple[str, Any]) -> tuple[str, Any]:
    if _CONTROL.search(str(header[1])):
        raise ValueError("a control character in a header")
    return header


@lru_cache(_REMEMBERED)
def _parsed(policy: EmailPolicy, name: str, value: str) -> tuple[str, Any]:
    return _checked(EmailPolicy.header_store_parse(policy, name, value))


@lru_cache(_REMEMBERED)
def _folded(policy: EmailPolicy, name: str, value: Any) -> bytes:
    return EmailPolicy.fold_binary(policy, name, value)


@lru_cache(_REMEMBERED)
def _most(policy: EmailPolicy, name: str) -> int | None:
    return EmailPolicy.header_max_count(policy, name)


class _Quick(EmailPolicy):
    """The strict policy, which remembers: letters of one event differ by three headers.

    The library parses and folds each header anew, 4 ms for a letter; this way it is under 1 ms.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        """Refuses what the library lets in: an encoded word that hides a line end."""
        if type(value) is str:
            return _parsed(self, name, value)
        return _checked(super().header_store_parse(name, value))

    def header_max_count(self, name: str) -> int | None:
        return _most(self, name)

    def fold_binary(self, name: str, value: Any) -> bytes:
        line = f"{name}: {value}"
        if len(line) <= LINE and line.isascii() and line.isprintable():
            return line.encode("ascii") + b"\r\n"
        return _folded(self, name, value)


_ASCII = _Quick(max_line_length=LINE, linesep="\r\n", raise_on_defect=True)
_UTF8 = _ASCII.clone(utf8=True)


@dataclass(frozen=True)
class Owed:
    """What of an outbox row is needed to send it."""

    id: int
    kind: str
    lane: int
    recipient: str
    recipient_key: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    attachments: tuple[Mapping[str, Any], ...]
    message_id: str
    dated_at: datetime
    created_at: datetime
    attempts: int
    registration_id: int | None

    @property
    def needs_utf8(self) -> bool:
        """An accent before the @ asks for SMTPUTF8 (RFC 6531)."""
        return not self.recipient.isascii()

    @property
    def domain(self) -> str:
        return self.recipient.rpartition("@")[2]


class Unbuildable(Exception):
    """A row that cannot become a message: it fails alone."""


def display_name(settings: Settings) -> str:
    """The service's name, fit for a From: printable, without `@ : , "` (R24)."""
    kept = "".join(c for c in settings.service_name if c.isprintable() and c not in '@:,"<>')
    return kept[:DISPLAY_LIMIT].strip()


def build(owed: Owed, settings: Settings) -> EmailMessage:
    """The message, with one recipient. Raises Unbuildable."""
    try:
        return _build(owed, settings)
    except (ValueError, KeyError, TypeError, LookupError, AttributeError) as fault:
        raise Unbuildable(type(fault).__name__) from fault


def as_bytes(owed: Owed, settings: Settings) -> bytes:
    """The bytes to send. Raises Unbuildable."""
    message = build(owed, settings)
    try:
        return message.as_bytes()
    except (ValueError, KeyError, TypeError, LookupError, AttributeError) as fault:
        raise Unbuildable(type(fault).__name__) from fault


def _build(owed: Owed, settings: Settings) -> EmailMessage:
    message = EmailMessage(policy=_UTF8 if owed.needs_utf8 else _ASCII)
    local, _, domain = owed.recipient.rpartition("@")
    message["From"] = str(Address(display_name(settings), addr_spec=settings.mail_sender))
    message["To"] = Address("", local, domain)
    message["Subject"] = owed.subject
    message["Date"] = format_datetime(owed.dated_at)
    message["Message-ID"] = owed.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    for name, value in owed.headers.items():
        if name.lower() in _OURS or not _NAME.fullmatch(name):
            raise ValueError("not a header that a letter may add")
        message[name] = value
    message.set_content(owed.text, cte="quoted-printable")
    message.add_alternative(owed.html, subtype="html", cte="quoted-printable")
    for data in owed.attachments:
        _attach(message, Attachment.from_json(dict(data)))
    _fix_boundaries(message, owed.message_id)
    return message


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    if not _TYPE.fullmatch(attachment.content_type):
        raise ValueError("not a type that a letter may carry")
    maintype, _, subtype = attachment.content_type.partition("/")
    message.add_attachment(
        attachment.content,
        maintype=maintype,
        subtype=subtype,
        filename=attachment.filename,
        params=attachment.parameters,
    )


def _fix_boundaries(message: EmailMessage, message_id: str) -> None:
    """The library draws them at random: a second copy would have other bytes."""
    digest = hashlib.sha256(message_id.encode()).hexdigest()[:20]
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{number}_{digest}")
