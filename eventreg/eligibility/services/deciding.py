"""The eligibility decision, the one call of every door."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from eventreg.eligibility import queries
from eventreg.eligibility.registry import Override
from eventreg.eligibility.rules import (
    Decision,
    Identity,
    Policy,
    as_request,
    entries_for,
    may_ask,
    policy_of,
)
from eventreg.eligibility.rules import decide as decide_by_rules
from eventreg.eligibility.services.registry import current_registry
from eventreg.shared.addresses import Address, InvalidAddress, canonical

ACR_LIMIT = 80
_NONE: Mapping[str, str] = {}


def decide(
    address: Address | str,
    *,
    audience: str,
    policy: Mapping[str, Any] | None = None,
    identity: Identity | None = None,
    proven: bool = False,
    event_id: int | None = None,
) -> Decision:
    """The decision for one address.

    `policy` is the event's own (`Event.policy`), `audience` its shortcut where there is none.
    With `event_id` the event's long lists count; they are read when it has a policy of its own.
    """
    return decide_for(
        address,
        policy_of(audience, policy),
        identity=identity,
        proven=proven,
        event_id=event_id if policy is not None else None,
    )


def exception(
    decision: Decision, *, audience: str, policy: Mapping[str, Any] | None
) -> Decision | None:
    """The refusal as a request for an exception; None where the event takes none of this sort."""
    return as_request(decision) if may_ask(decision, policy_of(audience, policy)) else None


def takes_guests(audience: str, policy: Mapping[str, Any] | None) -> bool:
    """Whether whom the organiser invites may come, whatever their domain."""
    return "invited" in policy_of(audience, policy).who


def decide_for(
    address: Address | str,
    policy: Policy,
    *,
    identity: Identity | None = None,
    proven: bool = False,
    event_id: int | None = None,
) -> Decision:
    """`decide` under a policy that may not be the event's yet."""
    text = address if isinstance(address, str) else address.typed
    return decide_by_rules(
        text,
        policy=policy,
        registry=current_registry(),
        proven=proven,
        identity=identity,
        entries=_named(text, event_id) if event_id else _NONE,
    )


def _named(text: str, event_id: int) -> Mapping[str, str]:
    try:
        address = canonical(text)
    except InvalidAddress:
        return _NONE
    return queries.naming(event_id, entries_for(address))


def open_domain(email_key: str) -> str:
    """The domain of an address, for an event to accept or refuse; "" where anybody gets one."""
    domain = email_key.rpartition("@")[2]
    row = current_registry().row(domain)
    code = row.code if isinstance(row, Override) else ""
    return "" if code in ("free_or_isp_mailbox", "disposable", "citizen") else domain


def policy_at(slug: str) -> tuple[int, Policy] | None:
    """An event's id and policy, or None when there is no such event."""
    found = queries.event_of(slug)
    return (found.id, policy_of(found.audience, found.policy)) if found else None


def evidence(
    decision: Decision, *, at: datetime, by: str = "", organiser: bool = False
) -> dict[str, Any]:
    """The columns of a registration that keep a decision as it was taken.

    With `organiser`, a person decided: `by` says who, and the domain's finding is kept beside.
    """
    told = (
        {"outcome": "eligible", "reason": "organiser_decision", "rule": "organiser"}
        if organiser
        else {
            "outcome": str(decision.outcome),
            "reason": decision.reason,
            "rule": decision.rule,
        }
    )
    return {
        **{f"eligibility_{key}": value for key, value in told.items()},
        "eligibility_body": decision.organisation or "",
        "eligibility_category": decision.category,
        "eligibility_method": "organiser" if organiser else decision.method,
        "eligibility_siret": decision.siret,
        "eligibility_roles": list(decision.roles),
        "eligibility_acr": decision.acr[:ACR_LIMIT],
        "eligibility_at": at,
        "eligibility_by": by,
        "registry_version": decision.registry_version,
    }
