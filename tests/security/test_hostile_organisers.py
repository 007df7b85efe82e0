"""Organisers' forms that attack or are half sent."""

import html
import re

import pytest
from sqlalchemy import select

from eventreg.events.models import Event
from eventreg.shared.db import db

SETTINGS = "/organisation/evenements/journee/reglages/"


def fields_of(page):
    """The settings form as a browser would send it back."""
    fields = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        unticked = re.search(r'type="(radio|checkbox)"', tag) and "checked" not in tag
        if name and not unticked:
            fields[name[1]] = html.unescape(value[1]) if value else ""
    return fields


def stored(column):
    db.session.rollback()
    return db.session.execute(select(column).where(Event.slug == "journee")).scalar_one()


@pytest.mark.parametrize("version", [None, "", "x", "9" * 500, "0"])
def test_settings_without_the_version_that_was_read_write_over_nobody(
    make_event, organiser_client, version
):
    """A POST without its version, or without any field, switched the flags off."""
    make_event(online=True)
    browser = organiser_client()
    token = fields_of(browser.get(SETTINGS).text)["csrf_token"]
    data = {"csrf_token": token} | ({} if version is None else {"version": version})
    assert browser.post(SETTINGS, data=data).status_code == 409
    assert stored(Event.online) is True


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("capacity", "9" * 5000),
        ("audience_text", "a\x00b"),
        ("audience_text", "\u202ea"),
        ("venue", "a" + "\u0301\u0316" * 100_000),
        ("retention_days", "9" * 400),
        ("timezone", "../../etc/passwd"),
        ("external_url", "javascript:alert(1)"),
    ],
)
def test_a_setting_that_no_event_can_have_is_refused_beside_its_field(
    make_event, organiser_client, name, text
):
    make_event()
    browser = organiser_client()
    data = fields_of(browser.get(SETTINGS).text) | {name: text}
    assert browser.post(SETTINGS, data=data).status_code == 422
