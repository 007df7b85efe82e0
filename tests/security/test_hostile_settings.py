"""Settings that attack the start: each is a mistake said in words, never a traceback."""

import stat
import threading

import pytest

from eventreg.config import BadSettings, read

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "http://["),
        ("BASE_URL", "http://exemple.fr:99999"),
        ("BASE_URL", "https://exemple.fr?x=1"),
        ("BASE_URL", "https://exemple.fr#x"),
        ("BASE_URL", "https://exemple fr"),
        ("BASE_URL", 'https://exemple.fr"><script>'),
        ("TRUSTED_PROXIES", "9" * 5000),
        ("PORT", "9" * 5000),
        ("DATABASE_URL", "postgresql://u:mot@[hote/x"),
        ("DATABASE_URL", "postgresql://u:mot@hote:port/x"),
        ("DATABASE_URL", "sqlite:///x?mode=memory"),
        ("QUEUE_URL", "redis://[hote"),
        ("QUEUE_URL", "redis://hote:port"),
        ("INSTANCE_DIR", "/dev/null"),
        ("INSTANCE_DIR", "/proc/nulle-part"),
        ("INSTANCE_DIR", "~personne-de-ce-nom/x"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(tmp_path, name, value):
    with pytest.raises(BadSettings) as raised:
        read({"EVENTREG_INSTANCE_DIR": str(tmp_path), f"EVENTREG_{name}": value})
    assert [name in mistake for mistake in raised.value.mistakes] == [True]
    assert "mot" not in raised.value.mistakes[0]


def test_an_env_file_in_another_encoding_is_named(tmp_path):
    (tmp_path / ".env").write_bytes("EVENTREG_SERVICE_NAME=été".encode("latin-1"))
    with pytest.raises(BadSettings):
        read({"EVENTREG_INSTANCE_DIR": str(tmp_path)})


def test_nobody_else_on_the_machine_reads_a_new_instance_folder(tmp_path):
    read({"EVENTREG_INSTANCE_DIR": str(tmp_path / "instance")})
    assert stat.S_IMODE((tmp_path / "instance").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "instance" / "secret_key").stat().st_mode) == 0o600


def test_processes_that_start_together_share_one_whole_key(tmp_path):
    """Half a key, or an empty one, would sign everybody's links."""
    gate = threading.Barrier(16)
    keys = []

    def start():
        gate.wait(10)
        keys.append(read({"EVENTREG_INSTANCE_DIR": str(tmp_path)}).secret_key)

    threads = [threading.Thread(target=start) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(keys) == 16
    assert len(set(keys)) == 1
    assert len(keys[0]) >= 60
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_an_empty_key_file_signs_nothing(tmp_path):
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(BadSettings) as raised:
        read({"EVENTREG_INSTANCE_DIR": str(tmp_path)})
    assert "secret_key" in raised.value.mistakes[0]
