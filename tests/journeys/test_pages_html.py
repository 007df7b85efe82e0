"""Every page and state as HTML, in both languages and both themes."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

import pytest
from flask import Flask

from eventreg.config import Settings
from eventreg.factory import create_app
from eventreg.shared import bell
from tests.journeys import places
from tests.journeys.reading import Reading
from tests.journeys.site import Site

FORBIDDEN = ("marianne", "république", "dsfr.")
SAME_TITLE = {"introuvable", "personne-aucune"}  # a draft does not exist; a search of the same list
MOST = {"public": 600, "organiser": 1200}  # elements


def themed(site: Site, theme: str) -> Flask:
    """The instance's application with another look."""
    settings: Settings = site.app.extensions["settings"]
    made = create_app(replace(settings, theme=theme))
    bell.connect(None)
    return made


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("theme", ["state", "neutral"])
def test_every_page_has_its_title_one_outline_and_nothing_the_policy_refuses(
    site: Site, found: Mapping[str, str], theme: str, locale: str
) -> None:
    app = themed(site, theme)
    person, organiser = app.test_client(), app.test_client()
    site.post(organiser, site.sign_in_path())
    faults: list[str] = []
    titles: dict[str, str] = {}
    mirrored = locale == "en"
    for name, (template, status) in chain(places.PUBLIC.items(), places.ORGANISER.items()):
        within = name in places.ORGANISER
        client = organiser if within else person
        path = ("/en" if mirrored else "") + places.address(template, found)
        answer = client.get(path, follow_redirects=True)
        if answer.status_code != status:
            faults.append(f"{name}: status {answer.status_code}")
        reading = Reading(answer.text)
        faults += [f"{name}: {fault}" for fault in reading.faults]
        if reading.lang != locale and not answer.history:
            faults.append(f"{name}: lang {reading.lang}")
        if reading.elements > MOST["organiser" if within else "public"]:
            faults.append(f"{name}: {reading.elements} elements")
        if not reading.title or (reading.title in titles and name not in SAME_TITLE):
            faults.append(f"{name}: the title of {titles.get(reading.title)}: {reading.title}")
        titles[reading.title] = name
        if theme == "neutral":
            text = answer.text.lower()
            faults += [f"{name}: says {word}" for word in FORBIDDEN if word in text]
    assert not faults, "\n".join(faults)
