"""Forms of registrations: shape only; they give facts."""

import time

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField

from eventreg.registration.rules.people import LINE_LIMIT, NAME_LIMIT, PHONE_LIMIT
from eventreg.registration.services import Applicant
from eventreg.shared import tokens
from eventreg.shared.addresses import canonical
from eventreg.shared.errors import N_
from eventreg.shared.fields import BaseForm, EmailAddress, LineField, Plain, Required, TextField

JUSTIFICATION_LIMIT = 500
FIELDS = ("email", "given_name", "family_name", "organisation", "job_title", "phone")
TOO_FAST = 0.4  # seconds between drawing the form and its answer: no person does it


class PersonForm(BaseForm):
    """Who somebody is, but for the address."""

    given_name = LineField(
        _l("First name"),
        [Required(N_("Enter your first name.")), Plain(NAME_LIMIT, name=True)],
    )
    family_name = LineField(
        _l("Last name"),
        [Required(N_("Enter your last name.")), Plain(NAME_LIMIT, name=True)],
    )
    organisation = LineField(_l("Organisation"), [Plain(LINE_LIMIT)])
    job_title = LineField(_l("Position"), [Plain(LINE_LIMIT)])
    phone = LineField(_l("Telephone"), [Plain(PHONE_LIMIT)])


class EditForm(PersonForm):
    """What a person changes; `seen` stands for what was there when the form was drawn."""

    seen = HiddenField()

    def identity(self) -> dict[str, str]:
        """The columns, as typed."""
        return {name: str(self[name].data or "") for name in FIELDS if name != "email"}


class RegistrationForm(PersonForm):
    """Identity; only address and names are compulsory (contract, form protocol)."""

    email = StringField(
        _l("E-mail address"),
        [Required(N_("Enter your e-mail address, for example: name@example.org.")), EmailAddress()],
    )
    organisation = LineField(_l("Organisation"), [Plain(LINE_LIMIT)])
    job_title = LineField(_l("Position"), [Plain(LINE_LIMIT)])
    phone = LineField(_l("Telephone"), [Plain(PHONE_LIMIT)])
    justification = TextField(
        _l("For which public body do you work, and in what capacity?"),
        [Plain(JUSTIFICATION_LIMIT)],
    )
    idempotency_key = HiddenField()

    def applicant(self) -> Applicant:
        """The facts of a valid form."""
        return Applicant(
            address=canonical(self.email.data or ""),
            given_name=self.given_name.data or "",
            family_name=self.family_name.data or "",
            organisation=self.organisation.data or "",
            job_title=self.job_title.data or "",
            phone=self.phone.data or "",
            justification=self.justification.data or "",
        )

    def refuse_repeated(self) -> bool:
        """Two values for one field are told beside it; True when there are some."""
        repeated = [name for name in FIELDS if len(self[name].raw_data or ()) > 1]
        for name in repeated:
            self[name].errors = [gettext("Give one answer only to this question.")]
        return bool(repeated)

    def payload(self) -> dict[str, str]:
        """What the idempotency key stands for."""
        return {name: str(self[name].data or "") for name in FIELDS}

    def typed(self) -> list[tuple[str, str]]:
        """(label, text) of what was typed, to show it where the form cannot be drawn again."""
        return [(str(self[n].label.text), str(self[n].data)) for n in FIELDS if self[n].data]


def new_key() -> str:
    """A random key, signed with the instant at which its form was drawn."""
    return tokens.sign("form", [tokens.random_id(12), round(time.time(), 2)])


def too_fast(key: str) -> bool:
    """True when the form was answered faster than a person can (robots)."""
    drawn = tokens.read("form", key, max_age=tokens.DAY)
    return drawn is not None and len(drawn) == 2 and time.time() - float(drawn[1]) < TOO_FAST


class AddressForm(BaseForm):
    """One address: « send me my links »."""

    email = StringField(
        _l("E-mail address"),
        [Required(N_("Enter your e-mail address, for example: name@example.org.")), EmailAddress()],
    )


class ExplainForm(BaseForm):
    """Why a doubtful address is that of a public agent."""

    justification = TextField(
        _l("For which public body do you work, and in what capacity?"),
        [Required(N_("Say for which public body you work.")), Plain(JUSTIFICATION_LIMIT)],
    )


class ColleagueForm(BaseForm):
    """Who takes the place over."""

    given_name = LineField(
        _l("Your colleague’s first name"),
        [Required(N_("Enter your colleague’s first name.")), Plain(NAME_LIMIT, name=True)],
    )
    family_name = LineField(
        _l("Your colleague’s last name"),
        [Required(N_("Enter your colleague’s last name.")), Plain(NAME_LIMIT, name=True)],
    )
    email = StringField(
        _l("Your colleague’s e-mail address"),
        [
            Required(N_("Enter your colleague’s e-mail address, for example: name@example.org.")),
            EmailAddress(),
        ],
    )

    def colleague(self) -> Applicant:
        """The facts of a valid form."""
        return Applicant(
            canonical(self.email.data or ""),
            self.given_name.data or "",
            self.family_name.data or "",
        )


class ActForm(BaseForm):
    """A button."""
