"""Draws docs/states.md from the table of states (`eventreg.registration.rules.TABLE`).

python tools/states.py            writes it
python tools/states.py --check    says whether it is current
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from eventreg.registration.rules import (  # noqa: E402
    ACTIVE,
    ALWAYS_HOLDING,
    TABLE,
    State,
    holds_seat,
)

TARGET = ROOT / "docs" / "states.md"
HEAD = """# States of a registration

Written by `python tools/states.py` from the table that the code runs on (`TABLE` in `eventreg/registration/rules/states.py`); a test says when it is no longer current. Each move is traced with who and when, and goes through one function (`services/moves.py`), which takes and gives back the seats.
"""
FIRST = """A sign-up begins as `unconfirmed` (the mailbox must answer), `pending` (a person must decide), `confirmed`, or `waiting` (the event is full and keeps a list).
"""


def drawn() -> str:
    """The whole page."""
    table = "\n".join
    blocks = [HEAD, "## States", table(_states()), "## Moves", FIRST, table(_moves())]
    return "\n\n".join([*(block.strip() for block in blocks), table(_diagram())]) + "\n"


def _states() -> list[str]:
    rows = [
        f"| `{state}` | {'yes' if state in ACTIVE else 'no'} | {_holds(state)} |" for state in State
    ]
    return [
        "| state | active: one for each address and event | holds its seats |",
        "|---|---|---|",
        *rows,
    ]


def _holds(state: State) -> str:
    if state in ALWAYS_HOLDING:
        return "yes"
    return "as the event says" if holds_seat(state, pending_holds_seat=True) else "no"


def _moves() -> list[str]:
    rows = [f"| `{t.before}` | `{t.act}` | `{t.after}` | {t.guard} | {t.then} |" for t in TABLE]
    return ["| from | act | to | when | then |", "|---|---|---|---|---|", *rows]


def _diagram() -> list[str]:
    """Mermaid: what the table says, drawn by whoever shows the page."""
    begins = (State.UNCONFIRMED, State.PENDING, State.CONFIRMED, State.WAITING)
    lines = [f"    [*] --> {state}" for state in begins]
    lines += [f"    {t.before} --> {t.after}: {t.act}" for t in TABLE]
    return ["```mermaid", "stateDiagram-v2", *lines, "```"]


def main() -> int:
    if "--check" in sys.argv:
        current = TARGET.exists() and TARGET.read_text(encoding="utf-8") == drawn()
        if not current:
            sys.stderr.write("docs/states.md is not current: run python tools/states.py\n")
        return 0 if current else 1
    TARGET.write_text(drawn(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
