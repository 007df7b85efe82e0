"""Steps 2 to 9: what the domain files say of an address, the most specific first. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from eventreg.eligibility import markers
from eventreg.eligibility.decisions import Outcome
from eventreg.eligibility.registry import Override, Registry
from eventreg.eligibility.tables import INSTANCE
from eventreg.shared.addresses import Address

_BY_EVIDENCE = {
    "mail": (Outcome.ELIGIBLE, "domain_listed"),
    "attested": (Outcome.ELIGIBLE, "domain_listed"),
    "shared": (Outcome.REVIEW, "domain_shared"),
    "web": (Outcome.REVIEW, "domain_web_only"),
    INSTANCE: (Outcome.ELIGIBLE, "instance_accepted"),
}

LISTED = frozenset({"domain_listed", "instance_accepted"})
UNKNOWN = frozenset({"unknown_domain", "not_listed", "not_invited"})
_WEAK = frozenset({"shared", "web"})


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step found. `settled`: no sign in the address may change it any more."""

    outcome: Outcome
    reason: str
    rule: str
    settled: bool = False
    found: tuple[str, ...] = ()
    message: str | None = None


def by_domain(address: Address, registry: Registry) -> Finding:
    for step in STEPS:
        finding = step(address, registry)
        if finding is not None:
            return finding
    return Finding(Outcome.REFUSED, "unknown_domain", "9.unknown")


def _punycode(address: Address, registry: Registry) -> Finding | None:
    """Step 2: an accented name counts only when the files have exactly it."""
    international = any(label.startswith("xn--") for label in address.domain.split("."))
    if international and not registry.lists(address.domain):
        return Finding(Outcome.REFUSED, "punycode_unlisted", "2.punycode")
    return None


def _listed(address: Address, registry: Registry) -> Finding | None:
    """Step 3: the most specific row that applies, then the pattern on whole domains."""
    row = registry.row(address.domain)
    if row is None:
        return _pattern(address.domain, registry)
    if isinstance(row, Override):
        if row.code == "free_or_isp_mailbox":
            sign = markers.of_public_body(address.local, registry)
            if sign is not None:
                return Finding(Outcome(sign.outcome), sign.code, "3.override")
        return Finding(Outcome(row.outcome), row.code, "3.override")
    nearest = registry.body(address.domain)
    if nearest is not None and nearest is not row and nearest.evidence in _WEAK:
        return None  # below a name known by the web alone, the root proves no more than that name
    outcome, reason = _BY_EVIDENCE[row.evidence]
    return Finding(outcome, reason, "3.registry")


def _pattern(domain: str, registry: Registry) -> Finding | None:
    name, _, suffix = domain.partition(".")
    for words in registry.kind("domain_pattern"):
        if suffix == "fr" and words.match(name):
            return Finding(Outcome(words.outcome), words.code, "3.override")
    return None


def _below_exact(address: Address, registry: Registry) -> Finding | None:
    """Step 4: what lies below a listed name may have been handed to others."""
    if registry.body(address.domain) is not None:
        return Finding(Outcome.REVIEW, "domain_below_listed", "4.below_exact")
    return None


def _overseas(address: Address, registry: Registry) -> Finding | None:
    """Step 5: gouv or gov right under .nc, .pf or .wf, and what lies below."""
    second, top = address.domain.split(".")[-2:]
    for words in registry.kind("second_level_label_of_nc_pf_wf"):
        if top in ("nc", "pf", "wf") and words.match(second):
            return Finding(Outcome(words.outcome), words.code, "5.overseas")
    return None


def _web(address: Address, registry: Registry) -> Finding | None:
    """Step 6: somebody publishes a site for a body there. It never suffices."""
    if registry.web_host(address.domain) is not None:
        return Finding(Outcome.REVIEW, "domain_web_only", "6.web")
    return None


def _lookalike(address: Address, _registry: Registry) -> Finding | None:
    """Step 7."""
    if "gouv" in address.domain or "gov" in address.domain:
        return Finding(Outcome.REFUSED, "lookalike", "7.lookalike")
    return None


def _public_marker(address: Address, _registry: Registry) -> Finding | None:
    """Step 8."""
    if markers.public_looking(address.domain):
        return Finding(Outcome.REVIEW, "unknown_domain_public_marker", "8.public_marker")
    return None


STEPS: tuple[Callable[[Address, Registry], Finding | None], ...] = (
    _punycode,
    _listed,
    _below_exact,
    _overseas,
    _web,
    _lookalike,
    _public_marker,
)
