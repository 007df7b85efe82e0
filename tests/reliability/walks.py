"""Random walks: many events side by side, one step each, then the oracle over all of them.

Steps are drawn from a seed and from the model alone, so that a walk can be played again by
itself, step by step, and made shorter as long as it still fails. Side by side because the oracle
reads the whole database: once a round instead of once a step is what makes it cheap. (Hypothesis'
state machines play one example after the other: thirty times as many readings of the oracle.)
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app
from sqlalchemy import delete, select

from eventreg.audit.models import AuditEntry
from eventreg.events.models import Event, Pool
from eventreg.mailing.models import OutboxMessage
from eventreg.operations.invariants import all_findings
from eventreg.registration import services
from eventreg.registration.models import (
    Closing,
    Invitation,
    PoolSeats,
    Proposal,
    Receipt,
    Registration,
)
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from tests.conftest import NOW
from tests.reliability.acts import Command, Player
from tests.reliability.expected import Expected
from tests.reliability.model import OWN

NAMES = ("anne", "bea", "chloe", "dan", "eve", "farid", "gaia", "hugo")
POOLS = ("atelier", "repas")
PAUSES = (2, 60, 600, 2 * 3600, 9 * 3600, 25 * 3600)  # seconds
LAST = timedelta(days=20)
SHRINKING = 30.0  # seconds
Job = Callable[[datetime], Any]
JOBS: tuple[Job, ...] = (services.expire_due, services.close_due)  # the first serves the lists too


def draw_world(rng: random.Random, *, at: datetime) -> Expected:
    """The settings of one event."""
    capacity: dict[str, int | None] = {OWN: rng.choice((0, 1, 2, 3, 5))}
    if rng.random() < 0.5:
        for pool in POOLS:
            capacity[pool] = rng.choice((0, 1, 2, 3))
    return Expected(
        now=at,
        starts_at=at + LAST,
        capacity=capacity,
        lists={pool: rng.random() < 0.8 for pool in capacity},
        hours=rng.choice((0.0, 24.0)),
        manual=rng.random() < 0.3,
        pending_holds=rng.random() < 0.5,
        groups=rng.choice(("whole", "skip")),
        after_closing=rng.random() < 0.3,
        reset=rng.random() < 0.3,
    )


def draw(rng: random.Random, world: Expected) -> Command:
    """The next act: more often one that means something now."""
    name = rng.choice(NAMES)
    party = rng.choice((1, 1, 1, 2, 3))
    pools = {pool: rng.choice((1, 1, party)) for pool in world.capacity if pool}
    pools = {pool: seats for pool, seats in pools.items() if rng.random() < 0.5}
    kind = rng.choices(
        ("sign_up", "invited", "someone", "settings", "deliver", "add"),
        weights=(26, 5, 50, 13, 4, 2),
    )[0]
    if kind == "someone" and world.rows:
        return _someone(rng, world, party, pools)
    if kind == "settings":
        return _settings(rng, world)
    passes = rng.choice(("plain", "late", "beyond"))
    steps: dict[str, Command] = {
        "invited": ("sign_up", name, party, pools, passes),
        "add": ("add", name, rng.random() < 0.5),
        "deliver": ("deliver",),
    }
    return steps.get(kind, ("sign_up", name, party, pools))


def _settings(rng: random.Random, world: Expected) -> Command:
    if rng.random() < 0.75:
        pool = rng.choice(sorted(world.capacity))
        return ("resize", pool, rng.choice((0, 1, 2, 3, 4, 6, None)))
    if world.closed:
        return ("close", None)
    return ("close", world.now + timedelta(seconds=rng.choice((0, 1, 3600))))


ACTS = {
    "unconfirmed": ("confirm", "confirm", "confirm", "cancel", "change"),
    "pending": ("accept", "accept", "refuse", "cancel", "change"),
    "waiting": ("confirm", "cancel", "move", "offer_now", "change", "accept", "take_back"),
    "offered": ("confirm", "confirm", "cancel", "withdraw", "change", "hand_over"),
    "confirmed": ("cancel", "cancel", "cancel_quiet", "change", "hand_over", "take_back"),
    "cancelled": ("restore", "come_back", "confirm"),
    "expired": ("come_back", "confirm", "restore"),
    "rejected": ("come_back", "restore", "accept"),
}


def _someone(rng: random.Random, world: Expected, party: int, pools: dict[str, int]) -> Command:
    states = sorted({row.state for row in world.rows if world.last(row.name) is row})
    state = rng.choice(states)
    people = sorted({r.name for r in world.rows if r.state == state and world.last(r.name) is r})
    name = rng.choice(people)
    act = rng.choice(ACTS[state] if rng.random() < 0.95 else ACTS[rng.choice(sorted(ACTS))])
    if act in ("accept", "refuse"):
        return ("decide", name, act == "accept")
    if act == "cancel_quiet":
        return ("cancel", name, False)
    if act == "move":
        waiting = [row.name for row in world.line()]
        return ("move", name, rng.choice([*waiting, None]))
    if act == "change":
        return ("change", name, party, pools)
    if act == "hand_over":
        return ("hand_over", name, rng.choice(NAMES))
    return (act, name)


@dataclass
class Walk:
    """One event and its history."""

    number: int
    rng: random.Random
    player: Player
    steps: list[Command] = field(default_factory=list)


def tell(rounds: Sequence[Command]) -> str:
    return "\n".join(f"    {step!r}," for step in rounds)


def play(seed: int, *, walks: int, rounds: int, shorten: bool = True) -> None:
    """Plays `walks` events for `rounds` rounds. Raises AssertionError that tells one walk."""
    fleet = _Fleet(range(walks), seed)
    pace = random.Random(f"{seed}:pace")
    for _ in range(rounds):
        wrong = fleet.round(pace)
        if wrong:
            raise AssertionError(_told(seed, fleet, wrong) if shorten else str(wrong))


def _told(seed: int, fleet: "_Fleet", wrong: dict[int, str]) -> str:
    """The first walk that is wrong by itself, with no more steps than that needs."""
    suspects = [fleet.walks[number] for number in wrong if number >= 0] or fleet.walks
    for walk in suspects:
        shorter, last = shrink(seed, walk.number, walk.steps)
        if last:
            return f"seed {seed}, walk {walk.number}: {last}\n{tell(shorter)}"
    return f"seed {seed}: {wrong}, and no walk shows it alone"


class _Fleet:
    def __init__(self, numbers: Sequence[int], seed: int) -> None:
        empty()
        self.now = NOW
        self.walks = [self._walk(seed, number) for number in numbers]

    def _walk(self, seed: int, number: int) -> Walk:
        rng = random.Random(f"{seed}:{number}")
        with clock.frozen(self.now):
            player = Player(draw_world(rng, at=self.now), f"marche-{number}")
        return Walk(number, rng, player)

    def round(self, pace: random.Random) -> dict[int, str]:
        """What was wrong, by walk (-1: the oracle's word on all)."""
        self.common(("pause", pace.choice(PAUSES)))
        if pace.random() < 0.3:
            self.common(("jobs",))
        wrong = {}
        for walk in self.walks:
            try:
                self.one(walk, draw(walk.rng, walk.player.world))
            except Exception as fault:  # noqa: BLE001 - any fault of any step is told with its walk
                wrong[walk.number] = repr(fault)
                db.session.rollback()
        return wrong or self.check()

    def common(self, step: Command) -> None:
        """Time and jobs are everybody's."""
        for walk in self.walks:
            walk.steps.append(step)
        if step[0] == "pause":
            self.now += timedelta(seconds=step[1])
            for walk in self.walks:
                walk.player.world.now = self.now
            return
        with clock.frozen(self.now):
            two_workers(self.now)
        for walk in self.walks:
            walk.player.world.jobs()

    def one(self, walk: Walk, step: Command) -> None:
        walk.steps.append(step)
        with clock.frozen(self.now):
            walk.player.play(step)

    def check(self) -> dict[int, str]:
        with clock.frozen(self.now):
            wrong = self._compare()
            if not wrong:
                bad = [f"{f.check}: {f.message}" for f in all_findings(self.now) if not f.ok]
                # Whoever stopped before the list was served leaves it to the next job.
                bad = [line for line in bad if not line.startswith("waiting")]
                wrong = {-1: "; ".join(bad)} if bad else {}
        db.session.rollback()
        return wrong

    def _compare(self) -> dict[int, str]:
        db.session.rollback()
        columns = (
            Registration.id,
            Registration.event_id,
            Registration.state,
            Registration.seats,
            Registration.queue_rank,
        )
        people = _by_event(select(*columns).order_by(Registration.id))
        kinds = (OutboxMessage.event_id, OutboxMessage.registration_id, OutboxMessage.kind)
        wanted = OutboxMessage.registration_id.is_not(None)
        letters = _by_event(select(*kinds).where(wanted).order_by(OutboxMessage.id))
        pools = _by_event(select(Pool.event_id, Pool.key, Pool.taken, Pool.capacity))
        wrong = {}
        for walk in self.walks:
            key = walk.player.event_id
            faults = walk.player.faults(people[key], letters[key], pools[key])
            if faults:
                wrong[walk.number] = "; ".join(faults)
        return wrong


def _by_event(query: Any) -> dict[int, list[Any]]:
    found = defaultdict(list)
    for row in db.session.execute(query):
        found[row.event_id].append(row)
    return found


def two_workers(now: datetime) -> None:
    """The jobs of a minute by two workers at the same time."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def work(_number: int) -> None:
        with app.app_context():
            for job in JOBS:
                job(now)

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(work, range(2)))


def replay(seed: int, number: int, steps: Sequence[Command]) -> str:
    """Plays these steps of a walk alone, with every check after each; what was wrong first."""
    return _alone(_Fleet([number], seed), steps)


def retell(steps: Sequence[Command], *, capacity: dict[str, int | None], **settings: Any) -> str:
    """The same for an event with these settings: a walk that failed once, kept."""
    fleet = _Fleet([], 0)
    values: dict[str, Any] = {"lists": dict.fromkeys(capacity, True), "hours": 0.0, **settings}
    world = Expected(now=NOW, starts_at=NOW + LAST, capacity=dict(capacity), **values)
    with clock.frozen(NOW):
        fleet.walks.append(Walk(0, random.Random(0), Player(world, "marche")))
    return _alone(fleet, steps)


def _alone(fleet: "_Fleet", steps: Sequence[Command]) -> str:
    for step in steps:
        try:
            if step[0] in ("pause", "jobs"):
                fleet.common(step)
            else:
                fleet.one(fleet.walks[0], step)
        except Exception as fault:  # noqa: BLE001 - it is told with its step
            db.session.rollback()
            return f"{step!r}: {fault!r}"
        wrong = fleet.check()
        if wrong:
            return f"after {step!r}: {'; '.join(wrong.values())}"
    return ""


def shrink(seed: int, number: int, steps: Sequence[Command]) -> tuple[list[Command], str]:
    """The walk without the steps that its fault does not need; how it fails in the end."""
    kept, last = list(steps), replay(seed, number, steps)
    until = time.monotonic() + SHRINKING
    size = len(kept) // 2 if last else 0
    while size and time.monotonic() < until:
        before = len(kept)
        for position in range(len(kept) - size, -1, -size):
            without = [*kept[:position], *kept[position + size :]]
            fault = replay(seed, number, without) if time.monotonic() < until else ""
            if fault:
                kept, last = without, fault
        size = size if len(kept) < before else size // 2
    return kept, last


def empty() -> None:
    """No event and nobody: another walk begins."""
    with transaction() as session:
        for model in (
            Proposal,
            PoolSeats,
            Receipt,
            Invitation,
            Closing,
            OutboxMessage,
            AuditEntry,
            Registration,
            Pool,
            Event,
        ):
            session.execute(delete(model))
    db.session.expunge_all()
