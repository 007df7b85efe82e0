"""Who may come, as organisers compose it: conditions, long lists, « why? », domains."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from eventreg.audit.models import AuditEntry
from eventreg.eligibility import queries as eligibility_queries
from eventreg.eligibility import services as eligibility
from eventreg.events import queries
from eventreg.events.models import Event
from eventreg.registration.models import Registration
from eventreg.shared.db import db

BASE = "/organisation/evenements/journee/public/"
LISTS = BASE + "listes/"
WHY = BASE + "essai/"
DOMAINS = "/organisation/domaines/"
pytestmark = pytest.mark.usefixtures("registry_read_again")


@pytest.fixture
def owner(organiser_client: Callable, make_event: Callable) -> FlaskClient:
    make_event("journee", audience="public_agents")
    return organiser_client()


def stored() -> Event:
    db.session.rollback()
    db.session.expire_all()
    event = queries.by_slug("journee")
    assert event is not None
    return event


def said(answer: Any) -> str:
    """What a page says, with plain spaces."""
    return unescape(answer.text).replace("\u00a0", " ").replace("\u202f", " ")


def fresh(read: Callable[..., Any], *args: Any) -> Any:
    """What the database holds now."""
    db.session.rollback()
    db.session.expire_all()
    return read(*args)


def token(page: Any) -> str:
    return page.text.split('name="csrf_token" value="')[1].split('"')[0]


def version(page: Any) -> str:
    return re.search(r'name="version" value="(\d+)"', page.text)[1]


def send(client: FlaskClient, path: str = BASE, **data: Any) -> Any:
    page = client.get(path)
    base: dict[str, Any] = {"csrf_token": token(page)}
    if path == BASE:
        base |= {"who": ["public_agents", "listed"], "sense": "broad", "on_review": "ask"}
        base |= {"on_unknown": "refuse", "version": version(page), "act": "save"}
    return client.post(path, data=base | data)


def test_conditions_are_composed_saved_and_shown_again(owner: FlaskClient) -> None:
    answer = send(
        owner,
        who=["public_agents", "listed", "invited"],
        families=["local", "health"],
        sense="strict",
        on_review="refuse",
        on_unknown="ask",
        accepted="Example.org # partner\n\n*.group.example",
        refused="x.group.example",
        invited="camille@example.org",
    )
    assert answer.status_code == 303, answer.text
    event = stored()
    assert event.policy == {
        "who": ["public_agents", "listed", "invited"],
        "sense": "strict",
        "on_review": "refuse",
        "on_unknown": "ask",
        "families": ["health", "local"],
        "accepted": [".group.example", "example.org"],
        "refused": ["x.group.example"],
        "invited": ["camille@example.org"],
    }
    page = said(owner.get(BASE))
    assert "*.group.example\nexample.org" in page
    assert re.search(r'name="sense" value="strict" checked', page)
    assert re.search(r'name="families" value="local" checked', page)
    trace = db.session.execute(select(AuditEntry).order_by(AuditEntry.id.desc())).scalars().first()
    assert (trace.action, trace.details) == ("event_changed", {"keys": ["policy"]})


def test_every_mistake_stands_beside_its_field_and_nothing_typed_is_lost(
    owner: FlaskClient,
) -> None:
    answer = send(
        owner,
        accepted="example.org\n.*@example.org\nnobody",
        invited="example.org",
        refused="!example.net",
    )
    assert answer.status_code == 422
    page = said(answer)
    for words in (
        "Ligne 2, « .*@example.org »",
        "Ligne 3, « nobody »",
        "*.example.org",
        "exclusions",
    ):
        assert words in page, words
    assert "example.org\n.*@example.org\nnobody</textarea>" in page
    assert stored().policy is None
    nobody = send(owner, who=[])
    assert (nobody.status_code, "Choisissez au moins une réponse" in nobody.text) == (422, True)
    useless = send(owner, who=["listed"], families=["local"])
    assert (useless.status_code, "agents publics : cochez-les" in said(useless)) == (
        422,
        True,
    )
    invited = send(owner, invited="example.org")
    assert "On invite une personne par son adresse" in said(invited)
    for forged in (
        {"who": ["everyone"]},
        {"sense": "x"},
        {"on_review": "x"},
        {"act": "x", "who": ["x"]},
    ):
        assert send(owner, **forged).status_code == 422, forged


def test_a_stale_page_writes_nothing(owner: FlaskClient) -> None:
    answer = send(owner, version="0", accepted="example.org")
    assert answer.status_code == 409
    assert "example.org" in answer.text
    assert stored().policy is None


def test_tighter_conditions_exclude_nobody_already_in_but_say_whom(
    owner: FlaskClient, make_registration: Callable
) -> None:
    event = stored()
    decided = {"eligibility_outcome": "eligible", "eligibility_method": "email"}
    agent = make_registration(event, "agent@insee.fr", family_name="Estat", **decided)
    make_registration(event, "maire@paris.fr", family_name="Local", **decided)
    make_registration(
        event,
        "guest@gmail.com",
        family_name="Guest",
        eligibility_outcome="eligible",
        eligibility_reason="organiser_decision",
        eligibility_method="organiser",
    )
    make_registration(event, "gone@insee.fr", family_name="Gone", state="cancelled", **decided)
    before = owner.post(
        BASE,
        data={
            "csrf_token": token(owner.get(BASE)),
            "who": ["public_agents"],
            "families": ["local"],
            "sense": "broad",
            "on_review": "ask",
            "on_unknown": "refuse",
            "version": version(owner.get(BASE)),
            "act": "preview",
        },
    )
    assert before.status_code == 200
    assert "Estat" in before.text
    assert "1 personne inscrite auparavant" in said(before)
    assert not any(name in before.text for name in ("Local</a>", "Guest</a>", "Gone</a>"))
    assert stored().policy is None, "a look changes nothing"
    assert send(owner, who=["public_agents"], families=["local"]).status_code == 303
    after = owner.get(BASE).text
    assert "Estat</a>" in after
    db.session.expire_all()
    kept = db.session.get(Registration, agent.id)
    assert (kept.state, kept.eligibility_outcome) == ("confirmed", "eligible")


def test_conditions_are_kept_under_a_name_without_anybody(
    owner: FlaskClient, make_event: Callable
) -> None:
    make_event("autre", audience="anyone")
    kept = send(
        owner,
        act="keep",
        name="Partenaires",
        accepted="example.org\nguest@gmail.com",
        who=["listed", "invited"],
        invited="camille@example.org",
    )
    assert kept.status_code == 303, kept.text
    assert stored().policy is None, "keeping is not saving"
    (saved,) = fresh(eligibility_queries.saved_policies)
    assert (saved.name, saved.data) == (
        "Partenaires",
        {"who": ["listed", "invited"], "accepted": ["example.org"]},
    )
    other = "/organisation/evenements/autre/public/"
    page = owner.get(f"{other}?modele={saved.id}")
    assert "example.org</textarea>" in page.text
    assert re.search(r'name="who" value="anyone" checked', page.text) is None
    assert owner.get(f"{other}?modele=99").status_code == 404
    assert send(owner, act="keep", name=" ").status_code == 422
    gone = owner.post(
        f"{BASE}modeles/{saved.id}/supprimer/", data={"csrf_token": token(owner.get(BASE))}
    )
    assert (gone.status_code, list(fresh(eligibility_queries.saved_policies))) == (303, [])


def test_the_shortcut_replaces_conditions_made_by_hand(owner: FlaskClient, app: Any) -> None:
    assert send(owner, who=["invited"], invited="camille@example.org").status_code == 303
    set_ = app.test_cli_runner().invoke(args=["events", "set", "journee", "audience=anyone"])
    assert set_.exit_code == 0, set_.output
    assert (stored().audience, stored().policy) == ("anyone", None)


def upload(client: FlaskClient, lines: str) -> Any:
    """Written by hand: the test client leaves the temporary file of a large form open."""
    parts = {"csrf_token": token(client.get(LISTS)), "verdict": "accepted"}
    body = "".join(
        f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parts.items()
    )
    body += '--limit\r\nContent-Disposition: form-data; name="file"; filename="l.csv"\r\n\r\n'
    data = f"{body}{lines}\r\n--limit--\r\n".encode()
    return client.post(LISTS, data=data, content_type="multipart/form-data; boundary=limit")


def test_a_long_list_counts_at_once(owner: FlaskClient) -> None:
    padding = "#" + " " * 3_000_000  # larger than an ordinary form may be
    names = "\n".join([padding, *(f"n{number}.example" for number in range(3_000))])
    answer = upload(owner, f"\ufeffdomaine.example;x\n{names}\n!n7.example")
    assert answer.status_code == 303, answer.text
    event = stored()
    assert fresh(eligibility_queries.list_counts, event.id) == {"accepted": 3_000, "refused": 1}
    assert event.policy == {"who": ["public_agents", "listed"]}
    for address, reason in (
        ("x@n2999.example", "event_allowed"),
        ("x@n7.example", "event_refused"),
        ("x@n3000.example", "unknown_domain"),
    ):
        decision = eligibility.decide(
            address, audience="public_agents", policy=event.policy, event_id=event.id
        )
        assert decision.reason == reason, address
    assert "3" in owner.get(LISTS).text
    taken = owner.post(
        LISTS + "retirer/",
        data={"csrf_token": token(owner.get(LISTS)), "entry": "N7.example"},
    )
    assert taken.status_code == 303
    assert fresh(eligibility_queries.list_counts, event.id) == {"accepted": 3_000}
    emptied = owner.post(
        LISTS + "retirer/", data={"csrf_token": token(owner.get(LISTS)), "verdict": "accepted"}
    )
    assert (emptied.status_code, fresh(eligibility_queries.list_counts, event.id)) == (303, {})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"lines": "a.example\n(b|c)\n", "verdict": "accepted"}, "Ligne 2, « (b|c) »"),
        ({"lines": "", "verdict": "accepted"}, "au moins une adresse"),
        ({"lines": "a.example", "verdict": "invited"}, "par son adresse"),
        ({"lines": "a.example", "verdict": "x"}, "Choisissez la liste"),
        ({"lines": "\ufffe\x00\u202e", "verdict": "accepted"}, "Ligne 1"),
    ],
)
def test_a_list_with_a_mistake_adds_nothing(
    owner: FlaskClient, data: dict[str, str], words: str
) -> None:
    answer = send(owner, LISTS, **data)
    assert answer.status_code == 422
    assert words in said(answer)
    assert fresh(eligibility_queries.list_counts, stored().id) == {}


def test_any_address_can_be_tried_and_leaves_no_trace(owner: FlaskClient, app: Any) -> None:
    count = db.session.execute(text("SELECT count(*) FROM audit_entries")).scalar_one()
    table = [
        ("agent@insee.fr", "eligible", "Institut national de la statistique"),
        ("insee.fr", "eligible", "Institut national de la statistique"),
        ("x.ext@insee.fr", "review", "10.markers"),
        ("x@interieur.gouv.f", "refused", "interieur.gouv.fr"),
        ("a@b@c", "refused", "1.canonical"),
        ("<script>@x", "refused", "1.canonical"),
        ("\u202eabc@x.fr", "refused", "1.canonical"),
    ]
    for typed, outcome, words in table:
        answer = send(owner, WHY, email=typed)
        assert answer.status_code in (200, 422), typed
        if answer.status_code == 200:
            assert f'data-outcome="{outcome}"' in answer.text, typed
            assert words in said(answer), typed
        assert "<script>@x" not in answer.text
    assert send(owner, WHY, email="").status_code == 422
    assert send(owner, who=["invited"], invited="camille@example.org").status_code == 303
    assert 'data-outcome="refused"' in send(owner, WHY, email="agent@insee.fr").text
    db.session.rollback()
    asked = app.test_cli_runner().invoke(
        args=["eligibility", "check", "--event", "journee", "agent@insee.fr"]
    )
    assert "not_invited" in asked.output, "the command and the page say the same"
    db.session.rollback()
    after = db.session.execute(text("SELECT count(*) FROM audit_entries")).scalar_one()
    assert after == count + 1, "the change of conditions alone"


def test_readers_try_addresses_and_change_nothing(
    organiser_client: Callable, make_event: Callable
) -> None:
    make_event("journee", audience="public_agents")
    reader = organiser_client(email="lecteur@example.org", role="reader")
    assert 'data-outcome="eligible"' in send(reader, WHY, email="agent@insee.fr").text
    for path in (BASE, LISTS):
        assert reader.get(path).status_code == 403
    page = reader.get(DOMAINS + "?domaine=insee.fr")
    assert "Institut national de la statistique" in page.text
    assert 'name="reason"' not in page.text
    posted = reader.post(
        DOMAINS, data={"csrf_token": token(reader.get(WHY)), "domain": "x.example"}
    )
    assert posted.status_code == 403
    removed = reader.post(
        DOMAINS + "x.example/retirer/", data={"csrf_token": token(reader.get(WHY))}
    )
    assert removed.status_code == 403


def test_an_administrator_decides_of_a_domain_with_a_reason(owner: FlaskClient) -> None:
    data = {
        "domain": "bourg.example",
        "below": "y",
        "verdict": "accepted",
        "category": "commune",
        "organisation": "Commune de Bourg",
    }
    without = send(owner, DOMAINS, **data)
    assert (without.status_code, "vos collègues voudront" in said(without)) == (422, True)
    wrong = send(owner, DOMAINS, **data | {"domain": "^bourg$", "reason": "x"})
    assert (wrong.status_code, "^bourg$" in said(wrong)) == (422, True)
    assert send(owner, DOMAINS, **data, reason="convention").status_code == 303
    page = owner.get(DOMAINS + "?domaine=mail.bourg.example").text
    assert 'data-outcome="eligible"' in page
    assert "Commune de Bourg" in page
    (row,) = fresh(eligibility_queries.additions)
    assert (row.domain, row.covers_below, row.reason) == ("bourg.example", True, "convention")
    removed = owner.post(
        DOMAINS + "bourg.example/retirer/", data={"csrf_token": token(owner.get(DOMAINS))}
    )
    assert (removed.status_code, list(fresh(eligibility_queries.additions))) == (303, [])
    assert owner.get(DOMAINS + "?domaine=a@b.fr").status_code == 200
    assert "Licence Ouverte" in owner.get(DOMAINS).text


def test_evidence_is_kept_as_it_was_decided(client: FlaskClient, make_event: Callable) -> None:
    make_event("journee", audience="public_agents")
    form = client.get("/agenda/journee/inscription/").text
    hidden = dict(re.findall(r'name="(csrf_token|idempotency_key)" value="([^"]+)"', form))
    person = {"email": "agent@insee.fr", "given_name": "Camille", "family_name": "Martin"}
    answer = client.post("/agenda/journee/inscription/", data=hidden | person)
    assert answer.status_code == 303, answer.text
    row = db.session.execute(select(Registration)).scalar_one()
    assert (row.eligibility_outcome, row.eligibility_reason) == ("eligible", "domain_listed")
    assert (row.eligibility_rule, row.eligibility_method) == ("3.registry", "email")
    assert row.eligibility_category == "independent-authority" or row.eligibility_category
    assert row.eligibility_at == row.registered_at
    assert row.registry_version == eligibility.current_registry().version
    assert (row.eligibility_siret, row.eligibility_roles, row.eligibility_by) == ("", [], "")


def test_long_lists_count_among_the_people_whom_conditions_exclude(
    owner: FlaskClient, make_registration: Callable
) -> None:
    event = stored()
    decided = {"eligibility_outcome": "eligible", "eligibility_method": "email"}
    agent = {"eligibility_siret": "13002526500013", "eligibility_roles": ["agent_public"]}
    for address, name, facts in (
        ("a@insee.fr", "Renard", {}),
        ("b@insee.fr", "Belette", {}),
        ("c@sous.partner.example", "Loutre", {}),
        ("d@other.example", "Blaireau", {}),
        ("e@other.example", "Fouine", agent),
    ):
        make_registration(event, address, family_name=name, **decided | facts)
    assert upload(owner, "*.partner.example\n!b@insee.fr\n").status_code == 303
    page = said(owner.get(BASE))
    assert "2 personnes inscrites auparavant" in page
    names = ("Belette", "Blaireau", "Fouine", "Loutre", "Renard")
    assert [name for name in names if f"{name}</a>" in page] == ["Belette", "Blaireau"]


def test_accepting_the_unknown_for_guests_alone_is_a_fault_beside_its_field(
    owner: FlaskClient,
) -> None:
    answer = send(owner, who=["invited"], invited="camille@example.org", on_unknown="accept")
    assert (answer.status_code, stored().policy) == (422, None)
    assert "Tout le monde entrerait" in said(answer)
    assert "camille@example.org</textarea>" in answer.text
