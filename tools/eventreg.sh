#!/bin/sh
# The `eventreg` command of this checkout, put into .venv/bin by `make setup`.
bin=$(CDPATH= cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
root=$(dirname -- "$(dirname -- "$bin")")
PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec "$bin/python" -m eventreg.cli "$@"
