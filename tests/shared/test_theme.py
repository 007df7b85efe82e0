"""The look: files served for a year, the neutral theme free of State marks, pages well formed."""

import json
import logging
import re
from dataclasses import dataclass
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, render_template, render_template_string
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import EmailField, RadioField, SelectChoice, SelectMultipleField, StringField
from wtforms.validators import InputRequired

from eventreg.shared import i18n, theme

ROOT = Path(__file__).resolve().parents[2]
ERRORS = sorted(path.stem for path in (ROOT / "templates" / "errors").glob("*.html"))
PAGES = (
    "accessibilite", "aide", "cookies", "donnees-personnelles", "ecoconception",
    "mentions-legales", "plan-du-site",
)  # fmt: skip
ENDPOINTS = {
    "agenda.home": "/",
    "agenda.index": "/agenda/",
    "agenda.calendar_ics": "/agenda.ics",
    "agenda.atom": "/agenda/flux.xml",
    "registration.my_registrations": "/mes-inscriptions/",
    "organisers.sign_in": "/organisation/connexion/",
    "backoffice.home": "/organisation/",
    "pages.accessibility": "/accessibilite/",
    "pages.legal": "/mentions-legales/",
    "pages.privacy": "/donnees-personnelles/",
    "pages.sitemap": "/plan-du-site/",
    "pages.cookies": "/cookies/",
    "pages.ecodesign": "/ecoconception/",
    "pages.help": "/aide/",
}


@dataclass(frozen=True)
class FakeSettings:
    assets_dir: Path
    theme: str = "state"
    service_name: str = "Rendez-vous"
    organisation: str = "Atelier de test"
    accessibility: str = "non"
    contact_email: str = "contact@example.org"
    dpo_email: str = "dpd@example.org"
    base_url: str = "http://127.0.0.1:8000"
    env: str = "testing"
    locale: str = "fr"
    timezone: str = "Europe/Paris"


def make_app(settings: FakeSettings) -> Flask:
    app = Flask("look", static_folder=None, template_folder=str(ROOT / "templates"))
    app.config.update(SECRET_KEY="k" * 40, TESTING=True)
    CSRFProtect(app)
    i18n.init_app(app, settings)
    theme.init_app(app, settings)
    app.wsgi_app = i18n.LocalePrefix(app.wsgi_app)
    for endpoint, url in ENDPOINTS.items():
        app.add_url_rule(url, endpoint, lambda: render_template("errors/404.html"))
    app.add_url_rule("/sortie/", "organisers.sign_out", lambda: "", methods=["POST"])
    app.add_url_rule("/page/<name>/", "page", lambda name: render_template(f"pages/{name}.html"))
    app.add_url_rule(
        "/erreur/<code>/", "error", lambda code: render_template(f"errors/{code}.html")
    )

    @app.context_processor
    def context() -> dict[str, object]:
        return {"settings": settings, "locale": i18n.current_locale(), "other_locale_url": "/en/"}

    return app


@pytest.fixture
def neutral(tmp_path: Path) -> Flask:
    return make_app(FakeSettings(tmp_path, theme="neutral"))


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as the builder leaves it, with files of a few bytes."""
    names = [
        "dsfr.css",
        "dsfr.module.min.js",
        "favicon/favicon.svg",
        "favicon/apple-touch-icon.png",
    ]
    names += ["fonts/Marianne-Regular.woff2", "fonts/Marianne-Bold.woff2"]
    names += [f"artwork/{path.stem}.svg" for path in ERROR_PICTURES]
    files = {name: f"/static/0123456789ab/{name}" for name in names}
    for url in files.values():
        path = tmp_path / "public" / url.removeprefix("/static/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x" * 400)
    twin = tmp_path / "public" / "0123456789ab" / "dsfr.css.br"
    twin.write_bytes(b"small")
    manifest = {"stamp": "s", "dsfr": {"version": "1", "hash": "0123456789ab", "files": files}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path


ERROR_PICTURES = [
    Path(name)
    for name in (
        "technical-error", "padlock", "search", "warning", "information", "connection-lost",
    )
]  # fmt: skip


class Outline(HTMLParser):
    """What a checker wants to know of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.bad: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.bad.append(f"<{tag} {name}>")
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src") and tag in ("link", "script", "img", "use"):
                self.links.append(value or "")


def test_state_theme_not_built_shows_the_neutral_one_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        app = make_app(FakeSettings(tmp_path))
    assert app.jinja_env.globals["theme"] == "neutral"
    assert [record.name for record in caplog.records] == ["eventreg.shared.theme"]


def test_half_built_state_theme_is_not_shown(built: Path) -> None:
    (built / "public" / "0123456789ab" / "dsfr.css").unlink()
    assert theme.load(FakeSettings(built)).name == "neutral"


def test_unreadable_manifest_is_no_state_theme(built: Path) -> None:
    (built / "manifest.json").write_text("{")
    assert theme.load(FakeSettings(built)).name == "neutral"


def test_neutral_theme_asked_for_needs_no_build_and_no_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert theme.load(FakeSettings(tmp_path, theme="neutral")).name == "neutral"
    assert caplog.records == []


def test_every_asset_of_a_page_is_served_and_kept_for_a_year(built: Path) -> None:
    client = make_app(FakeSettings(built)).test_client()
    answers = set()
    for link in Outline(client.get("/erreur/404/").text).links:
        with client.get(link.split("#")[0]) as answer:
            answers.add((answer.status_code, answer.headers["Cache-Control"]))
    assert answers == {(200, "max-age=31536000, public, immutable")}


def test_browser_that_reads_brotli_gets_the_small_twin(built: Path) -> None:
    client = make_app(FakeSettings(built)).test_client()
    with client.get("/static/0123456789ab/dsfr.css", headers={"Accept-Encoding": "br"}) as answer:
        assert (answer.data, answer.headers["Content-Encoding"]) == (b"small", "br")


def test_english_pages_share_the_cached_files_of_french_ones(neutral: Flask) -> None:
    client = neutral.test_client()
    french, english = (Outline(client.get(url).text).links for url in ("/", "/en/"))
    assert french == english


def test_links_of_english_pages_stay_in_english(neutral: Flask) -> None:
    assert 'href="/en/aide/"' in neutral.test_client().get("/en/").text


def test_preloaded_font_is_the_file_that_the_style_sheet_asks_for(built: Path) -> None:
    look = theme.load(FakeSettings(built))
    sheet = look.asset("dsfr.css")
    assert look.asset("fonts/Marianne-Bold.woff2") == sheet.replace(
        "dsfr.css", "fonts/Marianne-Bold.woff2"
    )


def test_misspelt_asset_is_an_error_not_a_dead_link(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="nowhere"):
        theme.load(FakeSettings(tmp_path, theme="neutral")).asset("nowhere.css")


def test_icon_is_hidden_from_screen_readers_and_absent_from_the_neutral_theme() -> None:
    state, plain = (theme.Theme(name, {}) for name in ("state", "neutral"))
    assert (
        state.icon("fr-icon-mail-line")
        == '<span class="fr-icon-mail-line" aria-hidden="true"></span>'
    )
    assert plain.icon("fr-icon-mail-line") == ""


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(
    "address", [f"/page/{p}/" for p in PAGES] + [f"/erreur/{e}/" for e in ERRORS]
)
def test_page_of_the_neutral_theme_bears_no_state_mark(
    neutral: Flask, prefix: str, address: str
) -> None:
    html = neutral.test_client().get(prefix + address).text
    assert re.findall(r"Marianne|République|dsfr\.", html, re.IGNORECASE) == []


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(
    "address", [f"/page/{p}/" for p in PAGES] + [f"/erreur/{e}/" for e in ERRORS]
)
def test_page_has_one_heading_one_main_and_nothing_that_the_policy_blocks(
    built: Path, prefix: str, address: str
) -> None:
    html = make_app(FakeSettings(built)).test_client().get(prefix + address).text
    page = Outline(html)
    assert (page.tags.count("h1"), page.tags.count("main"), page.bad) == (1, 1, [])
    assert sorted(set(page.ids)) == sorted(page.ids)
    assert re.findall(r"<script(?! type=\"module\" src=)", html) == []


def test_titles_tell_the_pages_apart(neutral: Flask) -> None:
    client = neutral.test_client()
    titles = [
        re.findall("<title>(.*) \N{EN DASH} Rendez-vous</title>", client.get(url).text)
        for url in [f"/page/{p}/" for p in PAGES] + [f"/erreur/{e}/" for e in ERRORS]
    ]
    assert len({title for [title] in titles}) == len(PAGES) + len(ERRORS)


def test_refusal_is_said_and_marked_for_programs(neutral: Flask) -> None:
    with neutral.test_request_context("/"):
        html = render_template(
            "errors/409.html", refusal={"code": "full", "message": "Complet <b>"}
        )
    assert re.findall(r'<main[^>]*data-refusal="(\w+)"', html) == ["full"]
    assert "Complet &lt;b&gt;" in html


def test_state_footer_gives_the_compulsory_links_in_their_order(built: Path) -> None:
    html = make_app(FakeSettings(built)).test_client().get("/").text
    assert re.findall(r'<a class="fr-footer__content-link"[^>]*href="https://([^"]*)"', html) == [
        "info.gouv.fr", "service-public.gouv.fr", "legifrance.gouv.fr", "data.gouv.fr",
    ]  # fmt: skip
    assert "Accessibilité\u00a0: non conforme" in html or "Accessibility: not compliant" in html


class SignUp(FlaskForm):
    name = StringField("Nom", [InputRequired("Saisissez votre nom.")])
    email = EmailField("Adresse électronique")
    mode = RadioField(
        "Participation",
        [InputRequired("Choisissez.")],
        choices=[SelectChoice("a", "A")],
        validate_choice=False,
    )
    needs = SelectMultipleField("Besoins", choices=[SelectChoice("b", "B")])


FORM = """{% import "components/form.html" as f %}{{ f.error_title(form) }}|{{ f.error_summary(form) }}
{{ f.field(form.name, auto='family-name') }}{{ f.field(form.email, hint='nom@example.org') }}
{{ f.radios(form.mode) }}{{ f.checkboxes(form.needs) }}"""


def refused_form(app: Flask) -> str:
    with app.test_request_context("/", method="POST", data={"email": '"><script>'}):
        form = SignUp(meta={"csrf": False})
        form.validate()
        return render_template_string(FORM, form=form)


def test_error_summary_says_the_words_of_each_field_and_leads_into_it(neutral: Flask) -> None:
    html = refused_form(neutral)
    links = re.findall(r'<li><a href="#([^"]*)">([^<]*)</a></li>', html)
    assert links == [("name", "Saisissez votre nom."), ("mode-0", "Choisissez.")]
    assert [html.count(f'id="{anchor}"') for anchor, _text in links] == [1, 1]


def test_refused_field_is_marked_invalid_and_described_by_its_message(neutral: Flask) -> None:
    [field] = re.findall(r'<input[^>]*id="name"[^>]*>', refused_form(neutral))
    assert 'aria-invalid="true" aria-describedby="name-messages"' in field


def test_what_was_typed_comes_back_escaped(neutral: Flask) -> None:
    html = refused_form(neutral)
    assert 'value="&#34;&gt;&lt;script&gt;"' in html


def test_optional_field_is_not_required_and_says_so(neutral: Flask) -> None:
    html = refused_form(neutral)
    [label, field] = re.findall(
        r'<label class="fr-label" for="email">.*?</label>|<input[^>]*id="email"[^>]*>',
        html,
        re.DOTALL,
    )
    assert re.findall(r"\(option(?:al|nel)\)", label) != []
    assert "required" not in field


def test_robot_trap_is_out_of_reach_of_people(neutral: Flask) -> None:
    with neutral.test_request_context("/"):
        html = render_template_string(
            '{% from "components/form.html" import honeypot %}{{ honeypot() }}'
        )
    assert re.findall(r'<div class="app-trap" aria-hidden="true">', html) != []
    assert 'tabindex="-1" autocomplete="off"' in html


def test_pagination_keeps_the_filters_and_marks_the_page(neutral: Flask) -> None:
    with neutral.test_request_context("/"):
        html = render_template_string(
            '{% from "components/page.html" import pagination %}'
            "{{ pagination(2, 3, 'agenda.index', {'q': 'a&b'}) }}"
        )
    assert re.findall(r'aria-current="page"[^>]*>(\d)<', html) == ["2"]
    assert re.findall(r'href="([^"]*)"', html)[0] == "/agenda/?page=1&amp;q=a%26b"


def test_sorted_column_is_told_to_screen_readers(neutral: Flask) -> None:
    with neutral.test_request_context("/"):
        html = render_template_string(
            '{% import "components/table.html" as t %}'
            "{% call(row) t.table('Gens', [{'label': 'Nom', 'sort': '?s', 'direction': 'ascending'}],"
            " [{'id': 4, 'name': '<i>'}], select='ids', select_form='f') %}<td>x</td>{% endcall %}"
        )
    assert re.findall(r'aria-sort="(\w+)"', html) == ["ascending"]
    assert (
        re.findall(r'<input type="checkbox" id="choix-4" name="ids" value="4" form="f">', html)
        != []
    )
    assert "<i>" not in html


def test_chart_marks_are_round_and_reach_the_greatest_value() -> None:
    assert theme.axis([18, 27, 64]) == [0, 20, 40, 60, 80]
    assert theme.axis([]) == [0, 1, 2, 3, 4]
    assert theme.axis([1000]) == [0, 500, 1000, 1500, 2000]


def test_cover_of_an_event_never_changes() -> None:
    assert [theme.variant("journee", 6), theme.variant("journee", 6)] == [
        theme.variant("journee", 6)
    ] * 2
    assert {theme.variant(str(n), 6) for n in range(100)} == set(range(6))


def test_month_of_a_late_evening_is_the_one_of_the_event(neutral: Flask) -> None:
    late = datetime(2027, 2, 1, 0, 15, tzinfo=ZoneInfo("Europe/Paris"))
    with neutral.test_request_context("/"):
        assert theme.month_name(late) == theme.month_name(date(2027, 2, 1)) == "février"
