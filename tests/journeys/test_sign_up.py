"""From the agenda to a confirmed seat and back, as people do it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.site import Site
from tests.journeys.visitor import Visitor

TITLE = "Des services publics plus simples"
SLUG = "lancement-plan-services-simples"
EVERYBODY = pytest.mark.parametrize(
    ("width", "script"), [(1280, True), (390, True), (1280, False), (390, False)]
)


def person(visitor: Visitor) -> str:
    """An agent's address of this journey only."""
    return f"camille.{visitor.width}{'a' if visitor.script else 'b'}@interieur.gouv.fr"


@EVERYBODY
def test_an_agent_signs_up_leaves_comes_back_and_hands_the_place_over(
    make_visitor: Callable[..., Visitor], site: Site, width: int, script: bool
) -> None:
    visitor = make_visitor(width=width, script=script)
    address = person(visitor)
    visitor.open("/agenda/")
    visitor.look("agenda")
    visitor.page.get_by_role("link", name=TITLE).click()
    visitor.page.wait_for_url(f"**/agenda/{SLUG}/")
    assert visitor.mark("signups") == "open"
    visitor.look("evenement")
    visitor.page.get_by_role("main").get_by_role("link", name="S’inscrire").first.click()
    visitor.page.wait_for_url("**/inscription/")
    visitor.look("formulaire")
    visitor.fill(given_name="Camille", family_name="Martin", email=address)
    visitor.fill(organisation="Préfecture", job_title="Cheffe de projet")
    visitor.press("Envoyer mon inscription")
    assert visitor.mark("state") == "unconfirmed"
    assert visitor.mark("receipt")
    expect(visitor.heading).to_contain_text("confirmez votre adresse")
    visitor.look("recue")

    visitor.letter(address, "Confirmez votre inscription")
    visitor.look("courriel")
    visitor.follow_letter()
    assert visitor.mark("state") == "unconfirmed"
    visitor.page.reload()
    assert visitor.mark("state") == "unconfirmed", "reading a link must change nothing"
    visitor.look("lien")
    visitor.press("Confirmer mon inscription")
    assert visitor.mark("state") == "confirmed"
    visitor.sees(address)
    visitor.look("confirmee")
    with visitor.download() as got:
        visitor.press("Télécharger la date")
    assert got[0].startswith(b"BEGIN:VCALENDAR")
    assert b"\r\nDTSTART" in got[0]
    visitor.letter(address, "Inscription confirmée")

    visitor.follow_letter()
    visitor.press("Annuler mon inscription")
    assert visitor.mark("state") == "cancelled"
    visitor.look("annulee")
    visitor.press("Rétablir mon inscription")
    assert visitor.mark("state") == "confirmed"
    kinds = [letter["kind"] for letter in site.mails_to(address)]
    assert kinds == ["confirm_address", "confirmed", "cancelled", "confirmed"]

    visitor.fill(job_title="Directrice")
    visitor.press("Enregistrer mes modifications")
    visitor.sees("Directrice")
    visitor.press("Voir et télécharger mes données")
    visitor.sees("Réponses modifiées par la personne")
    visitor.look("donnees")
    visitor.press("Revenir à mon inscription")
    visitor.press("Céder ma place")
    visitor.look("ceder")
    colleague = address.replace("camille", "dominique")
    visitor.fill(given_name="Dominique", family_name="Petit", email=colleague)
    visitor.press("Proposer ma place")
    visitor.sees(f"Dominique Petit ({colleague})")
    visitor.look("proposee")
    visitor.letter(colleague, "Une place vous est proposée")
    visitor.look("courriel-place")
    visitor.follow_letter()
    visitor.sees("Camille Martin vous propose de prendre sa place")
    visitor.look("proposition")
    visitor.press("Prendre la place")
    assert visitor.mark("state") == "confirmed"
    visitor.sees("Dominique Petit")
    visitor.letter(address, "Votre place est cédée")
    visitor.follow_letter()
    assert visitor.mark("state") == "cancelled"
    visitor.look("cedee")
