"""What the HTML of a page says of itself, read without a browser."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import brotli

RESOURCES = {"script": "src", "img": "src", "iframe": "src", "use": "href", "link": "href"}
LIGHTEST = 12_000  # bytes of compressed HTML


@dataclass
class Reading(HTMLParser):
    """`elements` counts tags; `headings` are levels in order; `faults` are sentences."""

    html: str
    elements: int = 0
    headings: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    landmarks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    title: str = ""
    lang: str = ""
    _within: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()
        self.title = " ".join(self.title.split())
        self._judge()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements += 1
        values = {name: value or "" for name, value in attrs}
        self._within = tag
        if tag == "html":
            self.lang = values.get("lang", "")
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if tag in {"header", "main", "footer"}:
            self.landmarks.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
            self.targets += values.get(name, "").split()
        self._mind_policy(tag, values)

    def handle_data(self, data: str) -> None:
        if self._within == "title" and not self.headings:
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._within = ""

    def _mind_policy(self, tag: str, values: dict[str, str]) -> None:
        """Nothing that the content policy would refuse, nothing from elsewhere."""
        for name in values:
            if name == "style" or name.startswith("on"):
                self.faults.append(f"attribute {name} on {tag}")
        if tag == "style":
            self.faults.append("a style element")
        if (
            tag == "script"
            and not values.get("src")
            and values.get("type") != "application/ld+json"
        ):
            self.faults.append("an inline script")
        source = values.get(RESOURCES.get(tag, ""), "")
        fetched = tag != "link" or values.get("rel") in {"stylesheet", "preload", "icon"}
        ours = source.startswith("/static/") or "/dev/courriels/" in source
        if source and fetched and not ours:
            self.faults.append(f"{tag} from {source}")

    def _judge(self) -> None:
        if self.headings.count(1) != 1:
            self.faults.append(f"{self.headings.count(1)} h1")
        for before, after in zip(self.headings, self.headings[1:], strict=False):
            if after > before + 1:
                self.faults.append(f"h{before} then h{after}")
        if self.landmarks != ["header", "main", "footer"]:
            self.faults.append(f"landmarks {self.landmarks}")
        self.faults += [f"id {name} twice" for name in set(self.ids) if self.ids.count(name) > 1]
        # The skip links and the menu's dialog are named when the design system's script starts.
        known = set(self.ids)
        self.faults += [f"nothing has the id {name}" for name in set(self.targets) - known]
        size = len(brotli.compress(self.html.encode(), quality=5))
        if size > LIGHTEST:
            self.faults.append(f"{size} bytes of compressed HTML")
