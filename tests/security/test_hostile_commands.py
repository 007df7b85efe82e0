"""Command lines that attack: a message and exit 1 or 2, never a traceback."""

import os
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "eventreg.cli"]
NOT_TEXT = b"\xff\xfe"
HUGE = "9" * 5000


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of an instance with its database; none of the commands below may change it."""
    made = {name: value for name, value in os.environ.items() if not name.startswith("EVENTREG")}
    made["EVENTREG_INSTANCE_DIR"] = str(tmp_path_factory.mktemp("instance"))
    subprocess.run([*COMMAND, "db", "upgrade"], env=made, check=True, capture_output=True)
    return made


@pytest.mark.xdist_group("commands")
@pytest.mark.parametrize(
    "words",
    [
        ("events", "set", NOT_TEXT, "title=x"),
        ("events", "publish", NOT_TEXT),
        ("attendees", "export", NOT_TEXT, "--format", "csv", "--output", "-"),
        ("organisers", "create", "a@exemple.example", "--name", "x", "--event", NOT_TEXT),
        ("eligibility", "check", "a@exemple.example", "--event", NOT_TEXT),
        ("serve", "--host", NOT_TEXT, "--port", "9"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_bytes_that_are_no_text_are_wrong_usage(environ, words):
    done = subprocess.run([*COMMAND, *words], env=environ, capture_output=True, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False)


@pytest.mark.parametrize("key", ["0", "-1", "99999999999", "9" * 30])
def test_a_letter_that_no_table_can_hold_is_wrong_usage(app, key):
    done = app.test_cli_runner().invoke(args=["mails", "show", "--", key])
    assert (done.exit_code, type(done.exception)) == (2, SystemExit)


@pytest.mark.parametrize(
    "pair", [f"capacity={HUGE}", "audience_text=a\u202eb", "audience_text=a\x00b", "capacity=-1"]
)
def test_a_value_that_no_event_can_have_is_refused(app, make_event, pair):
    make_event()
    done = app.test_cli_runner().invoke(args=["events", "set", "journee", pair])
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
