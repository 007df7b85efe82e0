"""Organisers' pictures and documents, and what they paste elsewhere."""

import html
import io
import re
import time

import pytest
from PIL import Image

from eventreg.events import queries as events
from eventreg.files import queries as files
from eventreg.files.rules import IMAGES_PER_EVENT
from eventreg.shared.db import db

PATH = "/organisation/evenements/journee/medias/"
MULTIPART = "multipart/form-data; boundary=limite"
PDF = b"%PDF-1.7\n1 0 obj\n%%EOF\n"


def picture(size=(800, 600)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "navy").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def browser(organiser_client, make_event):
    make_event()
    return organiser_client()


def body_of(fields: dict[str, str], files: dict[str, tuple[str, bytes]]) -> bytes:
    """A multipart form, in memory."""
    parts = [(f'name="{key}"', value.encode()) for key, value in fields.items()]
    parts += [(f'name="{k}"; filename="{name}"', data) for k, (name, data) in files.items()]
    lines = b"".join(
        b"--limite\r\nContent-Disposition: form-data; "
        + head.encode()
        + b"\r\n\r\n"
        + data
        + b"\r\n"
        for head, data in parts
    )
    return lines + b"--limite--\r\n"


def post(browser, data=None, *, path=PATH, name="photo.png", what="image", **fields):
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(PATH).text)[1]
    prefix = f"{what}-" if path == PATH else ""
    sent = {"csrf_token": token, "what": what} | {f"{prefix}{k}": v for k, v in fields.items()}
    files_sent = {} if data is None else {f"{what}-file": (name, data)}
    return browser.post(path, data=body_of(sent, files_sent), content_type=MULTIPART)


class Unread(io.BytesIO):
    """A body that nobody may begin to read."""

    def read(self, _size=-1):
        raise AssertionError("read before it was refused")


def media():
    db.session.rollback()
    db.session.expunge_all()
    return files.of_event(events.by_slug("journee").id)


def shown():
    found = media()
    return [one.alt for one in found.images], [(one.name, one.alt) for one in found.documents]


def test_a_picture_is_described_or_said_to_be_decorative(browser, client, ctx) -> None:
    rows = (
        ({}, "Décrivez ce que montre"),
        ({"alt": "Une salle", "decorative": "y"}, "n’a pas de description"),
        ({"alt": "x" * 301}, "300"),
    )
    for fields, words in rows:
        answer = post(browser, picture(), **fields)
        assert answer.status_code == 422
        assert words in answer.text
    assert post(browser, picture(), alt="Une <salle> pleine").status_code == 303
    assert post(browser, picture(), decorative="y").status_code == 303
    page = client.get("/agenda/journee/").text
    first = re.search(r'<img class="app-picture"[^>]+>', page)[0]
    assert 'alt="Une &lt;salle&gt; pleine"' in first
    assert 'width="800" height="600"' in first
    assert 'loading="lazy"' in first
    assert 'alt=""' in page
    assert client.get(re.search(r'src="([^"]+)"', first)[1]).status_code == 200


def test_what_is_refused_is_said_beside_the_field(browser, ctx) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    rows = (
        ("image", svg, "logo.svg", "pas accepté"),
        ("image", svg, "logo.png", "pas accepté"),
        ("image", PDF, "programme.pdf", "Donnez une image"),
        ("image", picture(), "photo.gif", "est de type"),
        ("image", b"", "photo.png", "vide"),
        ("document", b"<html>", "page.html", "pas accepté"),
        ("document", PDF + b"\n" * 10_600_000, "gros.pdf", "10 Mo au plus"),
    )
    for what, data, name, words in rows:
        started = time.perf_counter()
        answer = post(browser, data, name=name, what=what, alt="Un titre")
        assert (answer.status_code, words in answer.text) == (422, True), name
        assert 'aria-invalid="true"' in answer.text
        assert 'value="Un titre"' in answer.text, "what was typed stays"
        assert time.perf_counter() - started < 2, name
    assert shown()[0] == []


def test_large_bodies_pass_only_where_files_are_expected(browser) -> None:
    rows = ((PATH, 100_000_000), (PATH.replace("medias", "reglages"), 3_000_000))
    for path, length in (*rows, ("/mes-inscriptions/", 3_000_000)):
        said = {"CONTENT_LENGTH": str(length)}
        answer = browser.post(
            path, input_stream=Unread(), content_type=MULTIPART, environ_overrides=said
        )
        assert answer.status_code == 413, path


def test_documents_are_listed_ordered_renamed_and_removed(browser, client, ctx) -> None:
    assert post(browser, PDF, name="../../a.pdf", what="document", alt="").status_code == 422
    for title in ("Plan", "Programme détaillé"):
        answer = post(browser, PDF, name="../../a.pdf", what="document", alt=title)
        assert answer.status_code == 303
    one, two = (paper.public_id for paper in media().documents)
    assert post(browser, path=f"{PATH}{two}/monter/").status_code == 303
    assert [title for _, title in shown()[1]] == ["Programme détaillé", "Plan"]
    page = client.get("/agenda/journee/").text
    assert page.index("Programme détaillé") < page.index("Plan")
    assert "PDF, 1\u00a0ko" in page
    answer = post(browser, path=f"{PATH}{one}/", alt="Plan d’accès")
    assert answer.status_code == 303
    assert post(browser, path=f"{PATH}{one}/", alt="").status_code == 422
    assert browser.get(f"{PATH}{one}/retirer/").status_code == 200
    assert post(browser, path=f"{PATH}{two}/retirer/").status_code == 303
    assert shown()[1] == [("a.pdf", "Plan d’accès")]
    assert post(browser, path=f"{PATH}{two}/retirer/").status_code == 404


def test_an_event_has_so_many_pictures_and_no_more(browser, ctx) -> None:
    small = picture((20, 20))
    answers = [
        post(browser, small, decorative="y").status_code for _ in range(IMAGES_PER_EVENT + 1)
    ]
    assert answers == [303] * IMAGES_PER_EVENT + [422]


def test_another_event_s_file_is_not_found(browser, make_event, ctx) -> None:
    make_event("autre")
    post(browser, PDF, name="a.pdf", what="document", alt="Plan")
    (one,) = media().documents
    foreign = f"/organisation/evenements/autre/medias/{one.public_id}/"
    assert browser.get(foreign).status_code == 404
    assert post(browser, path=f"{foreign}retirer/").status_code == 404
    assert shown()[1]


def test_what_is_pasted_elsewhere_is_escaped_and_loads_nothing(
    organiser_client, make_event
) -> None:
    make_event(title='Journée "<script>alert(1)</script>')
    page = organiser_client().get("/organisation/evenements/journee/diffusion/").text
    pieces = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    card, frame = (html.unescape(piece) for piece in pieces)
    for piece in (card, frame):
        assert "<script" not in piece
        assert "&lt;script&gt;" in piece
    assert "src=" not in card
    assert 'href="http://localhost/agenda/journee/"' in card
    assert 'src="http://localhost/agenda/journee/bouton/"' in frame
    assert 'title="' in frame
    assert 'role="img"' in page
    for kind, start in (("svg", b"<?xml"), ("png", b"\x89PNG")):
        answer = organiser_client(f"{kind}@example.org").get(
            f"/organisation/evenements/journee/diffusion/qr.{kind}"
        )
        assert answer.data.startswith(start)
        assert answer.headers["Content-Disposition"].startswith("attachment")
