"""A verified ProConnect identity: the second proof, and what it does not prove."""

import random
from collections.abc import Callable

import pytest

from eventreg.eligibility import registry, rules
from eventreg.eligibility.rules import Decision, Identity, Outcome, Policy, decide, is_siret

REGISTRY = registry.load()
AGENTS = Policy()
SIRET = "13002526500013"  # a real key: DINUM's
LA_POSTE = "35600000000048"


def identity(email: str, *roles: str, **changes: str) -> Identity:
    facts = {"issuer": "https://idp.example", "sub": "s1", "siret": SIRET} | changes
    return Identity(email=email, email_verified=True, roles=roles, **facts)  # type: ignore[arg-type]


def ask(address: str, who: Identity | None, policy: Policy = AGENTS) -> Decision:
    return decide(address, policy=policy, registry=REGISTRY, proven=False, identity=who)


AGENT = ("agent_public",)
STATE = ("agent_public", "agent_public_etat")
TOWN = ("agent_public", "agent_public_territorial")
LOCAL = Policy(families=frozenset({"local"}))
HEALTH = Policy(families=frozenset({"health"}))
ASKING = Policy(on_unknown="ask")
STRICT = Policy(sense="strict")


def test_answers_for_a_verified_identity() -> None:
    table: list[tuple[str, tuple[str, ...], dict[str, str], Policy, str, str]] = [
        ("mairie.x@wanadoo.fr", AGENT, {}, AGENTS, "eligible", "proconnect_agent_public"),
        ("x@example.org", AGENT, {}, AGENTS, "eligible", "proconnect_agent_public"),
        ("x@insee.fr", (), {}, AGENTS, "review", "proconnect_role_missing"),
        ("x@beta.gouv.fr", (), {}, AGENTS, "review", "proconnect_role_missing"),
        ("x@beta.gouv.fr", AGENT, {}, AGENTS, "review", "contractor_possible"),
        ("x@yopmail.com", AGENT, {}, AGENTS, "refused", "disposable"),
        ("x@yopmail.com", (), {}, ASKING, "refused", "disposable"),
        ("x@example.org", (), {}, AGENTS, "refused", "proconnect_not_public"),
        ("x@example.org", (), {}, ASKING, "review", "unknown_domain"),
        ("x@gmail.com", (), {}, ASKING, "refused", "proconnect_not_public"),
        ("x@gmail.com", (), {}, AGENTS, "refused", "proconnect_not_public"),
        ("x@example.org", ("agent_publics",), {}, AGENTS, "refused", "proconnect_not_public"),
        ("x@insee.fr", AGENT, {"siret": ""}, AGENTS, "review", "proconnect_no_siret"),
        ("x@insee.fr", AGENT, {"siret": "1" * 14}, AGENTS, "review", "proconnect_no_siret"),
        ("x@laposte.fr", AGENT, {"siret": LA_POSTE}, AGENTS, "review", "public_company"),
        ("x@paris.fr", TOWN, {}, LOCAL, "eligible", "proconnect_agent_public"),
        ("x@example.org", TOWN, {}, LOCAL, "eligible", "proconnect_agent_public"),
        ("x@insee.fr", STATE, {}, LOCAL, "review", "proconnect_other_family"),
        ("x@example.org", AGENT, {}, HEALTH, "review", "proconnect_other_family"),
        ("x@aphp.fr", AGENT, {}, HEALTH, "eligible", "proconnect_agent_public"),
        ("x@example.org", AGENT, {}, STRICT, "review", "strict_sense"),
        ("x@insee.fr", AGENT, {}, STRICT, "eligible", "proconnect_agent_public"),
        ("x@banque-france.fr", AGENT, {}, STRICT, "review", "strict_sense"),
        ("x.ext@example.org", AGENT, {}, AGENTS, "review", "contractor"),
        ("x@etu.example.org", AGENT, {}, AGENTS, "refused", "student"),
    ]
    for address, roles, changes, policy, outcome, reason in table:
        decision = ask(address, identity(address, *roles, **changes), policy)
        assert (str(decision.outcome), decision.reason) == (outcome, reason), (address, roles)
        assert decision.method == "proconnect"
        assert not decision.provisional
        assert decision.roles == roles


def test_nobody_lends_an_identity_to_another_address() -> None:
    agent = identity("agent@insee.fr", *AGENT)
    table = [
        ("friend@gmail.com", "review", "proconnect_other_address"),
        ("friend@example.org", "review", "proconnect_other_address"),
        ("friend@evilgouv.fr", "refused", "lookalike"),
        ("friend@yopmail.com", "refused", "disposable"),
        ("colleague@insee.fr", "eligible", "domain_listed"),
    ]
    for address, outcome, reason in table:
        decision = ask(address, agent)
        assert (str(decision.outcome), decision.reason) == (outcome, reason), address
        assert (decision.method, decision.siret, decision.provisional) == ("email", "", True)
    assert ask("Agent@INSEE.fr", agent).method == "proconnect"


def test_identity_without_an_account_is_nobodys() -> None:
    for missing in ({"sub": ""}, {"issuer": ""}, {"sub": "  "}):
        for address in ("x@gmail.com", "x@example.org"):
            decision = ask(address, identity(address, *AGENT, **missing))
            assert decision.outcome is Outcome.REFUSED, (missing, address)
            assert decision.method == "email"


def test_the_organisers_lists_come_before_proconnect() -> None:
    policy = Policy(refused=frozenset({"x@insee.fr"}))
    assert ask("x@insee.fr", identity("x@insee.fr", *AGENT), policy).reason == "event_refused"


def test_an_address_that_the_provider_has_not_verified_stays_provisional() -> None:
    doubtful = Identity("https://idp.example", "s1", "x@insee.fr", siret=SIRET, roles=AGENT)
    assert ask("x@insee.fr", doubtful).provisional


def test_siret_key_is_luhns_or_la_postes_own() -> None:
    assert all(is_siret(text) for text in (SIRET, LA_POSTE, "35600000012341"))
    wrong = [
        "",
        "1" * 14,
        SIRET[:-1],
        SIRET + "0",
        SIRET[:-1] + "4",
        "3560000001234x",
        "\u0661" * 14,
    ]
    assert [text for text in wrong if is_siret(text)] == []
    digits = random.Random(5)
    for _ in range(200):  # one wrong digit is always seen
        place = digits.randrange(14)
        digit = str((int(SIRET[place]) + digits.randrange(1, 10)) % 10)
        assert not is_siret(SIRET[:place] + digit + SIRET[place + 1 :])


def anybodys(self: rules.Case, _address: object) -> Identity | None:
    """The mutant: the identity of whoever is signed in counts for any address."""
    return self.identity


MUTANTS: list[tuple[object, str, object, Callable[[], None]]] = [
    (rules.Case, "vouched", anybodys, test_nobody_lends_an_identity_to_another_address),
    (
        Identity,
        "complete",
        property(lambda _self: True),
        test_identity_without_an_account_is_nobodys,
    ),
]


@pytest.mark.parametrize(("owner", "name", "mutant", "test"), MUTANTS, ids=["address", "sub"])
def test_the_tests_above_turn_red_for_a_mutant(
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    name: str,
    mutant: object,
    test: Callable[[], None],
) -> None:
    monkeypatch.setattr(owner, name, mutant)
    with pytest.raises(AssertionError):
        test()
