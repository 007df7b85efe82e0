"""What forms ask, accept and refuse; pure."""

import copy
import timeit

import pytest

from eventreg.questionnaire.rules import (
    KINDS,
    BadDefinition,
    as_data,
    check,
    companions_of,
    parse,
    visible,
    wanted_pools,
)
from eventreg.questionnaire.rules.definition import without_people
from tests.questionnaire.samples import CHAIN

pytestmark = pytest.mark.any_database
FORM = parse(CHAIN)
ONSITE = {"presence": ["onsite"], "workshops": ["wa"]}


def test_what_is_asked_follows_the_answers_down_the_chain():
    always = {"presence", "needs"}
    onsite = always | {"workshops", "lunch", "guests"}
    cases = [
        ({}, always),
        ({"presence": "online"}, always),
        ({"presence": "onsite"}, onsite),
        ({"presence": "onsite", "lunch": True}, onsite),  # nothing said of workshops yet
        ({"presence": "onsite", "lunch": True, "workshops": ["wa"]}, onsite | {"diet"}),
        ({"presence": "onsite", "lunch": True, "workshops": ["wa", "wc"]}, onsite),
        ({"presence": "onsite", "lunch": False, "workshops": ["wa"]}, onsite),
        # Left over from before: the section is gone, so are they, and what hung on them.
        ({"presence": "online", "lunch": True, "workshops": ["wa"]}, always),
    ]
    for answers, expected in cases:
        assert visible(FORM, "agents", answers) == expected, answers
    assert "card" in visible(FORM, "press", {"presence": "onsite"})
    assert "note" in visible(FORM, "agents", {"presence": "onsite"}, by_organiser=True)


def test_a_hidden_question_is_neither_required_nor_kept():
    sent = {"presence": ["online"], "workshops": ["wa"], "lunch": ["yes"], "diet": ["végé"]}
    found = check(FORM, "agents", sent)
    assert (found.answers, found.faults) == ({"presence": "online"}, ())


def test_a_required_answer_is_asked_for_once_its_question_shows():
    found = check(FORM, "agents", {**ONSITE, "lunch": ["yes"]})
    assert [fault.key for fault in found.faults] == ["diet"]
    assert check(FORM, "agents", {}).faults[0].key == "presence"


def test_an_unticked_box_is_an_answer_that_others_may_hang_on():
    form = parse(
        {
            "questions": [
                {"key": "photo", "kind": "consent", "label": "Photos"},
                {
                    "key": "why",
                    "label": "Pourquoi ?",
                    "required": True,
                    "when": {"question": "photo", "is": "no"},
                },
            ]
        }
    )
    assert [fault.key for fault in check(form, "", {}).faults] == ["why"]
    assert check(form, "", {"photo": ["yes"]}).answers == {"photo": True}


def test_pools_are_wanted_once_each_with_those_who_come_along():
    answers = {"presence": "onsite", "workshops": ["wa", "wb"], "lunch": True, "guests": 2}
    assert companions_of(FORM, "agents", answers) == 2
    assert wanted_pools(FORM, "agents", answers, companions=2) == {"a": 3, "meal": 3}
    assert wanted_pools(FORM, "press", answers, companions=2) == {
        "press_seats": 1,  # its seats are for the press alone
        "a": 3,
        "meal": 3,
    }
    # A workshop chosen before the person said « online » takes nothing.
    assert wanted_pools(FORM, "agents", {**answers, "presence": "online"}) == {}


def one(kind, **more):
    question = {"key": "x", "kind": kind, "label": "X", **more}
    if kind in ("one", "several", "select"):
        question["options"] = [
            {"key": "oui", "label": {"fr": "Île-de-France", "en": "Paris area"}},
            {"key": "non", "label": "Bretagne"},
        ]
    if kind == "access_needs":
        question["contact"] = "acces@example.org"
    return parse({"questions": [question]})


ACCEPTED = [
    ("text", {}, "  Élodie   👩‍🌾 ", "Élodie 👩‍🌾"),
    ("text", {"pattern": "siret"}, "130 025 265 00013", "13002526500013"),
    ("text", {"pattern": "department"}, "2A", "2A"),
    ("long_text", {}, "a\r\nb", "a\nb"),
    ("number", {}, "12", 12),
    ("number", {"decimals": 2, "min": -5}, "-1,50", -1.5),
    ("date", {}, "14/01/2027", "2027-01-14"),
    ("date", {}, "2027-01-14", "2027-01-14"),
    ("email", {}, "A@Example.org", "A@Example.org"),
    ("phone", {}, "+33 (0)1 99 00 12 34", "+33 (0)1 99 00 12 34"),
    ("yes_no", {}, "no", False),
    ("one", {}, "non", "non"),
    ("select", {}, "ile de france".replace("ile de", "Île-de").replace(" f", "-F"), "oui"),
    ("select", {}, "paris AREA", "oui"),
    ("companions", {}, "0", 0),
    ("companions", {"named": True}, "Ana Roy\n\n Léo Roy ", ["Ana Roy", "Léo Roy"]),
    ("access_needs", {}, "LSF", "LSF"),
]
REFUSED = [
    ("text", {}, "x" * 201),
    ("text", {}, "x" * 1_000_000),
    ("text", {}, "a\x00b"),
    ("text", {}, "a\u202eb"),
    ("text", {}, "a\ud800b"),
    ("text", {"min": 5}, "abc"),
    ("text", {"pattern": "postal_code"}, "7500"),
    ("text", {"pattern": "letters"}, "R2D2"),
    ("text", {"pattern": "web_address"}, "javascript:alert(1)"),
    ("text", {"pattern": "web_address"}, "http://" + "a." * 90 + " "),
    ("long_text", {"max": 10}, "x" * 11),
    ("number", {}, "٣"),
    ("number", {}, "1e5"),
    ("number", {}, "1,5"),
    ("number", {}, "9" * 1_000_000),
    ("number", {"min": 1}, "0"),
    ("number", {"max": 3}, "4"),
    ("date", {}, "2027-02-30"),
    ("date", {}, "20270114"),
    ("date", {"min": "2027-01-01"}, "31/12/2026"),
    ("email", {}, "a@b"),
    ("phone", {}, "appelez-moi"),
    ("yes_no", {}, "maybe"),
    ("one", {}, "another-events-option"),
    ("several", {}, "another-events-option"),
    ("select", {}, "Corse"),
    ("companions", {}, "-1"),
    ("companions", {}, "6"),
    ("companions", {"named": True, "max": 1}, "Ana\nLéo"),
    ("companions", {"named": True}, "12"),
    ("file", {}, "made-up"),
]


def test_each_kind_reads_what_people_type_and_refuses_the_rest():
    for kind, more, typed, expected in ACCEPTED:
        found = check(one(kind, **more), "", {"x": [typed]})
        assert (found.faults, found.answers) == ((), {"x": expected}), (kind, typed)
    for kind, more, typed in REFUSED:
        found = check(one(kind, **more), "", {"x": [typed]})
        assert found.answers == {}, (kind, typed[:40])
        fault = found.faults[0]
        assert fault.key == "x"
        assert fault.message % fault.params  # the words have their parameters
    assert {kind for kind, *_ in ACCEPTED + REFUSED} == set(KINDS) - {"info", "consent"}


def test_two_values_for_one_choice_and_unknown_questions_are_refused():
    found = check(FORM, "agents", {"presence": ["online", "onsite"], "zzz": ["1"], "note": ["n"]})
    assert [fault.key for fault in found.faults] == ["presence", "zzz", "note"]


def test_a_definition_says_the_same_once_written_and_read_back():
    assert parse(as_data(FORM)) == FORM
    for kind in KINDS:
        form = one(kind)
        assert parse(as_data(form)) == form, kind


def broken(change):
    data = copy.deepcopy(CHAIN)
    change(data)
    with pytest.raises(BadDefinition) as caught:
        parse(data)
    for fault in caught.value.faults:
        assert fault.message % fault.params
    return [fault.path for fault in caught.value.faults]


def _circle(data):
    first, second = data["sections"][0]["questions"][1:3]
    first["when"] = {"question": "diet", "answered": True}
    second["when"] = {"question": "lunch", "is": "yes"}


def test_each_mistake_of_a_definition_is_told_with_its_place():
    cases = [
        (lambda d: d.update(waiting={}), "waiting"),
        (lambda d: d["questions"][0].update(color="red"), "questions[0].color"),
        (lambda d: d["questions"][0].pop("label"), "questions[0].label"),
        (lambda d: d["questions"][0].update(key="Présence"), "questions[0].key"),
        (lambda d: d["questions"][0].update(kind="magic"), "questions[0].kind"),
        (lambda d: d["questions"][0].update(min=3), "questions[0].min"),
        (lambda d: d["questions"][0].update(options=[]), "questions[0].options"),
        (lambda d: d["questions"][0].update(required="peut-être"), "questions[0].required"),
        (lambda d: d["questions"][0]["label"].update(de="Da"), "questions[0].label.de"),
        (lambda d: d["questions"][0].update(label="a\u202eb"), "questions[0].label"),
        (
            lambda d: d["questions"][0]["options"].append({"key": "onsite", "label": "x"}),
            "questions[0].options[2].key",
        ),
        (
            lambda d: d["sections"][1]["questions"][0].pop("contact"),
            "sections[1].questions[0].contact",
        ),
        (
            lambda d: d["sections"][0]["questions"][0]["options"][0].update(pool="zzz"),
            "sections[0].questions[0].options[0].pool",
        ),
        (
            lambda d: d["sections"][0]["questions"][3].update(populations=["zzz"]),
            "sections[0].questions[3].populations",
        ),
        (lambda d: d["pools"][1].update(into="a", released_at="2027-01-01 10:00"), "pools[1].into"),
        (lambda d: d["pools"][1].update(released_at="2027-03-28 02:30"), "pools[1].released_at"),
        (lambda d: d["pools"][1].update(capacity=-1), "pools[1].capacity"),
        (
            lambda d: d["populations"][0].update(
                opens_at="2027-01-02 10:00", closes_at="2027-01-01 10:00"
            ),
            "populations[0].closes_at",
        ),
        (
            lambda d: d["sections"][0].update(when={"question": "presence", "is": "moon"}),
            "sections[0].when",
        ),
        (
            lambda d: d["sections"][0].update(when={"question": "needs", "answered": True}),
            "sections[0].when",
        ),
        (
            lambda d: d["sections"][0].update(when={"question": "zzz", "answered": True}),
            "sections[0].when",
        ),
        (
            lambda d: d["sections"][1].update(when={"question": "note", "answered": True}),
            "sections[1].when",
        ),
        (lambda d: d["sections"][0].update(when={"all": []}), "sections[0].when.all"),
        (_circle, "sections[0].questions[1].when"),
    ]
    for change, path in cases:
        assert path in broken(change), path


def test_conditions_that_turn_in_a_circle_are_named():
    data = copy.deepcopy(CHAIN)
    _circle(data)
    with pytest.raises(BadDefinition) as caught:
        parse(data)
    circles = [f.params["path"] for f in caught.value.faults if "circle" in f.message]
    assert circles == ["lunch → diet → lunch"]


def test_a_definition_made_to_hurt_is_refused_quickly():
    deep: dict = {"question": "presence", "is": "online"}
    for _ in range(900):
        deep = {"all": [deep]}
    start = timeit.default_timer()
    broken(lambda d: d["sections"][0].update(when=deep))
    broken(lambda d: d.update(questions=[{}] * 100_000))
    broken(lambda d: d["questions"][0].update(label="x" * 10_000_000))
    assert timeit.default_timer() - start < 1


def test_a_stored_form_without_its_people_reads_as_before():
    data = copy.deepcopy(CHAIN)
    data["populations"][0]["eligibility"] = {"invited": ["a@example.org"]}
    kept = without_people(as_data(parse(data), stored=True))
    assert "@" not in repr(kept)
    form = parse(kept, stored=True)
    assert [q.key for _, q in form.order] == [q.key for _, q in FORM.order]


def test_twenty_conditional_questions_cost_well_under_the_budget():
    choices = [{"key": f"o{n}", "label": f"O{n}", "pool": f"p{n}"} for n in range(4)]
    questions = [{"key": "q0", "kind": "several", "label": "Q", "options": choices}]
    for n in range(1, 20):
        when = {"all": [{"question": f"q{n - 1}", "in": ["o0", "o1"]}]}
        questions.append(
            {
                **questions[0],
                "key": f"q{n}",
                "when": when,
                "options": [{"key": f"o{m}", "label": "x"} for m in range(4)],
            }
        )
    pools = [{"key": f"p{n}", "label": "P"} for n in range(4)]
    form = parse({"questions": questions, "pools": pools})
    raw = {f"q{n}": ["o0", "o2"] for n in range(20)}

    def whole():
        answers = check(form, "", raw).answers
        return wanted_pools(form, "", answers, companions=companions_of(form, "", answers))

    assert len(check(form, "", raw).answers) == 20
    assert min(timeit.repeat(whole, number=20, repeat=5)) / 20 < 0.0003
