"""What the public pages say of an event's sign-ups, in the reader's language."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from eventreg.agenda import rules
from eventreg.agenda.rules import Phase
from eventreg.events.jekyll.kinds import KINDS, OTHER, kind_of
from eventreg.events.rules import Planned, meant_for, move_of
from eventreg.registration.rules import SignupFacts, SignupState, signup_state
from eventreg.shared.i18n import (
    current_locale,
    day_range,
    deadline,
    ngettext,
    show_date,
    show_instant,
    time_range,
)
from eventreg.shared.i18n import gettext as _

Badge = tuple[str, str]
Fact = tuple[str, str, str]
KIND_COLOUR = "blue-cumulus"


@dataclass(frozen=True)
class CallBox:
    """The box beside an event: what may be done now, until when, and why not otherwise.

    `target` is "here" (our form), "elsewhere" (another site) or empty; `refusal` a code of the
    contract when the box says no.
    """

    state: SignupState
    title: str
    lines: list[str]
    target: str = ""
    action: str = ""
    short: str = ""
    refusal: str = ""


def badges(
    facts: SignupFacts, kind: str, *, phase: Phase, over: datetime | None, now: datetime
) -> list[Badge]:
    """The kind, then one word on what a visitor may do."""
    shown = [(_kind(kind), KIND_COLOUR)] if kind else []
    return [*shown, *_state_badge(facts, phase, over, now)]


def _kind(written: str) -> str:
    """As the organisers wrote it; to readers of other languages, by its word in the small list."""
    known = kind_of(written)
    if current_locale() == "fr":
        return written
    return (
        Markup('<span lang="fr">{}</span>').format(written) if known == OTHER else _(KINDS[known])
    )


def _state_badge(
    facts: SignupFacts, phase: Phase, over: datetime | None, now: datetime
) -> list[Badge]:
    if facts.event_state == "cancelled":
        return [(_("Cancelled"), "error")]
    if facts.event_state == "archived":
        return [(_("Archived"), "")]
    if phase is Phase.PAST:
        return [(_("Over"), "")]
    state = signup_state(facts, now)
    if state is SignupState.OPEN and rules.few_left(facts):
        return [(places(facts), "warning")]
    if state is SignupState.EXTERNAL:
        still = rules.takes_sign_ups(facts, over, now)
        return [(_("Sign-up on another site"), "info")] if still else []
    word = {
        SignupState.OPEN: (_("Sign-ups open"), "success"),
        SignupState.WAITING_LIST: (_("Waiting list"), "warning"),
        SignupState.NOT_OPEN: (_("Sign-ups open soon"), "info"),
        SignupState.FULL: (_("Full"), "error"),
        SignupState.CLOSED: (_("Sign-ups closed"), ""),
    }.get(state)
    return [word] if word else []


def places(facts: SignupFacts) -> str:
    """« 4 places restantes », « Complet », or nothing: no limit, or a number kept to the team."""
    left = facts.places_left
    if left == 0:
        return _("Full")
    if left is None or not facts.show_places:
        return ""
    return str(ngettext("%(num)s place left", "%(num)s places left", left))


def call_box(
    facts: SignupFacts, *, phase: Phase, over: datetime | None, now: datetime, name: str = ""
) -> CallBox:
    """What the box says now; every instant in it carries its zone. `name`: of the other site."""
    state = signup_state(facts, now)
    if facts.event_state == "cancelled":
        lines = [_("This event is cancelled: nobody can sign up any more.")]
        return CallBox(state, _("Event cancelled"), lines, refusal="closed")
    if state is SignupState.EXTERNAL:
        return _external(facts, name, phase, over, now)
    writer = {
        SignupState.OPEN: _open,
        SignupState.WAITING_LIST: _waiting_list,
        SignupState.NOT_OPEN: _not_open,
        SignupState.FULL: _full,
        SignupState.CLOSED: _closed,
    }.get(state, _none)
    return writer(facts, state, phase)


def _until(facts: SignupFacts) -> str:
    if facts.closing is None:
        return ""
    return _("Sign-ups until %(when)s", when=deadline(facts.closing, facts.timezone))


def _open(facts: SignupFacts, state: SignupState, _phase: Phase) -> CallBox:
    left = places(facts)
    if left and facts.capacity:
        line = _("%(places)s (out of %(capacity)s)", places=left, capacity=facts.capacity)
    else:
        line = ""
    return CallBox(
        state,
        _("Sign up for the event"),
        [text for text in (line, f"{_until(facts)}.") if text],
        target="here",
        action=_("Sign up"),
        short=left or _("Sign-ups open"),
    )


def _waiting_list(facts: SignupFacts, state: SignupState, _phase: Phase) -> CallBox:
    lines = [
        _("All places are taken. Places given back are offered in the order of a waiting list.")
    ]
    if facts.closing:
        when = deadline(facts.closing, facts.timezone)
        lines.append(_("You may join it until %(when)s.", when=when))
    return CallBox(
        state,
        _("Full: waiting list open"),
        lines,
        target="here",
        action=_("Join the waiting list"),
        short=_("Full"),
    )


def _not_open(facts: SignupFacts, state: SignupState, _phase: Phase) -> CallBox:
    lines = [f"{_until(facts)}."] if facts.closing else []
    if facts.opens_at:
        when = show_instant(facts.opens_at, facts.timezone, with_zone=True)
        lines.insert(0, _("Sign-ups will open on %(when)s.", when=when))
    return CallBox(state, _("Sign-ups are not open yet"), lines, refusal="not_open")


def _full(facts: SignupFacts, state: SignupState, _phase: Phase) -> CallBox:
    lines = [_("All places are taken.")]
    if facts.closing:
        when = deadline(facts.closing, facts.timezone)
        lines.append(_("A place may become free: look again here before %(when)s.", when=when))
    return CallBox(state, _("Full"), lines, refusal="full")


def _closed(facts: SignupFacts, state: SignupState, phase: Phase) -> CallBox:
    lines = [_("This event is over.")] if phase is Phase.PAST else []
    lines.append(closed_since(facts))
    return CallBox(state, _("Sign-ups are closed"), lines, refusal="closed")


def closed_since(facts: SignupFacts) -> str:
    """« Les inscriptions sont closes depuis le … »."""
    if facts.closing is None:
        return _("Sign-ups are closed.")
    when = deadline(facts.closing, facts.timezone)
    return _("Sign-ups have been closed since %(when)s.", when=when)


def _none(_facts: SignupFacts, state: SignupState, phase: Phase) -> CallBox:
    if phase is Phase.PAST:
        return CallBox(state, _("Event over"), [_("This event is over.")])
    return CallBox(state, _("Taking part"), [_("No sign-up is asked on this site.")])


def _external(
    facts: SignupFacts, name: str, phase: Phase, over: datetime | None, now: datetime
) -> CallBox:
    state = SignupState.EXTERNAL
    host = name or rules.host_of(rules.web_link(facts.external_url))
    if rules.takes_sign_ups(facts, over, now):
        lines = [_("You sign up on another site: %(host)s.", host=host)]
        if facts.closes_at:
            lines.append(f"{_until(facts)}.")
        action = _("Sign up on %(host)s", host=host)
        title = _("Sign up for the event")
        return CallBox(state, title, lines, "elsewhere", action, _("On another site"))
    if phase is Phase.PAST:
        return CallBox(state, _("Event over"), [_("This event is over.")])
    if facts.opens_at and now < facts.opens_at:
        return _not_open(facts, state, phase)
    if facts.closes_at and facts.closes_at <= now:
        lines = [closed_since(facts)]
        return CallBox(state, _("Sign-ups are closed"), lines, refusal="closed")
    lines = [_("The address of the sign-up page will be given here.")]
    return CallBox(state, _("Taking part"), lines)


@dataclass(frozen=True)
class Moved:
    """What changed of a plan: a title, then (what, now, before) for each part."""

    title: str
    lines: list[tuple[str, str, str]]


def moved(before: Planned, after: Planned) -> Moved | None:
    """The move in words; None when nothing of it is left to tell."""
    move = move_of(before, after)
    lines = []
    if move.day or move.hours:
        label = _("New date") if move.day else _("New hours")
        lines.append((label, _capital(_span(after)), _span(before)))
    if move.place:
        lines.append((_("New place"), _place(after), _place(before)))
    if not lines:
        return None
    titles = {
        (True, False, False): _("the date has changed"),
        (True, False, True): _("the date and the place have changed"),
        (False, True, False): _("the hours have changed"),
        (False, True, True): _("the hours and the place have changed"),
        (False, False, True): _("the place has changed"),
    }
    return Moved(titles[move.day, move.hours, move.place], lines)


def _span(plan: Planned) -> str:
    if plan.starts_at is None:
        return _("date not stated")
    text = day_range(plan.starts_at, plan.ends_at, plan.timezone, hours=not plan.day_only)
    known = plan.day_only or plan.timezone == "Europe/Paris"
    return text if known else deadline_zone(text, plan.timezone)


def _place(plan: Planned) -> str:
    parts = [part for part in (plan.place, _("Online") if plan.online else "") if part]
    return ", ".join(parts) or _("place not stated")


def facts_of(event: Any) -> list[Fact]:
    """(icon, first line, second line): when, where, for whom and at what price."""
    return [fact for fact in (_when(event), _where(event), _for_whom(event)) if fact]


def _when(event: Any) -> Fact:
    icon = "fr-icon-calendar-event-line"
    first = day_range(event.starts_at, event.ends_at, event.timezone, hours=False)
    hours = ""
    if event.starts_at and not event.day_only:
        zone = ZoneInfo(event.timezone)
        last = event.ends_at or event.starts_at
        if event.starts_at.astimezone(zone).date() == last.astimezone(zone).date():
            hours = time_range(event.starts_at, event.ends_at, event.timezone)
            if event.timezone != "Europe/Paris":
                hours = deadline_zone(hours, event.timezone)
        else:
            hours = opening_hours(event)
    return icon, _capital(first), hours


def day_label(day: date | None) -> str:
    """The heading of a day of the programme: « Mardi 12 janvier 2027 »."""
    return _capital(show_date(day)) if day else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def opening_hours(event: Any) -> str:
    """Of several days: when the first begins and the last ends."""
    start = show_date(event.starts_at, event.timezone)
    end = show_date(event.ends_at, event.timezone)
    return _(
        "from %(start)s, %(opening)s to %(end)s, %(closing)s",
        start=start,
        opening=time_range(event.starts_at, None, event.timezone),
        end=end,
        closing=time_range(event.ends_at, None, event.timezone),
    )


def deadline_zone(hours: str, zone: str) -> str:
    """Hours with the zone that they are read in, where it is not the readers' own."""
    return _("%(hours)s (time zone %(zone)s)", hours=hours, zone=zone)


def place_of(event: Any) -> str:
    """« Cité des sciences, Paris et en ligne », as short as it can be said."""
    english = current_locale() != "fr" and event.venue_en
    venue = (english or event.venue).strip()
    city = event.city.strip()
    parts = [venue] if venue else []
    if city and city.casefold() not in venue.casefold():
        parts.append(city)
    there = ", ".join(parts)
    if event.online and there.casefold() == "en ligne":
        return _("Online")
    if not event.online or "en ligne" in there.casefold():
        return there
    return _("%(place)s and online", place=there) if there else _("Online")


def _where(event: Any) -> Fact | None:
    first = place_of(event)
    address = event.address.strip()
    if not first and not address:
        return None
    return ("fr-icon-map-pin-2-line", first or address, address if first else "")


def _for_whom(event: Any) -> Fact:
    first = {
        "public_agents": _("For public agents only"),
        "chosen": _("For people whom the organisers invite or expect"),
    }.get(meant_for(event.audience, event.policy), _("Open to all"))
    price = {True: _("Paid entry"), False: _("Free of charge")}.get(event.paid, "")
    english = current_locale() != "fr" and event.audience_text_en
    said = {str(field.get("value") or "").strip() for field in event.info_fields}
    text = "" if event.audience_text.strip() in said else event.audience_text  # once is enough
    parts = (english or text, price)
    return ("fr-icon-team-line", first, " – ".join(part for part in parts if part))
