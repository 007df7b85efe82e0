"""The pages that the State owes: at their addresses, in both languages, honest when unset."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from eventreg.events import columns

PAGES = (
    "accessibilite",
    "mentions-legales",
    "donnees-personnelles",
    "plan-du-site",
    "gestion-des-cookies",
    "ecoconception",
    "aide",
)


@pytest.mark.any_database
def test_each_page_answers_in_both_languages_and_is_in_the_site_map(client: FlaskClient) -> None:
    maps = {prefix: client.get(f"{prefix}/plan-du-site/").text for prefix in ("", "/en")}
    for name in PAGES:
        for prefix, language in (("", "fr"), ("/en", "en")):
            page = client.get(f"{prefix}/{name}/")
            assert page.status_code == 200, (prefix, name)
            assert f'<html lang="{language}"' in page.text
            assert page.text.count("<h1") == 1
            if name != "plan-du-site":
                assert f'href="{prefix}/{name}/"' in maps[prefix].split("<main")[1]


@pytest.mark.any_database
def test_the_legal_notice_names_its_host_or_says_how_to_learn_it(
    client: FlaskClient, make_app: Callable[..., Flask]
) -> None:
    assert "communiqués sur demande" in client.get("/mentions-legales/").text
    named = make_app(
        host_name="Hébergeur SA",
        host_address="1 rue du Parc, 75001 Paris",
        publication_director="Camille Martin",
    ).test_client()
    for path in ("/mentions-legales/", "/en/mentions-legales/"):
        page = named.get(path).text
        assert "Hébergeur SA" in page
        assert "1 rue du Parc" in page
        assert "Camille Martin" in page
        assert "on request" not in page
        assert "sur demande" not in page


@pytest.mark.any_database
def test_links_of_the_documents_own_site_lead_to_the_site_of_the_settings(
    make_app: Callable[..., Flask],
) -> None:
    with make_app(documents_site="https://www.exemple.gouv.fr").app_context():
        assert columns.absolute("/agenda/x/") == "https://www.exemple.gouv.fr/agenda/x/"
        assert columns.absolute("https://example.org/") == "https://example.org/"
