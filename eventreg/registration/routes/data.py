"""A person's copy of what is kept about them: to read in words, and as JSON."""

from collections.abc import Mapping
from typing import Any

from flask import Response, json, make_response, render_template
from flask.typing import ResponseReturnValue

from eventreg.registration import exports, queries, words
from eventreg.registration.routes import guard
from eventreg.registration.routes.guard import bp
from eventreg.registration.services import own_data
from eventreg.shared.access import LINK, access
from eventreg.shared.i18n import say


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
        data=_in_words(own_data.of(registration)),
        label=_label,
    )
    return guard.token_page(make_response(html))


# How codes read; what is in none of them is shown as it is stored.
_CODES: Mapping[str, Mapping[str, str]] = {
    "state": exports.STATE_WORDS,
    "before": exports.STATE_WORDS,
    "after": exports.STATE_WORDS,
    "shown_state": exports.STATE_WORDS,
    "source": exports.SOURCE_WORDS,
    "eligibility_outcome": exports.OUTCOME_WORDS,
    "act": words.ACTS,
    "by": words.ACTORS,
    "kind": words.LETTERS,
}


def _label(name: str) -> str:
    """The words of a stored column where there are some, else its name, as in the file."""
    name = name.removeprefix("q_")
    text = exports.COLUMNS.get(name) or words.COLUMNS.get(name)
    return say(text) if text else name


def _in_words(data: Any, name: str = "") -> Any:
    if isinstance(data, dict):
        return {key: _in_words(value, key) for key, value in data.items()}
    if isinstance(data, list):
        return [_in_words(value, name) for value in data]
    text = _CODES.get(name, {}).get(data) if isinstance(data, str) else None
    return say(text) if text else data


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
