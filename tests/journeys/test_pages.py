"""Every page and state in the browser: axe, contrast, small screens, content policy, weight.

To stay under two minutes: French pages in the State theme are judged by axe at 1280 and 320 px, in
the neutral theme at 390 px; English ones by their width alone (test_pages_html reads them too).
"""

from collections.abc import Callable, Iterator, Mapping

import pytest
from playwright.sync_api import Browser

from tests.journeys import looking, places
from tests.journeys.site import Site
from tests.journeys.visitor import Visitor

ALL = {**places.PUBLIC, **places.ORGANISER}
NAMES = {"given_name": "Camille", "family_name": "Martin"}
FORM = f"/agenda/{places.OPEN}/inscription/"


def enter(visitor: Visitor, site: Site) -> Visitor:
    visitor.open(site.sign_in_path())
    visitor.press("Se connecter sur cet appareil")
    return visitor


@pytest.fixture(scope="module")
def walker(browser: Browser, site: Site) -> Iterator[Visitor]:
    """One signed-in window for all pages of the State theme."""
    made = Visitor(browser, site.base_url, width=1280, script=True, name="page")
    yield enter(made, site)
    made.close()


@pytest.fixture(scope="module")
def neutral_walker(browser: Browser, neutral_site: Site) -> Iterator[Visitor]:
    made = Visitor(browser, neutral_site.base_url, width=390, script=True, name="neutre")
    yield enter(made, neutral_site)
    made.close()


def judged(visitor: Visitor, name: str) -> list[str]:
    """The faults of the page shown, at 1280 px and on small screens."""
    page = visitor.page
    visitor.name = f"page-{name}"
    page.set_viewport_size({"width": 1280, "height": 800})
    faults = [*visitor.complaints]
    faults += looking.axe(page) + looking.contrast(page)
    visitor.look("1280")
    faults += [f"at 320: {fault}" for fault in looking.overflow(page, 390, 320)]
    faults += [f"at 320: {fault}" for fault in looking.axe(page)]
    page.set_viewport_size({"width": 390, "height": 800})
    visitor.look("390")
    visitor.complaints.clear()
    return faults


@pytest.mark.parametrize("name", ALL)
def test_a_page_of_the_state_theme_works_for_everybody(
    walker: Visitor, found: Mapping[str, str], name: str
) -> None:
    walker.page.set_viewport_size({"width": 1280, "height": 800})
    walker.open(places.address(ALL[name][0], found))
    assert walker.status == ALL[name][1]
    faults = judged(walker, name)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", ALL)
def test_a_page_of_the_neutral_theme_works_for_everybody(
    neutral_walker: Visitor, found: Mapping[str, str], name: str
) -> None:
    page = neutral_walker.page
    page.set_viewport_size({"width": 390, "height": 800})
    neutral_walker.open(places.address(ALL[name][0], found))
    neutral_walker.name = f"neutre-{name}"
    faults = [*neutral_walker.complaints]
    faults += looking.axe(page) + looking.contrast(page)
    neutral_walker.look("390")
    faults += looking.overflow(page, 1280, 320)
    neutral_walker.complaints.clear()
    assert not faults, "\n".join(faults)


def test_english_pages_fit_a_small_screen(walker: Visitor, found: Mapping[str, str]) -> None:
    faults = []
    for name, (template, status) in ALL.items():
        walker.open("/en" + places.address(template, found))
        faults += [f"{name}: {complaint}" for complaint in walker.complaints]
        faults += [f"{name}: {fault}" for fault in looking.overflow(walker.page, 320)]
        walker.complaints.clear()
        assert walker.status == status
    assert not faults, "\n".join(faults)


# States that only an act brings about.


def missing_fields(visitor: Visitor) -> None:
    visitor.open(FORM)
    visitor.press("Envoyer mon inscription")


def private_mailbox(visitor: Visitor) -> None:
    visitor.open(FORM)
    visitor.fill(**NAMES, email="camille@gmail.com")
    visitor.press("Envoyer mon inscription")


def links_asked(visitor: Visitor) -> None:
    visitor.open("/mes-inscriptions/")
    visitor.fill(email="personne@example.org")
    visitor.press("M’envoyer mes liens")


def wrong_settings(visitor: Visitor) -> None:
    visitor.open(f"{places.EVENT}reglages/")
    visitor.fill(capacity="beaucoup", title="")
    visitor.press("Enregistrer les réglages")


def stale_settings(visitor: Visitor) -> None:
    visitor.open(f"{places.EVENT}reglages/")
    visitor.page.evaluate("document.querySelector('[name=version]').value = '1'")
    visitor.fill(venue="Ailleurs")
    visitor.press("Enregistrer les réglages")


def wrong_addition(visitor: Visitor) -> None:
    visitor.open(f"{places.EVENT}inscriptions/ajouter/")
    visitor.press("Ajouter cette personne")


def no_reason(visitor: Visitor) -> None:
    visitor.open(f"{places.EVENT}exporter/")
    visitor.press("Télécharger la liste")


def document_read(visitor: Visitor, text: str = "---\ntitle: Rien\n---\n") -> None:
    visitor.open("/organisation/importer/")
    document = {"name": "rien.md", "mimeType": "text/markdown", "buffer": text.encode()}
    visitor.page.locator("input[type=file]").set_input_files(document)
    visitor.press("Lire le document")


def document_refused(visitor: Visitor) -> None:
    document_read(visitor, "---\ntitle: [\n---\n")


def saved(visitor: Visitor) -> None:
    visitor.open(f"{places.EVENT}reglages/")
    visitor.press("Enregistrer les réglages")


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (missing_fields, 422),
        (private_mailbox, 422),
        (links_asked, 200),
        (wrong_settings, 422),
        (stale_settings, 409),
        (wrong_addition, 422),
        (no_reason, 422),
        (document_read, 200),
        (document_refused, 422),
        (saved, 200),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_page_that_answers_an_act_works_for_everybody(
    walker: Visitor, found: Mapping[str, str], act: Callable[[Visitor], None], status: int
) -> None:
    walker.page.set_viewport_size({"width": 1280, "height": 800})
    act(walker)
    assert walker.status == status
    faults = judged(walker, act.__name__)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("kind", places.KINDS)
def test_a_letter_can_be_read_by_everybody(
    browser: Browser, site: Site, found: Mapping[str, str], kind: str
) -> None:
    html = places.letters(site)[kind]
    visitor = Visitor(browser, site.base_url, width=700, script=True, name=f"lettre-{kind}")
    try:
        visitor.page.set_content(html)
        faults = looking.axe(visitor.page) + looking.contrast(visitor.page)
        visitor.look("700")
        faults += looking.overflow(visitor.page, 320)
    finally:
        visitor.close()
    assert not faults + visitor.complaints, "\n".join(faults + visitor.complaints)
