"""Forms of those who choose among requests."""

import secrets

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField
from wtforms.fields.choices import SelectChoice

from eventreg.registration.rules.selection import HIGHEST_SCORE, NOTES_LIMIT, SEED_LIMIT
from eventreg.shared.errors import N_, Invalid
from eventreg.shared.fields import BaseForm, LineField, Plain, Required, TextField

MOST_PLACES = 1_000_000


def whole(text: str, *, low: int, high: int, field: str) -> int:
    """A whole number that somebody typed. Raises Invalid beside `field`."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 7) or not low <= int(text) <= high:
        raise Invalid(
            N_("Write a whole number from %(low)s to %(high)s."), field=field, low=low, high=high
        )
    return int(text)


class NoteForm(BaseForm):
    """What organisers think of a request; `seen` is what the form was drawn with."""

    score = LineField(_l("Score"))
    notes = TextField(_l("Notes for the organisers"), [Plain(NOTES_LIMIT)])
    shortlisted = BooleanField(_l("On the shortlist"))
    seen = HiddenField()

    def number(self) -> int | None:
        """The score; None when it is empty. Raises Invalid."""
        text = (self.score.data or "").strip()
        return whole(text, low=0, high=HIGHEST_SCORE, field="score") if text else None


class DrawForm(BaseForm):
    places = LineField(_l("Places to draw"), [Required(N_("Write how many places to draw."))])
    among = RadioField(_l("Among"), default="all", choices=[])
    seed = LineField(_l("Seed of the draw"), [Required(N_("Write a seed.")), Plain(SEED_LIMIT)])

    def offer(self, everybody: int, shortlist: int) -> None:
        """The two circles, with how many people are in each."""
        self.among.choices = [
            SelectChoice("all", _l("All the requests (%(num)s)", num=everybody)),
            SelectChoice("shortlist", _l("The shortlist (%(num)s)", num=shortlist)),
        ]
        self.seed.data = self.seed.data or secrets.token_hex(8)

    def count(self) -> int:
        """Raises Invalid."""
        return whole((self.places.data or "").strip(), low=1, high=MOST_PLACES, field="places")
