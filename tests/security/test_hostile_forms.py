"""Bodies of requests that attack the forms: refused in words, quickly, and never a 500."""

import json
import re
import time

import pytest

from eventreg.shared.fields import NORMALISED_LIMIT, clean_line, clean_text, has_unprintable

HEAPED = "a" + "\u0301\u0316" * 150_000  # 600 kB; its normal form takes minutes
FORM = "/agenda/rencontre/inscription/"
NAMES = {"given_name": "Ana", "family_name": "Colin", "email": "ana@exemple.example"}
JSON_BODIES = [
    b"[1, 2]",
    b'"x"',
    b"1",
    b"null",
    b"{",
    b"[" * 100_000,
    b'{"given_name": {"a": 1}, "family_name": ["x"], "email": 5}',
    json.dumps({"email": "\ud800@exemple.example", "csrf_token": "\ud800"}).encode(),
    json.dumps(NAMES).encode(),
]


@pytest.fixture
def token(client, make_event, now):
    make_event(slug="rencontre")
    page = client.get(FORM).get_data(as_text=True)
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]


@pytest.mark.parametrize("clean", [clean_line, clean_text])
def test_heaped_accents_do_not_hold_the_server(clean):
    started = time.process_time()
    assert clean(HEAPED) == HEAPED
    assert time.process_time() - started < 0.05


def test_the_longest_text_that_is_normalised_costs_little():
    started = time.process_time()
    clean_line("a" + "\u0301\u0316" * ((NORMALISED_LIMIT - 1) // 2))
    assert time.process_time() - started < 0.2


@pytest.mark.parametrize("field", ["given_name", "organisation", "phone"])
def test_a_name_of_heaped_accents_is_refused_at_once(client, token, field):
    started = time.process_time()
    answer = client.post(FORM, data={**NAMES, "csrf_token": token, field: HEAPED})
    assert (answer.status_code, time.process_time() - started < 1) == (422, True)


@pytest.mark.parametrize("body", JSON_BODIES, ids=range(len(JSON_BODIES)))
@pytest.mark.parametrize("path", [FORM, "/mes-inscriptions/", "/organisation/connexion/"])
def test_a_json_body_is_no_form(client, token, path, body):
    """Numbers, lists and lone surrogates reached the validators and the database."""
    headers = {"X-CSRFToken": token}
    answer = client.post(path, data=body, headers=headers, content_type="application/json")
    assert answer.status_code == (400 if path == FORM else 422)


@pytest.mark.parametrize(
    "mark", ["\u200e", "\u200f", "\u061c", "\u202e", "\ue000", "\uffff", "\U000e0041", "\x00"]
)
def test_a_name_holds_nothing_that_readers_cannot_see(client, token, mark):
    answer = client.post(FORM, data={**NAMES, "csrf_token": token, "given_name": f"A{mark}b"})
    assert answer.status_code == 422


@pytest.mark.any_database
@pytest.mark.parametrize("text", ["Zoë", "Мария", "王小明", "👩\u200d🚀", "عمر", "O’Neil-Dupé"])
def test_names_of_the_world_are_printable(text):
    assert not has_unprintable(text)
