"""The registry of an instance: loaded by an operator, decided by administrators, seen at once."""

import gzip
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from eventreg.eligibility import queries, services
from eventreg.eligibility.registry import RegistryError, WebHost, WebTable
from eventreg.eligibility.services import registry as holder
from eventreg.eligibility.tables import Addition
from eventreg.shared.addresses import canonical
from eventreg.shared.clock import utc_now
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import Invalid

HEADER = "domain,siren,type,registrable_domain,shared_platform,listed_2022_12,http_ok_2024_12\n"
ROWS = (
    "bourg-exemple.fr,213100019,communes,bourg-exemple.fr,0,1,1\n"
    "www2.ville.example,,communes,ville.example,0,1,0\n"
    "club.plateforme.example,,nongouvfr-divers,plateforme.example,1,0,1\n"
)


@pytest.fixture(autouse=True)
def looks_again(ctx: None) -> Iterator[None]:
    """Each test begins and leaves with a process that looks at its own database."""
    services.forget()
    yield
    db.session.rollback()
    services.forget()


@pytest.fixture
def web_file(tmp_path: Path) -> Path:
    path = tmp_path / "web.csv.gz"
    path.write_bytes(gzip.compress((HEADER + ROWS).encode()))
    return path


def reason(address: str) -> str:
    return services.decide(address, audience="public_agents").reason


def load(path: Path) -> None:
    with transaction():
        services.load_web(services.read_file(path), name=path.name, by="operator", now=utc_now())


def test_operator_loads_a_file_and_sees_the_difference_first(app: Flask, web_file: Path) -> None:
    runner = app.test_cli_runner()
    dry = runner.invoke(args=["eligibility", "registry", "load", str(web_file), "--dry-run"])
    assert dry.exit_code == 0, dry.output
    assert "added: 3" in dry.stderr
    assert "+ bourg-exemple.fr" in dry.stderr
    assert queries.current_file() is None
    done = runner.invoke(args=["eligibility", "registry", "load", str(web_file)])
    assert done.exit_code == 0, done.output
    again = runner.invoke(args=["eligibility", "registry", "load", str(web_file)])
    assert (again.exit_code, again.stdout) == (0, "")
    assert len(queries.files()) == 1
    web_file.write_bytes(
        gzip.compress(
            (
                HEADER
                + ROWS.replace("communes", "epci", 1)[:-1]
                + "\nx.example,,,x.example,0,1,1\n"
            ).encode()
        )
    )
    changed = runner.invoke(args=["eligibility", "registry", "load", str(web_file)])
    assert ("added: 1" in changed.stderr, "changed: 1" in changed.stderr) == (True, True)
    shown = json.loads(runner.invoke(args=["eligibility", "registry", "show", "--json"]).stdout)
    assert (shown["public_web_domains"], shown["web_file"]) == (4, "web.csv.gz")
    assert shown["version"] in changed.stdout
    assert {source["licence"] for source in shown["sources"]} >= {"Licence Ouverte 2.0", "MIT"}
    kept = db.session.execute(text("SELECT count(contents) FROM registry_files")).scalar_one()
    assert kept == 1, "only the file in use keeps its contents"


@pytest.mark.parametrize(
    ("contents", "line"),
    [
        (b"", ":1:"),
        (b"domain\n", ":1:"),
        (HEADER.encode(), ":1:"),
        ((HEADER + "A.example,,,a.example,0,1,1\n").encode(), ":2:"),
        ((HEADER + "a.example,12,,a.example,0,1,1\n").encode(), ":2:"),
        ((HEADER + "a.example,,a b,a.example,0,1,1\n").encode(), ":2:"),
        ((HEADER + "a.example,,,b.example,0,1,1\n").encode(), ":2:"),
        ((HEADER + "xa.example,,,a.example,0,1,1\n").encode(), ":2:"),
        ((HEADER + "a.example,,,a.example,0,1,2\n").encode(), ":2:"),
        ((HEADER + "a.example,,,a.example,0,1,1\n" * 2).encode(), ":3:"),
        (b"\xff\xfe", ":0:"),
        (b"\x1f\x8bnot gzip", ":0:"),
        (gzip.compress((HEADER + ROWS).encode())[:40], ":0:"),
        (gzip.compress(b"a" * (holder.MAX_BYTES + 2)), ":0:"),
    ],
    ids=range(14),
)
def test_a_doubtful_file_is_refused_by_line_and_changes_nothing(
    app: Flask, tmp_path: Path, contents: bytes, line: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(contents)
    answer = app.test_cli_runner().invoke(args=["eligibility", "registry", "load", str(path)])
    assert answer.exit_code == 1
    assert f"bad.csv{line}" in answer.stderr
    assert "Traceback" not in answer.output
    assert queries.current_file() is None
    with pytest.raises(RegistryError):
        services.read_file(tmp_path / "absent.csv")


def test_another_process_takes_a_new_version_up_without_restart(
    web_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What this process holds is that of the moment before somebody else's load."""
    assert reason("x@bourg-exemple.fr") == "unknown_domain"
    held = holder._held[db.engine]
    load(web_file)
    held.look_at = time.monotonic() + 60  # the other process has just looked
    assert reason("x@bourg-exemple.fr") == "unknown_domain"
    held.look_at = 0.0  # two seconds later
    assert reason("x@bourg-exemple.fr") == "domain_web_only"


def test_holding_a_registry_costs_no_statement_and_a_look_costs_one(
    web_file: Path, count_queries: Callable
) -> None:
    load(web_file)
    services.current_registry()
    with count_queries() as seen:
        for _ in range(50):
            reason("x@bourg-exemple.fr")
    assert seen == []
    holder._held[db.engine].look_at = 0.0
    with count_queries() as seen:
        reason("x@bourg-exemple.fr")
    assert len(seen) == 1


def test_administrators_decide_of_a_domain_for_every_event() -> None:
    def add(domain: str, verdict: str, organisation: str = "") -> None:
        with transaction():
            services.add_domain(
                Addition(domain, False, verdict, "commune", organisation),
                reason="vérifié par téléphone",
                by="organiser:1",
                now=utc_now(),
            )

    before = services.current_registry().version
    add("Bourg-Neuf.example", "accepted", "Commune de Bourg-Neuf")
    add(".agglo-neuve.example", "accepted")
    add("insee.fr", "refused")
    add("beta.gouv.fr", "accepted")
    add("ratp.fr", "review")
    table = [
        ("x@bourg-neuf.example", "eligible", "instance_accepted"),
        ("x@mail.bourg-neuf.example", "review", "domain_below_listed"),
        ("x@xbourg-neuf.example", "refused", "unknown_domain"),
        ("x@mail.agglo-neuve.example", "eligible", "instance_accepted"),
        ("x.ext@bourg-neuf.example", "review", "contractor"),
        ("x@insee.fr", "refused", "instance_refused"),
        ("x@beta.gouv.fr", "eligible", "instance_accepted"),
        ("x@sous.beta.gouv.fr", "review", "contractor_possible"),
        ("x@ratp.fr", "review", "instance_review"),
    ]
    for address, outcome, code in table:
        decision = services.decide(address, audience="public_agents")
        assert (str(decision.outcome), decision.reason) == (outcome, code), address
    known = services.decide("x@bourg-neuf.example", audience="public_agents")
    assert known.organisation == "Commune de Bourg-Neuf"
    assert known.registry_version != before
    assert len(known.registry_version) <= 32  # the width of the column that keeps it
    with transaction():
        assert services.remove_domain("insee.fr", by="organiser:1", now=utc_now())
        assert not services.remove_domain("insee.fr", by="organiser:1", now=utc_now())
    assert reason("x@insee.fr") == "domain_listed"


@pytest.mark.parametrize(
    ("domain", "verdict", "category", "why", "field"),
    [
        ("nobody", "accepted", "state", "x", "domain"),
        ("*x.example", "accepted", "state", "x", "domain"),
        ("a@example.org", "accepted", "state", "x", "domain"),
        ("example.org", "maybe", "state", "x", "verdict"),
        ("example.org", "accepted", "club", "x", "category"),
        ("example.org", "accepted", "state", "  ", "reason"),
        ("example.org", "accepted", "state", "x" * 301, "reason"),
        ("example.org", "accepted", "state", "a\x00b", "reason"),
    ],
)
def test_a_domain_with_a_mistake_is_refused_beside_its_field(
    domain: str, verdict: str, category: str, why: str, field: str
) -> None:
    with pytest.raises(Invalid) as caught, transaction():
        services.add_domain(
            Addition(domain, False, verdict, category), reason=why, by="operator", now=utc_now()
        )
    assert caught.value.field == field
    assert queries.additions() == []


def test_domains_from_the_command_line(app: Flask) -> None:
    runner = app.test_cli_runner()
    domains = ["eligibility", "domains"]
    added = runner.invoke(args=[*domains, "add", ".bourg.example", "--reason", "convention"])
    assert added.exit_code == 0, added.output
    (row,) = json.loads(runner.invoke(args=[*domains, "list", "--json"]).stdout)
    assert (row["domain"], row["below"], row["made_by"]) == ("bourg.example", True, "operator")
    wrong = runner.invoke(args=[*domains, "add", "x@bourg.example", "--reason", "convention"])
    assert (wrong.exit_code, "Traceback" in wrong.output) == (1, False)
    gone = runner.invoke(args=[*domains, "remove", "bourg.example"])
    missing = runner.invoke(args=[*domains, "remove", "bourg.example"])
    assert (gone.exit_code, missing.exit_code) == (0, 1)


def test_a_table_in_one_text_answers_as_a_dictionary_would() -> None:
    hosts = [
        WebHost(
            f"n{n}.example", "communes" if n % 2 else "", own_zone=n % 3 == 0, shared=n % 5 == 0
        )
        for n in range(500)
    ] + [WebHost("xn--thzac-csa.fr", "epci", own_zone=True, shared=False, siren="200000016")]
    table = WebTable(reversed(hosts))
    assert {name: table[name] for name in table} == {host.domain: host for host in hosts}
    again = WebTable.unpacked(table.packed())
    assert (dict(again), again.digest) == (dict(table), table.digest)
    for missing in ("", "a", "n1.exampl", "n1.example.", "zz.example", "n1.example\t", "é"):
        assert missing not in table
    assert not WebTable()


def test_the_large_registry_loads_fast_and_small(documents: Path) -> None:
    """150 ms and 30 MB are asked; the table itself is a twentieth of both."""
    path = documents / "data" / "public_web_domains.csv.gz"
    if not path.is_file():
        pytest.skip("no web registry among the documents")
    load(path)
    services.forget()
    holder._held.pop(db.engine)
    started = time.perf_counter()
    registry = services.current_registry()
    assert time.perf_counter() - started < 0.6  # with room for a busy machine
    assert len(registry.web) > 30_000
    assert registry.web.size < 4_000_000
    addresses = [f"prenom.nom@{name}" for name in list(registry.web)[::40]]
    started = time.perf_counter()
    decided = [services.decide(canonical(a), audience="public_agents") for a in addresses]
    assert (time.perf_counter() - started) / len(addresses) < 0.002
    # What the web alone knows never suffices; what it shares with the files decides as before.
    web_only = [d for d in decided if d.rule == "6.web"]
    assert len(web_only) > 300
    assert {str(d.outcome) for d in web_only} == {"review"}
    assert "free.fr" not in {d.params["domain"] for d in decided if d.outcome == "eligible"}


def test_the_command_names_a_likely_slip_of_the_finger(app: Flask) -> None:
    slips = {
        "x@interieur-gouv.fr": "Vouliez-vous dire interieur.gouv.fr ?",
        "x@justce.fr": "Vouliez-vous dire justice.fr ?",
        "x@insee.fr": "",
        "x@gmail.com": "",
    }
    asked = app.test_cli_runner().invoke(args=["eligibility", "check", "--json", "--", *slips])
    told = {
        row["email"]: row["explanation"].replace("\u00a0", " ") for row in json.loads(asked.stdout)
    }
    for email, slip in slips.items():
        assert ("Vouliez-vous" in told[email]) is bool(slip), told
        assert told[email].replace("\u202f", " ").endswith(slip), told
