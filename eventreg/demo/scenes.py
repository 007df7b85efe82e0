"""What happens around some sample events, played on the engine as people and organisers would.

Every address ends in `.example`: whatever mail server an instance has, no letter reaches anybody.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import select

from eventreg.demo import picture
from eventreg.demo.rules import fill_dates
from eventreg.events import media
from eventreg.events import services as events
from eventreg.files import services as files
from eventreg.questionnaire import documents
from eventreg.questionnaire import queries as forms
from eventreg.questionnaire import services as form_services
from eventreg.questionnaire.drawing import Questions
from eventreg.registration import answering, errors, services
from eventreg.registration import queries as registrations
from eventreg.registration.importing import FAMILY, FOLDED, GIVEN
from eventreg.registration.models import Registration
from eventreg.registration.rules import SignupState, signup_state
from eventreg.registration.services import beside
from eventreg.registration.services.applicants import Applicant
from eventreg.registration.services.invitations import Guest, Terms
from eventreg.shared.addresses import canonical
from eventreg.shared.clock import utc_now
from eventreg.shared.db import db, transaction
from eventreg.shared.tokens import random_id

FORMS = Path(__file__).resolve().parent / "forms"
ACTOR = "operator"
Answers = Mapping[str, Sequence[str]]

ON_SITE = {"presence": ["onsite"]}
VISITS: tuple[tuple[str, Answers], ...] = (
    ("agents", {**ON_SITE, "workshop": ["write"], "lunch": ["yes"], "diet": ["vegetarian"]}),
    ("agents", {**ON_SITE, "workshop": ["write"], "lunch": ["no"], "page": ["/demarches/"]}),
    ("agents", {"presence": ["online"], "captions": ["yes"]}),
    ("agents", {**ON_SITE, "workshop": ["draw"], "lunch": ["yes"],
                "needs": ["Je viens en fauteuil, avec une accompagnatrice."]}),
    ("partners", {**ON_SITE, "workshop": ["write"], "lunch": ["yes"]}),
    ("partners", {"presence": ["online"], "captions": ["no"]}),
    ("agents", {**ON_SITE, "workshop": ["write"], "lunch": ["yes"]}),
    ("agents", {**ON_SITE, "workshop": ["none"], "lunch": ["no"]}),
    ("partners", {**ON_SITE, "workshop": ["draw"], "lunch": ["yes"], "diet": ["no_gluten"],
                  "needs": ["Une boucle magnétique près de la scène."]}),
    ("agents", {**ON_SITE, "workshop": ["write"], "lunch": ["yes"]}),
    ("agents", {**ON_SITE, "workshop": ["write"], "lunch": ["no"]}),
    ("agents", {**ON_SITE, "workshop": ["write"], "lunch": ["yes"]}),
)  # fmt: skip
REQUESTS = (
    ("Notre formulaire de cantine : une famille sur trois appelle pour le comprendre.", "4200"),
    ("La signalétique de la mairie, que même les agents ne suivent plus.", "18500"),
    ("Les avis de travaux, écrits pour des géomètres.", "930"),
    ("Tout.", "61000"),
    ("La première page du site, où l’on cherche les horaires pendant une minute.", "7800"),
)
REFUSED = "Le sujet est trop large pour trois semaines. Choisissez une démarche et revenez."
CANCELLED = "Une fuite d’eau ferme l’atelier. Une autre date sera proposée au printemps."
MOVED_TO = {"venue": "Théâtre de l’Écluse", "address": "8 quai Saint-Cyr, 35000 Rennes"}


def play(slug: str, now: datetime) -> None:
    """The scene of a sample event, if it has one."""
    path = FORMS / f"{slug}.yaml"
    if path.exists():
        _form(slug, path, now)
    if slug in SCENES:
        SCENES[slug](slug, now)


def _form(slug: str, path: Path, now: datetime) -> None:
    found = documents.read(fill_dates(path.read_text("utf-8"), now).encode())
    with transaction():
        event = events.locked(slug)
        read = form_services.read(found.data, zone=event.timezone)
        form_services.apply(event, read, actor=ACTOR, now=now)


def _sign_up(
    slug: str,
    number: int,
    *,
    population: str = "",
    answers: Answers = MappingProxyType({}),
    locale: str = "fr",
    confirms: bool = True,
) -> int:
    """One more person, by the steps of the form's door; answers the registration's id."""
    given, family = GIVEN[number * 7 % len(GIVEN)], FAMILY[number * 11 % len(FAMILY)]
    email = f"{FOLDED[given]}.{FOLDED[family]}@mairie-{number % 4}.example"
    person = Applicant.from_text(email, given, family, organisation=f"Ville n° {number % 4 + 1}")
    page = registrations.signup_page(slug)
    if page is None:
        raise errors.NoSignUp
    form = forms.form_of(page.facts.event_id, page.facts.form_version)
    questions = Questions(form, population, answers)
    in_line = signup_state(page.facts, utc_now()) is SignupState.WAITING_LIST
    try:
        key = _registered(page, person, questions, locale=locale, in_line=in_line)
    except errors.Full:  # a workshop is full: in its line
        key = _registered(page, person, questions, locale=locale, in_line=True)
    if confirms:
        with transaction():
            services.confirm(_locked(key))
            beside.tell_needs(key, now=utc_now())
    return key


def _registered(
    page: registrations.SignupPage,
    person: Applicant,
    questions: Questions,
    *,
    locale: str,
    in_line: bool,
) -> int:
    wishes = answering.wishes_of(questions)
    prepared = services.prepare(page, person, locale=locale, wishes=wishes, in_line=in_line)
    with transaction():
        answer = services.register(prepared, key=random_id(), payload={})
        if answer.registration_id is None:
            raise errors.NotPossible
        answering.keep_beside(questions, page.facts.event_id, answer.registration_id)
    return answer.registration_id


def _locked(key: int) -> Registration:
    found = registrations.by_key(key, lock=True)
    if found is None:
        raise errors.NotPossible
    return found


def _visits(slug: str, now: datetime) -> None:
    """A form that is answered, a full workshop with people in its line, guests, a picture."""
    ready = files.prepare(picture.drawn(), name="guichets.png", purpose="image")
    with transaction():
        event = events.locked(slug)
        media.add(event, ready, alt=picture.ALT, decorative=False, actor=ACTOR, now=now)
    for number, (population, answers) in enumerate(VISITS):
        locale = "en" if number == 5 else "fr"
        confirms = number not in (4, 7)
        _sign_up(
            slug, number, population=population, answers=answers, locale=locale, confirms=confirms
        )
    guests = [
        Guest(canonical("awa.sow@musee.example"), "Awa", "Sow"),
        Guest(canonical("yann.le-bihan@port.example"), "Yann", "Le Bihan"),
    ]
    with transaction():
        event = events.locked(slug)
        terms = Terms(message="Votre témoignage de l’an passé nous a marqués.", population="agents")
        services.invitations.invite(event, guests, terms, actor=ACTOR)


def _line(slug: str, now: datetime) -> None:
    """A full event: five people in line, then a place given back and offered to the first."""
    with transaction():
        event = events.locked(slug)
        events.change(event, {"waiting_list": True}, actor=ACTOR, now=now)
    for number in range(5):
        _sign_up(slug, number, confirms=number != 3)
    with transaction():
        query = select(Registration).where(Registration.source == "filled")
        query = query.where(Registration.event_id == event.id).order_by(Registration.id).limit(1)
        services.cancel(db.session.execute(query).scalar_one(), actor="registrant")


def _requests(slug: str, _now: datetime) -> None:
    """Requests to decide: one accepted, one refused, the others wait."""
    keys = [
        _sign_up(slug, number, answers={"subject": [subject], "people": [people]})
        for number, (subject, people) in enumerate(REQUESTS)
    ]
    with transaction():
        services.decide(_locked(keys[0]), accept=True, reason="", actor=ACTOR)
        services.decide(_locked(keys[3]), accept=False, reason=REFUSED, actor=ACTOR)


def _moved(slug: str, now: datetime) -> None:
    """Another place: everybody signed up is told."""
    for number in range(3):
        _sign_up(slug, number)
    with transaction():
        events.change(events.locked(slug), MOVED_TO, actor=ACTOR, now=now)


def _cancelled(slug: str, now: datetime) -> None:
    """It will not take place: everybody signed up is told why."""
    for number in range(2):
        _sign_up(slug, number)
    with transaction():
        events.cancel(events.locked(slug), actor=ACTOR, now=now, message=CANCELLED)


SCENES: Mapping[str, Callable[[str, datetime], None]] = MappingProxyType(
    {
        "journees-accueil-en-ligne": _visits,
        "atelier-prototyper-en-un-jour": _line,
        "residence-design-en-mairie": _requests,
        "conference-dire-simplement": _moved,
        "visite-atelier-de-numerisation": _cancelled,
    }
)
