"""`python -m tests.reliability.launch MUTANT[,MUTANT] ARGS...`: eventreg without a control."""

import sys

from eventreg import cli
from tests.reliability import mutants


def main() -> None:
    names = sys.argv[1]
    sys.argv = ["eventreg", *sys.argv[2:]]
    for name in names.split(","):
        if name != "none":
            mutants.ALL[name](setattr)
    cli.main()


if __name__ == "__main__":
    main()
