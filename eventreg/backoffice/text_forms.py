"""The form of an event's texts and lists."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from eventreg.backoffice import words
from eventreg.backoffice.event_form import VersionedForm
from eventreg.events import written
from eventreg.shared.errors import N_
from eventreg.shared.fields import LineField, Required, TextField


class TextsForm(VersionedForm):
    keys = tuple(words.TEXTS)

    title = LineField(_l("Title"), [Required(N_("Enter the event's title."))])
    title_en = LineField(_l("Title in English"))
    lead = TextField(_l("Introduction"))
    lead_en = TextField(_l("Introduction in English"))
    body = TextAreaField(_l("Presentation"))
    body_en = TextAreaField(_l("Presentation in English"))
    venue_en = LineField(_l("Venue in English"))
    audience_text_en = TextField(_l("Words about the audience in English"))
    categories = LineField(_l("Types of event"))
    tags = LineField(_l("Keywords"))
    info_fields = TextField(_l("Practical information"))
    press_contacts = TextField(_l("Press contacts"))

    def text(self, key: str) -> str:
        """A browser writes line ends its own way: that alone is no change."""
        return super().text(key).replace("\r\n", "\n")


def texts_of(event: Any) -> dict[str, str]:
    """An event's texts as the form writes them."""
    return {key: written.text_of(event, key) for key in words.TEXTS}
