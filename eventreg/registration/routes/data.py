"""A person's copy of what is kept about them: to read, and as JSON."""

from flask import Response, json, make_response, render_template
from flask.typing import ResponseReturnValue

from eventreg.registration import queries
from eventreg.registration.routes import guard
from eventreg.registration.routes.guard import bp
from eventreg.registration.services import own_data
from eventreg.shared.access import LINK, access


@bp.get("/inscriptions/<public_id>/donnees/")
@access(LINK)
def own_data_page(public_id: str) -> ResponseReturnValue:
    found = guard.opened(public_id)
    if found is None:
        return guard.expired(guard.grant_of(public_id))
    registration, _grant = found
    html = render_template(
        "registration/own_data.html",
        registration=registration,
        page=queries.signup_page_of(registration.event_id),
        data=own_data.of(registration),
    )
    return guard.token_page(make_response(html))


@bp.get("/inscriptions/<public_id>/donnees.json")
@access(LINK)
def own_data_json(public_id: str) -> ResponseReturnValue:
    found = guard.opened(public_id)
    if found is None:
        return guard.expired(guard.grant_of(public_id))
    data = own_data.as_json(own_data.of(found[0]))
    body = json.dumps(data, ensure_ascii=False, indent=2)
    response = Response(body, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="mes-donnees.json"'
    return guard.token_page(response)
