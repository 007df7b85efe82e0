"""A public agent signs up by ProConnect in a browser, then stops using it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.journeys.site import Site
from tests.journeys.visitor import Visitor
from tests.proconnect import provider
from tests.proconnect.provider import CLIENT_ID, CLIENT_SECRET, PERSON, Twin


@dataclass
class Connected(Site):
    issuer: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {
            **super().environment,
            "EVENTREG_PROCONNECT_ISSUER": self.issuer,
            "EVENTREG_PROCONNECT_CLIENT_ID": CLIENT_ID,
            "EVENTREG_PROCONNECT_CLIENT_SECRET": CLIENT_SECRET,
        }


@pytest.fixture
def twin() -> Iterator[Twin]:
    with provider.running() as made:
        yield made


@pytest.fixture
def connected(site: Site, twin: Twin) -> Iterator[Connected]:
    made = Connected(folder=site.folder, database_url=site.database_url, issuer=twin.issuer)
    try:
        made.serve(workers=1)
        yield made
    finally:
        made.stop()


def test_the_second_door_leads_in_and_out(
    make_visitor: Callable[..., Visitor], site: Site, connected: Connected
) -> None:
    slug = site.create("porte-proconnect", "Porte", "audience=public_agents")
    visitor = make_visitor(width=390, base_url=connected.base_url)
    visitor.open(f"/agenda/{slug}/inscription/")
    visitor.page.get_by_role("link", name="S’identifier avec ProConnect").click()
    address = visitor.page.get_by_label("Adresse électronique")
    assert address.input_value() == PERSON["email"]
    assert address.get_attribute("readonly") is not None
    visitor.page.get_by_role("button", name="Ne plus utiliser ProConnect").click()
    visitor.page.get_by_role("link", name="S’identifier avec ProConnect").wait_for()
    assert visitor.page.get_by_label("Adresse électronique").input_value() == ""
    # The provider is another site, and the only one that a page of ours leads to.
    visitor.complaints = [c for c in visitor.complaints if connected.issuer not in c]
