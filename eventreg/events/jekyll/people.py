"""Who is named in a session: people, and the organisations they come from."""

import re

from eventreg.events.jekyll.words import fold, squeeze

_ORGANISATION = re.compile(
    r"^(?:(?:l'|la |le |les |de |des |du |et |d')){0,4}"
    r"(?:directions?|services?|instituts?|ministeres?|autorites?|agences?|missions?|departements?"
    r"|secretariats?|delegations?|universites?|ecoles?|associations?|prefectures?|conseils?|caisses?"
    r"|centres?|laboratoires?|societes?|incubateurs?|fabriques?|observatoires?|offices?|poles?"
    r"|bureaux?|regions?|metropoles?|fondations?|federations?|academies?|mairies?|cour des comptes"
    r"|gendarmerie|dinum|ditp|dinsic|anssi|cnil|insee|ign|arcep|dgafp|sig|etalab|parc|reseau|groupe)\b"
)
_ROLE = re.compile(
    r"^(?:lead|chef|cheffe|responsable|direct(?:eur|rice)|delegue|minist|president|secretaire|conseill"
    r"|fond(?:ateur|atrice)|co-?fond|designer|develop|charge|expert|product|data|mentor|entrepreneur"
    r"|capitaine|adjoint|general|maire|depute|senat|inspect|ingenieur|professeur|coach|contribut"
    r"|cartograph|journalist|elue?\b|avocat|sociolog|redact|enseign|architecte|c[tei]o\b|dsi\b|coordin"
    r"|gestionn|manager|analyst|consult|animat|administr|vice-|membre|prefet|sous-|haute?-|commissaire"
    r"|rapporteu|auteur|autrice|formateur|formatrice|technic|cherche|doctor|etudiant|historien|philosoph"
    r"|econom|statistic|ergonom|psycholog|juriste|facilit|mediat|ux\b|ui\b|rssi\b|head\b|senior|pdg\b|chairman)"
)
_PROSE = re.compile(r"\b(?:en presence|qui|que|vous|nous|se|est|sont|sera|seront|\w{2,20}ront)\b")
_PARTICLES = frozenset(
    {"de", "du", "des", "la", "le", "van", "von", "der", "den", "da", "di", "el", "ben", "d'"}
)
_SPLIT = re.compile(r"(,? et |,? and |, ?| ?; ?| & |[()])")
_PARENTHESES = re.compile(r"\([^()]*\)")


def is_organisation(text: str) -> bool:
    """Whether a text is a list of organisations rather than a sentence or a title."""
    folded = fold(squeeze(text))
    return _ORGANISATION.match(folded) is not None and not _PROSE.search(folded)


def is_person(text: str) -> bool:
    """Whether a text looks like one person's name: two to four capitalised words."""
    words = squeeze(_PARENTHESES.sub("", text).split(" - ")[0]).removeprefix("M. ").split(" ")
    folded = fold(" ".join(words))
    if not 2 <= len(words) <= 5 or _ORGANISATION.match(folded) or _ROLE.match(folded):
        return False
    names = [word for word in words if word.lower() not in _PARTICLES]
    return len(names) >= 2 and all(word[:1].isupper() and word[-1].isalpha() for word in names)


def has_post(text: str) -> bool:
    """Whether a post or an organisation follows the first name: what no title of a talk has."""
    parts = [fold(part) for _, part in _parts(text)]
    if not parts:
        return False
    posts = (_ROLE.match(part) or _ORGANISATION.match(part) for part in parts[1:])
    return _PARENTHESES.search(parts[0]) is not None or any(posts)


def begins_with_person(text: str) -> bool:
    """Whether the first of the people in a text looks like a name."""
    first = _parts(text)
    return bool(first) and is_person(first[0][1])


def _parts(text: str) -> list[tuple[str, str]]:
    """(separator, part) split at commas and "et" outside parentheses."""
    parts = [("", "")]
    depth = 0
    for mark in _SPLIT.split(text):
        depth += (mark == "(") - (mark == ")")
        if depth <= 0 and mark and mark not in "()" and _SPLIT.fullmatch(mark):
            parts.append((mark, ""))
        else:
            parts[-1] = (parts[-1][0], parts[-1][1] + mark)
    return [(separator, squeeze(part)) for separator, part in parts if part.strip()]


def split(text: str) -> tuple[str, ...]:
    """The people of a text, each with what follows the name: a new name starts a new person."""
    people: list[str] = []
    for separator, part in _parts(squeeze(text)):
        if not people or ";" in separator or is_person(part):
            people.append(part)
        else:
            people[-1] += f"{separator.rstrip()} {part}"
    return tuple(person.rstrip(" ,;") for person in people)
