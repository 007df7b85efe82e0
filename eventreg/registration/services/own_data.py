"""Everything that is kept about one registration, for its person to read and take away."""

from datetime import datetime
from typing import Any

from eventreg.registration import queries
from eventreg.registration.models import Registration
from eventreg.registration.queries import own

# Keys of the service, not facts about a person; what opens the registration stays out of files.
HIDDEN = frozenset(
    {"id", "event_id", "nonce", "stop_nonce", "registration_id", "pool_id", "search"}
)


def of(registration: Registration) -> dict[str, Any]:
    """The stored values by table, as JSON takes them; a new column is in it by itself."""
    page = queries.signup_page_of(registration.event_id)
    return {
        "event": {"slug": page.facts.slug, "title": page.title, "starts_at": page.facts.starts_at},
        "registration": _columns(registration),
        "seats": [dict(row._mapping) for row in own.seats(registration.id)],
        "receipts": [dict(row._mapping) for row in own.receipts(registration.id)],
        "proposals": [_columns(row) for row in own.proposals(registration.id)],
        "others": {
            name: [_shown(dict(row._mapping)) for row in rows]
            for name, rows in own.tables_about(registration.id)
        },
        "letters": [
            {
                "kind": row.kind,
                "state": row.state,
                "owed_at": row.created_at,
                "sent_at": row.sent_at,
            }
            for row in queries.mails_of(registration.id)
        ],
        "trace": [_step(entry) for entry in queries.trace(registration.id)],
    }


def as_json(value: Any) -> Any:
    """Instants as ISO text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: as_json(one) for key, one in value.items()}
    return [as_json(one) for one in value] if isinstance(value, list) else value


def _columns(row: Any) -> dict[str, Any]:
    names = [column.key for column in row.__table__.columns]
    return _shown({name: getattr(row, name) for name in names})


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in HIDDEN}


def _step(entry: Any) -> dict[str, Any]:
    """Colleagues of the organising team are told by their role, not by their number."""
    return {
        "at": entry.at,
        "by": entry.actor.partition(":")[0],
        "act": entry.action,
        "before": entry.old_state,
        "after": entry.new_state,
        "details": entry.details,
    }
