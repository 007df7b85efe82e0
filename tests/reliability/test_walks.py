"""R31: the whole life of sign-ups matches a model, whatever people, organisers and time do."""

import pytest

from tests.reliability import walks

pytestmark = pytest.mark.usefixtures("ctx")


def test_random_lives_of_a_hundred_events_match_the_model(seed: int) -> None:
    walks.play(seed, walks=100, rounds=30)
