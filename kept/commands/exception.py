"""`kept exception`: promises that may stay broken for named subjects, with an owner, a reason and an end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from kept.output import output_option, print_json, print_table

DATE = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])


@click.group("exception")
def command() -> None:
    """Exceptions: signed, for named subjects, with an end; `excepted` exits 3 like `broken`."""


@command.command("add")
@click.argument("promise")
@click.option("--subject", "subjects", multiple=True, required=True, help="A subject as `kept verify` names it (repeatable).")
@click.option("--reason", required=True, help="Why, in one line; no name and no address.")
@click.option("--until", type=DATE, required=True, help="When it ends (UTC), for example 2026-12-31.")
@click.option("--owner", default="engineering", show_default=True, help="The role that mends it; never the one that signs.")
@click.option("--role", default="privacy-officer", show_default=True, help="In which role you sign, where no --key says so.")
@click.option("--key", type=click.Path(path_type=Path), help="Your own Ed25519 key (PEM); its role is that of the register.")
@output_option
def add(  # noqa: PLR0913 - one argument for each option
    *, promise: str, subjects: tuple[str, ...], reason: str, until: datetime, owner: str, role: str, key: Path | None, output: str
) -> None:
    """Except the named subjects from PROMISE until a date."""
    from kept.environment import open_environment
    from kept.procedures.exceptions import grant

    end = until.replace(tzinfo=UTC)
    said = grant(open_environment(), promise, subjects=subjects, reason=reason, owner=owner, until=end, role=role, key=key)
    if output == "json":
        told = {"promise": promise, "subjects": list(subjects), "owner": owner, "role": said.role, "signed_by": said.signed_by}
        print_json({**told, "until": end.isoformat()})
    else:
        click.echo(f"{promise} is excepted for {', '.join(subjects)} until {end.isoformat()}, owned by {owner}, granted by {said.role}")


@command.command("list")
@output_option
def list_(output: str) -> None:
    """Every exception in the verified log."""
    from dataclasses import asdict

    from kept.environment import open_environment
    from kept.procedures.exceptions import listed

    found = listed(open_environment())
    if output == "json":
        print_json({"exceptions": [asdict(each) for each in found]})
        return
    rows = [
        (each.promise, each.state, ", ".join(each.subjects), each.until.isoformat(), each.owner, each.role, each.reason, str(each.record))
        for each in found
    ]
    print_table(("PROMISE", "STATE", "SUBJECTS", "UNTIL (UTC)", "OWNER", "GRANTED BY", "REASON", "RECORD"), rows)
