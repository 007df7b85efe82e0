"""When the answer is no, or not yet: the reason, what was typed, and the way out are on the page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.site import Site
from tests.journeys.visitor import Visitor

SLUG = "lancement-plan-services-simples"
EVERYBODY = pytest.mark.parametrize(("width", "script"), [(1280, True), (390, False)])
NAMES = {"given_name": "Camille", "family_name": "Martin"}


@EVERYBODY
def test_a_private_mailbox_is_refused_and_nothing_typed_is_lost(
    make_visitor: Callable[..., Visitor], width: int, script: bool
) -> None:
    visitor = make_visitor(width=width, script=script)
    visitor.open(f"/agenda/{SLUG}/inscription/")
    visitor.fill(**NAMES, email="camille@gmail.com", organisation="Préfecture")
    visitor.press("Envoyer mon inscription")
    assert (visitor.status, visitor.mark("refusal")) == (422, "not_eligible")
    assert visitor.page.title().startswith("Erreur (1) – ")
    visitor.sees("« gmail.com » est un fournisseur de messagerie personnelle")
    visitor.sees("Écrivez à l’équipe organisatrice")
    visitor.look("boite-privee")
    if script:
        assert visitor.focused()["id"] == "erreurs"
    for name, text in {**NAMES, "email": "camille@gmail.com", "organisation": "Préfecture"}.items():
        expect(visitor.page.locator(f"input[name={name}]")).to_have_value(text)
    visitor.page.locator("#erreurs li a").click()
    assert visitor.focused()["name"] == "email"
    assert visitor.page.locator("input[name=email]").get_attribute("aria-invalid") == "true"


@EVERYBODY
def test_missing_fields_are_listed_first_and_each_link_lands_in_its_field(
    make_visitor: Callable[..., Visitor], width: int, script: bool
) -> None:
    visitor = make_visitor(width=width, script=script)
    visitor.open(f"/agenda/{SLUG}/inscription/")
    visitor.fill(email="camille@interieur")
    visitor.press("Envoyer mon inscription")
    assert (visitor.status, visitor.mark("refusal")) == (422, "invalid")
    assert visitor.page.title().startswith("Erreur (3) – ")
    expect(visitor.page.locator("#erreurs")).to_be_focused()
    links = visitor.page.locator("#erreurs li a")
    beside = visitor.page.locator("form .fr-message--error")
    assert links.all_inner_texts() == beside.all_inner_texts()
    visitor.look("champs-manquants")
    for number, name in enumerate(("given_name", "family_name", "email")):
        links.nth(number).click()
        assert visitor.focused()["name"] == name


def test_a_slip_of_the_finger_is_pointed_at_and_not_corrected_behind_ones_back(
    make_visitor: Callable[..., Visitor],
) -> None:
    visitor = make_visitor()
    visitor.open(f"/agenda/{SLUG}/inscription/")
    visitor.fill(**NAMES, email="camille@interieur.gouv.f")
    visitor.press("Envoyer mon inscription")
    assert (visitor.status, visitor.mark("refusal")) == (422, "not_eligible")
    visitor.sees("Vouliez-vous écrire camille@interieur.gouv.fr ?")
    expect(visitor.page.locator("input[name=email]")).to_have_value("camille@interieur.gouv.f")
    visitor.look("faute-de-frappe")


@EVERYBODY
def test_a_doubtful_address_waits_for_an_organiser_who_says_yes_or_no(
    make_visitor: Callable[..., Visitor],
    make_organiser: Callable[..., Visitor],
    site: Site,
    width: int,
    script: bool,
) -> None:
    slug = f"doute-{width}"
    site.create(slug, f"Atelier réservé {width}", "audience=public_agents", "capacity=30")
    accepted, refused = f"yanis.{width}@beta.gouv.fr", f"lou.ext.{width}@interieur.gouv.fr"
    visitor = make_visitor(width=width, script=script)
    for address in (accepted, refused):
        visitor.open(f"/agenda/{slug}/inscription/")
        visitor.fill(given_name="Yanis", family_name="Kerloc’h", email=address)
        visitor.press("Envoyer mon inscription")
        assert visitor.mark("state") == "unconfirmed"
        visitor.sees("L’équipe organisatrice lit ensuite votre demande et décide")
        visitor.look("recue")
        visitor.letter(address, "Confirmez votre inscription")
        visitor.follow_letter()
        visitor.press("Confirmer mon inscription")
        assert visitor.mark("state") == "pending"
    visitor.look("en-attente")
    visitor.letter(accepted, "Demande d’inscription reçue")
    visitor.look("courriel-attente")

    organiser = make_organiser(width=width, script=script)
    organiser.open(f"/organisation/evenements/{slug}/")
    organiser.sees("2 demandes attendent une décision")
    organiser.look("vue")
    organiser.press("Voir les demandes")
    organiser.look("demandes")
    organiser.page.get_by_role("row").filter(has_text=accepted).get_by_role("link").click()
    organiser.sees("Des agents publics et des prestataires")
    organiser.look("dossier")
    organiser.press("Accepter la demande")
    organiser.look("accepter")
    organiser.press("Accepter la demande")
    organiser.sees("La demande est acceptée.")
    assert organiser.mark("state") == "confirmed"

    organiser.open(f"/organisation/evenements/{slug}/inscriptions/?etat=pending")
    organiser.page.get_by_role("row").filter(has_text=refused).get_by_role("link").click()
    organiser.press("Refuser la demande")
    organiser.press("Refuser la demande")
    assert organiser.status == 422, "a refusal without a reason is not sent"
    organiser.look("refuser-sans-motif")
    organiser.fill(reason="Cet atelier est réservé aux agents en poste.")
    organiser.press("Refuser la demande")
    assert organiser.mark("state") == "rejected"
    organiser.look("refusee")

    visitor.letter(accepted, "Demande acceptée")
    visitor.follow_letter()
    assert visitor.mark("state") == "confirmed"
    visitor.letter(refused, "Réponse à votre demande")
    visitor.sees("Cet atelier est réservé aux agents en poste.")
    visitor.look("courriel-refus")


@EVERYBODY
def test_the_deadline_passes_while_the_form_is_being_filled(
    make_visitor: Callable[..., Visitor], site: Site, width: int, script: bool
) -> None:
    slug = site.create(f"cloture-{width}", f"Clôture pendant la saisie {width}")
    visitor = make_visitor(width=width, script=script)
    visitor.open(f"/agenda/{slug}/inscription/")
    assert visitor.mark("signups") == "open"
    visitor.fill(**NAMES, email="camille@example.org", phone="01 99 00 12 34")
    closes_at = site.moment(seconds=1.2)
    site.command("events", "set", slug, f"closes_at={closes_at}")
    public = make_visitor(width=width, script=script)
    public.open(f"/agenda/{slug}/")
    while site.moment() < closes_at:
        public.page.wait_for_timeout(50)
    visitor.press("Envoyer mon inscription")
    assert (visitor.status, visitor.mark("refusal")) == (410, "closed")
    assert visitor.mark("signups") == "closed"
    visitor.sees("Inscription impossible :")
    for text in ("Camille", "Martin", "camille@example.org", "01 99 00 12 34"):
        visitor.sees(text)
    visitor.sees("écrivez à l’équipe organisatrice")
    visitor.look("trop-tard")
    assert site.mails_to("camille@example.org") == []
    public.page.reload()
    assert (public.mark("signups"), public.mark("refusal")) == ("closed", "closed")
    expect(public.page.get_by_role("link", name="S’inscrire")).to_have_count(0)
    public.look("close")
    visitor.press("Revenir à l’événement")
    assert visitor.path == f"/agenda/{slug}/"


@pytest.mark.parametrize(
    ("path", "status", "mark", "words"),
    [
        ("/agenda/formation-premiers-pas-accessibilite/inscription/", 200, "full", "aucune place"),
        ("/agenda/journee-donnees-ouvertes/inscription/", 200, "not_open", "pas encore ouvertes"),
        ("/agenda/hackathon-mobilites-durables/inscription/", 200, "closed", "sont closes"),
        ("/agenda/pavillon-innovation-publique/inscription/", 404, None, "un autre site"),
        ("/agenda/seminaire-archives-numeriques/", 404, "not_found", "Page introuvable"),
        (
            "/agenda/seminaire-archives-numeriques/inscription/",
            404,
            "not_found",
            "Page introuvable",
        ),
        ("/inscriptions/lien/c.un-lien-invente", 410, "expired_link", "ne fonctionne plus"),
        ("/organisation/connexion/un-lien-invente", 410, "expired_link", "ne fonctionne plus"),
    ],
)
def test_a_door_that_is_shut_says_why_and_shows_another(
    make_visitor: Callable[..., Visitor], path: str, status: int, mark: str | None, words: str
) -> None:
    visitor = make_visitor(width=390)
    visitor.open(path)
    assert (visitor.status, visitor.mark("refusal")) == (status, mark)
    visitor.sees(words)
    ways_on = visitor.page.locator("main a[href], main button")
    assert ways_on.count() > 0
    visitor.look(path.strip("/").replace("/", "_"))


@EVERYBODY
def test_asking_for_links_answers_the_same_for_known_and_unknown_addresses(
    make_visitor: Callable[..., Visitor], site: Site, width: int, script: bool
) -> None:
    known, unknown = f"connue.{width}@example.org", f"inconnue.{width}@example.org"
    slug = site.create(f"liens-{width}", "Retrouver ses liens")
    site.sign_up(slug, known, confirmed=True)
    visitor = make_visitor(width=width, script=script)
    pages = []
    for address in (known, unknown):
        visitor.open("/mes-inscriptions/")
        visitor.look("mes-inscriptions")
        visitor.fill(email=address)
        visitor.press("M’envoyer mes liens")
        assert visitor.status == 200
        visitor.sees("votre demande a été reçue")
        pages.append(visitor.page.get_by_role("main").inner_text())
    visitor.look("demande-recue")
    assert pages[0] == pages[1]
    assert [letter["kind"] for letter in site.mails_to(known)][-1] == "my_links"
    assert site.mails_to(unknown) == []
    visitor.letter(known, "Vos inscriptions")
    visitor.look("courriel")
    visitor.follow_letter()
    assert visitor.mark("state") == "confirmed"
