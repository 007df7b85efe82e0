"""The rows of the domain files, checked one by one as they are read."""

import csv
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

FAMILY_OF = {
    "state": "state",
    "constitutional": "state",
    "parliament": "state",
    "justice": "state",
    "ministry": "state",
    "defence": "state",
    "prefecture": "state",
    "deconcentrated-service": "state",
    "independent-authority": "state",
    "public-bank": "state",
    "operator": "state",
    "academy": "state",
    "education": "state",
    "university": "state",
    "research": "state",
    "health-agency": "state",
    "hospital": "hospital",
    "social-security": "social_security",
    "region": "local",
    "department": "local",
    "intercommunality": "local",
    "commune": "local",
    "management-centre": "local",
    "fire-rescue": "local",
    "consular-chamber": "chambers",
}
"""Family of each category: what an event may be narrowed to."""
FAMILIES = frozenset(FAMILY_OF.values())
MATCHES = frozenset({"exact", "subdomains"})
EVIDENCES = frozenset({"mail", "attested", "shared", "web"})
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
        _require(category in FAMILY_OF, file, line, f"unknown category {category!r}")
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
    for line, (domain, _siren, category, registrable, shared, _listed, _http) in _rows(
        data, file, WEB_HEADER
    ):
        _require(_DOMAIN.fullmatch(domain), file, line, f"not a domain: {domain!r}")
        _require(shared in ("0", "1"), file, line, f"unknown shared_platform {shared!r}")
        yield WebHost(
            domain, sys.intern(category), own_zone=domain == registrable, shared=shared == "1"
        )
