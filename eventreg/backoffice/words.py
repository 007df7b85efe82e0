"""Codes as organisers read them: English ids, translated where they are shown."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_date

from eventreg.eligibility import messages
from eventreg.eligibility.decisions import Outcome
from eventreg.registration import words as registration
from eventreg.registration.exports import OUTCOME_WORDS, SOURCE_WORDS, STATE_WORDS
from eventreg.shared.errors import N_
from eventreg.shared.i18n import NBSP, ngettext, say, show_time

# code: (words, kind of badge)
EVENT_STATES: Mapping[str, tuple[str, str]] = {
    "draft": (N_("Draft"), "new"),
    "published": (N_("Published"), "success"),
    "cancelled": (N_("Event cancelled"), "error"),
    "archived": (N_("Archived"), ""),
}
SIGNUP_STATES: Mapping[str, tuple[str, str]] = {
    "not_open": (N_("Sign-ups not open yet"), "info"),
    "open": (N_("Sign-ups open"), "success"),
    "waiting_list": (N_("Waiting list"), "warning"),
    "full": (N_("Full"), "warning"),
    "closed": (N_("Sign-ups closed"), ""),
    "external": (N_("Sign-ups on another site"), "info"),
    "none": (N_("No sign-ups"), ""),
}
BADGES: Mapping[str, str] = {
    "unconfirmed": "info",
    "pending": "new",
    "waiting": "info",
    "offered": "info",
    "confirmed": "success",
    "cancelled": "error",
    "rejected": "error",
    "expired": "",
}
MAIL_KINDS: Mapping[str, str] = {
    **registration.LETTERS,
    "organiser_sign_in": N_("Organiser sign-in"),
    "closing_recap": N_("Summary at closing"),
    "undecided": N_("Reminder of requests to decide"),
    "invitation_reminder": N_("Reminder of an invitation"),
    "invitation": N_("Invitation"),
    "access_needs": N_("Access needs, to their contact"),
}
MAIL_STATES: Mapping[str, tuple[str, str]] = {
    "queued": (N_("To be sent"), "info"),
    "sending": (N_("Being sent"), "info"),
    "sent": (N_("Sent"), "success"),
    "retrying": (N_("Failed, will be tried again"), "warning"),
    "failed": (N_("Not delivered"), "error"),
    "cancelled": (N_("Withdrawn"), ""),
}
ACTIONS: Mapping[str, str] = {
    "form_changed": N_("Form of the event changed"),
    "noted": N_("Answers of the organisers"),
    **registration.ACTS,
    "seats_released": N_("Reserved places released"),
    "invited": N_("Person invited"),
    "invitation_declined": N_("Invitation declined"),
    "invitation_withdrawn": N_("Invitation taken back"),
    "invitation_expired": N_("Invitation ended without an answer"),
    "drawn": N_("Draw among the requests"),
    "closed": N_("Sign-ups closed"),
    "document_imported": N_("Document imported"),
    "event_created": N_("Event created"),
    "event_changed": N_("Settings changed"),
    "file_added": N_("Picture or document added"),
    "file_changed": N_("Picture or document described"),
    "file_moved": N_("Pictures or documents put in another order"),
    "file_removed": N_("Picture or document removed"),
    "event_state": N_("Visibility changed"),
    "notice_made": N_("Change to be told to people signed up"),
    "people_told": N_("People signed up told of a change"),
    "export": N_("List exported"),
    "people_imported": N_("List of people imported"),
    "organiser_role": N_("Role given to an organiser"),
    "sign_in_link": N_("Sign-in link handed over"),
    "sign_in": N_("Organiser signed in"),
    "sign_out": N_("Organiser signed out"),
    "proconnect_linked": N_("ProConnect account linked to an organiser"),
    "list_imported": N_("List of addresses and domains imported"),
    "list_entry_added": N_("Address or domain added to a list"),
    "list_entry_removed": N_("Address or domain taken off a list"),
    "list_emptied": N_("List of addresses and domains emptied"),
    "policy_saved": N_("Conditions kept under a name"),
    "policy_deleted": N_("Kept conditions deleted"),
    "registry_file_loaded": N_("Registry of web sites replaced"),
    "registry_domain_decided": N_("Domain decided for every event"),
    "registry_domain_removed": N_("Decision about a domain withdrawn"),
}
ACTORS = registration.ACTORS
EXPORT_REASONS: Mapping[str, str] = {
    "welcome": N_("Welcome people at the event"),
    "badges": N_("Print badges"),
    "building_access": N_("Give names to the building's security"),
    "follow_up": N_("Write to people after the event"),
    "statistics": N_("Make statistics"),
    "other": N_("Another reason"),
}
EXPORT_FORMATS: Mapping[str, str] = {
    "csv": N_("CSV (opens in any spreadsheet)"),
    "xlsx": N_("XLSX (Excel)"),
    "ods": N_("ODS (LibreOffice)"),
    "json": N_("JSON (for programs)"),
}
AUDIENCES: Mapping[str, str] = {
    "anyone": N_("Everybody"),
    "public_agents": N_("Public agents"),
}
APPROVALS: Mapping[str, str] = {
    "none": N_("Nobody: a place left is enough"),
    "manual": N_("An organiser, for each person"),
}
GROUPS: Mapping[str, str] = {
    "whole": N_("It waits for more, and nobody overtakes it"),
    "skip": N_("A smaller group behind it may go first"),
}
MODES: Mapping[str, str] = {
    "internal": N_("On this site"),
    "external": N_("On another site"),
    "none": N_("No sign-up"),
}
SETTINGS: Mapping[str, str] = {
    "title": N_("Title"),
    "starts_at": N_("Start"),
    "ends_at": N_("End"),
    "timezone": N_("Time zone"),
    "venue": N_("Venue"),
    "address": N_("Postal address"),
    "online": N_("The event can be followed online"),
    "registration_mode": N_("Where do people sign up?"),
    "external_url": N_("Address of the other site"),
    "external_name": N_("Name of the other site"),
    "opens_at": N_("Opening of sign-ups"),
    "closes_at": N_("Sign-ups close"),
    "capacity": N_("Number of places"),
    "show_places": N_("The public sees how many places are left"),
    "closed_message": N_("Message once sign-ups are closed"),
    "closed_message_en": N_("The same message in English"),
    "closed_message_from": N_("Show this message from"),
    "audience": N_("Who may come?"),
    "audience_text": N_("Words about the audience"),
    "approval": N_("Who accepts the requests?"),
    "pending_holds_seat": N_("A request that awaits a decision holds a place"),
    "confirmation_hours": N_("Hours left to confirm an address"),
    "remind_days": N_("Days after which owners are reminded of requests nobody decided"),
    "waiting_list": N_("Keep a waiting list when the event is full"),
    "offer_hours": N_("Hours left to accept a place offered"),
    "offer_working_hours": N_("Count those hours on weekdays from 9:00 to 18:00 only"),
    "offers_after_closing": N_("Go on offering places after sign-ups have closed"),
    "groups": N_("When too few places are free for a group"),
    "modify_until": N_("People may change their answers until"),
    "cancel_until": N_("People may give their place back themselves until"),
    "reset_on_edit": N_("A confirmed person who changes an answer is decided on again"),
    "transfers": N_("A confirmed person may hand their place to a colleague"),
    "retention_days": N_("Days during which the list is kept after the event"),
    "contact_name": N_("Name of the contact"),
    "contact_email": N_("E-mail address of the contact"),
}
# Texts and lists, on a page of their own.
TEXTS: Mapping[str, str] = {
    "title": N_("Title"),
    "title_en": N_("Title in English"),
    "lead": N_("Introduction"),
    "lead_en": N_("Introduction in English"),
    "body": N_("Presentation"),
    "body_en": N_("Presentation in English"),
    "venue_en": N_("Venue in English"),
    "audience_text_en": N_("Words about the audience in English"),
    "categories": N_("Types of event"),
    "tags": N_("Keywords"),
    "info_fields": N_("Practical information"),
    "press_contacts": N_("Press contacts"),
}
# What a document brings beside the settings.
DOCUMENT_FACTS: Mapping[str, str] = {
    "kind": N_("Type of event"),
    "categories": N_("Type of event"),
    "tags": N_("Keywords"),
    "lead": N_("Introduction"),
    "lead_html": N_("Introduction"),
    "body": N_("Presentation"),
    "body_html": N_("Presentation"),
    "day_only": N_("Hours"),
    "postal_code": N_("Postal address"),
    "city": N_("Postal address"),
    "info_fields": N_("Practical information"),
    "images": N_("Pictures"),
    "files": N_("Documents"),
    "videos": N_("Videos"),
    "calls_to_action": N_("Buttons of the text"),
    "press_contacts": N_("Press contact"),
    "paid": N_("Price"),
    "programme": N_("Programme"),
    "policy": N_("Conditions of access"),
    "state": N_("Visibility"),
}


def state(code: str) -> str:
    """A registration's state."""
    return say(STATE_WORDS[code])


def outcome(code: str) -> str:
    """What the address alone said."""
    return say(OUTCOME_WORDS.get(code, code))


def source(code: str) -> str:
    """Where a registration comes from."""
    return say(SOURCE_WORDS.get(code, code))


def action(code: str) -> str:
    """What a trace says was done."""
    return say(ACTIONS.get(code, code))


def mail_kind(code: str) -> str:
    """What a letter is about."""
    return say(MAIL_KINDS.get(code, code))


def setting(key: str) -> str:
    """The name of a setting, or of what a document says."""
    return say(SETTINGS.get(key) or TEXTS.get(key) or DOCUMENT_FACTS.get(key, key))


def changes(keys: Iterable[str]) -> str:
    """What changed, each thing once: « Début, Présentation »."""
    return ", ".join(dict.fromkeys(setting(key) for key in keys))


def actor(code: str, names: Mapping[str, str]) -> str:
    """Who did it: a name for organisers, a word for the others."""
    return names.get(code) or say(ACTORS.get(code, N_("A former organiser")))


def badge(table: Mapping[str, tuple[str, str]], code: str) -> tuple[str, str]:
    """(words, kind) of a state."""
    words, kind = table.get(code, (code, ""))
    return say(words), kind


def eligibility(registration: Any) -> str:
    """Why the service judged the address as it did; empty when there is nothing to explain."""
    if registration.eligibility_reason == "organiser_decision":
        return say(N_("An organiser added this person."))
    if registration.eligibility_rule == "event.exception":
        return say(N_("The address alone was refused; this person asks for an exception."))
    try:
        known = Outcome(registration.eligibility_outcome)
    except ValueError:
        return ""
    if known is Outcome.ELIGIBLE and registration.eligibility_reason not in messages.REASONS:
        return ""
    sentence = messages.sentence(registration.eligibility_reason, known)
    domain = registration.email_key.rpartition("@")[2]
    return say(
        sentence, {"domain": domain, "organisation": registration.eligibility_body or domain}
    )


def export_details(details: Mapping[str, Any]) -> str:
    """What a traced export was: « CSV, 120 people, Print badges »."""
    count = int(details.get("count", 0))
    people = ngettext("%(num)s person", "%(num)s people", count)
    reason = EXPORT_REASONS.get(str(details.get("reason")), "")
    parts = [str(details.get("format", "")).upper(), people, say(reason) if reason else ""]
    return ", ".join(part for part in parts if part)


def week(monday: date) -> str:
    """A week under a bar: « 14/09 »."""
    return str(format_date(monday, "dd/MM"))


def day(value: datetime, zone: str) -> str:
    """A day in a table: « 2 déc. 2026 »."""
    local = value.astimezone(ZoneInfo(zone)).date()
    return str(format_date(local, "d MMM yyyy")).replace(" ", NBSP)


def moment(value: datetime, zone: str) -> str:
    """A moment in a table, to the minute: « 2 déc. 2026, 18 h 05 »."""
    return f"{day(value, zone)}, {show_time(value.replace(second=0, microsecond=0), zone)}"


def choices(table: Mapping[str, str]) -> list[tuple[str, str]]:
    """(code, words) for a field."""
    return [(code, say(words)) for code, words in table.items()]


def template_words() -> dict[str, object]:
    """The functions above for templates, under the name `words`."""
    return {
        "words": {
            "state": state,
            "outcome": outcome,
            "source": source,
            "action": action,
            "mail_kind": mail_kind,
            "setting": setting,
            "changes": changes,
            "week": week,
            "day": day,
            "moment": moment,
            "audience": lambda code: say(AUDIENCES.get(code, code)),
            "export_details": export_details,
            "actor": actor,
            "event_state": lambda code: badge(EVENT_STATES, code),
            "signup_state": lambda code: badge(SIGNUP_STATES, code),
            "mail_state": lambda code: badge(MAIL_STATES, code),
            "badge_kind": lambda code: BADGES.get(code, ""),
        }
    }
