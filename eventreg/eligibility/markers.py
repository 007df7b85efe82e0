"""Signs read in an address: contractor, trainee, pupil, student, town hall. They prove nothing."""

import re
import unicodedata
from collections.abc import Callable, Iterator

from eventreg.eligibility.registry import Registry, Words
from eventreg.shared.addresses import Address

_SEPARATORS = re.compile(r"[._-]+")
# Step 10 speaks of labels or tokens for these two, although their rows are labels only; a sign
# can only lower, so the wider reading costs a look by a person and never lets anybody in.
_ALSO_TOKENS = frozenset({"trainee", "student_official"})

# Step 8. Those that end in a hyphen start a word of the label: « ch-x », never « french-x ».
_ANYWHERE = (
    "mairie",
    "commune",
    "ccas",
    "agglo",
    "metropole",
    "sdis",
    "cdg",
    "departement",
    "region",
    "prefecture",
)
_WORD_STARTS = ("ville-", "cc-", "chu-", "ch-", "univ-")

# Suffixes of two labels under which names are sold, where French bodies or their imitators are.
_PUBLIC_SUFFIXES = frozenset(
    {
        "aeroport.fr",
        "asso.fr",
        "com.fr",
        "greta.fr",
        "nom.fr",
        "prd.fr",
        "tm.fr",
        "asso.nc",
        "nom.nc",
        "com.pf",
        "edu.pf",
        "org.pf",
        "asso.re",
        "com.re",
        "nom.re",
        "co.uk",
        "eu.org",
        "org.uk",
    }
)


def without_tag(local: str) -> str:
    """The local part without its +tag, accents folded so that « étudiant » is read."""
    base = local.partition("+")[0] or local.lstrip("+")
    if base.isascii():
        return base
    folded = unicodedata.normalize("NFKD", base)
    return "".join(c for c in folded if not unicodedata.combining(c))


def tokens(local: str) -> list[str]:
    """Words of the local part, separated by dots, underscores or hyphens; +tag removed."""
    return [token for token in _SEPARATORS.split(without_tag(local)) if token]


def lowering(address: Address, registry: Registry) -> Iterator[Words]:
    """The marker rows that this address meets, in the order of the file (step 10)."""
    labels = address.domain.split(".")
    words = tokens(address.local)
    at_university = "university" in registry.categories(address.domain)
    for row in registry.words:
        if row.kind == "domain_label":
            read = labels + words if row.code in _ALSO_TOKENS else labels
        elif row.kind == "local_part_token":
            read = words
        elif row.kind == "local_part_last_token" and at_university:
            read = words[-1:]
        else:
            continue
        if any(row.match(word) for word in read):
            yield row


def of_public_body(local: str, registry: Registry) -> Words | None:
    """The row whose word, a town hall's, starts the local part or is a token of it (step 3)."""
    base, words = without_tag(local), tokens(local)
    for row in registry.kind("local_part_prefix"):
        if base.startswith(tuple(row.plain)) or any(row.match(word) for word in words):
            return row
    return None


def reader(registry: Registry) -> Callable[[str], tuple[object, ...]]:
    """What gives all that the rules read of a local part: at one domain, it settles the decision.

    Whoever makes a rule read more of it adds that here.
    """
    plain = frozenset(word for row in registry.words for word in row.plain)
    stems = tuple(stem for row in registry.words for stem in row.numbered)
    starts = tuple(word for row in registry.kind("local_part_prefix") for word in row.plain)

    def read(local: str) -> tuple[object, ...]:
        base = without_tag(local)
        words = [token for token in _SEPARATORS.split(base) if token]
        signs = [word for word in words if word in plain or word.startswith(stems)]
        return (base.startswith(starts), words[-1:] == signs[-1:], *signs)

    return read


def registrable_label(domain: str) -> str:
    """The label that somebody bought: just before the public suffix."""
    labels = domain.split(".")
    length = 2 if ".".join(labels[-2:]) in _PUBLIC_SUFFIXES else 1
    return labels[max(len(labels) - length - 1, 0)]


def public_looking(domain: str) -> bool:
    """Whether the registrable label holds a public body's word: anyone may buy one (step 8)."""
    label = registrable_label(domain)
    return any(word in label for word in _ANYWHERE) or any(
        label.startswith(word) or f"-{word}" in label for word in _WORD_STARTS
    )
