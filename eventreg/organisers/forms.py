"""Shape of the sign-in form."""

from wtforms import HiddenField

from eventreg.shared.errors import N_
from eventreg.shared.fields import BaseForm, EmailAddress, LineField, Required


class SignInForm(BaseForm):
    email = LineField(
        validators=[
            Required(N_("Enter your e-mail address, for example: name@example.org.")),
            EmailAddress(),
        ]
    )
    next = HiddenField()


class ActForm(BaseForm):
    """A button alone."""
