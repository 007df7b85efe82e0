"""One policy asked of many people at once: the same answers as one by one, for far less work."""

import pytest

from eventreg.eligibility import markers, registry, rules
from eventreg.eligibility.many import Many
from eventreg.eligibility.rules import Decision, Identity, Policy
from eventreg.shared.addresses import InvalidAddress, canonical
from tests.eligibility.test_table import CASES

REGISTRY = registry.load()
LOCALS = ("nom", "nom.ext", "nom.etu", "etu.nom", "mairie.x", "x.mairie", "stagiaire", "nom+ext")
ENTRIES = {"nom.ext@insee.fr": "accepted", ".univ-lille.fr": "refused", "nom@gmail.com": "invited"}
POLICIES = (
    Policy(),
    Policy(who=frozenset({"public_agents", "listed", "invited"}), on_unknown="ask"),
    Policy(families=frozenset({"local"}), on_review="refuse", refused=frozenset({"nom@paris.fr"})),
    Policy(who=frozenset({"invited"}), invited=frozenset({"mairie.x@wanadoo.fr"})),
)


def keys() -> list[str]:
    found = set()
    for _, _, typed in CASES:
        try:
            address = canonical(typed)
        except InvalidAddress:
            continue
        found |= {address.canonical, *(f"{local}@{address.domain}" for local in LOCALS)}
    return sorted(found)


def differences() -> list[str]:
    different = []
    for policy in POLICIES:
        many = Many(policy, REGISTRY, ENTRIES)
        for key in keys():
            alone = rules.decide(
                key, policy=policy, registry=REGISTRY, proven=True, entries=ENTRIES
            )
            told = many.decide(key)
            if (told.outcome, told.reason, told.rule, told.params, told.markers) != (
                alone.outcome,
                alone.reason,
                alone.rule,
                alone.params,
                alone.markers,
            ):
                different.append(key)
    return different


def test_many_people_get_the_answers_that_each_would_get(monkeypatch: pytest.MonkeyPatch) -> None:
    assert differences() == []
    monkeypatch.setattr(markers, "reader", lambda _registry: lambda _local: ())  # the mutant
    assert differences()


def test_ten_thousand_people_of_three_domains_are_a_handful_of_decisions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, decide = [], rules.decide

    def counted(*args: object, **facts: object) -> Decision:
        asked.append(args)
        return decide(*args, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(rules, "decide", counted)
    many = Many(Policy(), REGISTRY, {})
    for number in range(10_000):
        many.decide(f"p{number}.nom@{('insee.fr', 'paris.fr', 'gmail.com')[number % 3]}")
    many.decide("p1.ext@insee.fr")
    assert len(asked) == 4
    agent = Identity("idp", "1", "p1.nom@gmail.com", True, "13002526500013", ("agent_public",))
    assert many.decide("p2.nom@gmail.com").outcome == "refused"
    assert many.decide("p1.nom@gmail.com", agent).outcome == "eligible", "an identity is one's own"
