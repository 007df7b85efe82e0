"""The settings: read once from EVENTREG_* (environment, then instance/.env), frozen afterwards."""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent
ENVS = ("development", "production", "testing")
SHORTEST_KEY = 32
LOOPBACK = ("localhost", "127.0.0.1", "::1")
DIGITS = 9
HOST = re.compile(r"[a-z0-9.-]{1,253}|[0-9a-f:]{2,39}")  # a name, IPv4, IPv6
WEAK_KEYS = re.compile(r"^(change|secret|dev|test|password|azerty|(.)\2+$)", re.IGNORECASE)


class BadSettings(Exception):
    """One or more settings cannot be used; `mistakes` holds one sentence each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """An SMTP server. `security` is none, starttls or tls."""

    host: str
    port: int
    security: str = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class ProConnectClient:
    """What ProConnect gave this service: its issuer, our name there and our secret."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the operator chose. Tests build one directly; `read` builds it from the environment."""

    secret_key: str = field(repr=False)
    database_url: str = field(repr=False)
    env: str = "development"
    queue_url: str = field(default="", repr=False)
    base_url: str = "http://127.0.0.1:8000"
    trusted_proxies: int = 0
    mail_server: MailServer | None = None
    mail_sender: str = "ne-pas-repondre@eventreg.localhost.example"
    service_name: str = "Événements du numérique"
    organisation: str = "Direction interministérielle du numérique"
    dpo_email: str = "dpd@eventreg.localhost.example"
    contact_email: str = "contact@eventreg.localhost.example"
    accessibility: str = "non"
    host_name: str = ""  # for the legal notice; said to be on request while empty
    host_address: str = ""
    publication_director: str = ""
    documents_site: str = "https://www.numerique.gouv.fr"  # where the documents' own links lead
    theme: str = "state"
    locale: str = "fr"
    timezone: str = "Europe/Paris"
    rate_limits: bool = True
    metrics_token: str | None = field(default=None, repr=False)
    proconnect: ProConnectClient | None = None
    instance_dir: Path = ROOT / "instance"
    assets_dir: Path = ROOT / ".assets"

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def secure_cookies(self) -> bool:
        """False only outside production with an http base URL (contract, section 3)."""
        return self.production or self.https

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    def cookie_name(self, name: str) -> str:
        return f"__Host-{name}" if self.secure_cookies else name


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from EVENTREG_* and the instance folder's `.env`; raises BadSettings with every mistake."""
    process = dict(os.environ if environ is None else environ)
    try:
        instance = (
            Path(process.get("EVENTREG_INSTANCE_DIR") or ROOT / "instance").expanduser().resolve()
        )
        # It holds people's data and the key: nobody else on the machine may look into it.
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        dotenv = {k: v for k, v in dotenv_values(instance / ".env").items() if v is not None}
    except (OSError, RuntimeError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or type(fault).__name__
        raise BadSettings([f"EVENTREG_INSTANCE_DIR: cannot be used: {why.lower()}"]) from fault
    return _Reader({**dotenv, **process}, instance).settings()


def _well_formed(url: str) -> bool:
    """Whether the parts of a URL can be told apart, its port included."""
    try:
        _ = urlsplit(url).port
    except ValueError:
        return False
    return True


class _Reader:
    """Collects the mistakes instead of stopping at the first."""

    def __init__(self, values: Mapping[str, str], instance: Path) -> None:
        self.values = values
        self.instance = instance
        self.mistakes: list[str] = []
        self.env = self.choice("ENV", ENVS, "development")
        self.production = self.env == "production"

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(f"EVENTREG_{name}", "").strip() or default

    def wrong(self, name: str, sentence: str) -> None:
        self.mistakes.append(f"EVENTREG_{name}: {sentence}")

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in allowed:
            self.wrong(name, f"must be one of {', '.join(allowed)}")
            return default
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name, str(default))
        # More digits than Python turns into a number are a mistake, not a traceback.
        if not value.isdecimal() or len(value) > DIGITS or not low <= int(value) <= high:
            self.wrong(name, f"must be a whole number from {low} to {high}")
            return default
        return int(value)

    def email(self, name: str, default: str) -> str:
        value = self.text(name)
        if self.production and not value:
            self.wrong(name, "is required in production")
        if value and not re.fullmatch(r"[^@\s<>\",]+@[^@\s<>\",]+\.[^@\s<>\",]+", value):
            self.wrong(name, "is not an e-mail address")
        return value or default

    def secret_key(self) -> str:
        value = self.text("SECRET_KEY")
        if self.production:
            if not value:
                self.wrong("SECRET_KEY", "is required in production")
            elif len(value) < SHORTEST_KEY or WEAK_KEYS.match(value) or len(set(value)) < 8:
                self.wrong("SECRET_KEY", f"is weak: at least {SHORTEST_KEY} random characters")
        return value or "" if self.production else value or self.kept_key()

    def kept_key(self) -> str:
        """A key made once and kept in the instance folder, so that a restart keeps links valid."""
        path = self.instance / "secret_key"
        if not path.exists():
            draft = path.with_name(f"secret_key.{secrets.token_hex(8)}")
            with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
                out.write(secrets.token_urlsafe(48))
            # Web and worker start together: the first link wins, and nobody reads half a key.
            with suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        key = path.read_text().strip()
        if len(key) < SHORTEST_KEY:
            self.wrong("SECRET_KEY", f"{path.name} in the instance folder is not whole: remove it")
        return key

    def database_url(self) -> str:
        value = self.text("DATABASE_URL")
        if not value:
            return f"sqlite:///{self.instance / 'eventreg.sqlite3'}"
        if not _well_formed(value):
            self.wrong("DATABASE_URL", "cannot be read: check its host and its port")
        elif value == "sqlite:///":
            self.wrong("DATABASE_URL", "must name a file: web and worker share it")
        if value.startswith(("postgresql://", "postgres://")):
            return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", value)
        if not value.startswith(("postgresql+psycopg://", "sqlite:///")):
            self.wrong("DATABASE_URL", "must begin with postgresql:// or sqlite:///")
        if value.startswith("sqlite") and (":memory:" in value or "?" in value):
            self.wrong("DATABASE_URL", "must name a file: web and worker share it")
        return value

    def queue_url(self) -> str:
        value = self.text("QUEUE_URL")
        if value and not value.startswith(("redis://", "rediss://", "postgresql://", "sqlite:///")):
            self.wrong("QUEUE_URL", "must begin with redis://, postgresql:// or sqlite:///")
        elif not _well_formed(value):
            self.wrong("QUEUE_URL", "cannot be read: check its host and its port")
        return value or f"sqlite:///{self.instance / 'queue.sqlite3'}"

    def base_url(self) -> str:
        default = f"http://127.0.0.1:{self.number('PORT', 8000, 1, 65535)}"
        if not self.text("PORT") and self.values.get("PORT", "").isdecimal():
            default = f"http://127.0.0.1:{self.values['PORT']}"
        value = self.text("BASE_URL", default).rstrip("/")
        if not _well_formed(value):
            self.wrong("BASE_URL", "cannot be read: check its host and its port")
            return default
        parts = urlsplit(value)
        if self.production and not self.text("BASE_URL"):
            self.wrong("BASE_URL", "is required in production")
        elif (
            parts.scheme not in ("http", "https")
            or not HOST.fullmatch(parts.hostname or "")
            or parts.path
            or parts.query
            or parts.fragment
        ):
            self.wrong("BASE_URL", "must be like https://evenements.exemple.gouv.fr, no path")
        elif "@" in parts.netloc:
            self.wrong("BASE_URL", "must name one host")
        elif self.production and parts.scheme != "https":
            self.wrong("BASE_URL", "must begin with https:// in production")
        return value

    def site(self) -> str:
        value = self.text("DOCUMENTS_SITE", Settings.documents_site).rstrip("/")
        parts = urlsplit(value) if _well_formed(value) else None
        if (
            parts is None
            or parts.scheme not in ("http", "https")
            or not HOST.fullmatch(parts.hostname or "")
            or parts.path
            or parts.query
            or parts.fragment
            or "@" in parts.netloc
        ):
            self.wrong("DOCUMENTS_SITE", "must be like https://www.exemple.gouv.fr, no path")
        return value

    def proconnect(self) -> ProConnectClient | None:
        """All three settings, or none of them."""
        issuer = self.text("PROCONNECT_ISSUER").rstrip("/")
        client_id = self.text("PROCONNECT_CLIENT_ID")
        secret = self.text("PROCONNECT_CLIENT_SECRET")
        if not (issuer or client_id or secret):
            return None
        for name, value in (
            ("ISSUER", issuer),
            ("CLIENT_ID", client_id),
            ("CLIENT_SECRET", secret),
        ):
            if not value:
                self.wrong(f"PROCONNECT_{name}", "is required with the other two")
        parts = urlsplit(issuer) if _well_formed(issuer) else None
        if issuer and (
            parts is None
            or parts.scheme not in ("http", "https")
            or not HOST.fullmatch(parts.hostname or "")
            or parts.query
            or parts.fragment
            or "@" in parts.netloc
        ):
            self.wrong("PROCONNECT_ISSUER", "must be like https://fournisseur.gouv.fr/api/v2")
        elif (
            parts and parts.scheme == "http" and (self.production or parts.hostname not in LOOPBACK)
        ):
            self.wrong("PROCONNECT_ISSUER", "must begin with https://")
        return ProConnectClient(issuer=issuer, client_id=client_id, client_secret=secret)

    def mail_server(self) -> MailServer | None:
        host = self.text("MAIL_SERVER")
        security = self.choice(
            "MAIL_SECURITY", ("none", "starttls", "tls"), "starttls" if self.production else "none"
        )
        port = self.number("MAIL_PORT", {"tls": 465, "starttls": 587}.get(security, 25), 1, 65535)
        if not host:
            if self.production:
                self.wrong("MAIL_SERVER", "is required in production")
            return None
        if self.production and security == "none" and host not in LOOPBACK:
            self.wrong(
                "MAIL_SECURITY", "none is refused in production (mail would travel in clear)"
            )
        username = self.text("MAIL_USERNAME") or None
        if username and security == "none" and self.production:
            self.wrong("MAIL_USERNAME", "a password is never sent without TLS")
        return MailServer(
            host=host,
            port=port,
            security=security,
            username=username,
            password=self.text("MAIL_PASSWORD") or None,
        )

    def zone(self) -> str:
        value = self.text("TIMEZONE", "Europe/Paris")
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.wrong("TIMEZONE", "is not a known time zone")
            return "Europe/Paris"
        return value

    def rate_limits(self) -> bool:
        on = self.choice("RATE_LIMITS", ("on", "off"), "on") == "on"
        if self.production and not on:
            self.wrong("RATE_LIMITS", "off is refused in production")
        return on

    def settings(self) -> Settings:
        if self.production and not self.text("TRUSTED_PROXIES"):
            self.wrong("TRUSTED_PROXIES", "is required in production (0 when none stands in front)")
        if self.production and self.values.get("FLASK_DEBUG", "0") not in ("", "0"):
            self.mistakes.append("FLASK_DEBUG: must be off in production")
        token = self.text("METRICS_TOKEN") or None
        if token and len(token) < 16:
            self.wrong("METRICS_TOKEN", "is weak: at least 16 characters")
        settings = Settings(
            env=self.env,
            secret_key=self.secret_key(),
            database_url=self.database_url(),
            queue_url=self.queue_url(),
            base_url=self.base_url(),
            trusted_proxies=self.number("TRUSTED_PROXIES", 0, 0, 9),
            mail_server=self.mail_server(),
            mail_sender=self.email("MAIL_SENDER", Settings.mail_sender),
            service_name=self.text("SERVICE_NAME", Settings.service_name),
            organisation=self.text("ORGANISATION", Settings.organisation),
            dpo_email=self.email("DPO_EMAIL", Settings.dpo_email),
            contact_email=self.email("CONTACT_EMAIL", Settings.contact_email),
            accessibility=self.choice("ACCESSIBILITY", ("non", "partielle", "totale"), "non"),
            host_name=self.text("HOST_NAME"),
            host_address=self.text("HOST_ADDRESS"),
            publication_director=self.text("PUBLICATION_DIRECTOR"),
            documents_site=self.site(),
            theme=self.choice("THEME", ("state", "neutral"), "state"),
            locale=self.choice("LOCALE", ("fr", "en"), "fr"),
            timezone=self.zone(),
            rate_limits=self.rate_limits(),
            metrics_token=token,
            proconnect=self.proconnect(),
            instance_dir=self.instance,
        )
        if self.mistakes:
            raise BadSettings(self.mistakes)
        return settings
