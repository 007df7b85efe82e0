"""What a request may look like before any view sees it: bounded forms, ids that a table can hold."""

from io import BytesIO
from typing import IO, Any

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.routing import IntegerConverter

FIELDS_LIMIT = 200
LARGEST_ID = 2**31 - 1


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
    def readable(self) -> bool:
        """False with a NUL in the path or the query: no text of ours holds one, PostgreSQL none."""
        return "\0" not in self.path and b"%00" not in self.query_string


class TableId(IntegerConverter):
    """`<int:...>` of a route: a number larger than any id is an address that does not exist."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("max", LARGEST_ID)
        super().__init__(*args, **options)
