"""A full event: its list, a place given back, an offer, a confirmed seat."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.site import Site
from tests.journeys.visitor import Visitor


@pytest.mark.parametrize(("width", "script"), [(1280, True), (390, False)])
def test_somebody_joins_the_list_of_a_full_event_and_takes_the_place_given_back(
    make_visitor: Callable[..., Visitor],
    make_organiser: Callable[..., Visitor],
    site: Site,
    width: int,
    script: bool,
) -> None:
    slug, first = f"atelier-complet-{width}", f"anne.{width}@example.org"
    site.create(slug, "Atelier complet", "capacity=1", "waiting_list=on")
    site.sign_up(slug, first, confirmed=True)
    visitor, address = make_visitor(width=width, script=script), f"bea.{width}@example.org"
    visitor.open(f"/agenda/{slug}/")
    assert visitor.mark("signups") == "waiting_list"
    visitor.look("evenement")
    visitor.press("Rejoindre la liste d’attente")
    visitor.sees("Cet événement est complet")
    visitor.look("formulaire")
    visitor.fill(given_name="Béa", family_name="Martin", email=address)
    visitor.press("Rejoindre la liste d’attente")
    assert visitor.mark("state") == "waiting"
    visitor.look("recue")
    visitor.letter(address, "Liste d’attente")
    visitor.look("courriel")
    visitor.follow_letter()
    visitor.press("Confirmer mon adresse")
    visitor.sees("Vous êtes au rang 1 de la liste. Personne n’est avant vous.")
    visitor.look("rang")

    organiser = make_organiser(width=width, script=script)
    organiser.open(f"/organisation/evenements/{slug}/liste-attente/")
    organiser.sees(address)
    organiser.look("liste")
    organiser.press("Changer le rang")
    organiser.look("changer-le-rang")
    site.act(site.link_of(first, "confirmed"), "annuler")
    organiser.open(f"/organisation/evenements/{slug}/liste-attente/")
    organiser.sees("Propositions sans réponse")
    organiser.look("offre-en-cours")
    organiser.open(f"/organisation/evenements/{slug}/calendrier/")
    organiser.sees("Des propositions de place prennent fin")
    organiser.look("calendrier")
    organiser.open(f"/organisation/evenements/{slug}/reglages/")
    organiser.look("reglages")

    visitor.letter(address, "Une place pour vous")
    visitor.look("courriel-offre")
    visitor.follow_letter()
    assert visitor.mark("state") == "offered"
    visitor.look("offre")
    visitor.press("Prendre la place")
    assert visitor.mark("state") == "confirmed"
    expect(visitor.heading).to_contain_text("votre inscription est confirmée")
