"""Every page and state of the service: what a crawl visits, and the people that make the states.

An address may name what `prepare` found: `{confirmed}` is the path of a personal link.
"""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType

from tests.journeys import seeding
from tests.journeys.site import Site

OPEN = "lancement-plan-services-simples"
FULL = "formation-premiers-pas-accessibilite"
NOT_OPEN = "journee-donnees-ouvertes"
CLOSED = "hackathon-mobilites-durables"
EXTERNAL = "pavillon-innovation-publique"
PAST = "rencontre-communs-numeriques"
DRAFT = "seminaire-archives-numeriques"
EVENT = f"/organisation/evenements/{OPEN}/"
LINE = f"/organisation/evenements/{seeding.LINE}/"
ASKING = f"/organisation/evenements/{seeding.ASKING}/"
RECEIVED = f"/agenda/{seeding.LINE}/inscription/recue/"
ERRORS = (400, 403, 404, 405, 409, 410, 413, 429, 500, 503)

# name: (addresses opened one after the other, status of the last); each has its mirror under /en
PUBLIC: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "agenda": ("/agenda/", 200),
        "agenda-page-2": ("/agenda/?page=2", 200),
        "agenda-filtre": ("/agenda/?q=services", 200),
        "agenda-vide": ("/agenda/?q=introuvable", 200),
        "agenda-tous-filtres": ("/agenda/?theme=accessibilite&periode=a-venir", 200),
        "agenda-passes": ("/agenda/?periode=passes", 200),
        "evenement-ouvert": (f"/agenda/{OPEN}/", 200),
        "evenement-complet": (f"/agenda/{FULL}/", 200),
        "evenement-pas-ouvert": (f"/agenda/{NOT_OPEN}/", 200),
        "evenement-clos": (f"/agenda/{CLOSED}/", 200),
        "evenement-clos-avec-mot": ("/agenda/clos-avec-mot/", 200),
        "evenement-ailleurs": (f"/agenda/{EXTERNAL}/", 200),
        "evenement-passe": (f"/agenda/{PAST}/", 200),
        "evenement-sans-limite": ("/agenda/webinaire-sobriete-des-sites/", 200),
        "evenement-annule": ("/agenda/{cancelled_event}/", 200),
        "evenement-brouillon": (f"/agenda/{DRAFT}/", 404),
        "evenement-riche-deplace": (f"/agenda/{seeding.RICH}/", 200),
        "evenement-archive": ("/agenda/page-archivee/", 200),
        "evenement-bilingue": ("/agenda/page-bilingue/", 200),
        "evenement-entree-libre": ("/agenda/sans-inscription/", 200),
        "evenement-liste-attente": (f"/agenda/{seeding.LINE}/", 200),
        "bouton": (f"/agenda/{OPEN}/bouton/", 200),
        "formulaire": (f"/agenda/{OPEN}/inscription/", 200),
        "formulaire-complet": (f"/agenda/{FULL}/inscription/", 200),
        "formulaire-pas-ouvert": (f"/agenda/{NOT_OPEN}/inscription/", 200),
        "formulaire-clos": (f"/agenda/{CLOSED}/inscription/", 200),
        "formulaire-clos-avec-mot": ("/agenda/clos-avec-mot/inscription/", 200),
        "formulaire-annule": ("/agenda/{cancelled_event}/inscription/", 200),
        "formulaire-ailleurs": (f"/agenda/{EXTERNAL}/inscription/", 404),
        "formulaire-liste-attente": (f"/agenda/{seeding.LINE}/inscription/", 200),
        "formulaire-publics": (f"/agenda/{seeding.ASKING}/inscription/", 200),
        "formulaire-questions": (f"/agenda/{seeding.ASKING}/inscription/?population=agents", 200),
        "formulaire-questions-presse": (
            f"/agenda/{seeding.ASKING}/inscription/?population=press",
            200,
        ),
        "recue-a-confirmer": ("{received_unconfirmed}", 200),
        "recue-confirmee": ("{received_confirmed}", 200),
        "recue-demande": (f"{RECEIVED}recupending/", 200),
        "recue-en-liste": (f"{RECEIVED}recuwaiting/", 200),
        "inscription-a-confirmer": ("{own_unconfirmed}", 200),
        "inscription-demandee": ("{own_pending}", 200),
        "inscription-a-expliquer": ("{doubted}", 200),
        "inscription-en-liste": ("{own_waiting}", 200),
        "inscription-proposee": ("{own_offered}", 200),
        "inscription-confirmee": ("{own_confirmed}", 200),
        "inscription-annulee": ("{own_cancelled}", 200),
        "inscription-refusee": ("{own_rejected}", 200),
        "inscription-expiree": ("{own_expired}", 200),
        "inscription-offre-passee": ("{own_offer_over}", 200),
        "inscription-avec-reponses": ("{answered}", 200),
        "modifier": ("{own_confirmed} {page_confirmed}modifier/", 200),
        "modifier-reponses": ("{answered} {answered_page}modifier/", 200),
        "ceder": ("{own_confirmed} {page_confirmed}ceder/", 200),
        "changer-adresse": ("{own_confirmed} {page_confirmed}adresse/", 200),
        "mes-donnees": ("{own_confirmed} {page_confirmed}donnees/", 200),
        "expliquer": ("{doubted} {doubted_page}expliquer/", 200),
        "reprendre-une-place": ("{proposal_take}", 200),
        "prouver-une-adresse": ("{proposal_address}", 200),
        "arreter-un-changement": ("{proposal_stop}", 200),
        "invitation": ("{invitation_open}", 200),
        "invitation-declinee": ("{invitation_declined}", 200),
        "invitation-retiree": ("{invitation_withdrawn}", 200),
        "invitation-expiree": ("{invitation_expired}", 200),
        "lien-perime": ("/inscriptions/lien/c.invente", 410),
        "mes-inscriptions": ("/mes-inscriptions/", 200),
        "accessibilite": ("/accessibilite/", 200),
        "mentions-legales": ("/mentions-legales/", 200),
        "donnees-personnelles": ("/donnees-personnelles/", 200),
        "plan-du-site": ("/plan-du-site/", 200),
        "cookies": ("/gestion-des-cookies/", 200),
        "ecoconception": ("/ecoconception/", 200),
        "aide": ("/aide/", 200),
        "introuvable": ("/introuvable/", 404),
        "connexion": ("/organisation/connexion/", 200),
        "connexion-envoyee": ("/organisation/connexion/envoyee/", 200),
        "connexion-entrer": ("{enter}", 200),
        "connexion-perimee": ("/organisation/connexion/invente", 410),
        "courriels": ("/dev/courriels/", 200),
        "courriel": ("/dev/courriels/{mail}/", 200),
        **{f"erreur-{code}": (f"/essai/{code}/", code) for code in ERRORS},
    }
)
ORGANISER: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "organisation": ("/organisation/", 200),
        "creer": ("/organisation/evenements/nouveau/", 200),
        "importer": ("/organisation/importer/", 200),
        "domaines": ("/organisation/domaines/", 200),
        "sessions": ("/organisation/mes-sessions/", 200),
        "vue": (EVENT, 200),
        "vue-brouillon": (f"/organisation/evenements/{DRAFT}/", 200),
        "vue-liste-attente": (f"{LINE}", 200),
        "vue-annulee": ("/organisation/evenements/evenement-annule/", 200),
        "page-brouillon": (f"/organisation/evenements/{DRAFT}/apercu/page/", 200),
        "personnes": (f"{EVENT}inscriptions/", 200),
        "personnes-page": (f"{EVENT}inscriptions/?page=2&tri=-date", 200),
        "personne-aucune": (f"{EVENT}inscriptions/?q=introuvable", 200),
        "dossier": ("{pending_file}", 200),
        "dossier-confirme": ("{file_confirmed}", 200),
        "dossier-en-liste": ("{file_waiting}", 200),
        "dossier-annule": ("{file_cancelled}", 200),
        "reponses-des-organisateurs": ("{answered_file}reponses/", 200),
        "accepter": ("{pending_file}accepter/", 200),
        "refuser": ("{pending_file}refuser/", 200),
        "annuler-une-inscription": ("{confirmed_file}annuler/", 200),
        "noter": ("{asker}selection/", 200),
        "demandes": (f"/organisation/evenements/{seeding.CHOSEN}/demandes/", 200),
        "demandes-aucune": (f"{LINE}demandes/?liste=preselection", 200),
        "tirages": (f"/organisation/evenements/{seeding.CHOSEN}/tirages/", 200),
        "tirage": ("{draw}", 200),
        "liste-attente": (f"{LINE}liste-attente/", 200),
        "deplacer-en-liste": (f"{LINE}liste-attente/{{waiting_id}}/deplacer/", 200),
        "proposer-une-place": (f"{LINE}liste-attente/{{waiting_id}}/proposer/", 200),
        "retirer-une-offre": (f"{LINE}liste-attente/{{offered_id}}/retirer/", 200),
        "calendrier": (f"{LINE}calendrier/", 200),
        "ajouter": (f"{EVENT}inscriptions/ajouter/", 200),
        "importer-liste": (f"{EVENT}inscriptions/importer/", 200),
        "invitations": ("/organisation/evenements/sur-invitation/invitations/", 200),
        "exporter": (f"{EVENT}exporter/", 200),
        "reglages": (f"{EVENT}reglages/", 200),
        "textes": (f"/organisation/evenements/{seeding.RICH}/textes/", 200),
        "public": (f"{EVENT}public/", 200),
        "listes": (f"{EVENT}public/listes/", 200),
        "pourquoi": (f"{EVENT}public/essai/", 200),
        "questions": (f"{ASKING}formulaire/", 200),
        "questions-aucune": (f"{EVENT}formulaire/", 200),
        "questions-apercu": (f"{ASKING}formulaire/apercu/", 200),
        "question-nouvelle": (f"{ASKING}formulaire/questions/ajouter/", 200),
        "question": (f"{ASKING}formulaire/questions/workshops/", 200),
        "question-a-supprimer": (f"{ASKING}formulaire/questions/note/supprimer/", 200),
        "partie": (f"{ASKING}formulaire/parties/venue/", 200),
        "contingent": (f"{ASKING}formulaire/contingents/a/", 200),
        "public-du-formulaire": (f"{ASKING}formulaire/publics/press/", 200),
        "apercu": (f"{EVENT}apercu/", 200),
        "courriels-evenement": (f"{EVENT}courriels/", 200),
        "historique": (f"{EVENT}historique/", 200),
        "medias": (f"/organisation/evenements/{seeding.RICH}/medias/", 200),
        "medias-aucun": (f"{EVENT}medias/", 200),
        "media": (f"/organisation/evenements/{seeding.RICH}/medias/{{image}}/", 200),
        "media-a-retirer": (
            f"/organisation/evenements/{seeding.RICH}/medias/{{image}}/retirer/",
            200,
        ),
        "diffusion": (f"{EVENT}diffusion/", 200),
        "publier": (f"/organisation/evenements/{DRAFT}/publier/", 200),
        "retirer": (f"{EVENT}retirer/", 200),
        "annuler": (f"{EVENT}annuler/", 200),
        "archiver": (f"/organisation/evenements/{PAST}/archiver/", 200),
        "evenement-d-autrui": ("/organisation/evenements/introuvable/", 404),
    }
)
# Nobody sees both, or they say the same thing of the same thing.
SAME_TITLE = {
    "introuvable",  # a draft, a foreign event and a missing page look alike
    "erreur-404",
    "evenement-d-autrui",
    "personne-aucune",  # a search of the same list
    "bouton",  # the event's, in a frame of another site
    "inscription-en-liste",  # as just after the sign-up
    "reprendre-une-place",  # to a colleague; the other to somebody in line
    "dossier-en-liste",  # namesakes
    "dossier-annule",
}
KINDS = (
    "confirm_address",
    "confirmed",
    "pending",
    "accepted",
    "rejected",
    "already_registered",
    "my_links",
    "cancelled",
    "organiser_sign_in",
    "closing_recap",
)


def prepare(site: Site) -> dict[str, str]:
    """Makes one registration in each state and one letter of each kind; returns their addresses."""
    found = {"cancelled_event": site.create("evenement-annule", "Journée annulée")}
    organiser = site.organiser()
    site.post(organiser, "/organisation/evenements/evenement-annule/annuler/")
    found["received_unconfirmed"] = site.sign_up(OPEN, "a.confirmer@interieur.gouv.fr")
    found["unconfirmed"] = site.link_of("a.confirmer@interieur.gouv.fr", "confirm_address")
    site.sign_up(OPEN, "confirmee@interieur.gouv.fr", confirmed=True)
    site.sign_up(OPEN, "confirmee@interieur.gouv.fr")
    site.my_links("confirmee@interieur.gouv.fr")
    found["confirmed"] = site.link_of("confirmee@interieur.gouv.fr", "my_links")
    found["confirmed_file"] = _file(site, "confirmee@interieur.gouv.fr")
    for state in ("pending", "accepted", "rejected"):
        site.sign_up(OPEN, f"{state}@beta.gouv.fr", confirmed=True)
    found["pending"] = site.link_of("pending@beta.gouv.fr", "pending")
    found["pending_file"] = _file(site, "pending@beta.gouv.fr")
    site.post(organiser, f"{_file(site, 'accepted@beta.gouv.fr')}accepter/")
    refuse = f"{_file(site, 'rejected@beta.gouv.fr')}refuser/"
    site.post(organiser, refuse, reason="Réservé aux agents en poste cette année.")
    direct = ("confirmation_hours=0", "contact_email=equipe@example.org")
    free = site.create("sans-confirmation", "Sans confirmation", *direct)
    found["received_confirmed"] = site.sign_up(free, "directe@example.org")
    site.command("events", "set", free, f"closes_at={site.moment()}")
    site.sign_up(OPEN, "annulee@interieur.gouv.fr", confirmed=True)
    site.act(site.link_of("annulee@interieur.gouv.fr", "confirmed"), "annuler")
    site.command("organisers", "create", "accueil@example.org", "--name", "Équipe d’accueil")
    site.ask_sign_in("accueil@example.org")
    site.command("jobs", "run")
    site.command("mails", "drain")
    found["mail"] = str(site.mails_to("a.confirmer@interieur.gouv.fr")[0]["id"])
    found["enter"] = site.sign_in_path()
    return found | seeding.seed(site)


def _file(site: Site, address: str) -> str:
    """The path of a person's file in the back office."""
    exported = site.command("attendees", "export", OPEN, "--format", "json", "--output", "-")
    person = next(row for row in json.loads(exported) if row["email"] == address)
    return f"{EVENT}inscriptions/{person['id']}/"


def letters(site: Site) -> dict[str, str]:
    """The HTML part of the latest letter of each kind."""
    rows = json.loads(site.command("mails", "list", "--json"))
    latest = {row["kind"]: str(row["id"]) for row in rows}
    return {
        kind: json.loads(site.command("mails", "show", key, "--json"))["html"]
        for kind, key in latest.items()
    }


def steps(template: str, found: Mapping[str, str]) -> list[str]:
    """The paths to open one after the other; the last one is the place."""
    return re.sub(r"\{(\w+)\}", lambda match: found[match[1]], template).split()
