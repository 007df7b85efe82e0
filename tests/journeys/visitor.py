"""A person in front of a browser: what they do, what they see, what they must never see."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Request, Response, expect

SHOTS = os.environ.get("EVENTREG_TEST_SHOTS")  # a folder: every page seen is kept there
PATIENCE = 15_000  # milliseconds: a loaded machine is slow, not broken
LOUD_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`));"""

expect.set_options(timeout=PATIENCE)


class Visitor:
    """One browser window. `complaints` collects what a careful service never causes."""

    def __init__(
        self, browser: Browser, base_url: str, *, width: int, script: bool, name: str
    ) -> None:
        self.context = browser.new_context(
            base_url=base_url,
            viewport={"width": width, "height": 800},
            java_script_enabled=script,
            locale="fr-FR",
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(LOUD_VIOLATIONS)
        self.base_url = base_url
        self.width = width
        self.script = script
        self.name = name
        self.complaints: list[str] = []
        self.status = 0
        self._shots = 0
        self.page = self.context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda fault: self.complaints.append(f"script: {fault}"))
        self.page.on("response", self._on_response)
        self.context.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        # The status of the page itself is a fact of the journey; other files have _on_response.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"console: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.request.is_navigation_request() and response.frame == self.page.main_frame:
            self.status = response.status
        elif response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")

    def _on_request(self, request: Request) -> None:
        if urlsplit(request.url).scheme in {"http", "https"} and not request.url.startswith(
            self.base_url + "/"
        ):
            self.complaints.append(f"request to another site: {request.url}")

    # What they do

    def open(self, path: str) -> None:
        self.page.goto(path)

    def fill(self, **fields: str) -> None:
        """Types into the inputs of these names."""
        for name, text in fields.items():
            self.page.locator(f'main [name="{name}"]').fill(text)

    def press(self, label: str) -> None:
        """Presses the button, or follows the link, of the page's content that begins with these words."""
        main = self.page.get_by_role("main")
        name = re.compile(rf"^{re.escape(label)}")
        self.page.wait_for_load_state()
        main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name)).first.click()
        self.page.wait_for_load_state()

    def letter(self, address: str, subject: str) -> None:
        """Opens the newest letter to an address whose subject begins so, among the captured ones."""
        self.open("/dev/courriels/")
        row = self.page.get_by_role("row").filter(has_text=address)
        row.get_by_role("link", name=re.compile(f"^{subject}")).first.click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(subject)

    def follow_letter(self, part: str = "/inscriptions/lien/") -> None:
        """Follows the personal link of the letter shown."""
        self.page.locator(f'main li a[href*="{part}"]').click()
        self.page.wait_for_load_state()

    @contextmanager
    def download(self) -> Iterator[list[bytes]]:
        """`with visitor.download() as got: ...` puts the file's bytes in `got`."""
        got: list[bytes] = []
        with self.page.expect_download() as waiting:
            yield got
        got.append(Path(waiting.value.path()).read_bytes())

    # What they see

    @property
    def heading(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    def mark(self, name: str) -> str | None:
        """`data-<name>` of the page: of `main`, or of what is inside it."""
        marked = self.page.locator(f"main[data-{name}], main [data-{name}]").first
        return marked.get_attribute(f"data-{name}") if marked.count() else None

    def sees(self, text: str) -> None:
        """These words are on the page; spaces of any kind count as one."""
        expect(self.page.get_by_role("main")).to_contain_text(text)

    @property
    def shoots(self) -> bool:
        return bool(SHOTS)

    def look(self, step: str) -> None:
        """Keeps a picture where EVENTREG_TEST_SHOTS says so."""
        if SHOTS:
            self._shots += 1
            kind = f"{self.width}{'' if self.script else '-sans-js'}"
            target = Path(SHOTS) / f"{self.name}-{self._shots:02}-{step}-{kind}.png"
            self.page.screenshot(path=target, full_page=True)

    def focused(self) -> dict[str, Any]:
        """Tag, id, name, words and visible outline of what has the focus."""
        found: dict[str, Any] = self.page.evaluate(
            """() => {
              const it = document.activeElement, box = it.getBoundingClientRect();
              // On a card that is one large link, the outline is drawn by ::before.
              const seen = [null, "::before", "::after"].some((part) => {
                const style = getComputedStyle(it, part);
                return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
              });
              return {tag: it.tagName, id: it.id, name: it.getAttribute("name"),
                      words: (it.innerText || it.title || it.getAttribute("aria-label") || "")
                             .replace(/\\s+/g, " ").trim().slice(0, 80),
                      top: box.top, bottom: box.bottom, width: box.width,
                      outline: seen};
            }"""
        )
        return found

    def bottom(self) -> float:
        """Where the visible part of the page ends: at the screen's foot, or at the bar there."""
        ends: float = self.page.evaluate(
            """() => {
              const bar = document.querySelector(".app-bar")?.getBoundingClientRect();
              return bar?.height && !document.querySelector(".app-bar :focus")
                     ? bar.top : innerHeight;
            }"""
        )
        return ends

    def close(self) -> None:
        self.context.close()
