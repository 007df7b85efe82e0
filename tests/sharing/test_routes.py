"""What leaves the pages: files for those who may, short addresses, the button of other sites."""

import io
from datetime import timedelta

import pytest
import zxingcpp
from PIL import Image

from eventreg.files import services as files
from eventreg.files.models import FileContent, StoredFile
from eventreg.privacy import services as privacy
from eventreg.registration import links
from eventreg.shared import qr, shortcode
from eventreg.shared.db import db, transaction

PDF = b"%PDF-1.7\n1 0 obj\n%%EOF\n"


def picture() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((900, 600)).save(out, "PNG")
    return out.getvalue()


def keep(event, registration=None, *, purpose="image", data=b"", name="photo.png") -> str:
    with transaction():
        kept = files.store(
            data or picture(),
            name=name,
            purpose=purpose,
            event_id=event.id,
            registration_id=registration.id if registration else None,
        )
        return f"/fichiers/{kept.public_id}/{kept.name}"


def test_who_reads_which_file(app, client, make_event, make_registration, organiser_client) -> None:
    event, draft = make_event("journee"), make_event("brouillon", state="draft")
    other = make_event("autre")
    person = make_registration(event)
    neighbour = make_registration(event, "dominique@example.org")
    image, hidden = keep(event), keep(draft)
    paper = keep(event, purpose="document", data=PDF, name="programme.pdf")
    answer = keep(event, person, purpose="answer", data=PDF, name="cv.pdf")
    holder, stranger = app.test_client(), app.test_client()
    with app.test_request_context():
        for browser, row, nonce in (
            (holder, person, person.nonce),
            (stranger, neighbour, neighbour.nonce),
        ):
            grant = links.Grant(row.public_id, nonce, "manage")
            browser.set_cookie(links.COOKIE, links.pack([grant]))
    owner = organiser_client()
    reader = organiser_client("r@example.org", role="reader", slug="journee")
    foreign = organiser_client("f@example.org", role="owner", slug=other.slug)
    altered = image[:12] + ("x" if image[12] != "x" else "y") + image[13:]
    rows = {  # everybody, registrant, another registrant, owner, reader, another event's owner
        image: (200, 200, 200, 200, 200, 200),
        paper: (200, 200, 200, 200, 200, 200),
        hidden: (404, 404, 404, 200, 404, 404),
        answer: (404, 200, 404, 200, 200, 404),
        image.replace("photo", "autre"): (404,) * 6,
        altered: (404,) * 6,
    }
    browsers = (client, holder, stranger, owner, reader, foreign)
    for path, wanted in rows.items():
        assert tuple(b.get(path).status_code for b in browsers) == wanted, path
    for path in (hidden, answer):
        assert owner.get(path).headers["Cache-Control"] == "no-store", "never in a shared cache"
    with transaction():
        db.session.get(type(person), person.id).nonce = "another"
    assert holder.get(answer).status_code == 404, "a revoked link opens nothing"


def test_a_file_is_served_inert(client, make_event) -> None:
    event = make_event()
    image = client.get(keep(event))
    paper = client.get(
        keep(event, purpose="document", data=b"a;b\n", name="Liste d\u2019\u00e9t\u00e9.csv")
    )
    for answer in (image, paper):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
    assert image.content_type == "image/webp"
    assert "immutable" in image.headers["Cache-Control"]
    assert image.headers["Content-Disposition"].startswith("inline")
    assert paper.content_type == "text/csv; charset=utf-8"
    assert paper.headers["Content-Disposition"].startswith("attachment")
    small = client.get(image.request.path.replace("photo.webp", "photo-petit.webp"))
    assert 0 < len(small.data) < len(image.data)
    again = client.get(image.request.path, headers={"If-None-Match": image.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_files_leave_with_their_owner(now, ctx, make_event, make_registration) -> None:
    event = make_event(starts_at=now + timedelta(days=1))
    person = make_registration(event)
    keep(event, person, purpose="answer", data=PDF, name="cv.pdf")
    keep(event)
    privacy.erase_due(now + timedelta(days=95))
    kept = db.session.query(StoredFile.purpose).all()
    assert [purpose for (purpose,) in kept] == ["image"]
    assert db.session.query(FileContent.file_id).distinct().count() == 1
    with transaction():
        db.session.execute(db.delete(type(event)).where(type(event).id == event.id))
    assert db.session.query(FileContent).count() == 0


def test_a_short_address_leads_to_its_event_alone(client, make_event) -> None:
    event, draft = make_event(), make_event("brouillon", state="draft")
    code = shortcode.encode(event.id)
    for spelling in (code, code.upper()):
        answer = client.get(f"/e/{spelling}")
        assert (answer.status_code, answer.location) == (302, "/agenda/journee/")
    wrong = [shortcode.encode(draft.id), shortcode.encode(event.id + 99), code + "2", "x", "é", "0"]
    assert {client.get(f"/e/{one}").status_code for one in wrong} == {404}


@pytest.mark.any_database
def test_a_short_code_survives_no_slip() -> None:
    codes = {number: shortcode.encode(number) for number in range(1, 400)}
    assert {shortcode.decode(code) for code in codes.values()} == set(codes)
    for code in codes.values():
        for place in range(len(code)):
            slips = {code[:place] + c + code[place + 1 :] for c in shortcode.ALPHABET} - {code}
            assert {shortcode.decode(slip) for slip in slips} == {None}
        swapped = code[1] + code[0] + code[2:]
        assert swapped == code or shortcode.decode(swapped) is None


@pytest.mark.any_database
def test_a_qr_code_reads_back_from_both_files(tmp_path) -> None:
    address = "https://evenements.example.org/e/34"
    with Image.open(io.BytesIO(qr.png(address))) as drawn:
        assert zxingcpp.read_barcodes(drawn)[0].text == address
    assert qr.svg(address).startswith(b"<?xml")
    assert "<script" not in qr.inline(address, '"><script>')


def test_the_button_is_framed_by_others_and_asks_nothing(client, make_event) -> None:
    make_event(title="Journée <b>& amis</b>")
    answer = client.get("/agenda/journee/bouton/")
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "script-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer.headers
    for forbidden in ("<form", "<script", "csrf_token", "<b>"):
        assert forbidden not in answer.text
    assert 'href="/agenda/journee/" target="_top"' in answer.text
    for page in ("/agenda/", "/agenda/journee/", "/agenda/journee/inscription/"):
        assert "frame-ancestors 'none'" in client.get(page).headers["Content-Security-Policy"]
    make_event("brouillon", state="draft")
    assert client.get("/agenda/brouillon/bouton/").status_code == 404


def test_the_button_says_closed_at_the_instant_it_is(client, now, make_event) -> None:
    make_event(closes_at=now + timedelta(seconds=20))
    answer = client.get("/agenda/journee/bouton/")
    assert answer.headers["Cache-Control"] == "public, max-age=20"
