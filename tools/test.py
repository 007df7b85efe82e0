"""The tests: on SQLite, then on PostgreSQL where it answers; closes with a line of totals.

python tools/test.py [--fault] [paths or pytest options]
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = (
    os.environ.get("EVENTREG_TEST_POSTGRES_URL") or "postgresql://postgres@127.0.0.1/postgres"
)
# On two cores: one process mostly waits, for a lease, a deadline, a browser. PostgreSQL lets in a
# hundred connections, which the rushes of three processes at once would fill.
PROCESSES = {"sqlite": "3", "postgresql": "2"}


def postgres_answers() -> str | None:
    """None when it answers, else why not."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError as fault:
        return str(fault).strip().splitlines()[0]
    return None


def run(database: str, *arguments: str) -> int:
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "--dist", "loadgroup"]
    command += ["-n", PROCESSES[database], f"--database={database}"]
    code = subprocess.call([*command, *arguments], cwd=ROOT)  # noqa: S603 - our own tests
    print(f"({time.monotonic() - started:.0f} s)", flush=True)  # noqa: T201
    return code


def main() -> int:
    chosen = sys.argv[1:] or ["tests"]
    print("== tests on SQLite", flush=True)  # noqa: T201
    failed = run("sqlite", *chosen)
    why = postgres_answers()
    if why is not None:
        print(f"== tests on PostgreSQL skipped: {why}", flush=True)  # noqa: T201
        return failed
    print("== tests on PostgreSQL", flush=True)  # noqa: T201
    failed_there = run("postgresql", "-m", "not any_database and not browser", *chosen)
    return failed or failed_there


if __name__ == "__main__":
    sys.exit(main())
