"""Health of the process, for load balancers and monitoring."""

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from eventreg.operations import health, metrics
from eventreg.shared.access import OPERATOR, PUBLIC, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import Unavailable
from eventreg.shared.tokens import same

bp = Blueprint("operations", __name__)
LOOPBACK = ("127.0.0.1", "::1")


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
    answers = health.queue_answers(current_app._get_current_object())  # type: ignore[attr-defined]  # behind the proxy
    return jsonify(status="ok" if answers else "degraded")


@bp.get("/metrics")
@access(OPERATOR)
def figures() -> ResponseReturnValue:
    """For Prometheus: from this machine, or with the token; elsewhere it does not exist."""
    token = current_app.extensions["settings"].metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    direct = request.remote_addr in LOOPBACK and not request.headers.get("X-Forwarded-For")
    if not (token and same(given, token)) and not direct:
        abort(404)
    return Response(metrics.text(utc_now()), mimetype="text/plain; version=0.0.4")
