"""What is wrong with a page as it is drawn: accessibility, contrast, overflow."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import BrowserContext, Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
TAGS = [
    *("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"),
    *("RGAAv4", "best-practice"),
]
# What a narrow screen changes: what shows, where, how large; not names, roles, order in the code.
OF_LAYOUT = (
    *("target-size", "scrollable-region-focusable", "link-in-text-block"),
    *("label", "button-name", "link-name", "aria-hidden-focus", "skip-link", "region"),
    *("page-has-heading-one", "empty-heading", "heading-order", "landmark-one-main"),
)
CONTRAST = """() => {
  const channel = (v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const ground = (it) => {
    for (; it; it = it.parentElement) {
      const found = parse(getComputedStyle(it).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faults = new Set();
  while (walker.nextNode()) {
    const it = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !it.checkVisibility({visibilityProperty: true})
        || it.closest("svg, script, iframe, .app-trap, [aria-disabled=true]")) continue;
    const style = getComputedStyle(it), ink = parse(style.color);
    const [one, two] = [light(ink), light(ground(it))].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = (one + .05) / (two + .05);
    if (ratio < (large ? 3 : 4.5))
      faults.add(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  return [...faults];
}"""
# Spacing that people with low vision or dyslexia ask for (WCAG 1.4.12), put where no policy forbids.
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
                         word-spacing: .16em !important } p { margin-bottom: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
}"""
OVERFLOW = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const wide = [...document.body.querySelectorAll("*")].filter((it) => {
    const box = it.getBoundingClientRect();
    return box.right > room + 1 && box.width && !it.closest(".fr-table__container, .app-tabs");
  });
  const named = wide.slice(-3).map((it) => `${it.tagName}.${it.className} ${it.innerText || ""}`);
  return [`wider than ${room} px: ${named.map((name) => name.slice(0, 60)).join(" | ")}`];
}"""


def bring_axe(context: BrowserContext) -> None:
    """Gives axe to every page of a window as it opens: cheaper than sending it to each."""
    context.add_init_script(AXE)


def axe(page: Page, *, only: Sequence[str] = (), colours: bool = True) -> list[str]:
    """Each rule that axe sees broken, and where; `only` these rules.

    Without `colours` its slowest rule is left out: for pages made of what another page showed
    already, whose texts `contrast` measures all the same.
    """
    chosen = {"type": "rule", "values": only} if only else {"type": "tag", "values": TAGS}
    options: dict[str, Any] = {"runOnly": chosen, "resultTypes": ["violations"], "preload": False}
    if not (only or colours):
        options["rules"] = {"color-contrast": {"enabled": False}}
    result = page.evaluate("(options) => axe.run(options)", options)
    return [
        f"{broken['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for broken in result["violations"]
        for node in broken["nodes"][:3]
    ]


def contrast(page: Page) -> list[str]:
    """Texts under 4.5 (3 when large): axe cannot tell where a background is an image."""
    found: list[str] = page.evaluate(CONTRAST)
    return found


def overflow(page: Page, *widths: int) -> list[str]:
    """Widths at which the page scrolls sideways; the last one also with wide text spacing."""
    faults: list[str] = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        faults += page.evaluate(OVERFLOW)
    page.evaluate(SPACED)
    faults += [f"spaced text, {fault}" for fault in page.evaluate(OVERFLOW)]
    page.evaluate("() => { document.adoptedStyleSheets = [] }")
    return faults
