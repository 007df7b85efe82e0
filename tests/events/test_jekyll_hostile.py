"""Documents that are broken or hostile: refused fast, by the name of their fault, with its line."""

import time
from contextlib import suppress

import pytest

from eventreg.events import jekyll

pytestmark = pytest.mark.any_database

HEAD = "---\ntitle: Essai\nevent_start_date: 2027-03-01 09:00:00 +01:00\n"


def document(front_matter: str = "", body: str = "") -> bytes:
    return f"{HEAD}{front_matter}---\n{body}".encode()


def problems(raw: bytes, name: str = "essai.md") -> list[tuple[int | None, str]]:
    start = time.process_time()
    with pytest.raises(jekyll.DocumentError) as refusal:
        jekyll.parse(raw, name)
    assert time.process_time() - start < 1
    return [(problem.line, problem.code) for problem in refusal.value.problems]


REFUSED = {
    "100 MB": (b"a" * 100_000_000, [(None, "document-too-large")]),
    "nothing": (b"", [(1, "front-matter-missing")]),
    "no front matter": (b"# Titre\n", [(1, "front-matter-missing")]),
    "front matter left open": (b"---\ntitle: x\n", [(1, "front-matter-unterminated")]),
    "NUL": (document(body="un\ndeu\0x"), [(6, "nul-character")]),
    "escape character": (document(body="\x1b[31m"), [(5, "control-character")]),
    "UTF-16": (document().decode().encode("utf-16"), [(1, "encoding-utf16")]),
    "UTF-16 without mark": (document().decode().encode("utf-16-be"), [(1, "encoding-utf16")]),
    "Latin-1": ("---\ntitle: été\n---\n".encode("latin-1"), [(2, "encoding-not-utf8")]),
    "tab": (document("x:\n\t- a\n"), [(5, "yaml-tab")]),
    "bad YAML": (document("x: [a\n"), [(5, "yaml-syntax")]),
    "colon in a value": (document("x: a: b\n"), [(4, "yaml-syntax")]),
    "quotation mark left open": (document("lieu: 'x\ny: z\n"), [(4, "yaml-syntax")]),
    "list at the top": (b"---\n- a\n---\n", [(2, "yaml-not-a-mapping")]),
    "deep brackets": (document("x: " + "[" * 50_000 + "\n"), [(4, "yaml-too-deep")]),
    "deep indentation": (
        document("x:\n" + "".join(f"{'  ' * level}a:\n" for level in range(1, 150))),
        [(23, "yaml-too-deep")],
    ),
    "tag": (document("x: !!python/object:os.system y\n"), [(4, "yaml-tag")]),
    "several documents": (document("...\n--- {}\n"), [(5, "yaml-several-documents")]),
    "list as key": (document("[a, b]: c\n"), [(4, "yaml-key")]),
    "long front matter": (document(f"x: {'a' * 70_000}\n"), [(2, "front-matter-too-long")]),
    "10,000 bullets": (document(body="* a\n" * 10_000), [(5001, "too-many-lines")]),
    "4,000 bullets": (document(body="* a\n" * 4_000), [(5, "paragraph-too-long")]),
    "endless line": (document(body="mot " * 20_000), [(5, "paragraph-too-long")]),
    "endless text": (document(body=("mot " * 20 + "\n\n") * 1_500), [(5, "body-too-long")]),
    "too many sessions": (
        document(
            body="".join(
                f"* **{9 + i // 800}h** a\n{chr(10) * (not i % 500)}" for i in range(1_500)
            )
        ),
        [(5, "too-many-sessions")],
    ),
    "endless title": (f"---\ntitle: {'a' * 400}\n---\n".encode(), [(2, "value-too-long")]),
    "no title": (b"---\nlieu: x\n---\n", [(2, "title-missing")]),
    "endless list": (document("tags:\n" + "- a\n" * 200), [(105, "list-too-long")]),
}


@pytest.mark.parametrize(("raw", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_a_document_is_refused_by_the_name_of_its_fault(
    raw: bytes, expected: list[tuple[int | None, str]]
) -> None:
    assert problems(raw) == expected


def test_entities_that_multiply_are_refused_before_they_are_expanded() -> None:
    laughs = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(9)
    )
    found = problems(document(laughs))
    assert {code for _, code in found} == {"yaml-anchor", "yaml-alias"}
    assert found[0] == (4, "yaml-anchor")


def test_every_problem_is_told_at_once_with_its_line() -> None:
    raw = document(
        "event_end_date: demain\n"
        "published: peut-être\n"
        "timezone: Mars/Olympus\n"
        "lieu: [a, b]\n"
        "tags:\n- un\n- {deux: trois}\n"
        "lieu: encore\n"
        "x: &ancre y\n"
    )
    assert problems(raw) == [
        (4, "date-unreadable"),
        (5, "not-a-boolean"),
        (6, "timezone-unknown"),
        (7, "wrong-type"),
        (10, "wrong-type"),
        (11, "yaml-duplicate-key"),
        (12, "yaml-anchor"),
    ]


def test_a_time_zone_cannot_name_a_file() -> None:
    assert problems(document("timezone: ../../etc/passwd\n")) == [(4, "timezone-unknown")]


def test_a_name_that_gives_no_address_is_refused() -> None:
    assert problems(document(), name="---.md") == [(None, "name-unusable")]


@pytest.mark.parametrize(
    "front_matter",
    ["title: Essai\r\nlieu: Ici\r\n", "title: Essai\nlieu: Ici\n"],
    ids=["CRLF", "LF"],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no mark", "byte order mark"])
def test_line_ends_and_byte_order_mark_do_not_matter(front_matter: str, mark: bytes) -> None:
    found = jekyll.parse(mark + f"---\n{front_matter}---\nmot".encode(), "essai.md")
    assert (found.title, found.venue, found.body) == ("Essai", "Ici", "mot")


def test_scripts_and_styles_of_the_body_are_dropped_and_the_words_kept() -> None:
    body = "avant\n\n<script>alert('x')</script>\n\n<style>\nb {}\n</style>\n\naprès <b onclick=x>fin</b>"
    found = jekyll.parse(document(body=body), "essai.md")
    assert found.body_html.split() == ["<p>avant</p>", "<p>après", "<strong>fin</strong></p>"]
    assert "<script>" in found.source


def test_nothing_is_resolved_by_yaml() -> None:
    found = jekyll.parse(
        document("norvege: no\nheure: 9:30\nvide:\ntilde: ~\ntexte: 'null'\nliste: [1, 0x1F]\n"),
        "x.md",
    )
    assert found.extra == {
        "norvege": "no",
        "heure": "9:30",
        "vide": None,
        "tilde": None,
        "texte": "null",
        "liste": ["1", "0x1F"],
    }


HEAVY = {
    "anchors": "<div align=center><a href=x>y</a>",
    "days": "1 mai ",
    "hours": "10h : a<br>",
    "registration": "inscription jusqu'au ",
    "reserved": "réservé aux ",
    "capacity": "capacité de de ",
    "speakers": "Jean Dupont, ",
    "separators": "- x ",
    "brackets": "[",
    "bold": "**a** ",
    "guillemets": "« ",
}


@pytest.mark.parametrize("unit", HEAVY.values(), ids=HEAVY.keys())
@pytest.mark.parametrize("start", ["", "* **10h** "], ids=["paragraph", "session"])
def test_a_long_hostile_text_is_read_in_time(unit: str, start: str) -> None:
    line = f"{start}{unit * 20_000}"[:19_900]
    raw = document(body="\n\n".join([line] * 2) + "\n\n* **11h** fin\n")
    begin = time.process_time()
    with suppress(jekyll.DocumentError):
        jekyll.parse(raw, "essai.md")
    assert time.process_time() - begin < 1
