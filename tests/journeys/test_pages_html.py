"""Every page and state as HTML, in both languages and both themes; no page or link is forgotten."""

from collections.abc import Mapping
from types import MappingProxyType

from babel.messages.pofile import read_po

from eventreg.config import ROOT
from eventreg.registration.rules import State
from tests.journeys import places
from tests.journeys.crawl import ALL, Crawls
from tests.journeys.reading import plain

FORBIDDEN = ("marianne", "république", "dsfr.")
MOST = {"public": 600, "organiser": 1200}  # elements
NOT_PAGES: Mapping[str, str] = MappingProxyType(
    {
        "agenda.atom": "a feed",
        "agenda.calendar_ics": "a file",
        "agenda.event_ics": "a file",
        "agenda.home": "leads to the agenda",
        "agenda.robots": "a file",
        "agenda.sitemap": "a file",
        "backoffice.form_file": "a file",
        "backoffice.sharing_qr": "a picture",
        "development.attachment": "a file",
        "development.html": "a letter: test_a_letter_can_be_read_by_everybody",
        "operations.figures": "for machines",
        "operations.healthz": "for machines",
        "operations.readyz": "for machines",
        "proconnect.back": "leads on; what it refuses: tests/proconnect",
        "proconnect.link": "needs a provider: tests/proconnect/test_doors.py",
        "proconnect.signed_out": "not there without a provider: tests/proconnect",
        "proconnect.start": "leads to the provider: test_proconnect.py",
        "registration.own_data_json": "a file",
        "registration.own_ics": "a file",
        "sharing.file": "a file",
        "sharing.short": "leads to an event",
    }
)


# « Sur place » and such in the sample form, said in no language: content, not ours.
WRITTEN = {"Sur place", "Avec", "Note"}
# The preview is the page as it will be: what it links to is there once it is published.
AWAITED = {f"/agenda/{places.DRAFT}/inscription/", f"/agenda/{places.DRAFT}.ics"}


def test_every_page_has_its_title_one_outline_and_nothing_the_policy_refuses(
    crawls: Crawls,
) -> None:
    faults: list[str] = []
    for (theme, locale), crawl in crawls.items():
        said = list(crawl.faults)
        titles: dict[str, str] = {}
        for name, reading in crawl.pages.items():
            framed = {"landmarks ['main']"} if name == "bouton" else set()
            said += [f"{name}: {fault}" for fault in reading.faults if fault not in framed]
            if reading.lang != locale and "{" not in ALL[name][0]:
                said.append(f"{name}: lang {reading.lang}")
            if reading.elements > MOST["organiser" if name in places.ORGANISER else "public"]:
                said.append(f"{name}: {reading.elements} elements")
            if not reading.title or (reading.title in titles and name not in places.SAME_TITLE):
                said.append(f"{name}: the title of {titles.get(reading.title)}: {reading.title}")
            titles[reading.title] = name
            if theme == "neutral":
                text = crawl.texts[name].lower()
                said += [f"{name}: says {word}" for word in FORBIDDEN if word in text]
        faults += [f"{theme} {locale} {fault}" for fault in said]
    assert not faults, "\n".join(faults)


def test_a_page_speaks_one_language(crawls: Crawls) -> None:
    with (ROOT / "eventreg/translations/fr/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = [(m.id, m.string) for m in read_po(file) if m.id and isinstance(m.id, str)]
    english = {plain(identity) for identity, _french in catalogue}
    french = {plain(str(words)) for _identity, words in catalogue}
    assert len(english) > 500
    faults = [
        f"{locale} {name}: {word}"
        for locale, foreign in (("fr", english - french), ("en", french - english))
        for name, reading in crawls["state", locale].pages.items()
        if reading.lang == locale
        for word in (reading.words & foreign) - WRITTEN
    ]
    assert not faults, "\n".join(faults)


def test_every_link_of_every_page_leads_somewhere(crawls: Crawls) -> None:
    crawl = crawls["state", "fr"]
    known: dict[tuple[bool, str], int] = {}
    faults: list[str] = []
    for name, reading in crawl.pages.items():
        asked = False
        own = {f"/en{path}" for path in places.steps(ALL[name][0], crawl.found)}  # in English
        for link in dict.fromkeys(reading.links):
            if link in AWAITED or (ALL[name][1] >= 400 and link in own):
                continue
            key = (name in places.ORGANISER, link.partition("#")[0])
            if key not in known:
                if not asked:  # a personal page's links need what opened it
                    for path in places.steps(ALL[name][0], crawl.found):
                        crawl.client(name).get(path)
                    asked = True
                known[key] = crawl.client(name).get(key[1]).status_code
            if known[key] >= 400:
                faults.append(f"{name}: {known[key]} {link}")
    assert len(known) > 100
    assert not faults, "\n".join(faults)


def test_no_page_is_forgotten(crawls: Crawls) -> None:
    """A new route is either a place of the crawl or said here not to be a page."""
    crawl = crawls["state", "fr"]
    routes = {
        rule.endpoint for rule in crawl.app.url_map.iter_rules() if "GET" in (rule.methods or ())
    }
    seen = crawl.endpoints
    assert routes - seen - set(NOT_PAGES) == set()
    assert set(NOT_PAGES) & seen == set(), "they are crawled"
    assert set(NOT_PAGES) - routes == set(), "they are gone"


def test_no_state_is_forgotten(crawls: Crawls) -> None:
    pages = crawls["state", "fr"].pages
    own = {page.marks.get("data-state") for name, page in pages.items() if "inscription-" in name}
    assert own >= set(State)
    received = {page.marks.get("data-state") for name, page in pages.items() if "recue-" in name}
    assert received == {"unconfirmed", "confirmed", "pending", "waiting"}
