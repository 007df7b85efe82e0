"""A document as the object of `events import --dry-run` (contract.md, section 6)."""

from collections.abc import Iterable
from typing import Any

from eventreg.events.jekyll.document import (
    Document,
    Item,
    Moment,
    Programme,
    Registration,
    Session,
)
from eventreg.events.jekyll.problems import Problem, Translate, in_english


def as_json(document: Document, file: str, translate: Translate = in_english) -> dict[str, Any]:
    """The dry-run object: all keys, in the contract's order; instants with their offset."""
    return {
        "file": file,
        "kind": document.kind,
        "slug": document.slug,
        "draft": document.draft,
        "title": document.title,
        "document_date": _moment(document.document_date),
        "categories": list(document.categories),
        "tags": list(document.tags),
        "lead": document.lead,
        "images": [{"src": image.src, "alt": image.alt} for image in document.images],
        "start": _moment(document.start),
        "end": _moment(document.end),
        "timezone": document.timezone,
        "multi_day": document.multi_day,
        "venue": document.venue,
        "address": document.address,
        "postal_code": document.postal_code,
        "city": document.city,
        "online": document.online,
        "info_fields": [
            {"label": field.label, "value": field.value, "link": field.link}
            for field in document.info_fields
        ],
        "registration": _registration(document.registration),
        "audience": {
            "public_agents_only": document.audience.public_agents_only,
            "text": document.audience.text,
        },
        "capacity": document.capacity,
        "press_contacts": [
            {"name": contact.name, "phones": list(contact.phones), "email": contact.email}
            for contact in document.press_contacts
        ],
        "files": list(document.files),
        "videos": [{"provider": video.provider, "id": video.id} for video in document.videos],
        "calls_to_action": [
            {"text": link.text, "href": link.href} for link in document.calls_to_action
        ],
        "programme": _programme(document.programme),
        "warnings": _problems(document.warnings, translate),
        "errors": [],
    }


def refused_as_json(
    problems: Iterable[Problem], file: str, translate: Translate = in_english
) -> dict[str, Any]:
    """The dry-run object of a document that was refused: same keys, nothing but the errors."""
    return {
        "file": file,
        "kind": None,
        "slug": None,
        "draft": None,
        "title": None,
        "document_date": None,
        "categories": [],
        "tags": [],
        "lead": None,
        "images": [],
        "start": None,
        "end": None,
        "timezone": None,
        "multi_day": None,
        "venue": None,
        "address": None,
        "postal_code": None,
        "city": None,
        "online": None,
        "info_fields": [],
        "registration": {**_registration(Registration()), "mode": None},
        "audience": {"public_agents_only": None, "text": None},
        "capacity": None,
        "press_contacts": [],
        "files": [],
        "videos": [],
        "calls_to_action": [],
        "programme": {"days": []},
        "warnings": [],
        "errors": _problems(problems, translate),
    }


def _moment(moment: Moment | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _registration(registration: Registration) -> dict[str, Any]:
    return {
        "mode": registration.mode,
        "required": registration.required,
        "paid": registration.paid,
        "link": registration.link,
        "deadline": _moment(registration.deadline),
        "opens_at": _moment(registration.opens_at),
    }


def _programme(programme: Programme) -> dict[str, Any]:
    return {
        "days": [
            {
                "date": _moment(day.date),
                "sessions": [_session(session) for session in day.sessions],
            }
            for day in programme.days
        ]
    }


def _session(session: Session) -> dict[str, Any]:
    return {
        "start": _moment(session.start),
        "end": _moment(session.end),
        "track": session.track,
        "title": session.title,
        "organisations_text": session.organisations_text,
        "description": session.description,
        "speakers": list(session.speakers),
        "items": [_item(item) for item in session.items],
    }


def _item(item: Item) -> dict[str, Any]:
    return {"title": item.title, "speakers": list(item.speakers), "guest": item.guest}


def _problems(problems: Iterable[Problem], translate: Translate) -> list[dict[str, Any]]:
    return [{"line": problem.line, "message": problem.text(translate)} for problem in problems]
