"""What a request may look like before any view sees it: bounded forms, ids that a table can hold."""

from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeVar

from flask import Request, current_app
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.routing import IntegerConverter

FIELDS_LIMIT = 200
LARGEST_ID = 2**31 - 1
UPLOAD_LIMIT = 12 * 1024 * 1024  # a file of 10 MB and the rest of its form
View = TypeVar("View", bound=Callable[..., Any])


def takes_files(view: View) -> View:
    """Declares that a view's form may carry a file: its body may be larger than others'."""
    view.__dict__["takes_files"] = True
    return view


class BoundedForms(FormDataParser):
    """Werkzeug bounds the fields of multipart forms only; this bounds the others alike (R34)."""

    def _parse_urlencoded(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> Any:
        raw = stream.read()
        if raw.count(b"&") >= FIELDS_LIMIT:
            raise RequestEntityTooLarge
        return super()._parse_urlencoded(BytesIO(raw), mimetype, content_length, options)


class BoundedRequest(Request):
    form_data_parser_class = BoundedForms

    @property
    def max_content_length(self) -> int | None:
        """Asked before anything is read, also before the anti-forgery token is."""
        view = current_app.view_functions.get(self.endpoint or "")
        return UPLOAD_LIMIT if hasattr(view, "takes_files") else super().max_content_length

    @max_content_length.setter
    def max_content_length(self, _value: int | None) -> None:
        raise AttributeError("declare the view with @takes_files")

    @property
    def readable(self) -> bool:
        """False with a NUL in the path or the query: no text of ours holds one, PostgreSQL none."""
        return "\0" not in self.path and b"%00" not in self.query_string


class TableId(IntegerConverter):
    """`<int:...>` of a route: a number larger than any id is an address that does not exist."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("max", LARGEST_ID)
        super().__init__(*args, **options)
