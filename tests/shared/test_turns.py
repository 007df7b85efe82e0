"""Lines of one process: who waits, who goes on."""

import threading

import pytest

from eventreg.shared.lines import FairLock


@pytest.mark.parametrize("places", [1, 3])
def test_as_many_hold_it_as_there_are_places_and_the_next_is_the_first_who_came(places):
    line, came = FairLock(places), []
    assert [line.acquire(0) for _ in range(places)] == [True] * places
    assert line.acquire(0) is False, "nobody beyond the places"

    def wait(name: str) -> None:
        assert line.acquire(30)
        came.append(name)

    people = [threading.Thread(target=wait, args=(name,)) for name in ("anne", "bea")]
    for number, person in enumerate(people, 1):
        person.start()
        while len(line._line) < number and person.is_alive():
            pass
    for person in people:
        line.release()
        person.join(30)
    assert came == ["anne", "bea"]
    for _ in range(places):
        line.release()
    assert [line.acquire(0) for _ in range(places + 1)] == [True] * places + [False]
