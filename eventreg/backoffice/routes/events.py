"""One event: overview, preview, and the acts that change who sees it."""

from http import HTTPStatus
from types import MappingProxyType
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from eventreg.backoffice import queries, rules
from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.forms import ActForm, CancelForm
from eventreg.events import notices, services
from eventreg.events import queries as events
from eventreg.events.errors import BadValue
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.registration import queries as registrations
from eventreg.registration.rules import next_change, signup_state
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import NotFound
from eventreg.shared.fields import BaseForm
from eventreg.shared.i18n import translate
from eventreg.shared.richtext import trusted


@bp.get("/evenements/<slug>/")
@access(ORGANISER, Action.LOOK)
def overview() -> ResponseReturnValue:
    """Key figures, sign-ups by week, what waits for a decision, what comes next."""
    now = utc_now()
    facts = registrations.signup_facts_of(event().id)
    return render_template(
        "backoffice/overview.html",
        event=event(),
        facts=facts,
        counts=registrations.figures(event().id),
        weeks=rules.weeks(queries.signups_by_day(event().id)),
        signups=signup_state(facts, now),
        next_change=next_change(facts, now),
        over=_over(),
        overbooked=rules.overbooked(facts.capacity, facts.taken),
    )


@bp.get("/evenements/<slug>/apercu/")
@access(ORGANISER, Action.LOOK)
def preview() -> ResponseReturnValue:
    """The words of the public page, drafts included."""
    found = event()
    zone = ZoneInfo(found.timezone)
    days: dict[object, list[dict[str, object]]] = {}
    for row in events.programme(found.id):
        days.setdefault(row.day, []).append(
            {
                "start": row.starts_at.astimezone(zone) if row.starts_at else None,
                "end": row.ends_at.astimezone(zone) if row.ends_at else None,
                "title": row.title,
                "track": row.track,
                "description": row.description,
                "organisations_text": row.organisations_text,
                "speakers": row.speakers,
                "items": row.items,
            }
        )
    return render_template(
        "backoffice/preview.html",
        event=found,
        lead=trusted(found.lead_html) if found.lead_html else found.lead,
        body=trusted(found.body_html),
        days=[{"date": day, "sessions": sessions} for day, sessions in days.items()],
    )


# path: (state asked for, states from which it makes sense)
CHANGES = MappingProxyType(
    {
        "publier": ("published", ("draft",)),
        "retirer": ("draft", ("published",)),
        "annuler": ("cancelled", ("draft", "published")),
        "archiver": ("archived", ("published", "cancelled")),
    }
)


@bp.route(
    "/evenements/<slug>/<any(publier,retirer,annuler,archiver):act>/", methods=["GET", "POST"]
)
@access(ORGANISER, Action.PUBLISH)
def change_state(act: str) -> ResponseReturnValue:
    """Publish, withdraw or cancel: a page that says what will happen, then the act."""
    wanted, before = CHANGES[act]
    if event().state not in (*before, wanted):
        raise NotFound
    form = filled(CancelForm) if act == "annuler" else ActForm()
    if form.validate_on_submit():
        try:
            with transaction():
                _set_state(event().slug, wanted, before, form)
        except BadValue as refusal:
            form.form_errors.append(translate(refusal))
        else:
            flash(_done(act), "success")
            return redirect(url_for("backoffice.overview", slug=event().slug), HTTPStatus.SEE_OTHER)
    page = render_template(
        "backoffice/change_state.html",
        event=event(),
        act=act,
        already=event().state == wanted,
        form=form,
        people=0 if act == "annuler" and _over() else registrations.active_count(event().id),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK


def _over() -> bool:
    """The event lies behind: nobody is written to about it any more."""
    end = notices.planned(event()).over
    return end is not None and end <= utc_now()


def _set_state(slug: str, wanted: str, before: tuple[str, ...], form: BaseForm) -> None:
    found = services.locked(slug)
    if found.state not in (*before, wanted):
        raise NotFound  # somebody else changed it a moment ago
    if isinstance(form, CancelForm):
        services.cancel(
            found,
            actor=account().actor,
            now=utc_now(),
            message=form.message.data or "",
            tell=not form.quiet.data,
        )
        return
    if wanted == "published":
        services.publish(found, actor=account().actor, now=utc_now())
    else:
        services.set_state(found, wanted, actor=account().actor, now=utc_now())


def _done(act: str) -> str:
    sentences: dict[str, str] = {
        "publier": gettext("The event is published."),
        "retirer": gettext("The event has been withdrawn: only organisers see it."),
        "annuler": gettext("The event is cancelled. Its page says so."),
        "archiver": gettext("The event is archived. Its page stays, among the past ones."),
    }
    return sentences[act]
