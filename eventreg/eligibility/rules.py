"""May this address come? Ten ordered steps over the domain files; pure. Source: shared/data."""

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from eventreg.eligibility import markers, messages, suggestions
from eventreg.eligibility.decisions import Decision, Outcome
from eventreg.eligibility.entries import InvalidEntry, Parsed, entries_for, list_entry, read_list
from eventreg.eligibility.identity import Identity, is_siret
from eventreg.eligibility.policies import (
    Policy,
    PolicyFault,
    of_audience,
    policy_from_data,
    policy_of,
    policy_to_data,
)
from eventreg.eligibility.registry import Registry
from eventreg.eligibility.steps import LISTED, UNKNOWN, Finding, by_domain
from eventreg.eligibility.tables import FAMILIES_OF, PRIVATE_LAW
from eventreg.eligibility.vouching import by_proconnect, other_address
from eventreg.shared.addresses import Address, InvalidAddress, canonical

__all__ = [
    "Decision",
    "Identity",
    "InvalidEntry",
    "Outcome",
    "Parsed",
    "Policy",
    "PolicyFault",
    "as_request",
    "decide",
    "entries_for",
    "is_siret",
    "list_entry",
    "lowest",
    "may_ask",
    "of_audience",
    "policy_from_data",
    "policy_of",
    "policy_to_data",
    "read_list",
]

_log = logging.getLogger(__name__)
_RANK = {Outcome.REFUSED: 0, Outcome.REVIEW: 1, Outcome.ELIGIBLE: 2}
_NO_ENTRIES: Mapping[str, str] = MappingProxyType({})
_FINAL = frozenset({"invalid_address", "disposable", "event_refused"})
_MAY_BE_A_TYPO = frozenset(
    {"punycode_unlisted", "lookalike", "unknown_domain_public_marker", "unknown_domain"}
)


def decide(
    address_text: str,
    *,
    policy: Policy,
    registry: Registry,
    proven: bool,
    identity: Identity | None = None,
    entries: Mapping[str, str] = _NO_ENTRIES,
) -> Decision:
    """The decision for what somebody typed. Never raises; a bug in a rule goes to a person.

    `entries` are the lines of the event's long lists that name this address (see `entries_for`),
    each with its word: accepted, refused or invited.
    """
    try:
        return _decide(address_text, Case(policy, registry, proven, identity, entries))
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
            provisional=not proven,
        )


@dataclass(frozen=True, slots=True)
class Case:
    """All facts of one decision but the address."""

    policy: Policy
    registry: Registry
    proven: bool
    identity: Identity | None
    entries: Mapping[str, str]

    def vouched(self, address: Address) -> Identity | None:
        """The identity, when it names an account and this very address: nobody lends theirs."""
        identity = self.identity
        if identity is None or not identity.complete or identity.address != address.canonical:
            return None
        return identity


def may_ask(decision: Decision, policy: Policy) -> bool:
    """Whether a refused person may ask the organiser for an exception, in one step."""
    return (
        decision.outcome is Outcome.REFUSED
        and decision.reason not in _FINAL
        and policy.on_review != "refuse"
    )


def as_request(decision: Decision) -> Decision:
    """The refusal as a request that a person reads; the reason stays, and is what they will see."""
    return replace(
        decision,
        outcome=Outcome.REVIEW,
        rule="event.exception",
        message=messages.EXCEPTION,
        suggestion=None,
    )


def lowest(one: Outcome, other: Outcome) -> Outcome:
    """The stricter of two outcomes: signs in an address only ever lower it."""
    return min(one, other, key=_RANK.__getitem__)


def _decide(text: str, case: Case) -> Decision:
    registry = case.registry
    try:
        address = canonical(text)
    except InvalidAddress as fault:
        return Decision(
            outcome=Outcome.REFUSED,
            reason="invalid_address",
            rule="1.canonical",
            registry_version=registry.version,
            message=fault.message,
            provisional=not case.proven,
        )
    vouched = case.vouched(address)
    finding = _found(address, case, vouched)
    body = registry.body(address.domain)
    host = registry.web_host(address.domain) if finding.rule == "6.web" else None
    organisation = body.organisation if body else ""
    if vouched and finding.rule.startswith("proconnect"):
        organisation = vouched.organisation_label or organisation
    return Decision(
        outcome=finding.outcome,
        reason=finding.reason,
        rule=finding.rule,
        registry_version=registry.version,
        message=finding.message or messages.sentence(finding.reason, finding.outcome),
        params={"domain": address.domain, "organisation": organisation or address.domain},
        organisation=organisation,
        category=body.category if body else "",
        evidence=body.evidence if body else "web" if host else "",
        markers=finding.found,
        suggestion=_suggestion(finding, address, registry),
        provisional=not (case.proven or (vouched is not None and vouched.email_verified)),
        address=address,
        method="proconnect" if vouched else "email",
        siret=vouched.siret if vouched else "",
        roles=vouched.roles if vouched else (),
        acr=vouched.acr if vouched else "",
    )


def _found(address: Address, case: Case, vouched: Identity | None) -> Finding:
    policy, registry = case.policy, case.registry
    finding = _by_event(address, case)
    if finding is None and "public_agents" not in policy.who:
        finding = _outside(policy)
    elif finding is None:
        domain = by_domain(address, registry)
        if vouched:
            finding = by_proconnect(vouched, domain, address, policy, registry)
        else:
            finding = other_address(domain, case.identity)
    if not finding.settled:
        finding = _unknown_answered(finding, policy)
        finding = _marked(finding, address, registry)
        finding = _narrowed(finding, address, policy, registry)
    return _review_answered(finding, policy)


def _by_event(address: Address, case: Case) -> Finding | None:
    """The event's own lists, then its audience. Most specific first; refused wins over its equal."""
    policy = case.policy
    listed, invited = "listed" in policy.who, "invited" in policy.who
    for entry in entries_for(address):
        word = case.entries.get(entry)
        if word == "refused" or entry in policy.refused:
            return Finding(Outcome.REFUSED, "event_refused", "event.refused", settled=True)
        if invited and (word == "invited" or entry in policy.invited):
            return Finding(Outcome.ELIGIBLE, "invited", "event.invited", settled=True)
        if listed and (word == "accepted" or entry in policy.accepted):
            named = entry == address.canonical  # a person, not everybody at a domain
            settled = named or "public_agents" not in policy.who
            return Finding(Outcome.ELIGIBLE, "event_allowed", "event.allowed", settled=settled)
    if "anyone" in policy.who:
        return Finding(Outcome.ELIGIBLE, "open_to_all", "event.audience", settled=True)
    return None


def _outside(policy: Policy) -> Finding:
    """Neither on the event's lists nor, since the event does not ask, looked up anywhere."""
    if "listed" in policy.who:
        finding = Finding(Outcome.REFUSED, "not_listed", "event.listed", settled=True)
    else:
        finding = Finding(Outcome.REFUSED, "not_invited", "event.invited", settled=True)
    return _unknown_answered(finding, policy)


def _unknown_answered(finding: Finding, policy: Policy) -> Finding:
    """What the event does with somebody whom nothing is known of."""
    if finding.reason not in UNKNOWN or policy.on_unknown == "refuse":
        return finding
    accepted = policy.on_unknown == "accept"
    return replace(
        finding,
        outcome=Outcome.ELIGIBLE if accepted else Outcome.REVIEW,
        rule="event.on_unknown",
        message=messages.ACCEPTED if accepted else messages.UNKNOWN_ASKED,
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


def _narrowed(finding: Finding, address: Address, policy: Policy, registry: Registry) -> Finding:
    """An event for some families, or strict: the others go to a person. Its lists came before."""
    body = registry.body(address.domain)
    if finding.reason not in LISTED or body is None:
        return finding
    if policy.families and not policy.families.intersection(FAMILIES_OF[body.category]):
        return replace(
            finding, outcome=Outcome.REVIEW, reason="other_family", rule="event.families"
        )
    if policy.sense == "strict" and body.category in PRIVATE_LAW:
        return replace(finding, outcome=Outcome.REVIEW, reason="strict_sense", rule="event.sense")
    return finding


def _review_answered(finding: Finding, policy: Policy) -> Finding:
    """What the event does with a doubt. A bug of ours is never answered without a person."""
    if finding.outcome is not Outcome.REVIEW or policy.on_review == "ask":
        return finding
    accepted = policy.on_review == "accept"
    return replace(
        finding,
        outcome=Outcome.ELIGIBLE if accepted else Outcome.REFUSED,
        rule="event.on_review",
        message=messages.ACCEPTED if accepted else messages.REVIEW_CLOSED,
    )


def _suggestion(finding: Finding, address: Address, registry: Registry) -> str | None:
    if finding.reason not in _MAY_BE_A_TYPO:
        return None
    return suggestions.nearest(address.domain, registry)
