"""Forms: trimmed text, e-mail, local date-time; a refusal is shown beside its field."""

from collections.abc import Sequence
from typing import Any

from flask import has_request_context, request
from flask_babel import gettext
from flask_wtf import FlaskForm
from flask_wtf.csrf import _FlaskFormCSRF
from werkzeug.datastructures import MultiDict
from wtforms import Field, StringField, TextAreaField
from wtforms.validators import StopValidation, ValidationError

from eventreg.shared.addresses import InvalidAddress, canonical
from eventreg.shared.errors import DomainError
from eventreg.shared.i18n import translate
from eventreg.shared.text import (
    NORMALISED_LIMIT,
    clean_line,
    clean_text,
    has_unprintable,
    line_fault,
    parse_local,
)

__all__ = [
    "NORMALISED_LIMIT",
    "BaseForm",
    "CheckedToken",
    "EmailAddress",
    "LineField",
    "Plain",
    "Required",
    "TextField",
    "clean_line",
    "clean_text",
    "has_unprintable",
    "parse_local",
]


class LineField(StringField):
    """One line of text, folded and trimmed; what was typed stays in `data` when it is refused."""

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        if valuelist:
            self.data = clean_line(str(valuelist[0]))


class TextField(TextAreaField):
    """Several lines, trimmed."""

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        if valuelist:
            self.data = clean_text(str(valuelist[0]))


class Required:
    """Like WTForms' InputRequired, with words that name the field's need."""

    field_flags = {"required": True}

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, _form: Any, field: Field) -> None:
        if not field.data:
            field.errors = []
            raise StopValidation(gettext(self.message))


class Plain:
    """At most `limit` characters, all of them printable (CR/LF and NUL are form errors here)."""

    def __init__(self, limit: int, *, name: bool = False) -> None:
        self.limit = limit
        self.name = name

    def __call__(self, _form: Any, field: Field) -> None:
        fault = line_fault(field.data or "", self.limit, name=self.name)
        if fault is not None:
            message, params = fault
            raise StopValidation(gettext(message, **params))


class EmailAddress:
    """A usable address in its canonical reading (eventreg.shared.addresses)."""

    def __call__(self, _form: Any, field: Field) -> None:
        try:
            canonical(field.data or "")
        except InvalidAddress as fault:
            raise ValidationError(
                gettext("Enter a complete e-mail address, for example: name@example.org.")
            ) from fault


class CheckedToken(_FlaskFormCSRF):
    """Checks the token that came back; pages draw theirs with `csrf_token()`, not from the form."""

    def generate_csrf_token(self, _csrf_token_field: Any) -> str:
        return ""


class BaseForm(FlaskForm):
    """Shape only; `show` puts a refusal beside its field, or above the form when it has none."""

    class Meta(FlaskForm.Meta):
        """Flask-WTF would read a JSON body too, and hand over numbers, lists and lone surrogates."""

        csrf_class = CheckedToken

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What a browser's form sent, or what the caller gives; never a JSON body."""
            if has_request_context() and request.is_json:
                return formdata if isinstance(formdata, MultiDict) else None
            return super().wrap_formdata(form, formdata)

    def show(self, refusal: DomainError) -> None:
        if refusal.field and refusal.field in self._fields:
            field = self._fields[refusal.field]
            field.errors = [*field.errors, translate(refusal)]
        else:
            self.form_errors.append(translate(refusal))

    def from_here(self) -> bool:
        """Whether the form brings a token of ours; tells nothing beside a field."""
        token = self._fields.get("csrf_token")
        good = token is None or bool(token.validate(self))
        if token is not None:
            token.errors = []
        return good

    @property
    def csrf_failed(self) -> bool:
        return "csrf_token" in self.errors
