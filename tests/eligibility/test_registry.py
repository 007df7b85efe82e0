"""The domain files: read whole or not at all, looked up on label boundaries, pinned by a version."""

import hashlib
import time

import pytest

from eventreg.eligibility import messages, registry, tables
from eventreg.eligibility.registry import RegistryError, WebHost

PUBLIC_HEADER = "domain,match,category,organisation,source,evidence\n"
OVERRIDES_HEADER = "pattern,kind,outcome,class,reason,source\n"
PUBLIC = PUBLIC_HEADER + "example.org,subdomains,state,Example,CODE,mail\n"
OVERRIDES = OVERRIDES_HEADER + "example.com,domain,review,gip,why,CODE\n"
WEB_HEADER = "domain,siren,type,registrable_domain,shared_platform,listed_2022_12,http_ok_2024_12\n"


def small(public: str = PUBLIC, overrides: str = OVERRIDES) -> registry.Registry:
    return registry.parse(public.encode(), overrides.encode())


def test_release_files_hold_every_row() -> None:
    loaded = registry.load()
    assert (len(loaded.bodies), len(loaded.overrides), len(loaded.words)) == (1_127, 149, 9)
    assert sum(body.covers_below for body in loaded.bodies.values()) == 22


def test_version_is_that_of_the_bytes_of_both_files() -> None:
    public = (registry.DATA / registry.PUBLIC_FILE).read_bytes()
    overrides = (registry.DATA / registry.OVERRIDES_FILE).read_bytes()
    expected = hashlib.sha256(public + b"\0" + overrides).hexdigest()[:12]
    assert registry.load().version == expected
    assert registry.parse(public + b"x.example,exact,state,X,CODE,mail\n", overrides).version != (
        expected
    )


def test_loading_takes_less_than_150_ms_with_room_for_a_busy_machine() -> None:
    started = time.perf_counter()
    registry.load.__wrapped__()
    assert time.perf_counter() - started < 0.6


def test_registry_is_read_once() -> None:
    assert registry.load() is registry.load()


def test_registry_cannot_be_changed() -> None:
    loaded = registry.load()
    with pytest.raises(TypeError):
        loaded.bodies["example.org"] = loaded.bodies["gouv.fr"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        loaded.version = "other"  # type: ignore[misc]


def test_parents_are_whole_labels_nearest_first() -> None:
    assert list(registry.upwards("a.b.gouv.fr")) == ["a.b.gouv.fr", "b.gouv.fr", "gouv.fr", "fr"]
    assert list(registry.parents("fr")) == []


def test_every_class_of_the_files_has_a_sentence() -> None:
    loaded = registry.load()
    codes = {row.code for row in loaded.overrides.values()} | {row.code for row in loaded.words}
    assert codes <= messages.REASONS


def test_names_differ_from_outcomes_in_the_nearest_body() -> None:
    loaded = registry.load()
    nearest = loaded.body("x.education.gouv.fr")
    assert nearest is not None
    assert nearest.domain == "education.gouv.fr"
    row = loaded.row("x.education.gouv.fr")
    assert row is not None
    assert row.domain == "gouv.fr"


def test_an_override_wins_over_a_body_of_the_same_domain() -> None:
    overrides = OVERRIDES + "example.org,domain,review,gip,why,CODE\n"
    row = small(overrides=overrides).row("example.org")
    assert isinstance(row, tables.Override)


@pytest.mark.parametrize(
    ("public", "line"),
    [
        ("", 1),
        ("domain,match\n", 1),
        (PUBLIC_HEADER, 1),
        (PUBLIC + "example.net,exact,state,X,CODE\n", 3),
        (PUBLIC + "Example.net,exact,state,X,CODE,mail\n", 3),
        (PUBLIC + "école.fr,exact,state,X,CODE,mail\n", 3),
        (PUBLIC + "example.net.,exact,state,X,CODE,mail\n", 3),
        (PUBLIC + "-a.net,exact,state,X,CODE,mail\n", 3),
        (PUBLIC + "net,exact,state,X,CODE,mail\n", 3),
        (PUBLIC + "example.org,exact,state,X,CODE,mail\n", 3),
        (PUBLIC + "example.net,suffix,state,X,CODE,mail\n", 3),
        (PUBLIC + "example.net,exact,club,X,CODE,mail\n", 3),
        (PUBLIC + "example.net,exact,state,X,CODE,rumour\n", 3),
        (PUBLIC + "example.net,exact,state, ,CODE,mail\n", 3),
        (PUBLIC + 'example.net,exact,"state"x,X,CODE,mail\n', 3),
    ],
)
def test_a_doubtful_row_of_the_bodies_stops_the_load(public: str, line: int) -> None:
    with pytest.raises(RegistryError) as caught:
        small(public=public)
    assert (caught.value.file, caught.value.line) == ("public_email_domains.csv", line)


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        ("", 1),
        (OVERRIDES_HEADER, 1),
        (OVERRIDES + "example.net,domain,eligible,gip,why,CODE\n", 3),
        (OVERRIDES + "example.net,domain,review,Not a code,why,CODE\n", 3),
        (OVERRIDES + "example.net,suffix,review,gip,why,CODE\n", 3),
        (OVERRIDES + "*.net,domain,review,gip,why,CODE\n", 3),
        (OVERRIDES + "example.com,domain,review,gip,why,CODE\n", 3),
        (OVERRIDES + "ext||presta,domain_label,review,contractor,why,CODE\n", 3),
        (OVERRIDES + "promo[0-9],domain_label,review,contractor,why,CODE\n", 3),
    ],
)
def test_a_doubtful_row_of_the_overrides_stops_the_load(overrides: str, line: int) -> None:
    with pytest.raises(RegistryError) as caught:
        small(overrides=overrides)
    assert (caught.value.file, caught.value.line) == ("email_domain_overrides.csv", line)


def test_bytes_that_are_not_utf8_stop_the_load() -> None:
    with pytest.raises(RegistryError):
        registry.parse(b"\xff" + PUBLIC.encode(), OVERRIDES.encode())


def test_an_absent_file_stops_the_load(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(registry, "DATA", tmp_path_factory.mktemp("empty"))
    with pytest.raises(RegistryError):
        registry.load.__wrapped__()


def test_numbered_words_need_ascii_digits_and_nothing_after() -> None:
    words = tables.Words("domain_label", frozenset({"eleve"}), ("promo",), "review", "x")
    read = ["eleve", "promo1", "promo2026", "promo", "promo1a", "promo\u0661", "promo\u00b2"]
    assert [word for word in read if words.match(word)] == ["eleve", "promo1", "promo2026"]


def web(text: str) -> list[WebHost]:
    return list(registry.read_web((WEB_HEADER + text).encode()))


def test_web_rows_are_read_and_pinned_in_the_version() -> None:
    rows = web("a.example,,communes,a.example,0,1,1\nb.c.example,,,c.example,1,0,1\n")
    assert rows == [
        WebHost("a.example", "communes", own_zone=True, shared=False),
        WebHost("b.c.example", "", own_zone=False, shared=True),
    ]
    base = small()
    loaded = base.with_web(rows)
    assert base.web == {}
    assert loaded.version.startswith(base.version + "+")
    assert loaded.with_web(reversed(rows)).version == loaded.version
    assert loaded.with_web(rows[:1]).version != loaded.version


@pytest.mark.parametrize(
    "text", ["A.example,,,a.example,0,1,1\n", "a.example,,,a.example,2,1,1\n", "a.example\n"]
)
def test_a_doubtful_web_row_stops_the_load(text: str) -> None:
    with pytest.raises(RegistryError):
        web(text)


def test_web_host_is_exact_or_below_its_own_zone_and_never_on_a_platform() -> None:
    loaded = small().with_web(
        web(
            "zone.example,,communes,zone.example,0,1,1\n"
            "site.other.example,,communes,other.example,0,1,1\n"
            "town.platform.example,,communes,platform.example,1,1,1\n"
            "platform.example,,,platform.example,1,1,1\n"
        )
    )
    asked = {
        "zone.example": True,
        "mail.zone.example": True,
        "a.b.zone.example": True,
        "notzone.example": False,
        "site.other.example": True,
        "mail.site.other.example": False,
        "other.example": False,
        "town.platform.example": False,
        "platform.example": False,
        "x.platform.example": False,
        "example": False,
    }
    assert {name: loaded.web_host(name) is not None for name in asked} == asked
