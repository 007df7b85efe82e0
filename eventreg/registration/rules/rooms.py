"""The seats of an event while a list of people is entered: who fits, who waits. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass
class Room:
    """One pool. `free`: None without a limit; `waiting`: seats that people in line lack."""

    free: int | None
    waiting: int
    keeps_list: bool

    def lacks(self, seats: int) -> bool:
        """Whether a newcomer finds no place: nobody passes those who wait."""
        return self.waiting > 0 or (self.free is not None and seats > self.free)


class Rooms:
    """All pools of an event, by id."""

    def __init__(self, rooms: Mapping[int, Room]) -> None:
        self._rooms = rooms

    def lacking(self, seats: Mapping[int, int]) -> list[int]:
        return [pool for pool, count in seats.items() if self._rooms[pool].lacks(count)]

    def may_wait(self, seats: Mapping[int, int]) -> bool:
        """Whether some pool lacks room, and each that does keeps a list."""
        full = self.lacking(seats)
        return bool(full) and all(self._rooms[pool].keeps_list for pool in full)

    def take(self, seats: Mapping[int, int]) -> None:
        for pool, count in seats.items():
            room = self._rooms[pool]
            if room.free is not None:
                room.free -= count

    def wait(self, seats: Mapping[int, int]) -> None:
        for pool in self.lacking(seats):
            self._rooms[pool].waiting += seats[pool]
