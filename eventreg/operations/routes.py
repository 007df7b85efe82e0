"""Health of the process, for load balancers and monitoring."""

from flask import Blueprint, Response, current_app, jsonify
from flask.typing import ResponseReturnValue

from eventreg.operations import health
from eventreg.shared.access import PUBLIC, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import Unavailable

bp = Blueprint("operations", __name__)


@bp.get("/healthz")
@access(PUBLIC)
def healthz() -> ResponseReturnValue:
    """The process answers; nothing else is asked."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@access(PUBLIC)
def readyz() -> ResponseReturnValue:
    """The database takes writes; a queue that is away makes it degraded, not dead."""
    try:
        with transaction():
            health.write_probe(utc_now())
    except Unavailable:
        return jsonify(status="unavailable"), 503
    answers = health.queue_answers(current_app._get_current_object())  # type: ignore[attr-defined]
    return jsonify(status="ok" if answers else "degraded")
