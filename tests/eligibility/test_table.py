"""The table of addresses: what each step must answer, and mutants that it must catch."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eventreg.eligibility import markers, registry, rules, tables
from eventreg.shared import addresses

POLICY = rules.Policy()
TABLE = Path(__file__).with_name("decisions.tsv")


def cases() -> Iterator[tuple[str, str, str]]:
    for line in TABLE.read_text(encoding="utf-8").split("\n"):
        if line and not line.startswith("#"):
            outcome, reason, address = line.split("\t")
            yield outcome, reason, json.loads(address) if address.startswith('"') else address


CASES = list(cases())


def answer(address: str) -> tuple[str, str]:
    decision = rules.decide(address, policy=POLICY, registry=registry.load(), proven=True)
    return str(decision.outcome), decision.reason


def wrong() -> list[str]:
    return [a for outcome, reason, a in CASES if answer(a) != (outcome, reason)]


@pytest.mark.parametrize(("outcome", "reason", "address"), CASES, ids=lambda v: ascii(v)[:60])
def test_decision_for_an_address(outcome: str, reason: str, address: str) -> None:
    assert answer(address) == (outcome, reason)


def test_table_has_250_different_addresses() -> None:
    assert len({address for _, _, address in CASES}) == len(CASES)
    assert len(CASES) >= 250


def test_table_meets_every_reason_that_an_address_alone_can_have() -> None:
    from_files = {row.code for row in registry.load().overrides.values()}
    from_files |= {row.code for row in registry.load().words}
    of_steps = {
        "invalid_address",
        "punycode_unlisted",
        "domain_listed",
        "domain_shared",
        "domain_web_only",
        "domain_below_listed",
        "lookalike",
        "unknown_domain_public_marker",
        "unknown_domain",
    }
    assert {reason for _, reason, _ in CASES} == from_files | of_steps


def suffix_of_text(domain: str) -> Iterator[str]:
    """The mutant: endswith without a dot."""
    yield from (domain[start:] for start in range(len(domain)))


def before_the_first_at(text: str) -> tuple[str, str]:
    """The mutant: what follows the first @, up to the next."""
    parts = text.split("@")
    if len(parts) < 2:
        raise addresses.InvalidAddress("no_at")
    return parts[0], parts[1]


def highest(one: rules.Outcome, other: rules.Outcome) -> rules.Outcome:
    """The mutant: a sign that raises an outcome."""
    order = (rules.Outcome.REFUSED, rules.Outcome.REVIEW, rules.Outcome.ELIGIBLE)
    return max(one, other, key=order.index)


def inside_the_word(self: tables.Words, word: str) -> bool:
    """The mutant: « next » read as « ext »."""
    return any(sign in word for sign in self.plain)


def anywhere_in_the_label(domain: str) -> bool:
    """The mutant: any label, not only the one that somebody bought."""
    return "mairie" in domain


MUTANTS: list[tuple[object, str, Callable[..., object], str]] = [
    (registry, "upwards", suffix_of_text, "prenom.nom@evilgouv.fr"),
    (addresses, "split", before_the_first_at, "prenom@interieur.gouv.fr@evil.com"),
    (rules, "lowest", highest, "prenom.nom.ext@company.com"),
    (tables.Words, "match", inside_the_word, "prenom.next@interieur.gouv.fr"),
    (markers, "public_looking", anywhere_in_the_label, "accueil@mairie.exemple.fr"),
]


@pytest.mark.parametrize(
    ("owner", "name", "mutant", "witness"), MUTANTS, ids=[mutant[1] for mutant in MUTANTS]
)
def test_table_turns_red_for_a_mutant(
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    name: str,
    mutant: Callable[..., object],
    witness: str,
) -> None:
    assert wrong() == []
    monkeypatch.setattr(owner, name, mutant)
    assert witness in wrong()
