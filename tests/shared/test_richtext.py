"""Formatted text: what editors write stays readable, what attackers write stays harmless."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventreg.shared import richtext
from eventreg.shared.richtext import TextTooLong, Video, inline, plain, render, render_document

pytestmark = pytest.mark.any_database

SIZE = richtext.MAX_CHARS


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        # Habits of kramdown that CommonMark leaves as marks.
        ("**Tout le mois **: bonjour", "<p><strong>Tout le mois </strong>: bonjour</p>"),
        ("***Invitée* :** Ada", "<p><strong><em>Invitée</em> :</strong> Ada</p>"),
        ("**fin de partie", "<p>fin de partie</p>"),
        ("### **Équipe*", "<h2>Équipe</h2>"),
        ("*\nEn italique\n*", "<p><em>En italique</em></p>"),
        ("<b>gras<b/> maigre", "<p><strong>gras</strong> maigre</p>"),
        (
            '[site](https://a.fr){:target="_blank"}',
            '<p><a href="https://a.fr" rel="noopener noreferrer">site</a></p>',
        ),
        ("a\n{: .encadre}\n\nb", "<p>a</p>\n<p>b</p>"),
        ("> {: .citation}\n> mot", "<blockquote><p>mot</p>\n</blockquote>"),
        ("•\tun\n•\tdeux", "<ul><li>un</li>\n<li>deux</li>\n</ul>"),
        ("\\[11h\\] début\\\nsuite", "<p>[11h] début<br>\nsuite</p>"),
        ("[11h]: début", "<p>[11h]: début</p>"),
        ("    décalé", "<p>décalé</p>"),
        ("##Titre", "<h2>Titre</h2>"),
        ("5 * 3 et 4*2*1", "<p>5 * 3 et 4*2*1</p>"),
        ("un_nom_de_fichier", "<p>un_nom_de_fichier</p>"),
        # A break alone on a line must not swallow what follows.
        ("mot\n\n<br>\n**Suite**", "<p>mot</p>\n<p><strong>Suite</strong></p>"),
        ("* un\n<br>\n* deux", "<ul><li>un</li>\n<li>deux</li>\n</ul>"),
        ("un\n<br>\ndeux", "<p>un</p>\n<p>deux</p>"),
        ("un\n<br>deux", "<p>un\n<br>deux</p>"),
        # Links and pictures.
        ("[écrire](equipe@exemple.fr)", '<p><a href="mailto:equipe@exemple.fr">écrire</a></p>'),
        ("[page](/agenda/x/)", '<p><a href="/agenda/x/">page</a></p>'),
        ("[ailleurs](//exemple.fr/x)", "<p>ailleurs</p>"),
        ("[bas](#bas)", "<p>bas</p>"),
        ("[x](http://mailto:a@b.fr)", '<p><a href="mailto:a@b.fr">x</a></p>'),
        ("[ici](file:///C:/x.doc)", "<p>ici</p>"),
        (
            "<https://a.fr/_x_>",
            '<p><a href="https://a.fr/_x_" rel="noopener noreferrer">https://a.fr/_x_</a></p>',
        ),
        ("![Image décorative](/uploads/a.png)", '<p><img src="/uploads/a.png" alt=""></p>'),
        ("![Un plan](/uploads/a.png)", '<p><img src="/uploads/a.png" alt="Un plan"></p>'),
        (
            "![Un plan](https://a.fr/a.png)",
            '<p><a href="https://a.fr/a.png" rel="noopener noreferrer">Un plan</a></p>',
        ),
        # HTML as pages hold it.
        (
            '<div align="center"><a href="lien à ajouter" class="button"><b>Oui</b></a></div>',
            "<div><strong>Oui</strong></div>",
        ),
        ("<style>\n.a {}\n\n.b {}\n</style>\n\nmot", "<p>mot</p>"),
        ("<nav><ul><li>un<li>deux</ul></nav>", "<div><ul><li>un</li><li>deux</li></ul></div>"),
        ('<span lang="en">meetup</span>', '<p><span lang="en">meetup</span></p>'),
        ("<p>a</div></p>b", "<p>a</p>b"),
        ("`a*b`", "<p><code>a*b</code></p>"),
        ("5 < 6 & 7 > 2 &amp; &eacute;", "<p>5 &lt; 6 &amp; 7 &gt; 2 &amp; é</p>"),
    ],
)
def test_what_editors_write_is_shown_without_loss(written: str, shown: str) -> None:
    assert render(written) == shown


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<script>alert(1)",
        "<scr<script>ipt>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<img src='/a.png' onload='alert(1)' style='x'>",
        "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
        "<math><mtext></p><img src=x onerror=alert(1)></math>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&colon;alert(1))",
        "[x](data:text/html;base64,AAAA)",
        "<a href=' javascript:alert(1)'>x</a>",
        "<a href='java\tscript:alert(1)'>x</a>",
        "<a href='https://a.fr/\" onmouseover=\"alert(1)'>x</a>",
        "<a href='https://moi@exemple.fr/'>x</a>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<object data='x'></object><embed src='https://a.fr/x'><form action='x'><input name=q></form>",
        "<base href='https://a.fr'><meta http-equiv=refresh content='0;url=https://a.fr'>",
        "<style>@import 'x'</style><link rel=stylesheet href=x>",
        "<!-- <img src=x onerror=alert(1)> -->",
        "<!--><img src=x onerror=alert(1)>-->",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<textarea><img src=x onerror=alert(1)></textarea>",
        "<b title='<i onclick=alert(1)>'>x</b>",
        '![x" onerror="alert(1)](/a.png)',
        "<div id=csrf class=x style='position:fixed' data-x=1>x</div>",
    ],
)
def test_nothing_that_acts_or_loads_survives(attack: str) -> None:
    for html in (render(attack), inline(attack), str(richtext.trusted(attack))):
        tags = re.findall(r"<(/?)([a-z0-9]+)([^<>]*)>", html)
        kept = {name for _, name, _ in tags}
        assert kept <= {"p", "div", "a", "img", "em", "strong", "br", "span"}
        for _, _, attributes in tags:
            names = set(re.findall(r'([\w-]+)="[^"]*"', attributes))
            assert names <= {"href", "rel", "src", "alt", "lang"}
            assert re.sub(r'[\w-]+="[^"]*"', "", attributes).strip() == ""
        for address in re.findall(r'(?:href|src)="([^"]*)"', html):
            assert re.match(r"(?:https?://[\w.-]+(?:/|$)|mailto:|/(?!/))", address)


def test_an_unclosed_script_costs_no_text() -> None:
    assert plain(render("avant <script> après")) == "avant après"


def test_headings_start_below_the_title_of_the_page_and_skip_no_level() -> None:
    assert re.findall(r"<h\d>\w", render("# A\n\n#### B\n\n## C\n\n<h6>D</h6>")) == [
        "<h2>A",
        "<h3>B",
        "<h3>C",
        "<h4>D",
    ]
    assert render("##### seul", top=3) == "<h3>seul</h3>"


def test_what_was_rendered_comes_out_of_the_store_unchanged() -> None:
    html = render("#### Un\n\n* **a** [b](https://c.fr)\n\n> d\n\n<table><tr><td>e</table>", top=3)
    assert str(richtext.trusted(html)) == html


@pytest.mark.parametrize(
    ("player", "video"),
    [
        (
            '<iframe src="https://www.dailymotion.com/embed/video/x1y2?autoplay=1"></iframe>',
            Video("dailymotion", "x1y2", "https://www.dailymotion.com/embed/video/x1y2"),
        ),
        (
            "<iframe src='//www.youtube.com/embed/AbC-d_9'></iframe>",
            Video("youtube", "AbC-d_9", "https://www.youtube.com/embed/AbC-d_9"),
        ),
        (
            '<iframe src="https://tube.exemple.fr/videos/embed/0a-1b"></iframe>',
            Video("peertube", "0a-1b", "https://tube.exemple.fr/videos/embed/0a-1b"),
        ),
        (
            '<video controls src="/uploads/film.mp4"></video>',
            Video("file", "/uploads/film.mp4", "/uploads/film.mp4"),
        ),
    ],
)
def test_a_player_is_named_and_never_loaded(player: str, video: Video) -> None:
    rendered = render_document(f"avant\n\n{player}\n\naprès")
    assert rendered.videos == (video,)
    assert re.sub(r"\s+", " ", rendered.html) == "<p>avant</p> <p>après</p>"


def test_a_player_with_an_unusable_address_is_dropped() -> None:
    assert render_document('<iframe src="javascript:alert(1)"></iframe>').videos == ()


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("**Un &eacute;t&eacute;**\n\n* [deux](https://a.fr)<br>trois", "Un été deux trois"),
        ("<p>a</p><p>b</p>", "a b"),
        ("avant <style>p {}</style>après", "avant après"),
        ("", ""),
    ],
)
def test_plain_text_has_neither_marks_nor_tags(written: str, text: str) -> None:
    assert plain(written) == text


def test_one_line_stays_one_line() -> None:
    assert inline("un **deux** <div>trois</div> [q](/x)") == (
        'un <strong>deux</strong>  trois  <a href="/x">q</a>'
    )


def test_a_text_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(TextTooLong) as characters:
        render("<b>" * SIZE)
    assert (characters.value.length, characters.value.limit) == (3 * SIZE, SIZE)
    with pytest.raises(TextTooLong) as lines:
        plain("\n" * 2_000)
    assert (lines.value.unit, lines.value.limit) == ("lines", richtext.MAX_LINES)


HOSTILE = {
    "nested tags": "<b>",
    "nested blocks": "<div>",
    "nested lists": "<ul><li>",
    "open tags in paragraphs": "<b><i><p>",
    "brackets": "[",
    "links without end": "[x](x ",
    "parentheses": "[x](()",
    "stars": "*a ",
    "bold": "**a **",
    "underscores": "_a ",
    "backticks": "` `` ",
    "quotes in tags": '<a " ="',
    "comments": "<!--",
    "styles": "<style>",
    "less than": "<",
    "ampersands": "&",
    "spaces": " ",
    "quotes": ">",
    "bullets": "- ",
    "breaks": "x<br>",
    "attributes": "{:",
    "cells": "<table><tr><td>",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_twice_the_hostile_text_costs_at_most_about_twice_the_time(unit: str) -> None:
    def cost(size: int) -> float:
        text = (unit * size)[:size]
        times = []
        for _ in range(3):
            start = time.process_time()
            render(text)
            times.append(time.process_time() - start)
        return min(times)

    whole, half = cost(SIZE), cost(SIZE // 2)
    # Quadratic time would be four times; the floor keeps tiny measures from deciding.
    assert whole < 3.2 * half or whole < 0.02
    assert whole < 0.25


def test_formatting_elements_left_open_do_not_multiply() -> None:
    attack = "".join(f"<div><b id={i}></div>x" for i in range(900))[:SIZE]
    start = time.process_time()
    html = render(attack)
    assert time.process_time() - start < 0.25
    assert html.count("<strong>") == 0
    assert len(html) < 2 * SIZE


@given(st.text(alphabet="ab *_[]()<>/!`\\&;=\"'\n#-{:}iphrefscv.", max_size=120))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_balanced_html_that_stays_the_same_when_cleaned_again(text: str) -> None:
    html = render(text)
    assert str(richtext.trusted(html)) == html
    stack: list[str] = []
    for closes, name in re.findall(r"<(/?)([a-z0-9]+)", html):
        if closes:
            assert stack.pop() == name
        elif name not in {"br", "hr", "img"}:
            stack.append(name)
    assert stack == []


@given(st.text(alphabet="abcdé .,;!?'\n", max_size=200))
def test_ordinary_text_keeps_every_word(text: str) -> None:
    assert plain(render(text)).split() == text.split()
