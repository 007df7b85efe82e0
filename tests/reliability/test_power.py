"""R11: an answer is given only once the disk has it (cheap form: the system calls are counted)."""

import asyncio
import shutil
from collections.abc import Callable

import pytest

from tests.reliability.conftest import new_event
from tests.reliability.servers import Instance

pytestmark = [pytest.mark.xdist_group("kills"), pytest.mark.any_database]
SIGN_UPS = 8


def _syncs(it: Instance) -> list[int]:
    """How often the disk was waited for between the start of each sign-up and its answer."""
    calls = it.folder / "strace.out"
    # One worker whose system calls are written down as they happen.
    it.serve(
        workers=1,
        before=("strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", str(calls)),
    )
    new_event(it.app, "disque", capacity=1_000)

    def seen() -> int:
        lines = calls.read_text(errors="replace").splitlines()
        return sum(" = 0" in line and "sync" in line for line in lines)

    async def one_by_one() -> list[int]:
        counts = []
        forms = await it.target.forms("disque", SIGN_UPS)
        for number, form in enumerate(forms):
            before = seen()
            answer = await it.target.send(
                "POST", form.path, cookie=form.cookie, body=form.body(f"c{number}@example.org")
            )
            counts.append(seen() - before)
            assert answer.receipt, (answer.status, answer.marks)
        return counts

    return asyncio.run(one_by_one())


@pytest.fixture
def traced(database_name: str) -> None:
    if database_name != "sqlite":
        pytest.skip("R11 is about SQLite; PostgreSQL's fsync is its operator's")
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (apt-get install -y strace)")


@pytest.mark.usefixtures("traced")
def test_the_disk_has_each_sign_up_before_its_answer(instance: Callable[..., Instance]) -> None:
    counts = _syncs(instance())
    print(f"R11: syncs before each of {SIGN_UPS} answers: {counts}")
    assert min(counts) >= 1


@pytest.mark.usefixtures("traced")
def test_mutant_m5_that_does_not_wait_for_the_disk_is_seen(
    instance: Callable[..., Instance],
) -> None:
    counts = _syncs(instance(mutant="M5"))
    print(f"R11, mutant M5: {counts}")
    assert min(counts) == 0
    assert sum(counts) < SIGN_UPS
