"""The rows of the domain files, checked one by one as they are read."""

import csv
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

FAMILIES_OF = {
    "state": ("state",),
    "constitutional": ("state",),
    "parliament": ("state",),
    "justice": ("state",),
    "ministry": ("state",),
    "defence": ("state",),
    "prefecture": ("state",),
    "deconcentrated-service": ("state",),
    "independent-authority": ("state",),
    "public-bank": ("state",),
    "operator": ("state",),
    "academy": ("state", "education"),
    "education": ("state", "education"),
    "university": ("state", "education"),
    "research": ("state", "education"),
    "health-agency": ("state", "health"),
    "hospital": ("health",),
    "social-security": ("social_security",),
    "region": ("local",),
    "department": ("local",),
    "intercommunality": ("local",),
    "commune": ("local",),
    "management-centre": ("local",),
    "fire-rescue": ("local",),
    "consular-chamber": ("chambers",),
}
"""Families of each category: what an event may be narrowed to."""
FAMILIES = frozenset(family for families in FAMILIES_OF.values() for family in families)
# Bodies whose staff are mostly under private law: a person looks when an event is strict.
PRIVATE_LAW = frozenset({"public-bank", "operator", "social-security", "consular-chamber"})
MATCHES = frozenset({"exact", "subdomains"})
EVIDENCES = frozenset({"mail", "attested", "shared", "web"})
INSTANCE = "instance"  # the evidence of what an administrator of this instance accepted
VERDICTS = ("accepted", "review", "refused")
OUTCOMES = {"review": "review", "not_eligible": "refused"}  # the files' word -> the contract's
DOMAIN_KINDS = frozenset({"domain", "domain_and_subdomains"})
WORD_KINDS = frozenset(
    {
        "domain_label",
        "local_part_token",
        "local_part_last_token",
        "local_part_prefix",
        "second_level_label_of_nc_pf_wf",
        "domain_pattern",
    }
)

PUBLIC_HEADER = ["domain", "match", "category", "organisation", "source", "evidence"]
OVERRIDES_HEADER = ["pattern", "kind", "outcome", "class", "reason", "source"]
WEB_HEADER = [
    "domain",
    "siren",
    "type",
    "registrable_domain",
    "shared_platform",
    "listed_2022_12",
    "http_ok_2024_12",
]

_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
_CODE = re.compile(r"[a-z]+(_[a-z]+)*")
_WORD = re.compile(r"[a-z]+(NN)?")
_SIREN = re.compile(r"([0-9]{9})?", re.ASCII)
_TYPE = re.compile(r"[a-z0-9-]{0,40}")


class RegistryError(ValueError):
    """A domain file that cannot be trusted. Nothing is loaded from it."""

    def __init__(self, file: str, line: int, fault: str) -> None:
        super().__init__(f"{file}:{line}: {fault}")
        self.file = file
        self.line = line
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Body:
    """A public body's domain; `covers_below` is the files' match = subdomains."""

    domain: str
    covers_below: bool
    category: str
    organisation: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Override:
    """A domain whose row settles the outcome; `code` is the stable class of the row."""

    domain: str
    covers_below: bool
    outcome: str
    code: str


@dataclass(frozen=True, slots=True)
class Addition:
    """What an administrator of this instance decided of a domain, for every event."""

    domain: str
    covers_below: bool
    verdict: str  # accepted, review, refused
    category: str = "state"
    organisation: str = ""

    def row(self) -> Body | Override:
        """As a row of the registry, or one with an outcome of its own."""
        if self.verdict == "accepted":
            name = self.organisation or self.domain
            return Body(self.domain, self.covers_below, self.category, name, INSTANCE)
        code = f"{INSTANCE}_{self.verdict}"
        return Override(self.domain, self.covers_below, self.verdict, code)


@dataclass(frozen=True, slots=True)
class Words:
    """Marker words; `numbered` ones are followed by digits (the files' NN)."""

    kind: str
    plain: frozenset[str]
    numbered: tuple[str, ...]
    outcome: str
    code: str

    def match(self, word: str) -> bool:
        """Whether `word` is, whole, one of these."""
        return word in self.plain or any(
            word.startswith(stem) and _is_number(word[len(stem) :]) for stem in self.numbered
        )


@dataclass(frozen=True, slots=True)
class WebHost:
    """A web site of a body; `shared` when it sits on a platform open to anyone."""

    domain: str
    category: str
    own_zone: bool
    shared: bool
    siren: str = ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _rows(data: bytes, file: str, header: list[str]) -> Iterator[tuple[int, list[str]]]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise RegistryError(file, 0, "not UTF-8") from fault
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        if next(reader, None) != header:
            raise RegistryError(file, 1, f"the header is not {','.join(header)}")
        for row in reader:
            if len(row) != len(header):
                raise RegistryError(file, reader.line_num, f"{len(row)} columns")
            yield reader.line_num, row
    except csv.Error as fault:
        raise RegistryError(file, reader.line_num, str(fault)) from fault


def _require(condition: object, file: str, line: int, fault: str) -> None:
    if not condition:
        raise RegistryError(file, line, fault)


def read_bodies(data: bytes, file: str = "public_email_domains.csv") -> dict[str, Body]:
    """Raises RegistryError."""
    bodies: dict[str, Body] = {}
    for line, (domain, match, category, organisation, _source, evidence) in _rows(
        data, file, PUBLIC_HEADER
    ):
        _require(_DOMAIN.fullmatch(domain), file, line, f"not a domain: {domain!r}")
        _require(domain not in bodies, file, line, f"{domain} appears twice")
        _require(match in MATCHES, file, line, f"unknown match {match!r}")
        _require(category in FAMILIES_OF, file, line, f"unknown category {category!r}")
        _require(evidence in EVIDENCES, file, line, f"unknown evidence {evidence!r}")
        _require(organisation.strip(), file, line, "no organisation")
        covers_below = match == "subdomains"
        bodies[domain] = Body(
            domain, covers_below, sys.intern(category), organisation, sys.intern(evidence)
        )
    _require(bodies, file, 1, "no row")
    return bodies


def read_overrides(
    data: bytes, file: str = "email_domain_overrides.csv"
) -> tuple[dict[str, Override], list[Words]]:
    """Domains that have their own outcome, and markers. Raises RegistryError."""
    domains: dict[str, Override] = {}
    words: list[Words] = []
    for line, (pattern, kind, outcome, code, _reason, _source) in _rows(
        data, file, OVERRIDES_HEADER
    ):
        _require(outcome in OUTCOMES, file, line, f"unknown outcome {outcome!r}")
        _require(_CODE.fullmatch(code), file, line, f"not a reason code: {code!r}")
        if kind in DOMAIN_KINDS:
            _require(_DOMAIN.fullmatch(pattern), file, line, f"not a domain: {pattern!r}")
            _require(pattern not in domains, file, line, f"{pattern} appears twice")
            covers_below = kind == "domain_and_subdomains"
            domains[pattern] = Override(pattern, covers_below, OUTCOMES[outcome], code)
            continue
        _require(kind in WORD_KINDS, file, line, f"unknown kind {kind!r}")
        alternatives = pattern.split("|")
        for word in alternatives:
            _require(_WORD.fullmatch(word), file, line, f"not a word: {word!r}")
        plain = frozenset(word for word in alternatives if not word.endswith("NN"))
        numbered = tuple(word[:-2] for word in alternatives if word.endswith("NN"))
        words.append(Words(kind, plain, numbered, OUTCOMES[outcome], code))
    _require(domains, file, 1, "no domain row")
    return domains, words


def read_web(data: bytes, file: str = "public_web_domains.csv") -> Iterator[WebHost]:
    """The web registry, which an operator loads. Raises RegistryError."""
    seen = set()
    for line, (domain, siren, category, registrable, shared, listed, answered) in _rows(
        data, file, WEB_HEADER
    ):
        _require(_DOMAIN.fullmatch(domain), file, line, f"not a domain: {domain!r}")
        _require(domain not in seen, file, line, f"{domain} appears twice")
        _require(_SIREN.fullmatch(siren), file, line, f"not a SIREN: {siren!r}")
        _require(_TYPE.fullmatch(category), file, line, f"not a type: {category!r}")
        below = domain == registrable or domain.endswith(f".{registrable}")
        _require(registrable and below, file, line, f"{domain} is not in {registrable!r}")
        flags = {shared, listed, answered}
        _require(flags <= {"0", "1"}, file, line, "the last three columns are 0 or 1")
        seen.add(domain)
        yield WebHost(
            domain,
            sys.intern(category),
            own_zone=domain == registrable,
            shared=shared == "1",
            siren=siren,
        )
    _require(seen, file, 1, "no row")
