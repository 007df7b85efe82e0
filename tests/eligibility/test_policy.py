"""The event's policy: audience, families, what is asked or refused, its own lists."""

import pytest

from eventreg.eligibility import messages, registry
from eventreg.eligibility.rules import Decision, Outcome, Policy, decide, list_entry
from eventreg.shared.addresses import InvalidAddress

REGISTRY = registry.load()
AGENTS = Policy()


def ask(address: str, policy: Policy = AGENTS, **changes: object) -> Decision:
    facts: dict[str, object] = {"registry": REGISTRY, "mailbox_confirmed": True} | changes
    return decide(address, policy=policy, **facts)  # type: ignore[arg-type]


def short(decision: Decision) -> tuple[str, str, str]:
    return str(decision.outcome), decision.reason, decision.rule


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
