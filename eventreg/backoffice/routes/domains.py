"""Which body is this domain? And what an administrator decides of domains for every event."""

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from eventreg.backoffice import audience_words
from eventreg.backoffice.access import bp, filled
from eventreg.backoffice.audience_forms import DomainForm
from eventreg.backoffice.routes.audience import explained
from eventreg.eligibility import queries, services
from eventreg.eligibility.sources import ATTRIBUTION, SOURCES
from eventreg.organisers.access import account, allowed
from eventreg.organisers.rules import Action
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError


@bp.route("/domaines/", methods=["GET", "POST"])
@access(ORGANISER, Action.ENTER)
def domains() -> ResponseReturnValue:
    """The registry, searched by domain; administrators add to it, with a reason."""
    form = filled(DomainForm) if allowed(Action.CREATE) else None
    if request.method != "POST":
        return _page(form)
    if form is None:
        return _page(None), HTTPStatus.FORBIDDEN
    if not form.validate_on_submit():
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with transaction():
            services.add_domain(
                form.addition(),
                reason=form.reason.data or "",
                by=account().actor,
                now=utc_now(),
            )
    except DomainError as refusal:
        form.show(refusal)
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(gettext("This is now so for every event. Earlier decisions stay as they are."), "success")
    return redirect(url_for("backoffice.domains"), HTTPStatus.SEE_OTHER)


@bp.post("/domaines/<domain>/retirer/")
@access(ORGANISER, Action.CREATE)
def remove_domain(domain: str) -> ResponseReturnValue:
    """Forgets what was decided here: the files' own row counts again."""
    with transaction():
        gone = services.remove_domain(domain, by=account().actor, now=utc_now())
    if gone:
        flash(gettext("The registry's own row counts again for this domain."), "success")
    return redirect(url_for("backoffice.domains"), HTTPStatus.SEE_OTHER)


def _page(form: DomainForm | None) -> str:
    asked = request.args.get("domaine", "").strip()[:300].removeprefix("@")
    decision = None
    if asked and "@" not in asked:
        decision = services.decide(f"prenom.nom@{asked}", audience="public_agents", proven=True)
    registry = services.current_registry()
    return render_template(
        "backoffice/domains.html",
        form=form,
        asked=asked,
        host=registry.web_host(decision.address.domain) if decision and decision.address else None,
        registry=registry,
        file=queries.current_file(),
        additions=queries.additions(),
        source_rows=[(one.title, one.licence, one.codes) for one in SOURCES],
        attribution=ATTRIBUTION,
        audience_words=audience_words,
        **explained(decision),
    )
