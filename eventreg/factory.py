"""Builds the application: extensions, rooms, error pages, commands."""

import logging

from flask import Flask, current_app

from eventreg import worker
from eventreg.agenda import organiser_routes as agenda_preview
from eventreg.agenda import routes as agenda
from eventreg.backoffice import routes as backoffice
from eventreg.config import ROOT, Settings, read
from eventreg.eligibility import commands as eligibility_commands
from eventreg.events import commands as events_commands
from eventreg.events import indexing
from eventreg.mailing import commands as mailing_commands
from eventreg.mailing import delivery
from eventreg.mailing import routes as mailing
from eventreg.operations import commands as operations_commands
from eventreg.operations import routes as operations
from eventreg.organisers import commands as organisers_commands
from eventreg.organisers import organiser_routes as organisers
from eventreg.proconnect import access as proconnect_access
from eventreg.proconnect import routes as proconnect
from eventreg.questionnaire import commands as form_commands
from eventreg.registration import commands as registration_commands
from eventreg.registration import routes as registration
from eventreg.shared import access, db, http, i18n, limits, theme, urls
from eventreg.sharing import routes as sharing

BLUEPRINTS = (
    agenda.bp,
    agenda.pages,
    agenda_preview.bp,
    sharing.bp,
    registration.bp,
    organisers.bp,
    proconnect.bp,
    backoffice.bp,
    operations.bp,
    mailing.bp,
)
COMMANDS = (
    events_commands.cli,
    form_commands.events_group,  # the same group, with `form`
    registration_commands.cli,
    eligibility_commands.cli,
    organisers_commands.cli,
    mailing_commands.cli,
    *operations_commands.ALL,
)


def create_app(settings: Settings | None = None) -> Flask:
    """The application for `settings` (read from the environment by default).

    Raises BadSettings, or UndeclaredAccess when a view declares no access rule.
    """
    settings = settings or read()
    settings.instance_dir.mkdir(parents=True, exist_ok=True)
    app = Flask(
        "eventreg",
        root_path=str(ROOT / "eventreg"),
        template_folder=str(ROOT / "templates"),
        static_folder=None,
        instance_path=str(settings.instance_dir),
    )
    app.extensions["settings"] = settings
    app.config["TESTING"] = settings.env == "testing"
    logging.getLogger("eventreg").setLevel(logging.INFO)
    http.init_app(app, settings)
    db.init_app(app, settings)
    indexing.init_app()
    i18n.init_app(app, settings)
    theme.init_app(app, settings)
    limits.init_app(app, settings)
    delivery.init_app(app, settings)
    proconnect_access.init_app(app, settings)
    app.extensions["sign_out_elsewhere"] = (
        proconnect.leave_provider if settings.proconnect else None
    )
    app.jinja_env.add_extension("jinja2.ext.do")
    app.context_processor(_page_words)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
    app.wsgi_app = i18n.LocalePrefix(app.wsgi_app)  # type: ignore[method-assign]  # Flask's way to wrap
    access.check(app)
    worker.init_app(app, settings)
    return app


def _page_words() -> dict[str, object]:
    """What every layout needs."""
    locale = i18n.current_locale()
    other = "en" if locale == "fr" else "fr"
    return {
        "settings": current_app.extensions["settings"],
        "locale": locale,
        "other_locale": other,
        "other_locale_url": urls.in_locale(other),
    }
