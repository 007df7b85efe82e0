"""The acts of a walk, played on the engine as its doors do, then told to the model."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from eventreg.events import services as event_services
from eventreg.events.models import Event, Pool
from eventreg.events.rules import SignupState
from eventreg.mailing.models import OutboxMessage
from eventreg.registration import errors, queries, rules, services
from eventreg.registration.models import Invitation, Registration
from eventreg.registration.queries import invitations as invitation_queries
from eventreg.registration.rules import Pass
from eventreg.registration.services import (
    Applicant,
    Wishes,
    editing,
    handover,
    invitations,
    line_acts,
    proposals,
    returning,
    terms,
    waiting_list,
)
from eventreg.registration.services.editing import IDENTITY, Edit
from eventreg.registration.services.invitations import Guest, Terms
from eventreg.shared import clock
from eventreg.shared.addresses import canonical
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import DomainError
from tests.reliability.expected import Expected
from tests.reliability.model import Row

Command = tuple[Any, ...]
WHY, BY = "Essai", "organiser:1"
TRIES = 3


@contextmanager
def stopped_after_commit() -> Iterator[None]:
    """The process stops right after its commit: nobody in line is served."""
    known = waiting_list._serve_quietly
    setattr(waiting_list, "_serve_quietly", lambda _event_id: 0)  # noqa: B010 - mypy: a method
    try:
        yield
    finally:
        setattr(waiting_list, "_serve_quietly", known)  # noqa: B010


class Player:
    """One event of the engine beside its model."""

    def __init__(self, world: Expected, slug: str, **values: Any) -> None:
        self.world, self.slug = world, slug
        self.ids: list[int] = []
        self.keys = 0
        own = world.capacity[""]
        with transaction() as session:
            event = event_services.create(
                slug,
                title="Essai",
                actor="operator",
                now=world.now,
                starts_at=world.starts_at,
                capacity=own,
                confirmation_hours=world.hours,
                approval="manual" if world.manual else "none",
                pending_holds_seat=world.pending_holds,
                waiting_list=world.lists[""],
                groups=world.groups,
                offers_after_closing=world.after_closing,
                reset_on_edit=world.reset,
                form_version=int(len(world.capacity) > 1),
                **values,
            )
            event.state, event.published_at = "published", world.now
            for key in sorted(set(world.capacity) - {""}):
                listed = {"kind": "workshop", "key": key, "waiting_list": world.lists[key]}
                seats = {"capacity": world.capacity[key], "taken": 0}
                session.add(Pool(event_id=event.id, label=key, **listed, **seats))
        self.event_id = event.id

    def play(self, command: Command) -> None:
        """Raises Surprise when the engine answers what the model does not expect."""
        getattr(self, command[0])(*command[1:])

    # ------------------------------------------------------------ help

    def _row(self, name: str) -> Row | None:
        return self.world.last(name)

    def _locked(self, row: Row) -> Registration:
        found = queries.by_key(self.ids[row.number], lock=True)
        assert found is not None
        return found

    def _act(self, row: Row, what: Callable[[Registration], Any]) -> str:
        def act() -> Any:
            return what(self._locked(row))

        return self._try(act)

    def _try(self, act: Callable[[], Any]) -> str:
        try:
            with transaction():
                answer = act()
        except DomainError as refusal:
            return type(refusal).__name__
        return str(answer)

    def _page(self) -> queries.SignupPage:
        page = queries.signup_page(self.slug)
        assert page is not None
        return page

    # ------------------------------------------------------------ people

    def sign_up(self, name: str, party: int, pools: dict[str, int], pass_: str = "") -> None:
        allowed = self._invited(name, pass_) if pass_ else None
        if pass_ and allowed is None:
            return
        form_version = int(len(self.world.capacity) > 1)
        wishes = Wishes(pools=pools, companions=party - 1, form_version=form_version)
        try:
            answer = self._register(name, wishes, allowed)
            seen = "again" if answer.registration_id is None else answer.state
        except DomainError as refusal:
            answer, seen = None, type(refusal).__name__
        if answer is not None and answer.registration_id is not None:
            self.ids.append(answer.registration_id)
        self.world.sign_up(name, party, pools, str(seen), pass_=pass_)
        if allowed is not None and (answer is None or answer.registration_id is None):
            self._withdraw_invitation(allowed)

    def _register(self, name: str, wishes: Wishes, allowed: Pass | None) -> services.Answer:
        """What the form's door does: the places, else the line where one is kept."""
        self.keys += 1
        applicant = Applicant.from_text(f"{name}@example.org", name.title(), "Martin")
        in_line = None
        for _ in range(TRIES):
            page = self._page()
            page = replace(page, facts=terms.of(page.facts, "", allowed))
            if in_line is None:
                state = rules.signup_state(page.facts, clock.utc_now())
                in_line = state is SignupState.WAITING_LIST
            prepared = services.prepare(
                page, applicant, locale="fr", wishes=wishes, in_line=in_line, allowed=allowed
            )
            try:
                with transaction():
                    return services.register(prepared, key=f"{self.slug}-{self.keys}", payload={})
            except errors.Full:
                if in_line or not services.keeps_line(prepared):
                    raise
                in_line = True
            except errors.NotPossible:
                in_line = None
        raise errors.NotPossible

    def _invited(self, name: str, pass_: str) -> Pass | None:
        wanted = Terms(
            skips_deadline=pass_ == "late", beyond_capacity=pass_ == "beyond", reason=WHY
        )
        guest = Guest(canonical(f"{name}@example.org"), name.title(), "Martin")
        try:
            with transaction():
                event = event_services.locked(self.slug)
                if invitations.invite(event, [guest], wanted, actor=BY).invited == 0:
                    return None
        except DomainError:
            return None  # the event has begun
        query = select(Invitation).where(Invitation.event_id == self.event_id)
        found = db.session.execute(query.order_by(Invitation.id.desc()).limit(1)).scalar_one()
        return invitation_queries.as_pass(found)

    def _withdraw_invitation(self, allowed: Pass) -> None:
        with transaction():
            found = invitation_queries.by_public_id(allowed.public_id, lock=True)
            assert found is not None
            invitations.withdraw(found, actor=BY)

    def confirm(self, name: str) -> None:
        if row := self._row(name):
            self.world.confirm(row, self._act(row, services.confirm))

    def cancel(self, name: str, served: bool = True) -> None:
        if row := self._row(name):
            if served:
                seen = self._act(row, lambda found: services.cancel(found, actor="registrant"))
            else:
                with stopped_after_commit():
                    seen = self._act(row, lambda found: services.cancel(found, actor="registrant"))
            self.world.cancel(row, seen, by_person=True, served=served)

    def restore(self, name: str) -> None:
        if row := self._row(name):
            self.world.restore(row, self._back(row, returning.restore))

    def come_back(self, name: str) -> None:
        if row := self._row(name):
            self.world.come_back(row, self._back(row, returning.come_back))

    def _back(self, row: Row, how: Callable[..., Any]) -> str:
        seen = self._act(row, how)
        if seen != "Full":
            return seen

        def in_line(found: Registration) -> Any:
            if not returning.may_wait(found, queries.signup_facts_of(self.event_id)):
                raise errors.Full
            return how(found, in_line=True)

        return self._act(row, in_line)

    def change(self, name: str, party: int, pools: dict[str, int]) -> None:
        if row := self._row(name):
            version = int(len(self.world.capacity) > 1)
            wishes = Wishes(pools=pools, companions=party - 1, form_version=version)

            def write(found: Registration) -> Any:
                same = {key: getattr(found, key) for key in IDENTITY}
                return editing.modify(found, Edit(same, editing.mark(found), wishes))

            self.world.change(row, party, pools, self._act(row, write))

    def hand_over(self, name: str, to: str) -> None:
        row = self._row(name)
        if row is None or to == name:
            return
        colleague = Applicant.from_text(f"{to}@example.org", to.title(), "Martin")

        def both(found: Registration) -> str:
            made = handover.offer(found, colleague)
            proposal, registration = proposals.held(made.public_id, made.nonce, "take")
            self.ids.append(handover.accept(proposal, registration).id)
            return "taken"

        seen = self._act(row, both)
        if seen == "TooManyProposals":
            return
        self.world.hand_over(row, to, seen)

    # ------------------------------------------------------------ organisers

    def take_back(self, name: str) -> None:
        if row := self._row(name):
            seen = self._act(row, lambda one: services.take_back(one, reason=WHY, actor=BY))
            self.world.cancel(row, seen, by_person=False)

    def decide(self, name: str, accept: bool) -> None:
        if row := self._row(name):
            how = {"accept": accept, "reason": WHY, "actor": BY}
            seen = self._act(row, lambda found: services.decide(found, **how))
            self.world.decide(row, seen, accept=accept)

    def add(self, name: str, over: bool) -> None:
        applicant = Applicant.from_text(f"{name}@example.org", name.title(), "Martin")

        def add() -> str:
            event = event_services.locked(self.slug)
            how = {"reason": WHY, "actor": BY, "locale": "fr", "over_capacity": over}
            made = services.add_by_hand(event, applicant, **how)
            self.made = made.id
            return str(made.state)

        seen = self._try(add)
        if seen == "confirmed":
            self.ids.append(self.made)
        self.world.add(name, seen, over=over)

    def move(self, name: str, before: str | None) -> None:
        row, other = self._row(name), self._row(before) if before else None
        if row is None or (before and other is None):
            return

        def move() -> str:
            people = [one for one in (row, other) if one is not None]
            locked = {one.number: self._locked(one) for one in sorted(people, key=_number)}
            target = locked[other.number] if other else None
            services.reorder(locked[row.number], before=target, reason=WHY, actor=BY)
            return "moved"

        self.world.move(row, other, self._try(move))

    def offer_now(self, name: str) -> None:
        if row := self._row(name):
            self.world.offer_now(row, self._of_line(row, line_acts.offer_now))

    def withdraw(self, name: str) -> None:
        if row := self._row(name):
            self.world.withdraw(row, self._of_line(row, line_acts.withdraw))

    def _of_line(self, row: Row, act: Callable[..., Any]) -> str:
        def on(found: Registration) -> Any:
            how = {"reason": WHY, "actor": BY, "version": found.version}
            return act(self.event_id, found.public_id, **how)

        return self._act(row, on)

    def resize(self, pool: str, capacity: int | None) -> None:
        with transaction() as session:
            event = event_services.locked(self.slug)
            if pool:
                wanted = (Pool.event_id == self.event_id, Pool.key == pool)
                session.execute(update(Pool).where(*wanted).values(capacity=capacity))
                event_services.touch(event, clock.utc_now())
            else:
                self._set(event, capacity=capacity)
        waiting_list.serve_now(self.event_id)
        self.world.capacity[pool] = capacity
        self.world.serve()

    def close(self, at: datetime | None) -> None:
        with transaction():
            self._set(event_services.locked(self.slug), closes_at=at)
        waiting_list.serve_now(self.event_id)
        self.world.closes_at = at
        self.world.serve()

    def _set(self, event: Event, **values: Any) -> None:
        event_services.change(event, values, actor="operator", now=clock.utc_now(), tell=False)

    def deliver(self) -> None:
        with transaction() as session:
            wanted = (OutboxMessage.event_id == self.event_id, OutboxMessage.sent_at.is_(None))
            sent = {"state": "sent", "sent_at": clock.utc_now()}
            session.execute(update(OutboxMessage).where(*wanted).values(**sent))
        self.world.deliver()

    # ------------------------------------------------------------ what is stored

    def faults(
        self, found: Sequence[Any], letters: Sequence[Any], pools: Sequence[Any]
    ) -> list[str]:
        """What differs between the rows of this event and the model."""
        stored = {row.id: row for row in found}
        owed: dict[int, list[str]] = {key: [] for key in stored}
        for letter in letters:
            owed[letter.registration_id].append(letter.kind)
        wrong = []
        for row, key in zip(self.world.rows, self.ids, strict=True):
            has = stored.pop(key)
            seats = row.party if row.held else 0
            if (has.state, has.seats) != (row.state, seats):
                wrong.append(
                    f"{row.name}: {has.state} with {has.seats} seats, not {row.state} with {seats}"
                )
            if sorted(owed[key]) != sorted(row.letters):
                wrong.append(f"{row.name}: letters {owed[key]}, not {row.letters}")
        wrong += [f"registration {key} is nobody's" for key in stored]
        for pool in pools:
            taken, capacity = self.world.taken(pool.key), self.world.capacity[pool.key]
            if (pool.taken, pool.capacity) != (taken, capacity):
                wrong.append(
                    f"pool {pool.key!r}: {pool.taken} of {pool.capacity}, not {taken} of {capacity}"
                )
        expected = [self.ids[row.number] for row in self.world.line()]
        ranked = sorted(
            (r for r in found if r.state == "waiting"), key=lambda r: (r.queue_rank, r.id)
        )
        if [r.id for r in ranked] != expected:
            wrong.append(f"line {[r.id for r in ranked]}, not {expected}")
        return wrong


def _number(row: Row) -> int:
    return row.number
