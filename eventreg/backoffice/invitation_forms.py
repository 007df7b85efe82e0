"""Forms of invitations: a list of people, and what the letter allows them."""

import csv
import io
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField
from wtforms.fields.choices import SelectChoice

from eventreg.registration.services.invitations import Guest
from eventreg.shared.addresses import InvalidAddress, canonical
from eventreg.shared.errors import N_, Invalid
from eventreg.shared.fields import BaseForm, LineField, Plain, Required, TextField
from eventreg.shared.text import clean_line, has_unprintable

NAME_LIMIT = 75
REASON_LIMIT = 1_000
MESSAGE_LIMIT = 2_000
LANGUAGES = [SelectChoice("fr", "Français"), SelectChoice("en", "English")]
LIST_LIMIT = 400_000  # characters
MOST_FAULTS = 10


class InvitationForm(BaseForm):
    """One person on each line: address; first name; last name."""

    guests = TextField(_l("People to invite"), [Required(N_("Write at least one address."))])
    message = TextField(_l("Message in the letter"), [Plain(MESSAGE_LIMIT)])
    locale = SelectField(_l("Language of the letter"), choices=LANGUAGES, default="fr")
    population = SelectField(_l("Population"), choices=[], validate_choice=False)
    expires_at = LineField(_l("Answer before"))
    bound = BooleanField(_l("Only for the address that receives it"), default=True)
    skips_approval = BooleanField(_l("No decision is needed for these people"))
    skips_deadline = BooleanField(_l("They may sign up after the deadline"))
    beyond_capacity = BooleanField(_l("They take a place beyond the capacity"))
    reason = TextField(_l("Reason of the exception"), [Plain(REASON_LIMIT)])

    def offer(self, populations: list[tuple[str, str]]) -> None:
        """The populations of the event's form, after « any »."""
        self.population.choices = [
            SelectChoice("", str(_l("Any"))),
            *(SelectChoice(key, label) for key, label in populations),
        ]

    def people(self) -> list[Guest]:
        """Who is on the list. Raises Invalid naming the lines that cannot be read."""
        text = (self.guests.data or "")[:LIST_LIMIT]
        guests, faults = [], []
        for number, cells in _lines(text):
            try:
                guests.append(_guest(cells))
            except InvalidAddress:
                faults.append(number)
        if faults:
            shown = ", ".join(str(number) for number in faults[:MOST_FAULTS])
            more = "…" if len(faults) > MOST_FAULTS else ""
            raise Invalid(
                N_("These lines hold no address that can be used: %(lines)s."),
                field="guests",
                lines=shown + more,
            )
        return guests


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """Cells of each line that says something: separated by ; , or a tab, a header left out."""
    found = []
    for number, raw in enumerate(text.splitlines(), 1):
        mark = next((m for m in ";\t," if m in raw), ";")
        cells = next(csv.reader(io.StringIO(raw), delimiter=mark), [])
        cells = [clean_line(cell) for cell in cells]
        if any(cells) and not (number == 1 and "@" not in raw):
            found.append((number, cells))
    return found


def _guest(cells: list[Any]) -> Guest:
    address = next((cell for cell in cells if "@" in cell), "")
    names = [cell[:NAME_LIMIT] for cell in cells if cell != address and not has_unprintable(cell)]
    return Guest(canonical(address), *[*names, "", ""][:2])
