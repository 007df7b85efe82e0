"""What a person should look at before publishing: links, pictures and sentences that surprise."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from eventreg.events.jekyll import dates
from eventreg.events.jekyll.document import Image
from eventreg.events.jekyll.kinds import kind_of
from eventreg.events.jekyll.page import BodyLink, Page
from eventreg.events.jekyll.place import Place
from eventreg.events.jekyll.problems import N_, Findings
from eventreg.events.jekyll.regions import elsewhere
from eventreg.events.jekyll.schedule import TAKES_PLACE, Schedule
from eventreg.events.jekyll.words import fold, is_placeholder, squeeze
from eventreg.shared import richtext

# Hosts where a page is prepared: their links lead readers nowhere.
_STAGING = re.compile(
    r"https?://(?:[\w.-]*[.-])?(?:staging|preprod|pre-prod|recette|preview|localhost|siteleaf)[.:/-]"
    r"|https?://(?:127|10|192\.168)\.\d",
    re.IGNORECASE,
)
_DOUBLED = re.compile(
    r"https?://(?:www\.www\.|([\w-]+\.)\1[\w-]+\.)|^https?:/+https?:", re.IGNORECASE
)
_REMOVED = re.compile(
    r"<(?P<tag>script|svg|object|embed|applet|form|input|base|link|meta)\b|<[a-z][^<>]{0,500}?\s"
    r"(?P<on>on[a-z]{3,20})\s*=",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"inscriptions? (?:(?:est|sont) )?(?:desormais |maintenant )?(?:closes?|terminees?|fermees?)\b"
)
_SELECTION = re.compile(
    r"ne vaut pas participation|sous reserve de (?:validation|confirmation)|validation de votre"
    r" (?:participation|inscription)|selection des (?:participants|candidats)"
)
MAX_LOOKED_AT = 200  # links; beyond, more warnings would help nobody


def body_links(page: Page, lines: Sequence[str], findings: Findings) -> None:
    """Links of the text that cannot be shown, and those that lead to a page in preparation."""
    told = {squeeze(button.link.text) for button in page.buttons if button.link.href is None}
    for link in page.links[:MAX_LOOKED_AT]:
        href = (link.link.href or "").strip()
        if not href or href.startswith("#") or squeeze(link.link.text) in told:
            continue
        line = _line(link, href, lines)
        if richtext.safe_href(href) is None:
            _unusable(line, link, href, findings)
        else:
            _strange(line, href, findings)
    for field in page.fields:
        if field.link:
            _strange(field.line, field.link, findings)


def _unusable(line: int, link: BodyLink, href: str, findings: Findings) -> None:
    if is_placeholder(href):
        findings.warn(
            line, "link-placeholder", N_("The link is still to come: “%(value)s”."), value=href
        )
        return
    findings.warn(
        line,
        "link-unusual-scheme" if re.match(r"[a-zA-Z][\w+.-]*:", href) else "link-broken",
        N_("The address of the link “%(text)s” cannot be used, its text stays: %(value)s."),
        text=link.link.text,
        value=href,
    )


def _strange(line: int, href: str, findings: Findings) -> None:
    if _STAGING.match(href):
        findings.warn(
            line,
            "link-staging",
            N_("This address is one of a site in preparation: %(value)s."),
            value=href,
        )
    elif _DOUBLED.match(href):
        findings.warn(
            line,
            "link-suspicious",
            N_("A part of this address is written twice: %(value)s."),
            value=href,
        )


def _line(link: BodyLink, href: str, lines: Sequence[str]) -> int:
    for number in range(link.line, min(link.line + 60, len(lines) + 1)):
        if href in lines[number - 1]:
            return number
    return link.line


def removed_html(lines: Sequence[str], first_line: int, findings: Findings) -> None:
    """Active content: it is never shown, and who wrote it should know."""
    for number in range(first_line, len(lines) + 1):
        match = _REMOVED.search(lines[number - 1][:20_000])
        if match:
            findings.warn(
                number,
                "html-removed",
                N_("“%(value)s” is never shown: pages hold text, links and pictures only."),
                value=match["tag"] or match["on"],
            )


def pictures(
    images: Iterable[Image], line: int | None, schedule: Schedule, findings: Findings
) -> None:
    """A picture whose description names only days on which the event is not."""
    first, last = schedule.first_day, schedule.last_day
    if first is None or last is None:
        return
    for image in images:
        if image.alt and _names_other_days(image.alt, first, last):
            findings.warn(
                line,
                "image-date-differs",
                N_("The description of a picture gives another date: “%(text)s”."),
                text=image.alt,
            )


def _names_other_days(text: str, first: date, last: date) -> bool:
    named = list(_ranges(text, first))
    return bool(named) and all(end < first or start > last for start, end in named)


def _ranges(text: str, first: date) -> Iterator[tuple[date, date]]:
    for found in dates.days(squeeze(text), first):
        yield dates.range_days(squeeze(text), found)


def sentences(page: Page, where: Place, findings: Findings) -> None:
    """Sign-ups said to be closed, people said to be selected, a place of another region."""
    told: set[str] = set()
    for sentence in page.sentences:
        code, message = _said(sentence.folded, where)
        if code and code not in told:
            told.add(code)
            findings.warn(sentence.line, code, message, text=sentence.text)


def _said(folded: str, where: Place) -> tuple[str, str]:
    if _CLOSED.search(folded):
        return "sign-ups-said-closed", N_(
            "The text says that sign-ups are closed: “%(text)s”. It stays in the text; the dates "
            "of the settings decide."
        )
    if _SELECTION.search(folded):
        return "selection-announced", N_(
            "The text announces that requests are examined: “%(text)s”. Choose in the settings "
            "who accepts them."
        )
    if TAKES_PLACE.search(folded) and elsewhere(folded, where.postal_code):
        return "place-differs", N_(
            "The text names a place of another region, the address is kept: “%(text)s”."
        )
    return "", ""


def categories(written: Sequence[str], older: Sequence[str], line: int | None, f: Findings) -> None:
    """The older twin `categorie` of `categories` that says something else."""
    if not written or not older:
        return
    kinds = {kind_of(category) for category in written}
    if fold(older[0]) not in map(fold, written) and kind_of(older[0]) not in kinds:
        f.warn(
            line,
            "categories-disagree",
            N_("“categorie” says “%(value)s”, “categories” something else: the latter is kept."),
            value=older[0],
        )
