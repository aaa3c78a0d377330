"""`kept evidence`: the signed log, verified, shown, checkpointed, copied."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from kept.confirmation import apply_options, confirm
from kept.durations import Duration
from kept.output import output_option, print_json

PATH = click.Path(path_type=Path)


@click.group("evidence")
def command() -> None:
    """The signed log of what was checked and done."""


@command.command("verify")
@click.argument("folder", metavar="[DIR]", type=PATH, required=False)
@click.option("--record-key", type=PATH, help="PEM file with the first public key of records; default: the one pinned in this environment.")
@click.option("--log-key", help="First vkey of the log, or a file that holds it; default: the pinned one.")
@click.option("--pinned", type=PATH, multiple=True, help="A checkpoint you hold (repeatable); the log must continue it.")
@click.option("--max-age", type=Duration(), default="26 hours", show_default=True, help="Older than this, the log is stale.")
@click.option("--environment", type=click.Choice(["local", "staging", "production"]), help="The environment all records must be of.")
@output_option
def verify(  # noqa: PLR0913 - one argument for each option
    *,
    folder: Path | None,
    record_key: Path | None,
    log_key: str | None,
    pinned: tuple[Path, ...],
    max_age: timedelta,
    environment: str | None,
    output: str,
) -> int:
    """Verify the log in DIR offline, or without DIR that of this environment; exit 3 on any problem.

    Trust comes from the two first public keys and the pinned checkpoints alone, never from DIR itself: later keys are announced in
    the log, each by the two in force before it.
    """
    from kept.procedures import evidence

    if folder is None:
        if record_key or log_key or environment:
            raise click.UsageError("--record-key, --log-key and --environment go with DIR; without it, the pinned keys are used.")
        verification = evidence.verify_environment(pinned, max_age)
    else:
        verification = evidence.verify_folder(folder, evidence.Given(record_key, log_key, pinned, max_age, environment))
    evidence.show_verification(verification, output)
    return 0 if verification.ok else 3


@command.command("show")
@click.argument("number", type=click.IntRange(min=0), required=False)
@output_option
def show(number: int | None, output: str) -> int:
    """Record NUMBER as it was signed, or a line for every record; exit 3 when the log does not verify."""
    from kept.procedures import evidence

    return evidence.show_record(number, output) if number is not None else evidence.show_records(output)


@command.command("prove")
@click.argument("number", type=click.IntRange(min=0))
@click.option("--out", type=PATH, help="The file to write; default: record-<NUMBER>.tlog-proof here.")
def prove(number: int, out: Path | None) -> None:
    """Write one file that proves record NUMBER alone: the record, its place in the tree, the signed checkpoint."""
    from kept.procedures import evidence

    click.echo(evidence.prove(number, out))


@command.command("check-proof")
@click.argument("file", type=PATH)
@click.option("--record-key", type=PATH, help="PEM file with the first public key of records; default: the one pinned in this environment.")
@click.option("--log-key", help="First vkey of the log, or a file that holds it; default: the pinned one.")
@output_option
def check_proof(file: Path, record_key: Path | None, log_key: str | None, output: str) -> None:
    """Check FILE offline against the two public keys and show the record it proves; exit 3 when it proves nothing.

    It shows that the record stands in the signed log. That nothing beside it is missing, only `verify` can tell.
    """
    from kept.procedures import evidence

    evidence.check_proof(file, record_key, log_key, output)


@command.command("checkpoint")
@output_option
def checkpoint(output: str) -> None:
    """Number what is in the inbox, sign the log, copy the checkpoint to the anchors."""
    from kept.environment import open_environment

    report = open_environment().log.checkpoint()
    if output == "json":
        rejected = [each.model_dump() for each in report.rejected]
        print_json({"size": report.size, "root": report.root, "added": report.added, "rejected": rejected, "note": report.note.decode()})
        return
    click.echo(report.note.decode(), nl=False)
    for each in report.rejected:
        click.echo(f"rejected: {each.sha256} ({each.reason})", err=True)


@command.command("rotate-keys")
@click.option(
    "--key",
    "keys",
    type=click.Choice(["evidence-record", "evidence-log"]),
    multiple=True,
    help="Turn this key though it is not due (repeatable), as after a suspicion.",
)
@apply_options
@output_option
def rotate_keys(*, keys: tuple[str, ...], apply: bool, yes: bool, env: str | None, output: str) -> None:
    """Rotate the log's own two keys when they are due. Without --apply: the plan.

    Vault adds a version, a record signed by both keys in force announces it, and only then it signs. An interrupted run is finished
    by the next one. The scheduled job keys.rotate does the same.
    """
    from kept.environment import open_environment
    from kept.procedures.evidence_keys import rotate_evidence_keys, show_evidence_keys

    environment = open_environment()
    if apply:
        confirm(environment.settings.environment, yes=yes, env=env)
    show_evidence_keys(rotate_evidence_keys(environment, frozenset(keys), apply=apply), output)


@command.command("probe")
@output_option
def probe(output: str) -> int:
    """Try whether the store keeps create-only under a race, and record the answer; exit 1 when it does not.

    The log stays right without it (one checkpointer at a time decides); it is a second line of defence.
    """
    from kept.environment import open_environment

    found = open_environment().log.probe()
    if output == "json":
        print_json({"holds": found.holds, "accepted": found.accepted, "refused": found.refused, "whole": found.whole})
    else:
        said = "keeps create-only under a race" if found.holds else "does NOT keep create-only under a race"
        click.echo(f"the store {said}: of {found.accepted + found.refused} creates of one key it accepted {found.accepted}")
    return 0 if found.holds else 1


@command.command("export")
@click.argument("folder", metavar="DIR", type=PATH)
def export(folder: Path) -> None:
    """Copy the log and its public keys to DIR, where it verifies offline."""
    from kept.environment import open_environment

    click.echo(open_environment().log.export(folder))
