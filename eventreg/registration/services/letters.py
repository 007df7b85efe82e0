"""Owing a letter about a registration."""

from dataclasses import replace
from datetime import datetime

from eventreg.mailing import services as mailing
from eventreg.registration.models import Registration


def owe(letter: mailing.Mail, registration: Registration, now: datetime) -> None:
    """Queues a letter about a registration, once for each of its versions."""
    key = f"{registration.id}:{letter.kind}:{registration.version}"
    owe_of(letter, registration, key, now)


def owe_of(letter: mailing.Mail, registration: Registration, key: str, now: datetime) -> None:
    """Queues a letter about a registration, once under its key."""
    mailing.queue(
        replace(
            letter,
            event_id=registration.event_id,
            registration_id=registration.id,
            dedupe_key=key,
        ),
        now=now,
    )
