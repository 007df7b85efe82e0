"""What the sample events do not show: every state of an event, a registration, an invitation.

Written straight through services and rows, in one instance, before anybody looks.
"""

import io
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from eventreg.events import media, services
from eventreg.events.models import Event, Notice, Pool, ProgrammeSession
from eventreg.files import services as files
from eventreg.questionnaire import services as forms
from eventreg.registration import links
from eventreg.registration.models import Invitation, Receipt, Registration
from eventreg.registration.rules import ALWAYS_HOLDING, State
from eventreg.registration.services import proposals, selection
from eventreg.registration.services.applicants import Applicant
from eventreg.registration.services.invitations import Guest, Terms, invite
from eventreg.shared import clock, tokens
from eventreg.shared.addresses import canonical
from eventreg.shared.db import db, transaction
from eventreg.shared.text import fold
from tests.journeys.site import Site
from tests.questionnaire.samples import CHAIN

RICH, LINE, ASKING, CHOSEN = "page-complete", "liste-attente", "avec-questions", "sur-selection"
DAY = timedelta(days=1)
ACTOR = "operator"
CROWD = 14  # more events than a page of the agenda holds, with the samples
ENDED = {State.CANCELLED, State.REJECTED, State.EXPIRED}
Found = dict[str, str]


def seed(site: Site) -> Found:
    """Makes it all; returns the addresses that only making them tells."""
    found: Found = {}
    with site.app.app_context():
        now = clock.utc_now()
        for step in (_rich, _states_of_events, _line, _asking, _chosen, _invitations):
            step(found, now)
    return found


def event(slug: str, now: datetime, *, title: str, days: float = 60, **values: Any) -> Event:
    """A published event that starts in `days`."""
    start = (now + days * DAY).replace(minute=0, second=0, microsecond=0)
    made = services.create(
        slug, title=title, actor=ACTOR, now=now - 90 * DAY, starts_at=start, **values
    )
    made.state, made.published_at = "published", now - 89 * DAY
    db.session.flush()
    return made


def _rich(found: Found, now: datetime) -> None:
    """One page that shows all that a page may show, moved since it was announced."""
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "navy").save(out, "PNG")
    picture = files.prepare(out.getvalue(), name="salle.png", purpose="image")
    paper = files.prepare(b"%PDF-1.7\n1 0 obj\n%%EOF\n", name="plan.pdf", purpose="document")
    with transaction():
        made = event(
            RICH,
            now,
            title="Rencontre des équipes numériques",
            title_en="Meeting of digital teams",
            body="## Pourquoi venir\n\nPour *tout* voir, [avant](https://example.org/avant).",
            venue="Salle des fêtes",
            videos=[{"provider": "dailymotion", "id": "x8x97tm", "url": "https://example.org/x"}],
            press_contacts=[{"name": "Service presse", "email": "presse@example.org"}],
            calls_to_action=[{"label": "Lire le dossier", "url": "https://example.org/dossier"}],
            info_fields=[{"label": "Tenue", "value": "Libre"}],
        )
        for number, (title, track) in enumerate((("Accueil", ""), ("A", "Rouge"), ("B", "Bleu"))):
            start = made.starts_at + timedelta(hours=number)
            db.session.add(
                ProgrammeSession(
                    event_id=made.id,
                    position=number,
                    day=start.date(),
                    starts_at=start,
                    ends_at=start + timedelta(hours=1),
                    title=f"Séance {title}",
                    track=track,
                    description="Pour *commencer*.",
                    speakers=[{"name": "Awa Diop", "role": "directrice"}],
                )
            )
        said: dict[str, Any] = {"actor": ACTOR, "now": now}
        image = media.add(made, picture, alt="Une salle vide", decorative=False, **said)
        media.add(made, paper, alt="Plan d’accès", decorative=False, **said)
        services.change(
            made, {"venue": "Mairie", "starts_at": made.starts_at + DAY}, actor=ACTOR, now=now
        )
        db.session.flush()
        assert db.session.query(Notice).filter_by(event_id=made.id).count() == 1
        found["image"] = image.public_id


def _states_of_events(_found: Found, now: datetime) -> None:
    message = "Les inscriptions ont fermé : suivez la retransmission."
    with transaction():
        old = event("page-archivee", now, title="Journée archivée", days=-80)
        services.set_state(old, "archived", actor=ACTOR, now=now)
        event("clos-avec-mot", now, title="Clos", closes_at=now - DAY, closed_message=message)
        event("sans-inscription", now, title="Entrée libre", registration_mode="none")
        event(
            "page-bilingue",
            now,
            title="Journée bilingue",
            title_en="A day in two languages",
            lead="Accroche.",
            lead_en="Lead.",
            body="Texte.",
            body_en="Text.",
        )
        for number in range(CROWD):
            event(f"foule-{number}", now, title=f"Petit-déjeuner {number}", days=100 + number)


def person(made: Event, state: State, now: datetime, name: str = "", **values: Any) -> Registration:
    """A registration in a state, with the seat that the state holds."""
    address = canonical(f"{name or state}@{made.slug}.example.org")
    seats = int(state in ALWAYS_HOLDING)
    row = Registration(
        event_id=made.id,
        public_id=tokens.random_id(),
        state=state,
        seats=seats,
        nonce="nonce",
        locale="fr",
        given_name="Camille",
        family_name="Martin",
        email=address.typed,
        email_key=address.canonical,
        search=fold(f"Martin Camille {address.canonical}"),
        registered_at=now - DAY,
        proven_at=now - DAY if state is not State.UNCONFIRMED else None,
        confirmed_at=now - DAY if state is State.CONFIRMED else None,
        cancelled_at=now if state is State.CANCELLED else None,
        ended_at=now if state in ENDED else None,
        **values,
    )
    db.session.add(row)
    db.session.query(Pool).filter_by(event_id=made.id, key="").update({"taken": Pool.taken + seats})
    db.session.flush()
    return row


def link(row: Registration | Invitation, purpose: str = "manage") -> str:
    """The path of the mailed link that opens it."""
    url = links.url(purpose, public_id=row.public_id, nonce=row.nonce, locale=row.locale)
    return urlsplit(url).path


def _line(found: Found, now: datetime) -> None:
    """A full event with a waiting list, and somebody in each state a person can be in."""
    offer = {"offered_at": now, "offer_ends_at": now + DAY, "queue_rank": 1.0}
    with transaction():
        made = event(LINE, now, title="Atelier très demandé", capacity=3, waiting_list=True)
        for state in State:
            values: dict[str, Any] = offer if state is State.OFFERED else {}
            values = {"queue_rank": 2.0} if state is State.WAITING else values
            row = person(made, state, now, **values)
            found[f"own_{state}"] = link(row, "confirm" if state is State.UNCONFIRMED else "manage")
            found[f"page_{state}"] = f"/inscriptions/{row.public_id}/"
            home = f"/organisation/evenements/{LINE}/inscriptions/"
            found[f"file_{state}"] = f"{home}{row.public_id}/"
            found[f"{state}_id"] = row.public_id
        late = person(
            made,
            State.EXPIRED,
            now,
            name="late",
            queue_rank=3.0,
            offered_at=now - DAY,
            offer_ends_at=now,
        )
        found["own_offer_over"] = link(late)
        for state in ("unconfirmed", "confirmed", "pending", "waiting"):
            db.session.add(
                Receipt(
                    receipt=f"recu{state}",
                    key_hash=state,
                    request_hash="",
                    event_id=made.id,
                    shown_state=state,
                    created_at=now,
                )
            )
        asker = db.session.query(Registration).filter_by(event_id=made.id, state="confirmed").one()
        for kind, purposes in (("colleague", ("take",)), ("address", ("address", "stop"))):
            other = Applicant(canonical(f"{kind}@example.org"), "Ali", "Roy")
            offered = proposals.make(asker, kind, other, now=now, ends=now + DAY)
            for purpose in purposes:
                found[f"proposal_{purpose}"] = urlsplit(proposals.url(offered, purpose)).path


def _asking(found: Found, now: datetime) -> None:
    """An event with questions of its own, and somebody who answered."""
    with transaction():
        made = event(ASKING, now, title="Journée en ateliers", capacity=30)
        forms.apply(made, forms.read(CHAIN, zone="Europe/Paris"), actor=ACTOR, now=now)
        row = person(
            made, State.CONFIRMED, now, population="agents", answers={"presence": "online"}
        )
        row.form_version = made.form_version
        found["answered"], found["answered_page"] = link(row), f"/inscriptions/{row.public_id}/"
        home = f"/organisation/evenements/{ASKING}/inscriptions/"
        found["answered_file"] = f"{home}{row.public_id}/"


def _chosen(found: Found, now: datetime) -> None:
    """An event whose organisers choose, and a draw."""
    with transaction():
        made = event(CHOSEN, now, title="Sur sélection", capacity=2, approval="manual")
        doubt = {"eligibility_outcome": "review", "eligibility_reason": "unknown_domain"}
        rows = [person(made, State.PENDING, now, name=name, **doubt) for name in ("anne", "bea")]
        found["doubted"], found["doubted_page"] = (
            link(rows[0]),
            f"/inscriptions/{rows[0].public_id}/",
        )
        found["asker"] = f"/organisation/evenements/{CHOSEN}/inscriptions/{rows[0].public_id}/"
        draw = selection.make_draw(
            made.id, places=1, shortlist=False, seed="42", actor=ACTOR, now=now
        )
        found["draw"] = f"/organisation/evenements/{CHOSEN}/tirages/{draw.public_id}/"


def _invitations(found: Found, now: datetime) -> None:
    """An invitation in each state."""
    with transaction():
        made = event("sur-invitation", now, title="Journée pour invités", capacity=10)
        for state in ("open", "declined", "withdrawn", "expired"):
            address = canonical(f"{state}@example.org")
            invite(made, [Guest(address, "Léa", "Petit")], Terms(message="Bonjour"), actor=ACTOR)
            row = db.session.query(Invitation).filter_by(email_key=address.canonical).one()
            row.state = state
            if state == "expired":
                row.expires_at = now - DAY
            db.session.flush()
            found[f"invitation_{state}"] = link(row, "invitation")
