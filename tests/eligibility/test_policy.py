"""The event's policy: audience, families, what is asked or refused, its own lists."""

import pytest

from eventreg.eligibility import messages, registry
from eventreg.eligibility.rules import (
    Decision,
    InvalidEntry,
    Outcome,
    Policy,
    PolicyFault,
    decide,
    list_entry,
    policy_from_data,
    policy_to_data,
    read_list,
)
from eventreg.shared.addresses import InvalidAddress

REGISTRY = registry.load()
AGENTS = Policy()


def ask(address: str, policy: Policy = AGENTS, **changes: object) -> Decision:
    facts: dict[str, object] = {"registry": REGISTRY, "proven": True} | changes
    return decide(address, policy=policy, **facts)  # type: ignore[arg-type]


def short(decision: Decision) -> tuple[str, str, str]:
    return str(decision.outcome), decision.reason, decision.rule


# --- the event's policy


@pytest.mark.parametrize("address", ["x@gmail.com", "x@yopmail.com", "x@evilgouv.fr", "x@a.test"])
def test_event_open_to_anyone_takes_every_address(address: str) -> None:
    assert short(ask(address, Policy(who=frozenset({"anyone"})))) == (
        "eligible",
        "open_to_all",
        "event.audience",
    )


def test_event_open_to_anyone_still_needs_an_address() -> None:
    decision = ask("x y@gmail.com", Policy(who=frozenset({"anyone"})))
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
    accepted=frozenset({"guest@gmail.com", "partner.example", ".group.example", ".bad.example"}),
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
    assert ask("x@partner.example", Policy(accepted=both, refused=both)).reason == "event_refused"
    anyone = Policy(who=frozenset({"anyone"}), refused=both)
    assert ask("x@partner.example", anyone).reason == "event_refused"


def test_a_person_whom_the_organiser_named_is_not_lowered_by_signs() -> None:
    policy = Policy(accepted=frozenset({"x.ext@partner.example"}))
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


FAULTY: list[tuple[object, str]] = [
    (3, ""),
    ("everyone", "audience"),
    ({"audience": "anyone"}, "audience"),
    ({"who": []}, "who"),
    ({"who": ["everyone"]}, "who"),
    ({"who": [["anyone"]]}, "who[0]"),
    ({"who": 3}, "who"),
    ({"on_review": "maybe"}, "on_review"),
    ({"on_unknown": None}, "on_unknown"),
    ({"sense": "narrow"}, "sense"),
    ({"families": ["state", "club"]}, "families"),
    ({"who": ["listed"], "families": ["state"]}, "families"),
    ({"who": ["invited"], "on_unknown": "accept"}, "on_unknown"),
    ({"who": ["listed", "invited"], "on_unknown": "accept"}, "on_unknown"),
    ({"accepted": ["example.org", ".*@example\\.org"]}, "accepted[1]"),
    ({"refused": ["example.org", 3]}, "refused[1]"),
    ({"invited": ["example.org"]}, "invited[0]"),
    ({"accepted": ["example.org"] * 1_001}, "accepted"),
]


def test_policy_with_a_mistake_is_not_accepted_and_its_place_is_named() -> None:
    for data, path in FAULTY:
        for prefix, expected in (("", path), ("at", f"at.{path}" if path else "at")):
            with pytest.raises(PolicyFault) as caught:
                policy_from_data(data, prefix)
            assert caught.value.path == expected, data
            assert caught.value.message % caught.value.params, data


def test_policy_goes_to_data_and_back() -> None:
    data = {
        "who": ["public_agents", "listed", "invited"],
        "sense": "strict",
        "on_review": "refuse",
        "on_unknown": "accept",
        "families": ["education", "local"],
        "accepted": [".group.example", "guest@gmail.com"],
        "refused": ["x.group.example"],
        "invited": ["camille@example.org"],
    }
    policy = policy_from_data(data)
    assert policy_to_data(policy) == data
    assert policy_from_data(policy_to_data(policy)) == policy
    assert policy_to_data(policy_from_data("anyone")) == {"who": ["anyone"]}
    assert policy_from_data({}) == policy_from_data("public_agents") == Policy()
    assert policy_from_data({"invited": ["a@example.org"]}).who == {
        "public_agents",
        "listed",
        "invited",
    }


def test_each_answer_of_an_event_to_doubt_and_to_the_unknown() -> None:
    table = [
        # on_review, on_unknown, address, outcome, reason, rule
        ("accept", "refuse", "x@beta.gouv.fr", "eligible", "contractor_possible"),
        ("accept", "refuse", "x.ext@insee.fr", "eligible", "contractor"),
        ("accept", "refuse", "x@example.org", "refused", "unknown_domain"),
        ("accept", "ask", "x@example.org", "eligible", "unknown_domain"),
        ("refuse", "ask", "x@example.org", "refused", "unknown_domain"),
        ("ask", "accept", "x@example.org", "eligible", "unknown_domain"),
        ("ask", "accept", "x.ext@example.org", "review", "contractor"),
        ("ask", "accept", "x@etu.example.org", "refused", "student"),
        ("ask", "accept", "x@gmail.com", "refused", "free_or_isp_mailbox"),
        ("accept", "accept", "x@evilgouv.fr", "refused", "lookalike"),
        ("accept", "accept", "mairie@yopmail.com", "refused", "disposable"),
    ]
    for on_review, on_unknown, address, outcome, reason in table:
        decision = ask(address, Policy(on_review=on_review, on_unknown=on_unknown))
        assert (str(decision.outcome), decision.reason) == (outcome, reason), (on_review, address)


def test_strict_event_sends_staff_under_private_law_to_a_person() -> None:
    table = [
        ("x@insee.fr", "eligible", "domain_listed"),
        ("x@paris.fr", "eligible", "domain_listed"),
        ("x@aphp.fr", "eligible", "domain_listed"),
        ("x@banque-france.fr", "review", "strict_sense"),
        ("x@francetravail.fr", "review", "strict_sense"),
        ("x@urssaf.fr", "review", "strict_sense"),
        ("x@cci.fr", "review", "strict_sense"),
    ]
    for address, outcome, reason in table:
        decision = ask(address, Policy(sense="strict"))
        assert (str(decision.outcome), decision.reason) == (outcome, reason), address


def test_families_of_an_event() -> None:
    table = [
        ("state", "x@univ-lille.fr", "eligible"),
        ("education", "x@univ-lille.fr", "eligible"),
        ("education", "x@ac-lyon.fr", "eligible"),
        ("education", "x@insee.fr", "review"),
        ("health", "x@aphp.fr", "eligible"),
        ("health", "x@ars.sante.fr", "eligible"),
        ("health", "x@paris.fr", "review"),
        ("social_security", "x@urssaf.fr", "eligible"),
        ("chambers", "x@cci.fr", "eligible"),
        ("local", "x@sdis59.fr", "eligible"),
    ]
    for family, address, outcome in table:
        decision = ask(address, Policy(families=frozenset({family})))
        assert str(decision.outcome) == outcome, (family, address)


ONLY_LISTED = policy_from_data(
    {"who": ["listed"], "accepted": [".partner.example", "etu.univ-lille.fr"]}
)
ONLY_INVITED = policy_from_data({"who": ["invited"], "invited": ["Camille@Example.org"]})


def test_event_for_a_list_or_for_guests_alone() -> None:
    table = [
        (ONLY_LISTED, "x.ext@partner.example", "eligible", "event_allowed"),
        (ONLY_LISTED, "x@etu.univ-lille.fr", "eligible", "event_allowed"),
        (ONLY_LISTED, "x@insee.fr", "refused", "not_listed"),
        (ONLY_LISTED, "x@partner.example.com", "refused", "not_listed"),
        (ONLY_INVITED, "camille@example.org", "eligible", "invited"),
        (ONLY_INVITED, "camille+1@example.org", "refused", "not_invited"),
        (ONLY_INVITED, "x@example.org", "refused", "not_invited"),
        (ONLY_INVITED, "x@insee.fr", "refused", "not_invited"),
    ]
    for policy, address, outcome, reason in table:
        decision = ask(address, policy)
        assert (str(decision.outcome), decision.reason) == (outcome, reason), address
    asked = ask("x@insee.fr", policy_from_data({"who": ["invited"], "on_unknown": "ask"}))
    assert short(asked) == ("review", "not_invited", "event.on_unknown")


def test_lines_of_a_long_list_count_as_those_of_the_policy() -> None:
    table = [
        ({"guest@gmail.com": "accepted"}, AGENTS, "guest@gmail.com", "event_allowed"),
        ({".insee.fr": "refused"}, AGENTS, "x@insee.fr", "event_refused"),
        ({"guest@gmail.com": "invited"}, AGENTS, "guest@gmail.com", "free_or_isp_mailbox"),
        ({"guest@gmail.com": "invited"}, ONLY_INVITED, "guest@gmail.com", "invited"),
        ({"guest@gmail.com": "accepted"}, ONLY_INVITED, "guest@gmail.com", "not_invited"),
    ]
    for entries, policy, address, reason in table:
        assert ask(address, policy, entries=entries).reason == reason, (entries, address)


def test_regex_like_entries_are_refused_with_the_supported_forms() -> None:
    for text in (
        ".*@example.org",
        "*@example.org",
        "x*@example.org",
        "ex*mple.org",
        "*.*.example.org",
        "(a|b).example.org",
        "^example.org$",
        "example.org/",
        "[a-z].example.org",
        "**.example.org",
        "*",
    ):
        with pytest.raises(InvalidEntry) as caught:
            list_entry(text)
        assert caught.value.code == "pattern", text
        assert "*.example.org" in caught.value.message


def test_list_is_read_with_its_comments_its_exclusions_and_its_row_errors() -> None:
    read = read_list(
        "\ufeff# partners\r\n\r\n Example.ORG \t # main\nguest#1@example.org\n"
        '!bad.example.org;"why"\n*.group.example,Group\nexample.org\nnobody\n^a$\n'
        "!twice.example\ntwice.example\n"
    )
    assert read.accepted == ("example.org", "guest#1@example.org", ".group.example")
    assert read.refused == ("bad.example.org", "twice.example")
    assert read.repeated == 2
    assert [(fault.line, fault.text) for fault in read.faults] == [(8, "nobody"), (9, "^a$")]


def test_list_of_100_000_lines_is_read_and_one_more_line_is_too_many() -> None:
    rows = [f"n{number}.example" for number in range(100_000)]
    read = read_list("\n".join(rows))
    assert (len(read.accepted), read.faulty) == (100_000, 0)
    more = read_list("\n".join([*rows, "one.example"]))
    assert (len(more.accepted), more.faults[0].line) == (100_000, 100_001)
    wrong = read_list("\n".join(["?"] * 1_000))
    assert (wrong.faulty, len(wrong.faults)) == (1_000, 50)
