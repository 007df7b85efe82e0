"""Decisions: the event's policy, what the person is told, and what must never happen."""

import logging
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventreg.eligibility import markers, messages, registry, rules, suggestions
from eventreg.eligibility.registry import WebHost
from eventreg.eligibility.rules import Decision, Outcome, Policy, decide, list_entry
from eventreg.shared.addresses import Address, InvalidAddress, canonical

REGISTRY = registry.load()
AGENTS = Policy()


def ask(address: str, policy: Policy = AGENTS, **changes: object) -> Decision:
    facts: dict[str, object] = {"registry": REGISTRY, "mailbox_confirmed": True} | changes
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
    decision = ask(address, mailbox_confirmed=confirmed)
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


# --- the event's policy


@pytest.mark.parametrize("address", ["x@gmail.com", "x@yopmail.com", "x@evilgouv.fr", "x@a.test"])
def test_event_open_to_anyone_takes_every_address(address: str) -> None:
    assert short(ask(address, Policy(audience="anyone"))) == (
        "eligible",
        "open_to_all",
        "event.audience",
    )


def test_event_open_to_anyone_still_needs_an_address() -> None:
    decision = ask("x y@gmail.com", Policy(audience="anyone"))
    assert short(decision) == ("refused", "invalid_address", "1.canonical")


@pytest.mark.parametrize(
    ("address", "outcome"),
    [
        ("x@insee.fr", "eligible"),
        ("x@beta.gouv.fr", "refused"),
        ("x.ext@insee.fr", "refused"),
        ("x@gmail.com", "refused"),
    ],
)
def test_event_without_review_refuses_what_a_person_would_have_read(
    address: str, outcome: str
) -> None:
    plain, closed = ask(address), ask(address, Policy(on_review="refuse"))
    assert (str(closed.outcome), closed.reason) == (outcome, plain.reason)
    if plain.outcome is Outcome.REVIEW:
        assert (closed.rule, closed.message) == ("event.on_review", messages.REVIEW_CLOSED)


@pytest.mark.parametrize(
    ("address", "outcome", "reason"),
    [
        ("x@example.org", "review", "unknown_domain"),
        ("x@evilgouv.fr", "refused", "lookalike"),
        ("x@gmail.com", "refused", "free_or_isp_mailbox"),
        ("x@yopmail.com", "refused", "disposable"),
        ("x@etu.example.org", "refused", "student"),
    ],
)
def test_event_may_have_unknown_domains_read_by_a_person(
    address: str, outcome: str, reason: str
) -> None:
    decision = ask(address, Policy(on_unknown="ask"))
    assert (str(decision.outcome), decision.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("address", "outcome", "reason"),
    [
        ("x@insee.fr", "review", "other_family"),
        ("x@paris.fr", "eligible", "domain_listed"),
        ("x@departement13.fr", "eligible", "domain_listed"),
        ("x@chu-lille.fr", "review", "other_family"),
        ("x.ext@insee.fr", "review", "contractor"),
        ("x@gmail.com", "refused", "free_or_isp_mailbox"),
    ],
)
def test_event_for_local_government_sends_other_bodies_to_a_person(
    address: str, outcome: str, reason: str
) -> None:
    decision = ask(address, Policy(families=frozenset({"local"})))
    assert (str(decision.outcome), decision.reason) == (outcome, reason)


LISTS = Policy(
    allowed=frozenset({"guest@gmail.com", "partner.example", ".group.example", ".bad.example"}),
    refused=frozenset({"bad@partner.example", "x.bad.example", ".insee.fr", "guest2@gmail.com"}),
)


@pytest.mark.parametrize(
    ("address", "outcome", "reason"),
    [
        ("Guest@Gmail.com", "eligible", "event_allowed"),
        ("other@gmail.com", "refused", "free_or_isp_mailbox"),
        ("x@partner.example", "eligible", "event_allowed"),
        ("x@sub.partner.example", "refused", "unknown_domain"),
        ("bad@partner.example", "refused", "event_refused"),
        ("x@group.example", "eligible", "event_allowed"),
        ("x@a.b.group.example", "eligible", "event_allowed"),
        ("x@notgroup.example", "refused", "unknown_domain"),
        ("x@x.bad.example", "refused", "event_refused"),
        ("x@y.bad.example", "eligible", "event_allowed"),
        ("x@insee.fr", "refused", "event_refused"),
        ("x@a.insee.fr", "refused", "event_refused"),
        ("x.ext@partner.example", "review", "contractor"),
        ("x@etu.group.example", "refused", "student"),
    ],
)
def test_event_lists_the_most_specific_entry_decides(
    address: str, outcome: str, reason: str
) -> None:
    decision = ask(address, LISTS)
    assert (str(decision.outcome), decision.reason) == (outcome, reason)


def test_event_lists_refused_wins_over_the_same_entry_allowed() -> None:
    both = frozenset({"partner.example"})
    assert ask("x@partner.example", Policy(allowed=both, refused=both)).reason == "event_refused"
    anyone = Policy(audience="anyone", refused=both)
    assert ask("x@partner.example", anyone).reason == "event_refused"


def test_a_person_whom_the_organiser_named_is_not_lowered_by_signs() -> None:
    policy = Policy(allowed=frozenset({"x.ext@partner.example"}))
    assert ask("x.ext@partner.example", policy).outcome is Outcome.ELIGIBLE


@pytest.mark.parametrize(
    ("typed", "entry"),
    [
        (" Guest@Gmail.COM ", "guest@gmail.com"),
        ("Partner.Example", "partner.example"),
        ("@partner.example", "partner.example"),
        (".partner.example", ".partner.example"),
        ("*.École.example", ".xn--cole-9oa.example"),
    ],
)
def test_list_entries_have_one_writing(typed: str, entry: str) -> None:
    assert list_entry(typed) == entry
    assert list_entry(entry) == entry


def test_list_entry_refuses_what_names_nobody() -> None:
    with pytest.raises(InvalidAddress):
        list_entry("fr")


@pytest.mark.parametrize(
    "faulty",
    [
        {"audience": "everyone"},
        {"on_review": "maybe"},
        {"on_unknown": "maybe"},
        {"families": frozenset({"club"})},
        {"allowed": frozenset({"Partner.Example"})},
        {"refused": frozenset({" partner.example"})},
    ],
)
def test_policy_with_a_mistake_is_not_accepted(faulty: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Policy(**faulty)  # type: ignore[arg-type]


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

    monkeypatch.setattr(rules, "STEPS", (broken,))
    with caplog.at_level(logging.ERROR):
        decision = ask("secret@insee.fr", Policy(on_review="refuse"))
    assert short(decision) == ("review", "rule_error", "error")
    assert decision.registry_version == REGISTRY.version
    assert "KeyError" in caplog.text
    assert "secret" not in caplog.text


DOMAINS = sorted({*REGISTRY.bodies, *REGISTRY.overrides})
LABELS = ["etu", "ext", "eleves", "promo3", "stagiaire", "mail", "mairie", "gouv", "xn--9ca", "a"]
TOKENS = ["ext", "etu", "auditeur", "stagiaire", "mairie", "presta", "promo3", "nom", "x+ext"]
any_domain = st.one_of(
    st.sampled_from(DOMAINS),
    st.builds(lambda a, b: f"{a}.{b}", st.sampled_from(LABELS), st.sampled_from(DOMAINS)),
    st.builds(lambda a, b: f"{a}{b}", st.sampled_from(LABELS), st.sampled_from(DOMAINS)),
    st.builds(lambda a, b: f"{a}.{b}", st.sampled_from(DOMAINS), st.sampled_from(LABELS)),
    st.from_regex(r"[a-z-]{1,10}(\.[a-z]{1,6}){1,2}", fullmatch=True),
)
any_local = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=4).flatmap(
    lambda tokens: st.sampled_from("._-").map(lambda mark: mark.join(tokens))
)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80) | st.builds(lambda a, b: f"{a}@{b}", st.text(max_size=9), any_domain))
def test_no_text_makes_a_rule_fail(text: str) -> None:
    decision = ask(text)
    assert decision.reason != "rule_error"
    assert decision.message


@settings(max_examples=500, deadline=None)
@given(any_local, any_domain)
def test_nobody_enters_from_a_domain_outside_the_files(local: str, domain: str) -> None:
    decision = ask(f"{local}@{domain}")
    if decision.outcome is Outcome.ELIGIBLE:
        names = [domain, *(".".join(domain.split(".")[i:]) for i in range(1, domain.count(".")))]
        rows = [REGISTRY.bodies[name] for name in names if name in REGISTRY.bodies]
        assert [r for r in rows if r.domain == domain or r.covers_below] != []
        assert rows[0].evidence in ("mail", "attested")


@settings(max_examples=500, deadline=None)
@given(any_local, any_domain)
def test_signs_never_raise_an_outcome(local: str, domain: str) -> None:
    with_signs = ask(f"{local}@{domain}")
    if with_signs.reason != "isp_mailbox_public_marker":  # step 3 asks for that one
        without = ask(f"nom@{domain}")
        assert rules.lowest(with_signs.outcome, without.outcome) is with_signs.outcome


@settings(max_examples=300, deadline=None)
@given(any_local, any_domain)
def test_case_and_outer_space_change_nothing(local: str, domain: str) -> None:
    plain, dressed = ask(f"{local}@{domain}"), ask(f" {local.upper()}@{domain.upper()}. ")
    assert short(plain) == short(dressed)


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


def test_a_decision_takes_half_a_millisecond_with_room_for_a_busy_machine() -> None:
    addresses = [f"prenom.nom@{domain}" for domain in DOMAINS[::4]]
    addresses += [f"prenom.nom@x{domain}" for domain in DOMAINS[::4]]
    started = time.perf_counter()
    for address in addresses:
        ask(address)
    assert (time.perf_counter() - started) / len(addresses) < 0.002
