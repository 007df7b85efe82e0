"""The sign-up form of an event with questions, populations and pools, from outside."""

import io
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from eventreg.events.models import Event, Pool
from eventreg.events.services import locked
from eventreg.files.models import StoredFile
from eventreg.mailing.models import OutboxMessage
from eventreg.privacy.services import erase_due
from eventreg.questionnaire import queries, services
from eventreg.questionnaire.models import AccessNeeds
from eventreg.registration import exports
from eventreg.registration.models import PoolSeats, Registration
from eventreg.shared.db import db, transaction
from eventreg.shared.i18n import force_locale
from tests.questionnaire.samples import CHAIN

URL = "/agenda/journee/inscription/"
WHO = {"email": "camille@example.org", "given_name": "Camille", "family_name": "Martin"}


@pytest.fixture
def make_form(make_event, now):
    def make(data=CHAIN, **values):
        event = make_event(**values)
        with transaction():
            read = services.read(data, zone=event.timezone)
            services.apply(locked(event.slug), read, actor="operator", now=now)
        return event

    return make


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page.text).group(1)


def post(client, data, population="agents", status=303, **more):
    page = client.get(f"{URL}?population={population}")
    token, key = hidden(page, "csrf_token"), hidden(page, "idempotency_key")
    sent = {"csrf_token": token, "idempotency_key": key, "population": population, **WHO, **data}
    answer = client.post(URL, data=sent, **more)
    assert answer.status_code == status, re.sub(r"<[^>]+>|\s+", " ", answer.text)[-3000:]
    return answer


def the_one():
    return db.session.execute(select(Registration)).scalar_one()


def test_what_was_asked_is_kept_and_takes_its_seats(client, make_form):
    make_form()
    post(
        client,
        {
            "q_presence": "onsite",
            "q_workshops": ["wa", "wc"],
            "q_lunch": "yes",
            "q_diet": "left over from another choice",
            "q_guests": "1",
            "q_needs": "Boucle magnétique",
        },
    )
    kept = the_one()
    assert kept.answers == {
        "presence": "onsite",
        "workshops": ["wa", "wc"],
        "lunch": True,
        "guests": 1,
    }
    assert (kept.population, kept.form_version, kept.companions, kept.seats) == ("agents", 1, 1, 2)
    taken = dict(db.session.execute(select(Pool.key, Pool.taken)).tuples().all())
    assert taken == {"": 2, "press_seats": 0, "a": 2, "meal": 2}
    # Apart from the other answers: another reader, another end.
    assert queries.needs_of(kept.id) == {"needs": "Boucle magnétique"}
    assert "magnétique" not in json.dumps(kept.answers)


def test_a_full_workshop_refuses_the_whole_and_keeps_what_was_typed(client, make_form):
    make_form()
    answers = {"q_presence": "onsite", "q_workshops": "wa", "q_guests": "2"}
    page = post(client, answers, status=409)
    assert 'data-refusal="full"' in page.text
    assert db.session.execute(select(Registration)).first() is None
    assert set(db.session.execute(select(Pool.taken)).scalars()) == {0}


def test_several_populations_are_chosen_first_and_each_has_its_address(client, make_form):
    make_form()
    page = client.get(URL)
    assert page.status_code == 200
    assert f"{URL}?population=press" in page.text
    assert 'name="email"' not in page.text
    assert 'name="q_card"' in client.get(f"{URL}?population=press").text
    assert 'name="q_card"' not in client.get(f"{URL}?population=agents").text
    assert 'name="email"' not in client.get(f"{URL}?population=zzz").text
    for name in ("zzz", ""):
        assert client.post(URL, data={**WHO, "population": name}).status_code == 422


def test_without_scripts_the_next_questions_come_and_nothing_is_sent_or_lost(client, make_form):
    make_form()
    first = client.get(f"{URL}?population=agents")
    assert re.search(r'<div data-section data-when="[^"]*presence[^"]*" hidden>', first.text)
    page = client.post(
        URL,
        data={"population": "agents", "step": "questions", "q_presence": "onsite", "email": "a@b"},
    )
    assert page.status_code == 200
    assert re.search(r'<div data-section data-when="[^"]*presence[^"]*">', page.text)
    assert 'value="onsite" checked' in page.text
    assert 'value="a@b"' in page.text
    assert "aria-invalid" not in page.text
    assert db.session.execute(select(Registration)).first() is None
    # The contract: the one button that sends is the form's only submit without a name.
    main = page.text[page.text.index("data-questions") :]
    buttons = re.findall(r"<button[^>]*type=\"submit\"[^>]*>", main)
    assert ["name=" in button for button in buttons] == [True, False]


def test_errors_stand_in_the_summary_and_beside_the_question(client, make_form):
    make_form()
    page = post(client, {"q_presence": "moon", "q_needs": "x" * 3000}, status=422)
    assert page.text.count("réponses proposées") == 2
    assert 'href="#q_presence-0"' in page.text
    assert 'href="#q_needs"' in page.text
    assert "<title>Erreur (2)" in page.text
    assert "x" * 3000 in page.text


def test_what_no_page_offers_is_refused_by_name(client, make_form):
    make_form()
    cases = [
        {"q_zzz": "1"},
        {"q_note": "for organisers"},
        {"q_presence": ["online", "onsite"]},
        {"q_presence": "onsite", "q_workshops": "another event's"},
        {"q_presence": "onsite", "q_workshops": "wa", "q_guests": "-1"},
        {"q_presence": "online", "q_needs": "a\u202eb"},
        {"q_presence": "online", "q_needs": "a\x00b"},
        {"q_presence": "online", "email": ["a@example.org", "b@example.org"]},
    ]
    for sent in cases:
        page = post(client, sent, status=422)
        assert 'data-refusal="invalid"' in page.text, sent
    assert db.session.execute(select(Registration)).first() is None
    post(client, {"q_presence": "online", "q_needs": "🦮"})


def test_questions_of_another_event_are_refused_where_there_is_no_form(client, make_event, now):
    make_event()
    page = client.get(URL)
    data = {**WHO, "csrf_token": hidden(page, "csrf_token"), "q_presence": "onsite"}
    assert client.post(URL, data=data).status_code == 422


FILES = {"questions": [{"key": "cv", "kind": "file", "label": "CV", "required": True}]}


def _with_file(page, **more):
    data = {name: hidden(page, name) for name in ("csrf_token", "idempotency_key")}
    return {**data, **WHO, **more}


def test_a_file_survives_a_refused_form_and_belongs_to_one_sign_up(client, make_form):
    make_form(FILES)
    page = client.get(URL)
    assert 'enctype="multipart/form-data"' in page.text
    sent = _with_file(page, email="wrong", q_cv=(io.BytesIO(b"du texte"), "cv.txt"))
    refused = client.post(URL, data=sent)
    assert refused.status_code == 422
    ticket = hidden(refused, "q_cv")
    assert "cv.txt" in refused.text
    again = _with_file(page, q_cv=ticket)
    assert client.post(URL, data=again).status_code == 303
    kept = the_one()
    file = db.session.execute(select(StoredFile)).scalar_one()
    assert file.registration_id == kept.id
    assert kept.answers["cv"] == {"file": file.public_id, "name": "cv.txt"}
    # The same file under another name's sign-up, and one that was made up.
    other = client.get(URL)
    for stolen, status in ((ticket, 409), (ticket[:-2] + "zz", 422), (f"{file.public_id}/x", 422)):
        data = _with_file(other, q_cv=stolen) | {"email": "b@example.org"}
        assert client.post(URL, data=data).status_code == status, stolen
    exe = _with_file(other, q_cv=(io.BytesIO(b"MZ\x90\x00"), "cv.pdf"))
    assert client.post(URL, data=exe).status_code == 422


def test_questions_changed_under_an_open_form_are_asked_anew(client, make_form, now):
    event = make_form()
    page = client.get(f"{URL}?population=agents")
    fewer = {key: value for key, value in CHAIN.items() if key != "questions"}
    fewer["sections"] = [CHAIN["sections"][1]]
    with transaction():
        read = services.read(fewer, zone=event.timezone)
        services.apply(locked(event.slug), read, actor="operator", now=now)
    sent = _with_file(page, population="agents", q_presence="online", q_needs="LSF")
    client.application.extensions.pop("signup-pages", None)
    answer = client.post(URL, data=sent)
    assert answer.status_code == 422  # that question is gone; the next page no longer has it
    assert "LSF" in answer.text


def test_a_plain_sign_up_runs_the_statements_it_did(client, make_event, count_queries, now):
    make_event()
    page = client.get(URL)
    data = _with_file(page)
    with count_queries() as seen:
        assert client.post(URL, data=data).status_code == 303
    assert not [s for s in seen if "form_versions" in s or "access_needs" in s]
    assert len(seen) <= 11, seen
    assert db.session.execute(text("SELECT count(*) FROM registration_seats")).scalar_one() == 0


def test_a_twin_changes_nothing_of_the_first(client, make_form):
    make_form()
    post(client, {"q_presence": "online", "q_needs": "LSF"})
    post(client, {"q_presence": "onsite", "q_workshops": "wa", "q_needs": "autre"})
    assert the_one().answers == {"presence": "online"}
    assert db.session.execute(select(AccessNeeds.text)).scalars().all() == ["LSF"]
    assert db.session.execute(select(PoolSeats)).first() is None
    assert db.session.execute(select(Event.form_version)).scalar_one() == 1


def test_the_contact_learns_of_needs_once_the_address_is_proven_and_alone_reads_them(
    client, make_form, organiser_client
):
    make_form(confirmation_hours=0)
    post(client, {"q_presence": "online", "q_needs": "Boucle magnétique"})
    told = db.session.execute(
        select(OutboxMessage).where(OutboxMessage.kind == "access_needs")
    ).scalar_one()
    assert told.recipient == "acces@example.org"
    assert "magnétique" not in told.text
    person = f"/organisation/evenements/journee/inscriptions/{the_one().public_id}/"
    assert person in told.text
    assert "Boucle" in organiser_client("acces@example.org", slug="journee").get(person).text
    other = organiser_client("autre@example.org", slug="journee").get(person).text
    assert "Boucle" not in other
    assert "acces@example.org" in other


def test_nothing_reaches_the_contact_from_an_address_nobody_proved(client, make_form):
    make_form()
    post(client, {"q_presence": "online", "q_needs": "Boucle magnétique"})
    kinds = db.session.execute(select(OutboxMessage.kind)).scalars().all()
    assert "access_needs" not in kinds


def test_organisers_answer_their_own_questions_and_change_nobody_elses(
    client, make_form, organiser_client
):
    make_form()
    post(client, {"q_presence": "onsite", "q_workshops": "wb"})
    browser = organiser_client(slug="journee")
    url = f"/organisation/evenements/journee/inscriptions/{the_one().public_id}/reponses/"
    page = browser.get(url)
    assert 'name="q_note"' in page.text
    assert 'name="q_presence"' not in page.text
    data = {"csrf_token": hidden(page, "csrf_token"), "q_note": "badge à part"}
    assert browser.post(url, data=data | {"q_presence": "online"}).status_code == 303
    db.session.rollback()
    expected = {"presence": "onsite", "workshops": ["wb"], "note": "badge à part"}
    assert the_one().answers == expected
    assert browser.post(url, data=data | {"q_note": "x\u202e"}).status_code == 422


def test_access_needs_and_unsent_files_leave_on_their_own_dates(client, make_form, now):
    make_form()
    post(client, {"q_presence": "online", "q_needs": "LSF"})
    for days, left in ((20 + 6, ["LSF"]), (20 + 8, [])):
        erase_due(now + timedelta(days=days))
        db.session.rollback()
        assert db.session.execute(select(AccessNeeds.text)).scalars().all() == left
    assert the_one().answers == {"presence": "online"}


def test_lists_hold_a_column_for_each_question_in_the_words_of_its_version(client, make_form, now):
    event = make_form()
    post(client, {"q_presence": "onsite", "q_workshops": ["wa", "wb"], "q_guests": "1"})
    data = json.loads(json.dumps(CHAIN).replace("Sur place", "En salle"))
    with transaction():
        read = services.read(data, zone=event.timezone)
        services.apply(locked(event.slug), read, actor="operator", now=now)
    out = io.BytesIO()
    with force_locale("fr"):
        exports.write(locked("journee"), "csv", out)
    head, row = out.getvalue().decode("utf-8-sig").splitlines()
    cells = dict(zip(head.split(";"), row.split(";"), strict=True))
    assert cells["Présence"] == "Sur place"
    assert cells["Ateliers"] == "A, B"
    assert "Besoins" not in head
    out = io.BytesIO()
    exports.write(locked("journee"), "csv", out, columns=["email", "q_workshops"])
    assert b"A, B" in out.getvalue()
    out = io.BytesIO()
    exports.write(locked("journee"), "json", out)
    assert json.loads(out.getvalue())[0]["answers"]["workshops"] == ["wa", "wb"]


def test_a_population_with_a_policy_of_its_own_has_a_form_that_says_so(client, make_form):
    form = {
        "populations": [
            {"key": "agents", "label": "Agents", "eligibility": "public_agents"},
            {"key": "others", "label": "Autres"},
        ]
    }
    make_form(form)
    page = "/agenda/journee/inscription/?population="
    assert "nom@exemple.gouv.fr" in client.get(f"{page}agents").text
    assert "nom@exemple.gouv.fr" not in client.get(f"{page}others").text


def test_french_titles_are_french_to_a_screen_reader_on_english_pages(client, make_form):
    make_form()
    page = client.get("/en/agenda/journee/inscription/?population=agents").text
    assert re.search(r'<h1[^>]*>Sign up: <span lang="fr">', page)
