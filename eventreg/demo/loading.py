"""Loading the sample events through the real import, then people who signed up for them and what happened since."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from eventreg.demo import scenes
from eventreg.demo.rules import fill_dates
from eventreg.events import importing, queries, services
from eventreg.events.jekyll import parse
from eventreg.organisers import services as organisers
from eventreg.organisers.errors import AccountExists
from eventreg.organisers.rules import Role
from eventreg.registration import importing as registrations
from eventreg.shared.db import transaction

DOCUMENTS = Path(__file__).resolve().parent / "documents"
ORGANISER_EMAIL = "organisation@example.org"
ORGANISER_NAME = "Équipe de démonstration"
ACTOR = "operator"


@dataclass(frozen=True)
class Crowd:
    """How many people a sample event has, and for how many there is room."""

    capacity: int | None
    people: int
    days_ago: int = 1  # when they signed up


CROWDS = {
    "lancement-plan-services-simples": Crowd(capacity=300, people=164),
    "formation-premiers-pas-accessibilite": Crowd(capacity=16, people=16),
    "atelier-formulaires-clairs": Crowd(capacity=20, people=16),
    "rencontre-communs-numeriques": Crowd(capacity=120, people=97, days_ago=40),
    "webinaire-sobriete-des-sites": Crowd(capacity=None, people=58),
    "journee-donnees-ouvertes": Crowd(capacity=250, people=0),
    "hackathon-mobilites-durables": Crowd(capacity=40, people=31, days_ago=5),
    "journees-accueil-en-ligne": Crowd(capacity=60, people=0),
    "atelier-prototyper-en-un-jour": Crowd(capacity=12, people=12),
    "residence-design-en-mairie": Crowd(capacity=6, people=0),
    "conference-dire-simplement": Crowd(capacity=None, people=9),
    "visite-atelier-de-numerisation": Crowd(capacity=15, people=6),
}


def load(now: datetime) -> list[str]:
    """The slugs of the sample events created now; those that exist already are left alone."""
    created = [slug for path in sorted(DOCUMENTS.glob("*.md")) if (slug := _event(path, now))]
    with transaction(), suppress(AccountExists):
        organisers.create(
            ORGANISER_EMAIL, name=ORGANISER_NAME, role=Role.OWNER, event_slug=None, now=now
        )
    return created


def _event(path: Path, now: datetime) -> str | None:
    document = parse(fill_dates(path.read_text("utf-8"), now).encode(), path.name)
    with transaction():
        if queries.by_slug(document.slug) is not None:
            return None
        importing.apply(document, actor=ACTOR, now=now)
        event = services.locked(document.slug)
        crowd = CROWDS.get(document.slug, Crowd(capacity=None, people=0))
        services.change(event, {"capacity": crowd.capacity}, actor=ACTOR, now=now)
        if crowd.people:
            registrations.fill(event, crowd.people, now - timedelta(days=crowd.days_ago))
    scenes.play(document.slug, now)
    return document.slug
