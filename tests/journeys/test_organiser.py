"""An organiser's day: a document becomes an event, lists are read, corrected and taken away."""

import io
import json
import re
from collections.abc import Callable

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from eventreg.demo.rules import fill_dates
from eventreg.shared import clock
from tests.journeys.site import Site
from tests.journeys.visitor import Visitor

DOCUMENT = """---
title: 'Écouter avant d’écrire : rencontre des équipes d’accueil'
date: {{ stamp -3 10:00 }}
categories:
- Rencontre
tags:
- Accueil
- Agents publics
chapeau-text: Une matinée pour entendre des appels, relire des courriers et repartir avec trois
  phrases à changer.
event_start_date: {{ stamp +24thu 09:30 }}
event_end_date: {{ stamp +24thu 12:30 }}
lieu: Maison du fleuve
adresse: 3 quai des Lavandières, 44000 Nantes
champs_informations:
- intitule: Modalités
  contenu: Uniquement réservé aux agents publics, inscription obligatoire
- intitule: Retransmission
  contenu: lien à venir
---

Les équipes d’accueil savent quelles phrases font appeler.

### Programme

* **9h30 : Accueil**
* **10h00 – 11h00 : Écoutes**
  <br>Dix appels, dix minutes de silence
* **11h15 – 12h30 : Réécritures**
"""
EVERYBODY = pytest.mark.parametrize(("width", "script"), [(1280, True), (390, False)])


@EVERYBODY
def test_a_document_is_read_reported_published_and_found_in_the_agenda(
    make_organiser: Callable[..., Visitor],
    make_visitor: Callable[..., Visitor],
    width: int,
    script: bool,
) -> None:
    slug = f"ecouter-avant-d-ecrire-{width}"
    organiser = make_organiser(width=width, script=script)
    organiser.look("accueil")
    organiser.press("Importer un document")
    organiser.press("Lire le document")
    assert organiser.status == 422
    organiser.sees("Choisissez un document")
    organiser.look("sans-document")
    raw = fill_dates(DOCUMENT, clock.utc_now()).encode()
    document = {"name": f"2026-11-20-{slug}.md", "mimeType": "text/markdown", "buffer": raw}
    organiser.page.locator("input[type=file]").set_input_files(document)
    organiser.press("Lire le document")
    expect(organiser.heading).to_have_text("Compte rendu de l’import")
    organiser.sees("Écouter avant d’écrire : rencontre des équipes d’accueil")
    organiser.look("compte-rendu")
    organiser.press("Créer le brouillon")
    assert organiser.path == f"/organisation/evenements/{slug}/"
    organiser.sees("Brouillon")

    passer_by = make_visitor(width=width, script=script)
    passer_by.open(f"/agenda/{slug}/")
    assert passer_by.status == 404

    organiser.press("Page de l’événement")
    organiser.press("Page publique")
    organiser.sees("Dix appels, dix minutes de silence")
    organiser.look("apercu")
    organiser.press("Vue d’ensemble")
    organiser.press("Publier")
    organiser.look("publier")
    organiser.press("Publier l’événement")
    assert organiser.mark("signups") == "open"
    organiser.look("publie")

    passer_by.open("/agenda/")
    passer_by.page.get_by_role("link", name="Écouter avant d’écrire").first.click()
    passer_by.page.wait_for_url("**/ecouter-avant-d-ecrire-*/")
    passer_by.open(f"/agenda/{slug}/")
    assert passer_by.mark("signups") == "open"
    passer_by.sees("Réservé aux agents publics")
    passer_by.sees("Maison du fleuve")
    passer_by.look("publique")


@EVERYBODY
def test_a_list_is_searched_completed_after_the_deadline_and_taken_away(
    make_organiser: Callable[..., Visitor], site: Site, width: int, script: bool
) -> None:
    slug = site.create(f"bilan-{width}", "Bilan de l’année", "capacity=60")
    site.command("attendees", "fill", slug, "--count", "55")
    address = f"odile.{width}@example.org"
    site.sign_up(slug, address, confirmed=True)
    site.command("events", "set", slug, f"closes_at={site.moment(seconds=-5)}")
    organiser = make_organiser(width=width, script=script)
    organiser.page.get_by_role("link", name="Bilan de l’année").last.click()
    organiser.open(f"/organisation/evenements/{slug}/")
    assert organiser.mark("signups") == "closed"
    organiser.look("vue")
    organiser.press("Inscriptions")
    organiser.sees("56 personnes, 50 affichées")
    organiser.look("personnes")
    organiser.fill(q="odile martin")
    organiser.press("Filtrer la liste")
    expect(organiser.page.locator("tbody tr")).to_have_count(1)
    organiser.sees(address)
    organiser.page.locator("select[name=etat]").select_option("cancelled")
    organiser.press("Filtrer la liste")
    organiser.sees("Personne ne correspond")
    organiser.look("personne-trouvee")
    organiser.press("Voir tout le monde")

    organiser.press("Ajouter une personne")
    organiser.fill(given_name="Rose", family_name="Lebrun", email="pas une adresse")
    organiser.press("Ajouter cette personne")
    assert organiser.status == 422
    organiser.look("ajout-refuse")
    added = f"rose.{width}@example.org"
    organiser.fill(email=added, reason="Intervenante, prévenue par téléphone.")
    organiser.press("Ajouter cette personne")
    assert organiser.mark("state") == "confirmed"
    organiser.sees("Rose Lebrun")
    organiser.look("dossier")
    assert [letter["kind"] for letter in site.mails_to(added)] == ["confirmed"]

    organiser.open(f"/organisation/evenements/{slug}/exporter/")
    organiser.look("export")
    for kind, read in (("csv", _csv), ("xlsx", _xlsx), ("json", _json)):
        organiser.page.locator("input[name=reason]").first.check(force=True)
        organiser.page.locator(f"input[name=format][value={kind}]").check(force=True)
        with organiser.download() as got:
            organiser.page.get_by_role("button", name="Télécharger la liste").click()
        people = read(got[0])
        assert len(people) == 57
        assert {address, added} <= people
        organiser.open(f"/organisation/evenements/{slug}/exporter/")
    organiser.open(f"/organisation/evenements/{slug}/historique/")
    organiser.sees("Liste exportée")
    organiser.sees("JSON, 57 personnes")
    organiser.sees("Équipe de démonstration")
    organiser.look("historique")
    organiser.open(f"/organisation/evenements/{slug}/courriels/")
    organiser.look("courriels")

    organiser.open("/organisation/mes-sessions/")
    organiser.look("sessions")
    organiser.page.get_by_role("main").get_by_role("button", name="Se déconnecter").click()
    organiser.sees("La déconnexion est faite.")
    organiser.look("deconnexion")
    organiser.open(f"/organisation/evenements/{slug}/")
    assert organiser.path == "/organisation/connexion/"


def _csv(raw: bytes) -> set[str]:
    return set(re.findall(r"[^\s;,\"]+@[^\s;,\"]+", raw.decode("utf-8-sig")))


def _xlsx(raw: bytes) -> set[str]:
    cells = [str(cell) for row in load_workbook(io.BytesIO(raw)).active.values for cell in row]
    return {cell for cell in cells if "@" in cell}


def _json(raw: bytes) -> set[str]:
    return {person["email"] for person in json.loads(raw)}


def test_two_organisers_writing_settings_see_both_versions_and_lose_nothing(
    make_organiser: Callable[..., Visitor], site: Site
) -> None:
    slug = site.create("reglages-a-deux", "Réglages à deux", "capacity=40")
    organiser = make_organiser()
    organiser.open(f"/organisation/evenements/{slug}/reglages/")
    organiser.look("reglages")
    organiser.fill(capacity="80", venue="Salle des fêtes")
    site.command("events", "set", slug, "capacity=55")
    organiser.press("Enregistrer les réglages")
    assert (organiser.status, organiser.mark("refusal")) == (409, "stale")
    organiser.sees("quelqu’un a modifié ces réglages pendant que vous écriviez")
    rows = organiser.page.get_by_role("table").get_by_role("row").all_inner_texts()
    assert [row.split() for row in rows[1:]] == [
        ["Lieu", "Salle", "des", "fêtes", "–"],
        ["Nombre", "de", "places", "80", "55"],
    ]
    organiser.look("perime")
    organiser.press("Enregistrer les réglages")
    organiser.sees("Les réglages sont enregistrés.")
    expect(organiser.page.locator("input[name=capacity]")).to_have_value("80")
    organiser.look("enregistre")
