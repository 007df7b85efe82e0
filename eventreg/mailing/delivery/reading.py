"""A letter of the outbox as it is sent, for `mails show` and the development pages."""

import re
from dataclasses import dataclass
from typing import Any

from eventreg.config import Settings
from eventreg.mailing import queries
from eventreg.mailing.delivery import claims, envelope
from eventreg.shared.letters import Attachment

_LINK_LINE = re.compile(r"^https?://\S+$", re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """`row` is what `mails list` says, `headers` are those of the message (all decoded)."""

    row: dict[str, Any]
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    links: list[str]
    attachments: list[Attachment]

    def as_json(self) -> dict[str, Any]:
        return {
            **self.row,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": self.headers,
            "links": self.links,
            "attachments": [_attachment(a) for a in self.attachments],
        }


def listed(state: str | None = None) -> list[dict[str, Any]]:
    """The keys of `mails list` (contract, section 6); instants in ISO 8601, UTC."""
    return [row_as_json(row) for row in queries.listed(state)]


def newest(limit: int) -> list[dict[str, Any]]:
    """The same of the latest letters, newest first, with their subjects."""
    rows = queries.listed(limit=limit, newest=True)
    return [{**row_as_json(row), "subject": row.subject} for row in rows]


def row_as_json(row: Any) -> dict[str, Any]:
    """One row of `mails list`."""
    values = dict(row._mapping)
    values.pop("subject", None)
    for name in ("due_at", "sent_at"):
        values[name] = values[name].isoformat() if values[name] else None
    return values


def shown(key: int, settings: Settings) -> Shown | None:
    """Letter `key`, or None. What cannot be built is shown without headers."""
    found = queries.message(key)
    if found is None:
        return None
    row, message = found
    owed = claims.owed_of(message)
    try:
        built = envelope.build(owed, settings)
        headers = {name: str(value) for name, value in built.items()}
        attachments = [Attachment.from_json(dict(data)) for data in owed.attachments]
    except envelope.Unbuildable:
        headers, attachments = {}, []
    return Shown(
        row=row_as_json(row),
        subject=message.subject,
        text=message.text,
        html=message.html,
        headers=headers,
        links=list(dict.fromkeys(_LINK_LINE.findall(message.text))),
        attachments=attachments,
    )


def _attachment(attachment: Attachment) -> dict[str, Any]:
    stored = attachment.as_json()
    is_text = attachment.content_type.startswith("text/")
    return {
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "parameters": attachment.parameters,
        "size": len(attachment.content),
        "content": attachment.content.decode(errors="replace") if is_text else stored["base64"],
        "encoding": "text" if is_text else "base64",
    }
