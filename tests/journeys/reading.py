"""What the HTML of a page says of itself, read without a browser."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import brotli

RESOURCES = {"script": "src", "img": "src", "iframe": "src", "use": "href", "link": "href"}
VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
NOT_FILLED_IN = {"hidden", "submit", "button", "image", "reset"}
NOT_READ = {"script", "style"}
LIGHTEST = 12_000  # bytes of compressed HTML


def plain(text: str) -> str:
    """One kind of space, as people read it."""
    return " ".join(text.split())


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
    links: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)  # texts in the page's own language
    shapes: set[tuple[str, str]] = field(default_factory=set)  # an element inside another
    marks: dict[str, str] = field(default_factory=dict)  # data-state, data-refusal of the content
    controls: list[dict[str, str]] = field(default_factory=list)  # what people fill in
    labelled: set[str] = field(default_factory=set)
    title: str = ""
    lang: str = ""
    _within: str = ""
    _open: list[tuple[str, str]] = field(default_factory=list)  # elements and their language
    _shapes: list[str] = field(default_factory=list)

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
        self._place(tag, values)
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if tag in {"header", "main", "footer"}:
            self.landmarks.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
            self.targets += values.get(name, "").split()
        self._mind_policy(tag, values)

    def _place(self, tag: str, values: dict[str, str]) -> None:
        """Where an element stands, its language, what it leads to."""
        outer = self._open[-1][1] if self._open else ""
        shape = " ".join((tag, values.get("class", ""), values.get("role", values.get("type", ""))))
        self.shapes.add((self._shapes[-1] if self._shapes else "", shape))
        if tag not in VOID:
            self._open.append((tag, values.get("lang", outer)))
            self._shapes.append(shape)
        if tag == "html":
            self.lang = values.get("lang", "")
        if tag == "main":
            self.marks = {k: v for k, v in values.items() if k in {"data-state", "data-refusal"}}
        if tag == "a" and values.get("href", "").startswith("/"):
            self.links.append(values["href"])
        if tag == "label":
            self.labelled.add(values.get("for", ""))
        if tag in {"input", "select", "textarea"} and values.get("type") not in NOT_FILLED_IN:
            self.controls.append(values)

    def handle_data(self, data: str) -> None:
        if self._within == "title" and not self.headings:
            self.title += data
        if self._open and self._open[-1][1] == self.lang and self._within not in NOT_READ:
            self.words.add(plain(data))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            self._shapes.pop()
            if self._open.pop()[0] == tag:
                break
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
        ours = (
            source.removeprefix("/en").startswith(("/static/", "/fichiers/"))
            or "/dev/courriels/" in source
        )
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
        named = ("aria-label", "aria-labelledby", "title")
        self.faults += [
            f"{control.get('name')} has no label"
            for control in self.controls
            if control.get("id") not in self.labelled and not any(map(control.get, named))
        ]
        self.faults += [f"id {name} twice" for name in set(self.ids) if self.ids.count(name) > 1]
        # The skip links and the menu's dialog are named when the design system's script starts.
        known = set(self.ids)
        self.faults += [f"nothing has the id {name}" for name in set(self.targets) - known]
        size = len(brotli.compress(self.html.encode(), quality=5))
        if size > LIGHTEST:
            self.faults.append(f"{size} bytes of compressed HTML")


def distinct(pages: Mapping[str, Reading]) -> list[str]:
    """Pages of which each shows some element, in some other, that the ones before do not show."""
    seen: set[tuple[str, str]] = set()
    chosen: list[str] = []
    for name in sorted(pages, key=lambda name: -len(pages[name].shapes)):
        if pages[name].shapes - seen:
            chosen.append(name)
            seen |= pages[name].shapes
    return chosen
