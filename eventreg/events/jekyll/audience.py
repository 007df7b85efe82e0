"""Who may come and how many: audience, capacity, price."""

import re
from collections.abc import Iterator
from itertools import pairwise

from eventreg.events.jekyll.document import Audience
from eventreg.events.jekyll.page import Page, Sentence
from eventreg.events.jekyll.words import fold, squeeze

_AGENTS = (
    r"(?:agents? (?:de la fonction )?publi(?:cs?|que)|agents de l'etat|decideurs publics|fonctionnaires"
    r"|experts? [^.,;]{0,30}de l'etat|agents? (?:de la |du |des |de l')(?!securite|prive))"
)
_EXCLUDING = re.compile(
    rf"(?:uniquement|exclusivement|seulement|strictement) (?:reserve|destine|ouvert)\w{{0,12}}[^.;]{{0,30}} {_AGENTS}"
    rf"|(?:reserve|destine|ouvert)\w{{0,12}} (?:uniquement|exclusivement|seulement)[^.;]{{0,30}} {_AGENTS}"
    rf"|(?:evenement|atelier|formation|seance|session|journee|rencontre|webinaire)\w{{0,12}}"
    rf" (?:est |sont |etant )?reserve\w{{0,12}} (?:aux?|a tous les) {_AGENTS}"
    rf"|adresse\w{{0,3}} (?:uniquement|exclusivement|seulement) aux? [^.;]{{0,30}}?{_AGENTS}"
    rf"|(?:^|, |: |\b(?:acces|entree|inscription|participation) (?:est )?)reserve\w{{0,12}} (?:aux?|a tous les) {_AGENTS}"
    r"|ne s'adressen?t? qu'aux? agents"
    r"|adresse \w+ (?:professionnelle )?issue de la fonction publique"
    rf"|ouverte?s? a tous les {_AGENTS}"
)
_NOT_THE_EVENT = re.compile(
    r"(?:places?|salles?|sieges?|rangs?)\b[^.,;)]{0,40} reserve|salon (?:tchap|de discussion)|fil de discussion"
)
_ADDRESSED = re.compile(
    r"(?:consacre|dedie|reserve|destine|ouvert)\w{0,12} (?:\w+ ){0,2}?(?:aux?|a|a l'ensemble des) (?:\w+ ){0,3}?"
    r"(?:public|professionnels?|agents?|tous|toutes|toute personne|citoyens|administrations?|decideurs"
    r"|etudiants?|acteurs)"
    r"|s'adressen?t? (?:\w+ ){0,2}?(?:aux?|a) |en priorite aux"
)
_FOR_WHOM = re.compile(
    r"(?:pour qui|publics?(?: (?:concernes?|vises?|cibles?))?|a qui s'adresse\w{0,12})[ ?:]*"
)
_OTHERS = re.compile(
    r"prestataires?|prives?|citoyens?|etudiants?|entreprises?|associations?|chercheurs?|tous"
)
_NUMBER_WORDS = {
    "dix": 10,
    "douze": 12,
    "quinze": 15,
    "seize": 16,
    "vingt": 20,
    "vingt-cinq": 25,
    "trente": 30,
    "quarante": 40,
    "cinquante": 50,
}
_NUMBER = rf"(?P<number>\d{{1,3}}(?: \d{{3}})+|\d{{1,5}}|{'|'.join(sorted(_NUMBER_WORDS, reverse=True))})\b"
# « limité à 30 minutes » says nothing of places.
_NUMBER += r"(?! ?(?:minutes?|min\b|heures?|h\b|jours?|semaines?|mois|ans?\b|euros?|€|%|[mg]o\b|pages|mots))"
_PEOPLE = r"(?:personnes|participants|places|inscrits|agents)"
_CAPACITY = re.compile(
    rf"(?:limite\w{{0,12}}|jauge|capacite(?: \w+){{0,3}}|maximum(?: [\w']+){{0,6}}) (?:a|de|est|sera) (?:de )?{_NUMBER}"
    rf"|{_NUMBER.replace('number', 'before')} {_PEOPLE} (?:au )?max"
    rf"|(?:nombre de places|jauge|capacite) ?: ?{_NUMBER.replace('number', 'stated')}"
    rf"|\({_NUMBER.replace('number', 'inside')} places(?: disponibles| maximum)?\)"
    rf"|^seule?s les {_NUMBER.replace('number', 'first')} premiere?s (?:inscri|personnes inscrites)"
    rf"|accueillir jusqu'a {_NUMBER.replace('number', 'upto')} {_PEOPLE}"
)
_PER_SESSION = re.compile(
    r"(?:par|chaque|entre \d+ et) (?:atelier|session|seance|groupe|\d)|chaque"
    r"|par (?:administration|ministere|structure|organisme|service|direction|collectivite|personne)"
)
# A share of the places, or the size of a team, is no number of places.
_QUOTA = re.compile(r"reservee?s? (?:\w+ ){0,2}(?:aux?|a) |\bequipes? |\bdont \d+")


def audience(page: Page) -> Audience:
    """Restricted only on excluding words about the event: content-format.md, section 11, point 14."""
    for sentence in _matching(page, _EXCLUDING):
        if not _NOT_THE_EVENT.search(sentence.folded):
            return Audience(True, _clause(sentence))
    named = _for_whom(page)
    if named is not None:
        folded = fold(named)
        only = re.search(rf"{_AGENTS}|\bagents? des? ", folded) is not None and not _OTHERS.search(
            folded
        )
        return Audience(only, named)
    addressed = next(_matching(page, _ADDRESSED), None)
    return Audience(False, addressed.text if addressed else None)


def _matching(page: Page, pattern: re.Pattern[str]) -> Iterator[Sentence]:
    return (sentence for sentence in page.sentences if pattern.search(sentence.folded))


def _clause(sentence: Sentence) -> str:
    """In a list of conditions, the one about the audience; else the sentence."""
    match = _EXCLUDING.search(sentence.folded)
    if sentence.place == "body" or match is None:
        return sentence.text
    start = match.start()
    before = sentence.folded[:start].rstrip()
    if before.endswith((" et", ",", ";", ":")):
        return squeeze(sentence.text[start:])
    if sentence.place == "button":
        found = re.search(
            rf"\S{{0,20}}\s{{0,2}}{re.escape(match.group())}\S{{0,20}}", sentence.folded
        )
        return squeeze(sentence.text[found.start() : found.end()]) if found else sentence.text
    return sentence.text


def _for_whom(page: Page) -> str | None:
    """The text of a field or under a heading like "Pour qui ?"."""
    for field in page.fields:
        if field.value and _FOR_WHOM.fullmatch(fold(field.label or "")):
            return field.value
    for heading, following in pairwise(page.blocks):
        if heading.level and _FOR_WHOM.fullmatch(fold(squeeze(heading.text()))):
            return squeeze(following.text()) or None
    return None


def capacity(page: Page) -> int | None:
    """The number of places of the whole event; limits of one workshop stay with it."""
    for sentence in page.sentences:
        match = _CAPACITY.search(sentence.folded)
        if match is None or _PER_SESSION.search(sentence.folded):
            continue
        if _QUOTA.search(sentence.folded):
            continue
        written = next(filter(None, match.groups())).replace(" ", "")
        number = _NUMBER_WORDS.get(written) or int(written)
        if number:
            return number
    return None


_FREE = re.compile(
    r"\bgratuit(?:e|s|es|ement)?\b|\bfree (?:of charge|entry|admission|registration)\b|^free\b"
)


def paid(page: Page) -> bool | None:
    """Whether it costs something: the fields first, then the text."""
    if any(fold(field.label or "").startswith("payant") for field in page.fields):
        return True
    for sentence in page.sentences:
        if re.search(r"\bpayante?s?\b|\btarifs? .{0,80}?\d+ ?(?:€|euros)", sentence.folded):
            return True
        if _FREE.search(sentence.folded):
            return False
    return None
