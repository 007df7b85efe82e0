"""A button alone."""

from eventreg.shared.fields import BaseForm


class ActForm(BaseForm):
    """Nothing but the anti-forgery token."""
