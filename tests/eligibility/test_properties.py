"""What must never happen, whatever is typed; and how long it may take."""

import time
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from eventreg.eligibility import registry, rules
from eventreg.eligibility.policies import KEYS, WHO
from eventreg.eligibility.rules import (
    Decision,
    Outcome,
    Policy,
    PolicyFault,
    decide,
    list_entry,
    policy_from_data,
    policy_to_data,
    read_list,
)

REGISTRY = registry.load()
AGENTS = Policy()


def ask(address: str, policy: Policy = AGENTS, **changes: object) -> Decision:
    facts: dict[str, object] = {"registry": REGISTRY, "proven": True} | changes
    return decide(address, policy=policy, **facts)  # type: ignore[arg-type]


def short(decision: Decision) -> tuple[str, str, str]:
    return str(decision.outcome), decision.reason, decision.rule


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
    if with_signs.reason != "public_body_on_isp_mailbox":  # step 3 asks for that one
        without = ask(f"nom@{domain}")
        assert rules.lowest(with_signs.outcome, without.outcome) is with_signs.outcome


@settings(max_examples=300, deadline=None)
@given(any_local, any_domain)
def test_case_and_outer_space_change_nothing(local: str, domain: str) -> None:
    plain, dressed = ask(f"{local}@{domain}"), ask(f" {local.upper()}@{domain.upper()}. ")
    assert short(plain) == short(dressed)


def test_a_decision_takes_half_a_millisecond_with_room_for_a_busy_machine() -> None:
    addresses = [f"prenom.nom@{domain}" for domain in DOMAINS[::4]]
    addresses += [f"prenom.nom@x{domain}" for domain in DOMAINS[::4]]
    started = time.perf_counter()
    for address in addresses:
        ask(address)
    assert (time.perf_counter() - started) / len(addresses) < 0.002


WORDS = st.sampled_from(["anyone", "public_agents", "listed", "invited", "local", "ask", "x", ""])
ANY_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*KEYS, "other"]) | st.text(max_size=3), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(ANY_DATA)
def test_any_data_is_a_policy_that_comes_back_the_same_or_a_fault_with_its_place(
    data: object,
) -> None:
    try:
        policy = policy_from_data(data)
    except PolicyFault as fault:
        told = fault.message % fault.params if fault.params else fault.message
    else:
        told = ""
    assert told or policy_from_data(policy_to_data(policy)) == policy


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_list_or_its_faults(text: str) -> None:
    read = read_list(text)
    for entry in (*read.accepted, *read.refused):
        assert list_entry(entry) == entry


ANY_POLICY = st.builds(
    Policy,
    who=st.sets(st.sampled_from(WHO), min_size=1).map(
        lambda who: frozenset({"public_agents"} | who)
    ),
    families=st.frozensets(st.sampled_from(["state", "local", "health"]), max_size=2),
    sense=st.sampled_from(["broad", "strict"]),
    on_review=st.sampled_from(["accept", "ask", "refuse"]),
    on_unknown=st.sampled_from(["accept", "ask", "refuse"]),
)


@settings(max_examples=300, deadline=None)
@given(any_local, any_domain, ANY_POLICY)
def test_whoever_is_refused_by_name_or_domain_never_enters(
    local: str, domain: str, policy: Policy
) -> None:
    address = f"{local}@{domain}"
    assume(ask(address, policy).reason != "invalid_address")
    for entry in (address, domain, f".{domain}"):
        refusing = replace(policy, refused=frozenset({list_entry(entry)}))
        decision = ask(address, refusing)
        assert (decision.outcome, decision.reason) == (Outcome.REFUSED, "event_refused")


@settings(max_examples=300, deadline=None)
@given(any_local, any_domain, ANY_POLICY)
def test_narrower_conditions_never_let_anybody_in(local: str, domain: str, policy: Policy) -> None:
    """Strict, or for fewer families: an outcome is the same or lower, unless doubt is accepted."""
    if policy.on_review == "accept" or "anyone" in policy.who:
        return
    wide = replace(policy, sense="broad", families=frozenset())
    address = f"{local}@{domain}"
    narrow, broad = ask(address, policy).outcome, ask(address, wide).outcome
    assert rules.lowest(narrow, broad) is narrow
