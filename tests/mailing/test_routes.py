"""/dev/courriels: readable, sandboxed, and absent in production."""

from datetime import datetime
from typing import Any

import pytest

from eventreg.shared.letters import Attachment

HTML = (
    '<!DOCTYPE html><html lang="fr"><head><title>x</title></head><body><p style="color:red">Oui</p>'
    "<script>alert(1)</script></body></html>"
)
LINK = "https://evenements.example.gouv.fr/inscriptions/lien/c.jeton"


def owed(outbox: Any) -> int:
    file = Attachment("inscription.ics", "text/calendar", b"BEGIN", {"method": "REQUEST"})
    key: int = outbox.owe(
        subject="<b>Objet</b>", text=f"Bonjour\n\n{LINK}\n", html=HTML, attachments=(file,)
    )
    return key


def test_the_list_names_every_letter_newest_first(post: Any, now: datetime) -> None:
    outbox = post()
    empty = outbox.app.test_client().get("/dev/courriels/")
    assert empty.status_code == 200
    outbox.owe(subject="Ancien")
    outbox.owe(subject="Nouveau")
    page = outbox.app.test_client().get("/dev/courriels/").text
    assert page.index("Nouveau") < page.index("Ancien")
    assert "camille@example.org" in page


def test_a_letter_is_shown_with_its_links_parts_and_files(post: Any, now: datetime) -> None:
    outbox = post()
    key = owed(outbox)
    answer = outbox.app.test_client().get(f"/dev/courriels/{key}/")
    assert answer.status_code == 200
    assert "&lt;b&gt;Objet&lt;/b&gt;" in answer.text
    assert f'href="{LINK}"' in answer.text
    assert "Oui" not in answer.text, "the HTML part is in its own frame, not in our page"
    assert f'src="/dev/courriels/{key}/html"' in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-src 'self'" in policy
    assert "unsafe-inline" not in policy


def test_the_html_part_can_show_its_styles_and_do_nothing_else(post: Any, now: datetime) -> None:
    outbox = post()
    key = owed(outbox)
    answer = outbox.app.test_client().get(f"/dev/courriels/{key}/html")
    assert "Oui" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert policy.endswith("sandbox allow-top-navigation-by-user-activation")
    assert "allow-scripts" not in policy


def test_an_attachment_is_downloaded_as_it_was_queued(post: Any, now: datetime) -> None:
    outbox = post()
    key = owed(outbox)
    client = outbox.app.test_client()
    answer = client.get(f"/dev/courriels/{key}/pieces/0")
    assert (answer.data, answer.mimetype) == (b"BEGIN", "text/calendar")
    assert answer.headers["Content-Disposition"] == "attachment; filename=inscription.ics"
    assert client.get(f"/dev/courriels/{key}/pieces/1").status_code == 404


@pytest.mark.parametrize("path", ["", "{key}/", "{key}/html", "{key}/pieces/0"])
def test_in_production_there_is_no_such_page(post: Any, now: datetime, path: str) -> None:
    outbox = post(env="production")
    key = owed(outbox)
    answer = outbox.app.test_client().get("/dev/courriels/" + path.format(key=key))
    assert answer.status_code == 404
    assert "Oui" not in answer.text


def test_a_letter_that_does_not_exist_is_not_found(post: Any, now: datetime) -> None:
    client = post().app.test_client()
    for path in ("999/", "999/html", "999/pieces/0"):
        assert client.get(f"/dev/courriels/{path}").status_code == 404


def test_the_english_mirror_works_too(post: Any, now: datetime) -> None:
    outbox = post()
    key = owed(outbox)
    assert outbox.app.test_client().get("/en/dev/courriels/").status_code == 200
    assert outbox.app.test_client().get(f"/en/dev/courriels/{key}/").status_code == 200
