"""What a verified ProConnect identity changes in the finding of the domain files. Pure."""

from eventreg.eligibility.decisions import Outcome
from eventreg.eligibility.identity import LA_POSTE, PUBLIC_ROLE, Identity, is_siret
from eventreg.eligibility.policies import Policy
from eventreg.eligibility.registry import Registry
from eventreg.eligibility.steps import LISTED, UNKNOWN, Finding
from eventreg.eligibility.tables import FAMILIES_OF, PRIVATE_LAW
from eventreg.shared.addresses import Address


def by_proconnect(
    identity: Identity, domain: Finding, address: Address, policy: Policy, registry: Registry
) -> Finding:
    """ProConnect before the domain: it knows the body of the account, not the person's status."""
    if domain.reason == "disposable":
        return domain  # anybody reads that mailbox, and the links sent to it
    if PUBLIC_ROLE not in identity.roles:
        return _without_role(domain, policy)
    company = _not_an_administration(identity.siret)
    if company is not None:
        return company
    if domain.reason == "contractor_possible":
        return domain  # agents and contractors share it: the body was never in doubt
    return _of_the_body(identity, domain, address, policy, registry)


def _without_role(domain: Finding, policy: Policy) -> Finding:
    """An empty list of roles is also what an outage of ProConnect's own look-up gives."""
    if domain.outcome is not Outcome.REFUSED:
        return Finding(Outcome.REVIEW, "proconnect_role_missing", "proconnect.roles")
    if domain.reason in UNKNOWN and policy.on_unknown != "refuse":
        return domain  # the event's answer to the unknown, as for who did not sign in
    return Finding(Outcome.REFUSED, "proconnect_not_public", "proconnect.roles")


def _not_an_administration(siret: str) -> Finding | None:
    """No legal identity, or a company under private law: a person decides."""
    if not is_siret(siret):
        return Finding(Outcome.REVIEW, "proconnect_no_siret", "proconnect.siret")
    if siret.startswith(LA_POSTE):
        return Finding(Outcome.REVIEW, "public_company", "proconnect.siret")
    return None


def _of_the_body(
    identity: Identity, domain: Finding, address: Address, policy: Policy, registry: Registry
) -> Finding:
    """The families and the sense that the event asks for."""
    body = registry.body(address.domain) if domain.reason in LISTED else None
    families = identity.families | set(FAMILIES_OF[body.category] if body else ())
    if policy.families and not families & policy.families:
        return Finding(Outcome.REVIEW, "proconnect_other_family", "proconnect.roles")
    if policy.sense == "strict" and (body is None or body.category in PRIVATE_LAW):
        return Finding(Outcome.REVIEW, "strict_sense", "event.sense")
    return Finding(Outcome.ELIGIBLE, "proconnect_agent_public", "proconnect.roles")


def other_address(finding: Finding, identity: Identity | None) -> Finding:
    """Signed in as a public agent, with another address typed: a person looks who it is for."""
    if identity is None or not identity.complete or PUBLIC_ROLE not in identity.roles:
        return finding
    if finding.reason not in ("unknown_domain", "free_or_isp_mailbox"):
        return finding
    return Finding(Outcome.REVIEW, "proconnect_other_address", "proconnect.email")
