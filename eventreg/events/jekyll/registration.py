"""How one signs up: links, deadline, opening; content-format.md, section 11, points 12 and 13."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from eventreg.events.jekyll import dates
from eventreg.events.jekyll.audience import paid
from eventreg.events.jekyll.document import Link, Moment, Registration
from eventreg.events.jekyll.page import MAX_SENTENCE, Page, Sentence
from eventreg.events.jekyll.problems import N_, Findings
from eventreg.events.jekyll.schedule import Schedule, day_of
from eventreg.events.jekyll.words import fold
from eventreg.shared import richtext

_SIGNING_UP = re.compile(
    r"inscri(?:ption|vez|re\b|s\b)|preinscri|s'enregistrer|billet(?!er)|reserve[rz]? (?:sa|votre|une|ma|vos) places?"
    r"|confirmer votre presence|creer (?:mon|son|votre) badge|get your pass"
    r"|\bregister\b|\bregistration\b|\bsign[ -]?up\b|\brsvp\b"
)
_OTHER_PURPOSE = re.compile(
    r"gazette|newsletter|lettre d'information|liste de diffusion|candidature|appels? a projets?"
    r"|dossiers?|proposer (?:un|une)|formulaires distincts"
)
_REQUIRED = re.compile(
    r"inscri\w{0,12}(?: (?!non\b|pas\b)\w+){0,3} obligatoire|obligatoire\w{0,2} (?:\w+ ){0,3}inscri"
    r"|indispensable de s'inscrire|necessaire de s'inscrire|sur inscription|inscription prealable"
    r"|inscri\w{0,12} (?:par (?:e-?mail|mail|courriel)|(?:aupres|a l'adresse) )"
    r"|registration (?:is )?(?:required|mandatory)|mandatory registration"
)
_NOT_NEEDED = re.compile(
    r"sans inscription|entree libre|(?:pas|aucun) besoin (?:de s'|d')inscri|aucune inscription"
    r"|inscription (?:non|pas|n'est pas) (?:obligatoire|necessaire|requise)|no registration"
)
_ASKING = re.compile(r"question|renseignement|information|probleme|difficulte|annul|desinscri")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TAKES_PART = re.compile(
    r"(?:je )?particip(?:er?|ez)(?: (?:a l'|a la |au )(?:evenement|journee|atelier|webinaire|rencontre|meetup|forum))?"
)
_OPEN_LATER = re.compile(
    r"inscription\w{0,2} (?:en ligne|a venir|ouverte|a partir du)|lien d'inscription"
    r"|ouverture des inscriptions"
)
_JOINS = re.compile(r"webinaire\.numerique\.gouv\.fr/.*/signin/|/meeting/signin|visio\.numerique")
_CLOCK = rf"(?:,? ?(?:a )?(?:(?P<noon>midi)|(?P<midnight>minuit)|{dates.HOUR.format('s')}))?"
_UNTIL = re.compile(
    rf"(?:jusqu'au|jusqu'a|avant le|au plus tard le|(?:date limite|clotur|fin des inscri)[^.\d]{{0,30}}?(?:le|:)) (?:le )?{dates.DAY}"
    rf"(?: inclus)?{_CLOCK}"
)
_FROM_TO = re.compile(
    rf"(?:du|a partir du) (?P<first>[^.;:]{{1,30}}?) (?:au|jusqu'au) {dates.DAY}(?: inclus)?{_CLOCK}"
)
_OPENING = re.compile(
    r"(?:a partir du|ouvertur\w{0,3} des inscriptions ?(?:le|au|:)|inscriptions? (?:en ligne )?ouvrir\w{2,3} le)"
    rf" (?:le )?{dates.DAY}{_CLOCK}"
)


@dataclass(frozen=True, slots=True)
class _Deadline:
    moment: Moment
    sentence: Sentence
    before: bool
    opens_at: date | None = None


def read(page: Page, schedule: Schedule, zone: ZoneInfo, findings: Findings) -> Registration:
    """What an event page says about signing up."""
    return _Reader(page, schedule, zone, findings).read()


class _Reader:
    def __init__(self, page: Page, schedule: Schedule, zone: ZoneInfo, findings: Findings) -> None:
        self.page = page
        self.schedule = schedule
        self.zone = zone
        self.findings = findings

    def read(self) -> Registration:
        links = self._links()
        required = self._required(links)
        deadline = self._deadline()
        found = Registration(
            mode="external"
            if links
            else "internal"
            if self._needs_signing_up(required)
            else "none",
            required=required,
            paid=paid(self.page),
            link=links[0].href if links else None,
            opens_at=self._opening(deadline),
            links=links,
        )
        if deadline is None:
            return found
        return replace(
            found,
            deadline=deadline.moment,
            deadline_source=deadline.sentence.place,
            deadline_text=deadline.sentence.text,
        )

    def _links(self) -> tuple[Link, ...]:
        found = [
            Link(field.value or field.label or "", field.link)
            for field in self.page.fields
            if field.link
            and _speaks(f"{field.label} {field.value}")
            and not _JOINS.search(field.link)
        ]
        found += [
            button.link
            for button in self.page.buttons
            if button.link.href
            and (_speaks(button.link.text) or _TAKES_PART.fullmatch(fold(button.link.text)))
            and not _JOINS.search(button.link.href)
        ]
        if not found:
            found = [
                Link(link.link.text, href)
                for link in self.page.links
                if _speaks(link.around)
                and (href := _web(link.link.href))
                and _is_sign_up(link.link.text, link.around)
            ]
        found = found or self._by_mail()
        distinct: dict[str, Link] = {}
        for link in found:
            distinct.setdefault((link.href or "").rstrip("/"), link)
        if len(distinct) > 1:
            self.findings.warn(
                None,
                "several-registrations",
                N_("The document gives several addresses to sign up: %(links)s."),
                links=" ; ".join(link.href or "" for link in distinct.values()),
            )
        return tuple(distinct.values())

    def _by_mail(self) -> list[Link]:
        """The one address of a sentence that says to sign up by e-mail."""
        for sentence in self._about_signing_up():
            written = set(_EMAIL.findall(sentence.text[:MAX_SENTENCE]))
            if len(written) == 1 and not _ASKING.search(sentence.folded):
                address = written.pop()
                if href := richtext.safe_href(f"mailto:{address}"):
                    return [Link(address, href)]
        return []

    def _required(self, links: tuple[Link, ...]) -> bool | None:
        texts = [sentence.folded for sentence in self.page.sentences]
        texts += [fold(f"{field.label} {field.value}") for field in self.page.fields]
        if any(_REQUIRED.search(text) for text in texts if not _OTHER_PURPOSE.search(text)):
            return True
        return None if links else False if self._free_entry() else None

    def _free_entry(self) -> bool:
        return any(_NOT_NEEDED.search(sentence.folded) for sentence in self.page.sentences)

    def _needs_signing_up(self, required: bool | None) -> bool:
        if required:
            return True
        announced = (f"{field.label} {field.value}" for field in self.page.fields)
        if any(_OPEN_LATER.search(fold(text)) for text in announced):
            return True
        return any(_speaks(button.link.text) for button in self.page.buttons)

    def _deadline(self) -> _Deadline | None:
        """The first deadline in the order of places; the others are told, not kept."""
        kept: _Deadline | None = None
        for sentence in self._about_signing_up():
            found = self._until(sentence)
            if found and kept is None:
                kept = found
                self._note(found)
            elif found and kept and day_of(found.moment) != day_of(kept.moment):
                self.findings.warn(
                    sentence.line,
                    "several-deadlines",
                    N_("Another deadline was not kept: “%(text)s”."),
                    text=sentence.text,
                )
                break
        return kept

    def _about_signing_up(self) -> list[Sentence]:
        """Field, line under a button, lead, body: in that order, never about a call for projects."""
        order = ("field", "button", "lead", "body")
        found = [
            sentence
            for sentence in self.page.sentences
            if _SIGNING_UP.search(sentence.folded)
            and not _OTHER_PURPOSE.search(sentence.folded)
            and "sur demande" not in sentence.folded
        ]
        return sorted(found, key=lambda sentence: order.index(sentence.place))

    def _until(self, sentence: Sentence) -> _Deadline | None:
        first: date | None = None
        match = _UNTIL.search(sentence.folded)
        if match is None and (match := _FROM_TO.search(sentence.folded)):
            opening = dates.days(match["first"], self._around())
            first = opening[0].day if opening else None
        if match is None:
            return None
        day = dates.read_day(match, self._around())
        if day is None:
            return None
        moment = self._not_after_the_event(day)
        before = match.group().startswith("avant le")
        if match["noon"]:
            return _Deadline(self._at(moment, time(12)), sentence, before, first)
        hours = None if match["sh"] is None else dates.read_time(match)
        if hours is None:
            return _Deadline(moment, sentence, before, first)
        return _Deadline(self._at(moment, hours), sentence, before, first)

    def _around(self) -> date | None:
        return self.schedule.last_day

    def _not_after_the_event(self, day: dates.FoundDay) -> date:
        """Without a year: the latest such day that is not after the event's end."""
        last = self.schedule.last_day
        if day.has_year or last is None or day.day <= last:
            return day.day
        try:
            return day.day.replace(year=day.day.year - 1)
        except ValueError:
            return day.day

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, tzinfo=self.zone)

    def _opening(self, deadline: _Deadline | None) -> Moment | None:
        if deadline and deadline.opens_at:
            return deadline.opens_at
        for sentence in self._about_signing_up():
            match = _OPENING.search(sentence.folded)
            if match and (day := dates.read_day(match, self._around())):
                opens = self._not_after_the_event(day)
                clock = dates.read_time(match) if match["sh"] else None
                return self._at(opens, clock) if clock else opens
        return None

    def _note(self, found: _Deadline) -> None:
        sentence = found.sentence
        if sentence.place in {"lead", "body"}:
            self.findings.warn(
                sentence.line,
                "deadline-read-from-text",
                N_("The deadline was read from the text: “%(text)s”. Check it."),
                text=sentence.text,
            )
        if found.before:
            self.findings.warn(
                sentence.line,
                "deadline-before",
                N_("“%(text)s”: that day was read as still included. Check it."),
                text=sentence.text,
            )
        last, day = self.schedule.last_day, day_of(found.moment)
        if last and day and day > last:
            self.findings.warn(
                sentence.line,
                "deadline-after-event",
                N_("The deadline is after the event: “%(text)s”."),
                text=sentence.text,
            )


def _speaks(text: str) -> bool:
    folded = fold(text)
    return _SIGNING_UP.search(folded) is not None and not _OTHER_PURPOSE.search(folded)


def _is_sign_up(text: str, around: str) -> bool:
    """A body link signs up when its own words say so, or its sentence has nothing else to offer."""
    return _speaks(text) or "formulaire" in fold(text + around)


def _web(href: str | None) -> str | None:
    found = richtext.safe_href(href or "")
    return found if found and not found.startswith("/") and not _JOINS.search(found) else None
