"""Words of the pages about who may come."""

from collections.abc import Mapping
from typing import Any

from eventreg.eligibility.rules import Decision
from eventreg.shared.errors import N_
from eventreg.shared.i18n import say

WHO: Mapping[str, str] = {
    "anyone": N_("Everybody"),
    "public_agents": N_("Public agents, recognised by their address or by ProConnect"),
    "listed": N_("The addresses and domains that I list"),
    "invited": N_("The people whom I invite, by their address"),
}
FAMILIES: Mapping[str, str] = {
    "state": N_("The State: ministries, their services and operators, justice, Parliament"),
    "local": N_("Local government: communes, departments, regions, fire and rescue"),
    "health": N_("Health: public hospitals and health agencies"),
    "education": N_("Education and research: academies, universities, research bodies"),
    "social_security": N_("Social security"),
    "chambers": N_("Chambers of commerce, trades and agriculture"),
}
SENSES: Mapping[str, str] = {
    "broad": N_("In the broad sense: whatever ProConnect calls public"),
    "strict": N_("In the strict sense: bodies whose staff are under public law"),
}
ON_REVIEW: Mapping[str, str] = {
    "ask": N_("Hold the request: an organiser decides"),
    "accept": N_("Accept it"),
    "refuse": N_("Refuse it, with the reason and another way"),
}
ON_UNKNOWN: Mapping[str, str] = {
    "refuse": N_("Refuse it, with the reason and another way"),
    "ask": N_("Hold the request: an organiser decides"),
    "accept": N_("Accept it"),
}
LISTS: Mapping[str, str] = {
    "accepted": N_("Accepted addresses and domains"),
    "refused": N_("Refused addresses and domains"),
    "invited": N_("Invited people"),
}
VERDICTS: Mapping[str, str] = {
    "accepted": N_("Accepted: its addresses are those of public agents"),
    "review": N_("Held: an organiser looks at each request"),
    "refused": N_("Refused: its addresses are not those of public agents"),
}
CATEGORIES: Mapping[str, str] = {
    "state": N_("State"),
    "constitutional": N_("Constitutional body"),
    "parliament": N_("Parliament"),
    "justice": N_("Justice"),
    "ministry": N_("Ministry"),
    "defence": N_("Defence"),
    "prefecture": N_("Prefecture"),
    "deconcentrated-service": N_("State service in a territory"),
    "independent-authority": N_("Independent authority"),
    "public-bank": N_("Public bank"),
    "operator": N_("State operator"),
    "academy": N_("Academy"),
    "education": N_("Education"),
    "university": N_("University"),
    "research": N_("Research"),
    "health-agency": N_("Health agency"),
    "hospital": N_("Hospital"),
    "social-security": N_("Social security"),
    "region": N_("Region"),
    "department": N_("Department"),
    "intercommunality": N_("Group of communes"),
    "commune": N_("Commune"),
    "management-centre": N_("Management centre"),
    "fire-rescue": N_("Fire and rescue"),
    "consular-chamber": N_("Chamber"),
}
EVIDENCES: Mapping[str, str] = {
    "mail": N_("Known as a domain of agents' addresses"),
    "attested": N_("Agents' addresses were seen there"),
    "shared": N_("Shared by agents and others"),
    "web": N_("Known as a web site only"),
    "instance": N_("Accepted here by an administrator"),
}
METHODS: Mapping[str, str] = {
    "email": N_("By the address"),
    "proconnect": N_("By ProConnect"),
    "organiser": N_("By an organiser"),
}
OUTCOMES: Mapping[str, tuple[str, str]] = {
    "eligible": (N_("Address accepted"), "success"),
    "review": (N_("Held for a decision"), "warning"),
    "refused": (N_("Address refused"), "error"),
}


def written(entry: str) -> str:
    """A line of a list as people write it: « *.example.org »."""
    return f"*{entry}" if entry.startswith(".") else entry


def sort_of_body(category: str) -> str:
    """The category of a body, in words."""
    return say(CATEGORIES[category]) if category in CATEGORIES else ""


def evidence(registration: Any) -> list[tuple[str, str]]:
    """What was kept of the decision about a person, the empty parts left out."""
    known = [
        (N_("How it was decided"), say(METHODS.get(registration.eligibility_method, ""))),
        (N_("Body"), registration.eligibility_body),
        (N_("Sort of body"), sort_of_body(registration.eligibility_category)),
        ("SIRET", registration.eligibility_siret),
        (N_("Roles told by ProConnect"), ", ".join(registration.eligibility_roles or ())),
        (N_("Strength of the sign-in (acr)"), registration.eligibility_acr),
        (
            N_("Rule"),
            f"{registration.eligibility_rule} ({registration.eligibility_reason})"
            if registration.eligibility_rule
            else "",
        ),
        (N_("Version of the registry"), registration.registry_version),
    ]
    return [(say(term), value) for term, value in known if value]


def explained(decision: Decision) -> list[tuple[str, str]]:
    """A decision as an organiser reads it: terms and values, the empty ones left out."""
    known = [
        (N_("What the person is told"), say(decision.message, dict(decision.params))),
        (N_("Body"), decision.organisation),
        (N_("Sort of body"), say(CATEGORIES[decision.category]) if decision.category else ""),
        (N_("What is known"), say(EVIDENCES[decision.evidence]) if decision.evidence else ""),
        (N_("Signs in the address"), ", ".join(dict.fromkeys(decision.markers))),
        (N_("Likely typing slip for"), decision.suggestion or ""),
        (N_("Rule"), f"{decision.rule} ({decision.reason})"),
        (N_("Version of the registry"), decision.registry_version),
    ]
    return [(say(term), value) for term, value in known if value]
