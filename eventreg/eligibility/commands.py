"""Command line: who may come, and why."""

import json

import click
from flask.cli import AppGroup

from eventreg.eligibility import services
from eventreg.shared.i18n import force_locale, say

cli = AppGroup("eligibility", help="Who may come, and why.")
registry_cli = AppGroup("registry", help="The files that decisions are made from.")
cli.add_command(registry_cli)


@cli.command("check")
@click.option("--event", "slug", help="The event whose rule applies; without it, public agents.")
@click.option("--json", "as_data", is_flag=True, help="All keys, as JSON.")
@click.argument("emails", nargs=-1, required=True)
def check(slug: str | None, as_data: bool, emails: tuple[str, ...]) -> None:
    """Decision and reason per address, assuming a proven mailbox; one answer per argument."""
    audience = "public_agents"
    if slug is not None:
        event = services.audience_of(slug)
        if event is None:
            raise click.ClickException(f"no event named {slug}")
        audience = event
    rows = []
    with force_locale("fr"):
        for email in emails:
            decision = services.decide(email, audience=audience, proven=True)
            rows.append(
                {
                    "email": email,
                    "outcome": decision.outcome.value,
                    "reason": decision.reason,
                    "rule": decision.rule,
                    "explanation": say(decision.message, dict(decision.params)),
                }
            )
    if as_data:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo("\t".join((row["email"], row["outcome"], row["reason"], row["explanation"])))


@registry_cli.command("show")
@click.option("--json", "as_data", is_flag=True, help="All keys, as JSON.")
def show(as_data: bool) -> None:
    """What is loaded, with its version."""
    registry = services.current_registry()
    rows = {
        "version": registry.version,
        "public_email_domains": len(registry.bodies),
        "email_domain_overrides": len(registry.overrides),
        "public_web_domains": len(registry.web),
    }
    if as_data:
        click.echo(json.dumps(rows, indent=2))
        return
    for name, value in rows.items():
        click.echo(f"{name}\t{value}")
