"""What is said beside a sign-up: access needs told to their contact, organisers' own answers."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from eventreg.audit import services as audit
from eventreg.mailing import services as mailing
from eventreg.questionnaire import queries as forms
from eventreg.registration import mails, queries
from eventreg.registration.models import Registration
from eventreg.registration.rules import State
from eventreg.shared import urls
from eventreg.shared.db import db

LOCALE = "fr"  # a contact has no language of their own


def tell_needs(
    registration_id: int, *, now: datetime, changed: Collection[str] | None = None
) -> None:
    """Tells the contact that somebody has access needs; the letter does not hold them.

    Once, and once more for each change of those `changed`. Nothing before the address is proven:
    strangers do not write to the contact.
    """
    needs = forms.needs_of(registration_id)
    registration = db.session.get(Registration, registration_id) if needs else None
    if registration is None or _stranger(registration):
        return
    change = "" if changed is None else f":{registration.version}"
    page = queries.signup_page_of(registration.event_id)
    form = forms.form_of(registration.event_id, registration.form_version)
    for key in needs if changed is None else needs.keys() & changed:
        contact = form.by_key[key].contact if key in form.by_key else ""
        if not contact:
            continue
        url = urls.absolute(
            "backoffice.attendee",
            LOCALE,
            slug=page.facts.slug,
            public_id=registration.public_id,
        )
        letter = mails.needs_told(to=contact, locale=LOCALE, title=page.title, url=url)
        letter = replace(
            letter,
            event_id=registration.event_id,
            registration_id=registration.id,
            dedupe_key=f"{registration.id}:needs:{key}{change}",
        )
        mailing.queue(letter, now=now)


def _stranger(registration: Registration) -> bool:
    """Nobody has shown yet that this mailbox is theirs; those in line are asked for it too."""
    unproven = registration.state in {State.UNCONFIRMED, State.WAITING}
    return unproven and registration.proven_at is None


def note(
    registration: Registration, answers: Mapping[str, Any], *, actor: str, now: datetime
) -> None:
    """Keeps what organisers answered to their own questions; the person's answers stay."""
    form = forms.form_of(registration.event_id, registration.form_version)
    own = {key for key, question in form.by_key.items() if question.organiser_only}
    kept = {key: value for key, value in registration.answers.items() if key not in own}
    new = kept | {key: value for key, value in answers.items() if key in own}
    if new == registration.answers:
        return
    registration.answers = new
    audit.record(
        "noted",
        at=now,
        actor=actor,
        event_id=registration.event_id,
        registration_id=registration.id,
    )
    db.session.flush()
