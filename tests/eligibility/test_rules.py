"""Decisions: what the person is told, the web registry, suggestions, and a bug in a rule."""

import logging

import pytest

from eventreg.eligibility import markers, messages, registry, steps, suggestions
from eventreg.eligibility.registry import WebHost
from eventreg.eligibility.rules import Decision, Outcome, Policy, decide
from eventreg.shared.addresses import Address, canonical

REGISTRY = registry.load()
AGENTS = Policy()


def ask(address: str, policy: Policy = AGENTS, **changes: object) -> Decision:
    facts: dict[str, object] = {"registry": REGISTRY, "proven": True} | changes
    return decide(address, policy=policy, **facts)  # type: ignore[arg-type]


def short(decision: Decision) -> tuple[str, str, str]:
    return str(decision.outcome), decision.reason, decision.rule


# --- what a decision says


def test_decision_names_the_body_its_category_and_the_step() -> None:
    decision = ask("Prenom.Nom@DGFIP.finances.gouv.fr")
    assert short(decision) == ("eligible", "domain_listed", "3.registry")
    assert decision.organisation == "Direction générale des finances publiques"
    assert (decision.category, decision.evidence) == ("ministry", "mail")
    assert decision.registry_version == REGISTRY.version
    assert decision.address == canonical("Prenom.Nom@DGFIP.finances.gouv.fr")


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("x", "1.canonical"),
        ("x@école.fr", "2.punycode"),
        ("x@gmail.com", "3.override"),
        ("x@cg33.fr", "3.override"),
        ("x@insee.fr", "3.registry"),
        ("x@iut.univ-lille.fr", "4.below_exact"),
        ("x@gov.nc", "5.overseas"),
        ("x@impots-gouv.fr", "7.lookalike"),
        ("x@mairie-exemple.fr", "8.public_marker"),
        ("x@example.org", "9.unknown"),
        ("x.ext@insee.fr", "10.markers"),
    ],
)
def test_decision_names_its_rule(address: str, rule: str) -> None:
    assert ask(address).rule == rule


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("address", ["x@insee.fr", "x@beta.gouv.fr", "x@gmail.com", "x"])
def test_an_address_not_proven_gets_the_same_outcome_provisionally(
    address: str, confirmed: bool
) -> None:
    decision = ask(address, proven=confirmed)
    assert short(decision) == short(ask(address))
    assert decision.provisional is not confirmed


def test_signs_are_kept_even_where_they_change_nothing() -> None:
    decision = ask("x.ext@ext.beta.gouv.fr")
    assert decision.reason == "contractor_possible"
    assert decision.markers == ("contractor", "contractor")


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_class_that_is_new_in_the_files_still_has_a_sentence(outcome: Outcome) -> None:
    assert messages.sentence("brand_new", outcome) in (
        messages.OTHER_REVIEW,
        messages.OTHER_REFUSED,
        messages.ACCEPTED,
    )


@pytest.mark.parametrize(
    "address",
    ["x@insee.fr", "x@ipgp.fr", "x@a.insee.fr", "x@gmail.com", "x@école.fr", "x@example.org", "x"],
)
def test_sentences_take_the_parameters_that_come_with_them(address: str) -> None:
    decision = ask(address)
    told = decision.message % decision.params if decision.params else decision.message
    assert "%(" not in told


# --- step 6, with a web registry that an operator loaded


WEB = REGISTRY.with_web(
    [
        WebHost("bourg-exemple.fr", "communes", own_zone=True, shared=False),
        WebHost("bourg.plateforme.example", "communes", own_zone=False, shared=True),
        WebHost("gouvieux-exemple.fr", "communes", own_zone=True, shared=False),
        WebHost("xn--thzac-csa.fr", "collectivites", own_zone=True, shared=False),
        WebHost("insee.fr", "nongouvfr-divers", own_zone=True, shared=False),
        WebHost("orange.fr", "nongouvfr-divers", own_zone=True, shared=False),
    ]
)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("x@bourg-exemple.fr", ("review", "domain_web_only", "6.web")),
        ("x@mail.bourg-exemple.fr", ("review", "domain_web_only", "6.web")),
        ("x@notbourg-exemple.fr", ("refused", "unknown_domain", "9.unknown")),
        ("x@bourg.plateforme.example", ("refused", "unknown_domain", "9.unknown")),
        ("x@gouvieux-exemple.fr", ("review", "domain_web_only", "6.web")),
        ("x@thézac.fr", ("review", "domain_web_only", "6.web")),
        ("x@mail.thézac.fr", ("refused", "punycode_unlisted", "2.punycode")),
        ("x@insee.fr", ("eligible", "domain_listed", "3.registry")),
        ("x@orange.fr", ("refused", "free_or_isp_mailbox", "3.override")),
        ("x.ext@bourg-exemple.fr", ("review", "domain_web_only", "6.web")),
        ("x@etu.bourg-exemple.fr", ("refused", "student", "10.markers")),
    ],
)
def test_web_registry_sends_to_a_person_and_no_further(
    address: str, expected: tuple[str, str, str]
) -> None:
    decision = ask(address, registry=WEB)
    assert short(decision) == expected
    assert decision.registry_version == WEB.version


# --- suggestions


@pytest.mark.parametrize(
    ("address", "suggestion"),
    [
        ("x@interieur.gouv.f", "interieur.gouv.fr"),
        ("x@interieur-gouv.fr", "interieur.gouv.fr"),
        ("x@interieur.gov.fr", "interieur.gouv.fr"),
        ("x@interieur.gouv.frr", "interieur.gouv.fr"),
        ("x@interieur.guov.fr", "interieur.gouv.fr"),
        ("x@int\u0435rieur.gouv.fr", "interieur.gouv.fr"),
        ("x@univ-lile.fr", "univ-lille.fr"),
        ("x@ac-lyonn.fr", "ac-lyon.fr"),
        ("x@assurance-maladie.com", None),
        ("x@example.org", None),
        ("x@ingn.fr", None),
        ("x@gmail.co", None),
        ("x@gmail.com", None),
        ("x@insee.fr", None),
    ],
)
def test_a_slip_of_one_key_is_suggested_and_never_applied(
    address: str, suggestion: str | None
) -> None:
    decision = ask(address)
    assert decision.suggestion == suggestion
    assert decision.address == canonical(address)
    if suggestion:
        assert decision.outcome is not Outcome.ELIGIBLE


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("abc", "abc", False),
        ("abc", "ab", True),
        ("ab", "abc", True),
        ("aab", "ab", True),
        ("abc", "adc", True),
        ("abc", "acb", True),
        ("abc", "cba", False),
        ("abcd", "ab", False),
        ("abcd", "badc", False),
    ],
)
def test_one_edit(one: str, other: str, apart: bool) -> None:
    assert suggestions.one_edit_apart(one, other) is apart


# --- what must never happen


def test_a_bug_in_a_rule_goes_to_a_person_and_the_log_holds_no_address(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(address: Address, _registry: registry.Registry) -> None:
        raise KeyError(address.canonical)

    monkeypatch.setattr(steps, "STEPS", (broken,))
    with caplog.at_level(logging.ERROR):
        decision = ask("secret@insee.fr", Policy(on_review="refuse"))
    assert short(decision) == ("review", "rule_error", "error")
    assert decision.registry_version == REGISTRY.version
    assert "KeyError" in caplog.text
    assert "secret" not in caplog.text


def test_tokens_leave_out_the_tag_and_the_accents() -> None:
    assert markers.tokens("prénom.nom-ext+tag.etu") == ["prenom", "nom", "ext"]
    assert markers.tokens("+tag") == ["tag"]
    assert markers.tokens("_.-a") == ["a"]


@pytest.mark.parametrize(
    ("domain", "label"),
    [
        ("mairie.fr", "mairie"),
        ("a.b.mairie.fr", "mairie"),
        ("mairie.asso.fr", "mairie"),
        ("a.mairie.asso.fr", "mairie"),
        ("asso.fr", "asso"),
        ("mairie.example.co.uk", "example"),
    ],
)
def test_registrable_label(domain: str, label: str) -> None:
    assert markers.registrable_label(domain) == label
