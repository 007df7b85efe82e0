"""Every page and state in the browser: axe, contrast, small screens, content policy, weight.

In the State theme each French page is judged at 1280 px and at 320 px. Then come pages that
between them show each element in each surrounding (`distinct`): at 320 px by the rules of axe that
a layout may break, in the neutral theme, whose stylesheet alone differs, and in English without
script. test_pages_html reads all of them in each language and theme.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Route

from tests.journeys import looking, places
from tests.journeys.crawl import ALL, Crawl, Crawls
from tests.journeys.reading import distinct
from tests.journeys.site import Site
from tests.journeys.visitor import Visitor

NAMES = {"given_name": "Camille", "family_name": "Martin"}
FORM = f"/agenda/{places.OPEN}/inscription/"
PARTS = 4  # of all pages: a failure names its page, a part is a test


def enter(visitor: Visitor, site: Site) -> Visitor:
    visitor.open(site.sign_in_path())
    visitor.page.locator("main form").evaluate("form => form.requestSubmit()")
    visitor.page.wait_for_url("**/organisation/")
    return visitor


@contextmanager
def with_errors(visitor: Visitor, crawl: Crawl, name: str) -> Iterator[None]:
    """The server has no page that fails on demand: those come from the crawl, as they were sent.

    Only while such a page is open: a browser whose requests are taken over keeps no cache.
    """
    if not name.startswith("erreur-"):
        yield
        return

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(visitor.base_url)
        made = crawl.person.get(path)
        route.fulfill(status=made.status_code, headers=dict(made.headers), body=made.text)

    visitor.context.route("**/essai/*/", answer)
    yield
    visitor.context.unroute("**/essai/*/")


@pytest.fixture(scope="module")
def walker(browser: Browser, site: Site, crawls: Crawls) -> Iterator[Visitor]:
    """One signed-in window for all pages of the State theme."""
    made = Visitor(browser, site.base_url, width=1280, script=True, name="page")
    looking.bring_axe(made.context)
    yield enter(made, site)
    made.close()


@pytest.fixture(scope="module")
def neutral_walker(browser: Browser, neutral_site: Site, crawls: Crawls) -> Iterator[Visitor]:
    made = Visitor(browser, neutral_site.base_url, width=390, script=True, name="neutre")
    looking.bring_axe(made.context)
    yield enter(made, neutral_site)
    made.close()


def goto(
    visitor: Visitor, name: str, found: Mapping[str, str], crawl: Crawl, prefix: str = ""
) -> list[str]:
    """Opens a place as somebody who follows a link; what is wrong already."""
    with with_errors(visitor, crawl, name):
        for path in places.steps(ALL[name][0], found):
            visitor.open(prefix + path)
    wrong = [] if visitor.status == ALL[name][1] else [f"status {visitor.status}"]
    return wrong + taken(visitor)


def taken(visitor: Visitor) -> list[str]:
    complaints = [*visitor.complaints]
    visitor.complaints.clear()
    return complaints


def judged(visitor: Visitor, name: str, *, narrow: bool = True) -> list[str]:
    """The faults of the page shown, at 1280 px and on small screens.

    `narrow`: the page shows something new, so axe looks there too, and at its colours.
    """
    page = visitor.page
    visitor.name = f"page-{name}"
    faults = looking.axe(page, colours=narrow) + looking.contrast(page)
    visitor.look("1280")
    small = looking.overflow(page, 390, 320)
    small += looking.axe(page, only=looking.OF_LAYOUT) if narrow else []
    if visitor.shoots:
        page.set_viewport_size({"width": 390, "height": 800})
        visitor.look("390")
    page.set_viewport_size({"width": 1280, "height": 800})
    return faults + [f"at 320: {fault}" for fault in small] + taken(visitor)


@pytest.mark.parametrize("part", range(PARTS))
def test_pages_of_the_state_theme_work_for_everybody(
    walker: Visitor, found: Mapping[str, str], crawls: Crawls, part: int
) -> None:
    walker.page.set_viewport_size({"width": 1280, "height": 800})
    looked_into = set(distinct(crawls["state", "fr"].pages))
    faults: list[str] = []
    for name in list(ALL)[part::PARTS]:
        wrong = goto(walker, name, found, crawls["state", "fr"])
        wrong += judged(walker, name, narrow=name in looked_into)
        faults += [f"{name}: {fault}" for fault in wrong]
    assert not faults, "\n".join(faults)


def test_pages_of_the_neutral_theme_work_for_everybody(
    neutral_walker: Visitor, found: Mapping[str, str], crawls: Crawls
) -> None:
    page, faults = neutral_walker.page, []
    for name in distinct(crawls["neutral", "fr"].pages):
        page.set_viewport_size({"width": 390, "height": 800})
        wrong = goto(neutral_walker, name, found, crawls["neutral", "fr"])
        neutral_walker.name = f"neutre-{name}"
        # Names, roles and order are the State theme's: its stylesheet alone is another.
        wrong += looking.axe(page, only=looking.OF_LAYOUT) + looking.contrast(page)
        neutral_walker.look("390")
        wrong += looking.overflow(page, 1280, 320)
        faults += [f"{name}: {fault}" for fault in wrong + taken(neutral_walker)]
    assert not faults, "\n".join(faults)


def test_english_pages_fit_a_small_screen_without_script(
    browser: Browser, site: Site, found: Mapping[str, str], crawls: Crawls
) -> None:
    reader = Visitor(browser, site.base_url, width=320, script=False, name="english")
    faults: list[str] = []
    try:
        enter(reader, site)
        for name in distinct(crawls["state", "en"].pages):
            reader.page.set_viewport_size({"width": 320, "height": 800})
            wrong = goto(reader, name, found, crawls["state", "en"], "/en")
            reader.name = f"english-{name}"
            reader.look("320")
            wrong += looking.contrast(reader.page) + looking.overflow(reader.page, 320)
            faults += [f"{name}: {fault}" for fault in wrong + taken(reader)]
    finally:
        reader.close()
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


ACTS: Mapping[Callable[[Visitor], None], int] = {
    missing_fields: 422,
    private_mailbox: 422,
    links_asked: 200,
    wrong_settings: 422,
    stale_settings: 409,
    wrong_addition: 422,
    no_reason: 422,
    document_read: 200,
    document_refused: 422,
    saved: 200,
}


def test_pages_that_answer_an_act_work_for_everybody(
    browser: Browser, site: Site, found: Mapping[str, str]
) -> None:
    actor = Visitor(browser, site.base_url, width=1280, script=True, name="acte")
    looking.bring_axe(actor.context)
    faults: list[str] = []
    try:
        enter(actor, site)
        for act, status in ACTS.items():
            actor.page.set_viewport_size({"width": 1280, "height": 800})
            act(actor)
            assert actor.status == status, act.__name__
            faults += [f"{act.__name__}: {fault}" for fault in judged(actor, act.__name__)]
    finally:
        actor.close()
    assert not faults, "\n".join(faults)


def test_letters_can_be_read_by_everybody(
    browser: Browser, site: Site, found: Mapping[str, str]
) -> None:
    letters = places.letters(site)
    assert set(places.KINDS) <= set(letters)
    visitor = Visitor(browser, site.base_url, width=700, script=True, name="lettre")
    looking.bring_axe(visitor.context)
    visitor.open("about:blank")  # for axe to come with; its window stays
    faults: list[str] = []
    try:
        for kind, html in letters.items():
            visitor.name = f"lettre-{kind}"
            visitor.page.set_viewport_size({"width": 700, "height": 800})
            visitor.page.set_content(html)
            wrong = looking.axe(visitor.page) + looking.contrast(visitor.page)
            visitor.look("700")
            wrong += looking.overflow(visitor.page, 320)
            faults += [f"{kind}: {fault}" for fault in wrong + taken(visitor)]
    finally:
        visitor.close()
    assert not faults, "\n".join(faults)
