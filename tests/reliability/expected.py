"""What may come of each act in the model: what people do, what organisers do, what time does."""

from datetime import timedelta

from tests.reliability.model import ACTIVE, HOLDING, OWN, UNDO, Kept, Row, World

FREE = Kept(set(), set(), False)


class Expected(World):
    """`seen`: what the engine answered, a state or the name of its refusal."""

    def sign_up(
        self, name: str, party: int, pools: dict[str, int], seen: str, *, pass_: str = ""
    ) -> None:
        """`pass_`: what an invitation allows ("", "plain", "late", "beyond")."""
        row = Row(name, party, pools, len(self.rows), first=self.now.timestamp())
        if self.begun or (self.closed and pass_ != "late"):
            self.must(seen, "Closed")
            return
        row.proven = row.by_form is False or bool(pass_)
        row.by_form, row.cleared = not pass_, not self.manual
        expected = self._expected(row, over=pass_ == "beyond")
        twin = self.active(name)
        if twin is not None:
            self._again(twin, seen, expected)
            return
        self.must(seen, *expected)
        if seen == "Full":
            return
        self.rows.append(row)
        if seen == "waiting":
            row.rank = self.now.timestamp()
        letter = "confirm_address" if seen == "unconfirmed" else seen
        self.become(row, seen, letter)

    def _expected(self, row: Row, *, over: bool) -> tuple[str, ...]:
        asks_proof = self.hours > 0 and not row.proven
        first = "unconfirmed" if asks_proof else "pending" if self.manual else "confirmed"
        if over:
            return (first,)
        takes = first in HOLDING or self.pending_holds
        sure, maybe, refused = self.kept_from(row.asks)
        if not takes:  # a request: only the event's own places say whether it is worth it
            sure, maybe, refused = self._own()
        if not refused:
            return (first, "waiting", "Full") if maybe else (first,)
        every = sure | maybe | self.full(row.asks)
        if all(self.lists[pool] for pool in every):
            return ("waiting",)
        listed = all(self.lists[pool] for pool in self.full(row.asks))
        return ("waiting", "Full") if listed else ("Full",)

    def _own(self) -> Kept:
        line = self.line()
        if self.full({OWN: 1}) or any(self.full(one.asks) == {OWN} for one in line):
            return Kept({OWN}, set(), True)
        return Kept(set(), {OWN} if line else set(), False)

    def _again(self, twin: Row, seen: str, expected: tuple[str, ...]) -> None:
        """The screen says what it would say to a stranger."""
        self.must(seen, "again", *(("Full",) if set(expected) & {"Full", "waiting"} else ()))
        if seen == "again" and (twin.number, hour := f"{self.now:%Y%m%d%H}") not in self.told_again:
            self.told_again.add((twin.number, hour))
            twin.letters.append("already_registered")

    def confirm(self, row: Row, seen: str) -> None:
        if row.state == "offered":
            self._answer_offer(row, seen)
        elif row.state == "unconfirmed" and self._hold_ended(row):
            self.must(seen, "expired")
            self.become(row, "expired")
            self.serve()
        elif row.state == "unconfirmed":
            state = self.must(seen, "pending" if self.manual else "confirmed")
            row.proven = True
            self.become(row, state, state)
            if not row.held:
                self.serve()
        else:
            self.must(seen, row.state)
            row.proven = row.proven or row.state == "waiting"

    def _answer_offer(self, row: Row, seen: str) -> None:
        if row.offer_ends is not None and self.now >= row.offer_ends:
            self.must(seen, "expired")
            self.become(row, "expired", "offer_ended")
            self.serve()
            return
        self.must(seen, "confirmed")
        row.proven = True
        self.become(row, "confirmed", "confirmed")

    def _hold_ended(self, row: Row) -> bool:
        if self.begun:
            return True
        ends = row.sent_at + timedelta(hours=self.hours) if row.sent_at else None
        return ends is not None and self.now >= ends

    def cancel(self, row: Row, seen: str, *, by_person: bool, served: bool = True) -> None:
        if row.state not in ACTIVE:
            self.must(seen, row.state)
        elif by_person and self.begun:
            self.must(seen, "NotPossible")
        else:
            self.must(seen, "cancelled")
            told = row.proven or row.state == "confirmed"
            row.undo, row.left_alone = row.state if by_person else "", by_person
            row.cancelled_at = self.now
            self.become(row, "cancelled", *(("cancelled",) if told else ()))
            if served:
                self.serve()

    def restore(self, row: Row, seen: str) -> None:
        """Undoes a cancelling: the state of before, or the line with the rank of before."""
        late = row.cancelled_at is None or self.now >= row.cancelled_at + UNDO
        if row.state in ACTIVE:
            self.must(seen, row.state)
        elif row.state != "cancelled" or not row.undo or late or self.begun:
            self.must(seen, "TooLateToUndo")
        else:
            after = row.undo
            if after == "unconfirmed":
                after = "pending" if self.manual else "confirmed"
            self._back(row, seen, "waiting" if after in ("waiting", "offered") else after)

    def _back(self, row: Row, seen: str, after: str) -> None:
        if self.active(row.name) is not None:
            # Whether the places or the address is looked at first is not promised.
            self.must(seen, "SignedUpAgain", "Full")
            return
        expected = self._places(row, after)
        self.must(seen, *expected)
        if seen == "Full":
            return
        row.proven, row.cancelled_at, row.offer_ends = True, None, None
        if seen == "waiting" and not row.rank:
            row.rank = row.first
        self.become(row, seen, seen)
        if seen == "waiting":
            self.serve()

    def _places(self, row: Row, after: str) -> tuple[str, ...]:
        if after == "waiting":
            return ("waiting",) if self.offering else ("Full",)
        if after == "pending" and not self.pending_holds:
            return ("pending",)
        sure, maybe, refused = self.kept_from(row.asks)
        if not refused:
            return (after, "waiting", "Full") if maybe else (after,)
        lists = all(self.lists[pool] for pool in sure | maybe)
        return (
            ("waiting",) if lists and self.offering else ("waiting", "Full") if maybe else ("Full",)
        )

    def come_back(self, row: Row, seen: str) -> None:
        """Under the rules of a new sign-up. A refusal changes nothing, also what had ended."""
        held = row.state == "unconfirmed" and self._hold_ended(row)
        offer = row.state == "offered" and row.offer_ends is not None and self.now >= row.offer_ends
        if row.state in ACTIVE and not (held or offer):
            self.must(seen, row.state)
        elif self.closed:
            self.must(seen, "Closed")
        elif row.state == "rejected" or (row.state == "cancelled" and not row.left_alone):
            self.must(seen, "NotPossible")
        else:
            before = (row.state, row.held, list(row.letters))
            if held or offer:
                self.become(row, "expired", *(("offer_ended",) if offer else ()))
            fresh = Row(row.name, row.party, row.pools, row.number, proven=True)
            self._fresh(row, seen, self._expected(fresh, over=False))
            if row.state == "expired":
                row.state, row.held, row.letters = before

    def _fresh(self, row: Row, seen: str, expected: tuple[str, ...]) -> None:
        if self.active(row.name) is not None:
            self.must(seen, "SignedUpAgain", "Full")
            return
        self.must(seen, *expected)
        if seen == "Full":
            return
        row.proven, row.cleared, row.cancelled_at = True, not self.manual, None
        row.offer_ends = None
        row.rank = self.now.timestamp() if seen == "waiting" else 0.0
        self.become(row, seen, seen)
        if seen == "waiting":
            self.serve()

    def change(self, row: Row, party: int, pools: dict[str, int], seen: str) -> None:
        """Other seats, all or none; the place in line stays."""
        if row.state == "unconfirmed" and self._hold_ended(row):
            self.become(row, self.must(seen, "expired"))
            self.serve()
        elif row.state == "offered" and row.offer_ends and self.now >= row.offer_ends:
            self.become(row, self.must(seen, "expired"), "offer_ended")
            self.serve()
        elif row.state not in ACTIVE:
            self.must(seen, "NotPossible")
        elif self.closed:
            self.must(seen, "TooLateToModify")
        elif (party, pools) == (row.party, row.pools):
            self.must(seen, row.state)
        else:
            self._reseat(row, party, pools, seen)

    def _reseat(self, row: Row, party: int, pools: dict[str, int], seen: str) -> None:
        reset = row.state == "confirmed" and self.reset
        after = "pending" if reset else row.state
        holds = after in HOLDING or (after == "pending" and row.held)
        if reset:
            holds = self.pending_holds
        asks, before = {OWN: party, **pools}, row.asks if row.held else {}
        more = {p: n - before.get(p, 0) for p, n in asks.items() if n > before.get(p, 0)}
        _sure, maybe, refused = self.kept_from(more) if holds and more else FREE
        if row.state == "waiting":
            _sure, maybe, refused = self._without_list(row, asks)
        kept = ("Full", "PoolsFull") if refused or maybe else ()
        self.must(seen, *kept, *(() if refused else (after,)))
        if seen in kept:
            return
        row.party, row.pools, row.held = party, pools, holds
        if reset:
            row.state, row.cleared = after, False
            row.letters.append("pending")
        self.serve()

    def _without_list(self, row: Row, asks: dict[str, int]) -> Kept:
        """Nobody begins to wait for a pool that keeps no list."""
        more = {pool: n for pool, n in asks.items() if n > row.asks.get(pool, 0)}
        more = {pool: n for pool, n in more.items() if not self.lists[pool]}
        full, others = self.full(more), self.kept_from(more)
        return Kept(full, (others.sure | others.maybe) - full, bool(full))

    def hand_over(self, row: Row, to: str, seen: str) -> None:
        """A colleague takes the place; it is never free between."""
        if row.state != "confirmed":
            self.must(seen, "NotPossible")
        elif self.manual or self.closed:
            self.must(seen, "NoHandover")
        elif to == row.name:
            self.must(seen, "Invalid")
        else:
            self.must(seen, *(("AlreadyRegistered",) if self.active(to) else ("taken",)))
            if seen != "taken":
                return
            row.letters += ["place_offered", "place_answered"]
            row.cancelled_at, row.undo, row.left_alone = self.now, "", True
            new = Row(to, row.party, dict(row.pools), len(self.rows), first=self.now.timestamp())
            new.proven, new.by_form = True, False
            self.become(row, "cancelled")
            self.rows.append(new)
            self.become(new, "confirmed", "confirmed")

    # ------------------------------------------------------------ what organisers do

    def decide(self, row: Row, seen: str, *, accept: bool) -> None:
        in_line = row.state == "waiting" and not row.cleared
        if row.state != "pending" and not in_line:
            self.must(seen, "NotPossible")
        elif not accept:
            self.become(row, self.must(seen, "rejected"), "rejected")
            self.serve()
        elif in_line:
            self.must(seen, "waiting")
            row.cleared = True
            row.letters.append("waiting")
            self.serve()
        else:
            self._accept(row, seen)

    def _accept(self, row: Row, seen: str) -> None:
        _sure, maybe, refused = FREE if row.held else self.kept_from(row.asks)
        own_full, own_maybe, _refused = FREE if row.held else self._own()
        if own_full and self.lists[OWN]:
            expected: tuple[str, ...] = ("waiting",)
        elif refused:
            expected = ("Full", "waiting") if own_maybe else ("Full",)
        else:
            expected = ("confirmed", "Full", "waiting") if maybe else ("confirmed",)
        if self.must(seen, *expected) == "Full":
            return
        row.cleared = True
        if seen == "waiting":
            row.rank = self.now.timestamp()
        self.become(row, seen, "accepted" if seen == "confirmed" else "waiting")

    def add(self, name: str, seen: str, *, over: bool) -> None:
        """By hand, also after the deadline."""
        row = Row(name, 1, {}, len(self.rows), first=self.now.timestamp(), by_form=False)
        _sure, maybe, refused = self.kept_from({OWN: 1})
        if self.active(name) is not None:
            expected: tuple[str, ...] = ("AlreadyRegistered",)
        elif over:
            expected = ("confirmed",)
        elif refused:
            expected = ("Full",)
        else:
            expected = ("confirmed", "Full") if maybe else ("confirmed",)
        if self.must(seen, *expected) == "confirmed":
            self.rows.append(row)
            self.become(row, "confirmed", "confirmed")

    def move(self, row: Row, before: Row | None, seen: str) -> None:
        """To the front of somebody in line, or to its end."""
        people = [row, *([before] if before else [])]
        if any(one.state != "waiting" for one in people):
            self.must(seen, "NotPossible")
            return
        self.must(seen, "moved")
        if row is before:
            return
        others = [one for one in self.line() if one is not row]
        if before is None:
            row.rank = max((one.rank for one in others), default=row.rank) + 1
        else:
            place = others.index(before)
            earlier = others[place - 1].rank if place else None
            row.rank = before.rank - 1 if earlier is None else (earlier + before.rank) / 2
        self.serve()

    def offer_now(self, row: Row, seen: str) -> None:
        """Out of turn, for a reason."""
        if self.begun or row.state != "waiting" or not row.cleared:
            self.must(seen, "NotPossible")
        elif self.full(row.asks):
            self.must(seen, "Full")
        else:
            self.must(seen, "offered")
            self.offer(row)

    def withdraw(self, row: Row, seen: str) -> None:
        if row.state != "offered":
            self.must(seen, "NotPossible")
            return
        self.must(seen, "waiting")
        row.offer_ends = None
        self.become(row, "waiting", "offer_withdrawn")
        self.serve()

    # ------------------------------------------------------------ the clock and the jobs

    def deliver(self) -> None:
        """Every letter owed has left."""
        for row in self.rows:
            if row.sent_at is None and {"confirm_address", "waiting"} & set(row.letters):
                row.sent_at = self.now

    def jobs(self) -> None:
        """Holds end, then offers; each time those in line are served."""
        ended = False
        for row in self.rows:
            unproven = row.state == "waiting" and not row.proven and row.by_form
            if unproven and not self.begun and not self.hours:
                continue  # nobody asked for a proof
            if (row.state == "unconfirmed" or unproven) and self._hold_ended(row):
                self.become(row, "expired")
                ended = True
        if ended:
            self.serve()
        for row in self.rows:
            if row.state == "offered" and row.offer_ends and self.now >= row.offer_ends:
                self.become(row, "expired", "offer_ended")
        self.serve()
