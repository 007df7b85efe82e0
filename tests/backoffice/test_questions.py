"""Organisers compose a form on pages: what they type is what is asked, mistakes stand beside."""

import io
import re

import pytest

from eventreg.backoffice import entries
from eventreg.events.queries import by_slug
from eventreg.events.services import locked
from eventreg.questionnaire import documents, queries, services
from eventreg.shared.db import db, transaction
from tests.questionnaire.samples import CHAIN

URL = "/organisation/evenements/journee/formulaire/"


@pytest.fixture
def browser(make_event, organiser_client, now):
    event = make_event()
    with transaction():
        read = services.read(CHAIN, zone=event.timezone)
        services.apply(locked(event.slug), read, actor="operator", now=now)
    return organiser_client(slug="journee", role="owner")


def form():
    db.session.rollback()
    event = by_slug("journee")
    return queries.whole(event.id, event.form_version)


def hidden(page, name):
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text)
    return found.group(1) if found else ""


def send(browser, path, status=303, **data):
    page = browser.get(URL + path)
    assert page.status_code == 200
    fixed = {name: hidden(page, name) for name in ("csrf_token", "version")}
    answer = browser.post(URL + path, data={**fixed, **data})
    assert answer.status_code == status, re.sub(r"<[^>]+>|\s+", " ", answer.text)[-3000:]
    return answer


TYPED = {
    "key": "train",
    "label_fr": "Par quel train ?",
    "label_en": "By which train?",
    "kind": "one",
    "section": "venue",
    "required": "y",
    "options": "am | Matin | Morning | a\npm | Soir",
    "when": "presence = onsite et\nlunch = yes",
}


def test_a_question_is_added_changed_moved_and_removed(browser):
    send(browser, "questions/ajouter/", **TYPED)
    made = form().by_key["train"]
    assert (made.required, made.kind, made.options[0].pool) == (True, "one", "a")
    assert made.label == {"fr": "Par quel train ?", "en": "By which train?"}
    assert len(made.when.parts) == 2
    page = browser.get(URL + "questions/train/")
    assert "am | Matin | Morning | a" in page.text
    send(browser, "questions/train/", **TYPED | {"section": "end", "label_fr": "Quel train ?"})
    assert [q.key for s, q in form().order if s.key == "end"] == ["needs", "train"]
    token = hidden(browser.get(URL), "csrf_token")
    browser.post(URL + "questions/train/monter/", data={"csrf_token": token})
    assert [q.key for s, q in form().order if s.key == "end"] == ["train", "needs"]
    send(browser, "questions/train/supprimer/")
    assert "train" not in form().by_key
    assert queries.form_of(by_slug("journee").id, 2).by_key["train"]  # old answers stay readable


def test_every_mistake_stands_beside_its_field_and_nothing_is_lost(browser):
    cases = {
        "key": "Présence",
        "options": "am | Matin | | zzz",
        "when": "needs = x",
        "max": "2",
        "contact": "a@b",
        "label_fr": "",
    }
    for name, typed in cases.items():
        page = send(browser, "questions/ajouter/", 422, **TYPED | {"label_en": "", name: typed})
        assert f'href="#{name}"' in page.text, name
        assert "am | Matin" in page.text
    page = send(browser, "questions/ajouter/", 422, **TYPED | {"when": "n'importe quoi"})
    assert 'href="#when"' in page.text
    assert "train" not in form().by_key


def test_removing_what_others_hang_on_is_refused_with_the_reason(browser):
    send(browser, "questions/presence/supprimer/")
    assert "presence" in form().by_key
    assert "presence" in browser.get(URL).text


def test_populations_pools_and_parts_are_changed_on_their_pages(browser):
    send(
        browser,
        "publics/press/",
        key="press",
        label_fr="Presse",
        pool="press_seats",
        closes_at="2027-01-10 18:00",
        approval="manual",
    )
    assert form().population("press").closes_at.isoformat() == "2027-01-10T17:00:00+00:00"
    assert "2027-01-10 18:00" in browser.get(URL + "publics/press/").text
    send(
        browser,
        "contingents/a/",
        key="a",
        kind="workshop",
        label_fr="A",
        capacity="7",
        companions="y",
        waiting_list="y",
        released_at="2027-01-10 18:00",
        into="event",
    )
    pool = form().pool_specs["a"]
    assert (pool.capacity, pool.waiting_list, pool.into) == (7, True, "")
    page = send(
        browser, "contingents/a/", 422, key="a", kind="workshop", label_fr="A", capacity="-1"
    )
    assert 'href="#capacity"' in page.text
    send(browser, "parties/venue/", key="venue", label_fr="Sur place", when="presence = onsite")
    assert len(form().sections[1].questions) == 6  # they stay with their part


def test_two_organisers_do_not_overwrite_each_other(browser):
    page = browser.get(URL + "questions/ajouter/")
    send(browser, "questions/ajouter/", **TYPED)
    late = {name: hidden(page, name) for name in ("csrf_token", "version")}
    answer = browser.post(URL + "questions/ajouter/", data={**late, **TYPED, "key": "other"})
    assert answer.status_code == 409
    assert "Par quel train" in answer.text


def test_the_file_is_the_same_as_the_pages(browser):
    text = browser.get(URL + "formulaire.yaml").text
    assert documents.read(text.encode()).problems == ()
    page = browser.get(URL)
    data = {name: hidden(page, name) for name in ("csrf_token", "version")}

    def upload(content, status):
        file = (io.BytesIO(content), "f.yaml")
        answer = browser.post(URL, data={**data, "file": file})
        assert answer.status_code == status, answer.text[-2000:]
        return answer.text

    before = form()
    upload(text.encode(), 303)
    assert form() == before
    broken = text.replace("kind: one", "kind: two")
    assert "questions[0].kind" in upload(broken.encode(), 422)
    upload(b"a: &x [1]\nb: [*x, *x]", 422)
    upload(b"x" * 300_000, 422)
    upload(b"\xff\xfe", 422)
    assert form() == before


def test_the_preview_asks_what_the_answers_call_for(browser):
    page = browser.get(URL + "apercu/?population=press&q_presence=onsite")
    assert 'name="q_card"' in page.text
    assert re.search(r'<div data-section data-when="[^"]*presence[^"]*">', page.text)


def test_conditions_read_as_they_are_written():
    cases = [
        {"question": "a", "is": "x"},
        {"question": "a", "not_in": ["x", "y"]},
        {"question": "a", "answered": False},
        {"any": [{"question": "a", "is": "x"}, {"question": "b", "answered": True}]},
        {"all": [{"question": "a", "is": "x"}, {"any": [{"question": "b", "is": "y"}]}]},
    ]
    for when in cases:
        assert entries.condition(entries.condition_text(when)) == when
