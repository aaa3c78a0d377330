"""`kept attest`: statements by people about promises that no machine can see."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from kept.durations import Duration
from kept.output import output_option, print_json, print_table

role_option = click.option("--role", default="operator", show_default=True, help="In which role you sign; never a name.")

key_option = click.option("--key", type=click.Path(path_type=Path), help="Your own Ed25519 key (PEM); its role is that of the register.")


@click.group("attest")
def command() -> None:
    """Statements by people: signed, expiring, withdrawn when they hold no longer."""


@command.command("add")
@click.argument("promise")
@click.option("--valid-for", type=Duration(), help='How long it holds, for example "92 days"; default: as long as the promise allows.')
@click.option("--document", type=click.Path(path_type=Path), help="What it rests on; only its SHA-256 enters the log.")
@role_option
@key_option
@output_option
def add(  # noqa: PLR0913 - one argument for each option
    promise: str, *, valid_for: timedelta | None, document: Path | None, role: str, key: Path | None, output: str
) -> None:
    """State that PROMISE holds, from now on."""
    from kept.environment import open_environment
    from kept.procedures.attestations import attest

    said = attest(open_environment(), promise, valid_for=valid_for, document=document, role=role, key=key)
    until = said.valid_until.isoformat() if said.valid_until else ""
    if output == "json":
        print_json(
            {"promise": promise, "status": said.status, "role": said.role, "valid_until": until, "document_sha256": said.document_sha256}
        )
    else:
        click.echo(f"{promise} is stated to hold until {until}, by the role {said.role}")


@command.command("withdraw")
@click.argument("promise")
@role_option
@key_option
@output_option
def withdraw(promise: str, role: str, key: Path | None, output: str) -> None:
    """State that PROMISE holds no longer; it is broken until a new statement is signed."""
    from kept.environment import open_environment
    from kept.procedures.attestations import withdraw as withdraw_statement

    said = withdraw_statement(open_environment(), promise, role=role, key=key)
    if output == "json":
        print_json({"promise": promise, "status": said.status, "role": said.role})
    else:
        click.echo(f"the statement about {promise} is withdrawn, by the role {said.role}")


@command.command("list")
@output_option
def list_(output: str) -> None:
    """The latest statement about each promise, from the verified log."""
    from dataclasses import asdict

    from kept.environment import open_environment
    from kept.procedures.attestations import standing

    found = standing(open_environment())
    if output == "json":
        print_json({"statements": [asdict(each) for each in found]})
        return
    rows = [
        (each.promise, each.state, each.role, each.valid_until.isoformat() if each.valid_until else "-", str(each.record), each.signed_by)
        for each in found
    ]
    print_table(("PROMISE", "STATE", "ROLE", "UNTIL (UTC)", "RECORD", "SIGNED WITH"), rows)
