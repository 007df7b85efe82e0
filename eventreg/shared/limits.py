"""Rate limits: each counter costs the same whatever the traffic. Registration fails open."""

import logging
from ipaddress import ip_address, ip_network

from flask import Flask, current_app, request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter

from eventreg.config import Settings
from eventreg.shared.errors import RateLimited

logger = logging.getLogger(__name__)

# A ministry stands behind one address: these stop machines, not floors (R44).
SIGN_UP = parse("2000 per 10 minutes")
LETTERS = parse("120 per hour")
FILES = parse("2000 per hour")  # megabytes given with answers


class Limits:
    """Counters in this process, or in Redis when the queue lives there."""

    def __init__(self, settings: Settings) -> None:
        self.on = settings.rate_limits
        storage: Storage
        if settings.queue_url.startswith(("redis://", "rediss://")):
            storage = RedisStorage(settings.queue_url, socket_timeout=0.5)
        else:
            storage = MemoryStorage()
        self.limiter = FixedWindowRateLimiter(storage)

    def hit(self, item: RateLimitItem, name: str, *, fail_open: bool, cost: int = 1) -> None:
        """Counts `cost`; raises RateLimited past the limit, or when the counter is away and
        `fail_open` is False."""
        if not self.on:
            return
        try:
            allowed = self.limiter.hit(item, name, client(), cost=cost)
        except Exception:  # noqa: BLE001 - Redis away: people still sign up
            logger.warning("rate limits: the counter did not answer")
            allowed = fail_open
        if not allowed:
            raise RateLimited


def client() -> str:
    """The client's network: one IPv4 address, or an IPv6 /64."""
    text = (request.remote_addr or "unknown").partition("%")[0]  # without a link's scope
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if address.version == 6 and address.ipv4_mapped:  # else all of IPv4 would share one counter
        return str(address.ipv4_mapped)
    return str(ip_network(f"{text}/64", strict=False)) if address.version == 6 else text


def init_app(app: Flask, settings: Settings) -> None:
    """`app.extensions["limits"]`: the counters of this application."""
    app.extensions["limits"] = Limits(settings)


def hit(item: RateLimitItem, name: str, *, fail_open: bool = True, cost: int = 1) -> None:
    """Counts `cost` against the present client. Raises RateLimited."""
    current_app.extensions["limits"].hit(item, name, fail_open=fail_open, cost=cost)


def on() -> bool:
    """False only where an operator switched limits off for a trial (never in production)."""
    return bool(current_app.extensions["limits"].on)
