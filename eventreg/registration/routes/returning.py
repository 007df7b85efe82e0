"""A cancelling undone; a fresh start with what is stored."""

from collections.abc import Callable
from typing import Any

from flask.typing import ResponseReturnValue

from eventreg.registration import errors, queries
from eventreg.registration.links import Grant
from eventreg.registration.routes import guard, own
from eventreg.registration.routes.guard import bp
from eventreg.registration.services import returning, self_service
from eventreg.shared.access import LINK, access
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError


@bp.post("/inscriptions/<public_id>/retablir/")
@access(LINK)
def restore(public_id: str) -> ResponseReturnValue:
    return _again(public_id, returning.restore)


@bp.post("/inscriptions/<public_id>/revenir/")
@access(LINK)
def come_back(public_id: str) -> ResponseReturnValue:
    return _again(public_id, returning.come_back)


def _again(public_id: str, act: Callable[..., Any]) -> ResponseReturnValue:
    """Takes the places again, else a place in line where a list is kept."""
    grant = guard.grant_of(public_id)
    if grant is None:
        return guard.expired()
    try:
        try:
            _try(act, grant, in_line=False)
        except errors.Full:
            _try(act, grant, in_line=True)
    except errors.ExpiredLink:
        return guard.expired(grant)
    except DomainError as refusal:
        registration = queries.by_public_id(public_id)
        if registration is None:
            return guard.expired(grant)
        return own.show(registration, grant, refusal=refusal)
    return guard.back(grant)


def _try(act: Callable[..., Any], grant: Grant, *, in_line: bool) -> None:
    with transaction():
        registration = self_service.held(grant.public_id, grant.nonce)
        facts = queries.signup_facts_of(registration.event_id)
        if in_line and not returning.may_wait(registration, facts):
            raise errors.Full
        act(registration, in_line=in_line)
