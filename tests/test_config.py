"""Settings: every mistake at once, and nothing weak in production."""

import pytest

from eventreg.config import BadSettings, read

pytestmark = pytest.mark.any_database

GOOD = {
    "EVENTREG_ENV": "production",
    "EVENTREG_SECRET_KEY": "b7f2c9d04e8a41e6a1b3c5d7e9f0a2b4c6",
    "EVENTREG_BASE_URL": "https://evenements.exemple.gouv.fr",
    "EVENTREG_TRUSTED_PROXIES": "1",
    "EVENTREG_MAIL_SERVER": "smtp.exemple.gouv.fr",
    "EVENTREG_MAIL_SENDER": "ne-pas-repondre@exemple.gouv.fr",
    "EVENTREG_DPO_EMAIL": "dpd@exemple.gouv.fr",
    "EVENTREG_CONTACT_EMAIL": "contact@exemple.gouv.fr",
}


def settings(tmp_path, **changes):
    values = {k: v for k, v in (GOOD | changes).items() if v is not None}
    return read({**values, "EVENTREG_INSTANCE_DIR": str(tmp_path)})


def test_a_good_production_starts(tmp_path):
    made = settings(tmp_path)
    assert made.secure_cookies
    assert made.cookie_name("session") == "__Host-session"
    assert (made.mail_server.security, made.mail_server.port) == ("starttls", 587)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"EVENTREG_SECRET_KEY": None}, "SECRET_KEY"),
        ({"EVENTREG_SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"EVENTREG_SECRET_KEY": "a" * 40}, "SECRET_KEY"),
        ({"EVENTREG_SECRET_KEY": "changeme-changeme-changeme-changeme"}, "SECRET_KEY"),
        ({"EVENTREG_BASE_URL": None}, "BASE_URL"),
        ({"EVENTREG_BASE_URL": "http://evenements.exemple.gouv.fr"}, "BASE_URL"),
        ({"EVENTREG_BASE_URL": "https://*.gouv.fr"}, "BASE_URL"),
        ({"EVENTREG_BASE_URL": "https://exemple.gouv.fr/chemin"}, "BASE_URL"),
        ({"EVENTREG_BASE_URL": "exemple.gouv.fr"}, "BASE_URL"),
        ({"EVENTREG_TRUSTED_PROXIES": None}, "TRUSTED_PROXIES"),
        ({"EVENTREG_TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES"),
        ({"EVENTREG_TRUSTED_PROXIES": "beaucoup"}, "TRUSTED_PROXIES"),
        ({"EVENTREG_MAIL_SERVER": None}, "MAIL_SERVER"),
        ({"EVENTREG_MAIL_SECURITY": "none"}, "MAIL_SECURITY"),
        ({"EVENTREG_MAIL_SECURITY": "ssl"}, "MAIL_SECURITY"),
        ({"EVENTREG_MAIL_PORT": "99999"}, "MAIL_PORT"),
        ({"EVENTREG_MAIL_SENDER": None}, "MAIL_SENDER"),
        ({"EVENTREG_MAIL_SENDER": "nobody"}, "MAIL_SENDER"),
        ({"EVENTREG_DPO_EMAIL": None}, "DPO_EMAIL"),
        ({"EVENTREG_CONTACT_EMAIL": None}, "CONTACT_EMAIL"),
        ({"EVENTREG_RATE_LIMITS": "off"}, "RATE_LIMITS"),
        ({"EVENTREG_DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL"),
        ({"EVENTREG_DATABASE_URL": "sqlite:///:memory:"}, "DATABASE_URL"),
        ({"EVENTREG_QUEUE_URL": "amqp://localhost"}, "QUEUE_URL"),
        ({"EVENTREG_THEME": "dark"}, "THEME"),
        ({"EVENTREG_DOCUMENTS_SITE": "https://exemple.gouv.fr/agenda"}, "DOCUMENTS_SITE"),
        ({"EVENTREG_DOCUMENTS_SITE": "javascript:alert(1)"}, "DOCUMENTS_SITE"),
        ({"EVENTREG_LOCALE": "de"}, "LOCALE"),
        ({"EVENTREG_TIMEZONE": "Mars/Olympus"}, "TIMEZONE"),
        ({"EVENTREG_ACCESSIBILITY": "oui"}, "ACCESSIBILITY"),
        ({"EVENTREG_METRICS_TOKEN": "abc"}, "METRICS_TOKEN"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
    ],
)
def test_a_weak_setting_stops_production_by_name(tmp_path, changes, named):
    with pytest.raises(BadSettings) as refusal:
        settings(tmp_path, **changes)
    assert [named in mistake for mistake in refusal.value.mistakes] == [True]


def test_every_mistake_is_said_at_once(tmp_path):
    with pytest.raises(BadSettings) as refusal:
        settings(tmp_path, EVENTREG_SECRET_KEY=None, EVENTREG_BASE_URL=None, EVENTREG_LOCALE="de")
    assert len(refusal.value.mistakes) == 3


def test_development_needs_nothing_and_keeps_its_key(tmp_path):
    one = read({"EVENTREG_INSTANCE_DIR": str(tmp_path)})
    two = read({"EVENTREG_INSTANCE_DIR": str(tmp_path)})
    assert one.secret_key == two.secret_key
    assert len(one.secret_key) >= 32
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert not one.secure_cookies
    assert one.cookie_name("session") == "session"


def test_the_instance_folder_s_env_file_is_read_and_the_environment_wins(tmp_path):
    (tmp_path / ".env").write_text("EVENTREG_SERVICE_NAME=Du fichier\nEVENTREG_LOCALE=en\n")
    made = read({"EVENTREG_INSTANCE_DIR": str(tmp_path), "EVENTREG_LOCALE": "fr"})
    assert (made.service_name, made.locale) == ("Du fichier", "fr")


def test_a_setting_never_shows_its_secrets(tmp_path):
    shown = repr(settings(tmp_path, EVENTREG_MAIL_PASSWORD="tres-secret"))
    assert "tres-secret" not in shown
    assert GOOD["EVENTREG_SECRET_KEY"] not in shown


PROCONNECT = {
    "EVENTREG_PROCONNECT_ISSUER": "https://fournisseur.exemple.gouv.fr/api/v2/",
    "EVENTREG_PROCONNECT_CLIENT_ID": "eventreg",
    "EVENTREG_PROCONNECT_CLIENT_SECRET": "kept from the log",
}


def test_proconnect_is_whole_and_encrypted_or_does_not_start(tmp_path):
    made = settings(tmp_path, **PROCONNECT)
    assert made.proconnect.issuer == "https://fournisseur.exemple.gouv.fr/api/v2"
    assert "kept from" not in repr(made)
    assert settings(tmp_path).proconnect is None
    for name in PROCONNECT:
        with pytest.raises(BadSettings, match=name):
            settings(tmp_path, **(PROCONNECT | {name: None}))
    issuer = "EVENTREG_PROCONNECT_ISSUER"
    for wrong in (
        "http://127.0.0.1:9000",
        "https://a@b.fr",
        "https://b.fr/?x=1",
        "b.fr",
        "https://[",
    ):
        with pytest.raises(BadSettings, match=issuer):
            settings(tmp_path, **(PROCONNECT | {issuer: wrong}))
    trial = {"EVENTREG_ENV": "development", "EVENTREG_BASE_URL": None} | PROCONNECT
    assert settings(tmp_path, **(trial | {issuer: "http://127.0.0.1:9000"})).proconnect
    with pytest.raises(BadSettings, match=issuer):
        settings(tmp_path, **(trial | {issuer: "http://fournisseur.exemple.fr"}))
