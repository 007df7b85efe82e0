"""Who may do what, how long a link and a session live."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

LINK_LIFE = timedelta(minutes=10)  # mailed; security.md, C
PRINTED_LINK_LIFE = timedelta(minutes=60)  # handed over by the operator
IDLE = timedelta(hours=2)
ABSOLUTE = timedelta(hours=12)
RECENT = timedelta(hours=2)  # a sensitive act wants a sign-in younger than this
TOUCH = timedelta(minutes=1)  # the last-seen instant is written at most this often
MAILS_PER_HOUR = 3  # reliability goals, R44
MAILS_PER_DAY = 10


class Role(StrEnum):
    """What an account may do on one event, or on all; see RIGHTS."""

    OWNER = "owner"
    READER = "reader"


class Action(StrEnum):
    """What an organiser page does; each view names one."""

    ENTER = "enter"  # own account and the list of one's events
    LOOK = "look"
    EDIT = "edit"
    PUBLISH = "publish"
    DECIDE = "decide"
    ADD = "add"
    EXPORT = "export"
    CREATE = "create"


RIGHTS: Mapping[Role, frozenset[Action]] = {
    Role.OWNER: frozenset(Action),
    Role.READER: frozenset({Action.ENTER, Action.LOOK}),
}


def can(role: Role | None, action: Action) -> bool:
    """Whether `role` allows `action`; no role, no right beyond one's own account."""
    return action in (RIGHTS[role] if role else {Action.ENTER})


@dataclass(frozen=True, kw_only=True)
class Account:
    """A signed-in organiser. `roles` maps an event's id, or None for all events, to a role."""

    id: int
    name: str
    email: str
    locale: str
    session_id: int
    signed_in_at: datetime
    roles: Mapping[int | None, Role] = field(default_factory=dict)

    @property
    def actor(self) -> str:
        """How the audit trail names this person."""
        return f"organiser:{self.id}"

    @property
    def everywhere(self) -> bool:
        """Holds a role on all events, those to come included."""
        return None in self.roles

    @property
    def event_ids(self) -> tuple[int, ...]:
        """Events on which this person holds a role of their own."""
        return tuple(sorted(key for key in self.roles if key is not None))

    def role_on(self, event_id: int | None) -> Role | None:
        """The stronger of the role on the event and the role on all events."""
        held = {self.roles.get(event_id), self.roles.get(None)} - {None}
        return Role.OWNER if Role.OWNER in held else (held.pop() if held else None)


def is_alive(
    *, created_at: datetime, seen_at: datetime, ended_at: datetime | None, now: datetime
) -> bool:
    """True while a session is neither ended, nor idle for 2 h, nor 12 h old."""
    return ended_at is None and now < seen_at + IDLE and now < created_at + ABSOLUTE


def is_recent(signed_in_at: datetime, *, now: datetime) -> bool:
    """True while a sign-in is young enough for a sensitive act."""
    return now < signed_in_at + RECENT


def may_mail(*, last_hour: int, last_day: int) -> bool:
    """Whether one more sign-in link may be mailed to an address."""
    return last_hour < MAILS_PER_HOUR and last_day < MAILS_PER_DAY


def browser_name(user_agent: str) -> str:
    """A browser as its owner recognises it (« Firefox, Linux »), nothing finer."""
    browsers = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    found = [
        next((name for mark, name in table if mark in user_agent), "")
        for table in (browsers, systems)
    ]
    return ", ".join(name for name in found if name)
