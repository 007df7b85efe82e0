"""May this address come? Ten ordered steps over the domain files; pure. Source: shared/data."""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace

from eventreg.eligibility import markers, messages, suggestions
from eventreg.eligibility.decisions import Decision, Outcome, Policy, entries_for, list_entry
from eventreg.eligibility.registry import Override, Registry
from eventreg.eligibility.tables import FAMILY_OF
from eventreg.shared.addresses import Address, InvalidAddress, canonical

__all__ = ["Decision", "Outcome", "Policy", "decide", "list_entry", "lowest"]

_log = logging.getLogger(__name__)
_RANK = {Outcome.REFUSED: 0, Outcome.REVIEW: 1, Outcome.ELIGIBLE: 2}
_BY_EVIDENCE = {
    "mail": (Outcome.ELIGIBLE, "domain_listed"),
    "attested": (Outcome.ELIGIBLE, "domain_listed"),
    "shared": (Outcome.REVIEW, "domain_shared"),
    "web": (Outcome.REVIEW, "domain_web_only"),
}
_WEAK = frozenset({"shared", "web"})
_MAY_BE_A_TYPO = frozenset(
    {"punycode_unlisted", "lookalike", "unknown_domain_public_marker", "unknown_domain"}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step found. `settled`: no sign in the address may change it any more."""

    outcome: Outcome
    reason: str
    rule: str
    settled: bool = False
    found: tuple[str, ...] = ()
    message: str | None = None


def decide(
    address_text: str, *, policy: Policy, registry: Registry, mailbox_confirmed: bool
) -> Decision:
    """The decision for what somebody typed. Never raises; a bug in a rule goes to a person."""
    try:
        return _decide(address_text, policy, registry, provisional=not mailbox_confirmed)
    except Exception as fault:  # noqa: BLE001 - fail closed, to a person; the log has the place
        place = traceback.extract_tb(fault.__traceback__)[-1]
        # Neither the message nor the values of the fault: they may hold the address.
        _log.error("rule_error: %s in %s:%s", type(fault).__name__, place.name, place.lineno)
        return Decision(
            outcome=Outcome.REVIEW,
            reason="rule_error",
            rule="error",
            registry_version=registry.version,
            message=messages.sentence("rule_error", Outcome.REVIEW),
            provisional=not mailbox_confirmed,
        )


def lowest(one: Outcome, other: Outcome) -> Outcome:
    """The stricter of two outcomes: signs in an address only ever lower it."""
    return min(one, other, key=_RANK.__getitem__)


def _decide(text: str, policy: Policy, registry: Registry, *, provisional: bool) -> Decision:
    try:
        address = canonical(text)
    except InvalidAddress as fault:
        return Decision(
            outcome=Outcome.REFUSED,
            reason="invalid_address",
            rule="1.canonical",
            registry_version=registry.version,
            message=fault.message,
            provisional=provisional,
        )
    finding = _by_event(address, policy) or _by_domain(address, registry)
    if not finding.settled:
        finding = _unknown_asked(finding, policy)
        finding = _marked(finding, address, registry)
        finding = _other_family(finding, address, policy, registry)
    finding = _review_closed(finding, policy)
    body = registry.body(address.domain)
    host = registry.web_host(address.domain) if finding.rule == "6.web" else None
    organisation = body.organisation if body else ""
    return Decision(
        outcome=finding.outcome,
        reason=finding.reason,
        rule=finding.rule,
        registry_version=registry.version,
        message=finding.message or messages.sentence(finding.reason, finding.outcome),
        params={"domain": address.domain, "organisation": organisation},
        organisation=organisation,
        category=body.category if body else "",
        evidence=body.evidence if body else "web" if host else "",
        markers=finding.found,
        suggestion=_suggestion(finding, address, registry),
        provisional=provisional,
        address=address,
    )


def _by_event(address: Address, policy: Policy) -> Finding | None:
    """The event's own lists, then its audience. Most specific first; refused wins over its equal."""
    for entry in entries_for(address):
        if entry in policy.refused:
            return Finding(Outcome.REFUSED, "event_refused", "event.refused", settled=True)
        if entry in policy.allowed:
            named = entry == address.canonical  # a person, not everybody at a domain
            return Finding(Outcome.ELIGIBLE, "event_allowed", "event.allowed", settled=named)
    if policy.audience == "anyone":
        return Finding(Outcome.ELIGIBLE, "open_to_all", "event.audience", settled=True)
    return None


def _by_domain(address: Address, registry: Registry) -> Finding:
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
        if row.code == "free_or_isp_mailbox" and markers.of_public_body(address.local, registry):
            return Finding(Outcome.REVIEW, "isp_mailbox_public_marker", "3.override")
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


def _unknown_asked(finding: Finding, policy: Policy) -> Finding:
    if finding.reason != "unknown_domain" or policy.on_unknown != "ask":
        return finding
    return replace(
        finding,
        outcome=Outcome.REVIEW,
        rule="event.on_unknown",
        message=messages.UNKNOWN_ASKED,
    )


def _marked(finding: Finding, address: Address, registry: Registry) -> Finding:
    """Step 10: the reason changes only when the outcome does."""
    for row in markers.lowering(address, registry):
        outcome = lowest(finding.outcome, Outcome(row.outcome))
        found = (*finding.found, row.code)
        if outcome is finding.outcome:
            finding = replace(finding, found=found)
        else:
            finding = Finding(outcome, row.code, "10.markers", found=found)
    return finding


def _other_family(
    finding: Finding, address: Address, policy: Policy, registry: Registry
) -> Finding:
    """An event narrowed to some families: the others go to a person. The event's list is above."""
    if not policy.families or finding.reason != "domain_listed":
        return finding
    body = registry.body(address.domain)
    if body is not None and FAMILY_OF[body.category] in policy.families:
        return finding
    return replace(
        finding,
        outcome=Outcome.REVIEW,
        reason="other_family",
        rule="event.families",
    )


def _review_closed(finding: Finding, policy: Policy) -> Finding:
    if finding.outcome is not Outcome.REVIEW or policy.on_review != "refuse":
        return finding
    return replace(
        finding,
        outcome=Outcome.REFUSED,
        rule="event.on_review",
        message=messages.REVIEW_CLOSED,
    )


def _suggestion(finding: Finding, address: Address, registry: Registry) -> str | None:
    if finding.reason not in _MAY_BE_A_TYPO:
        return None
    return suggestions.nearest(address.domain, registry)
