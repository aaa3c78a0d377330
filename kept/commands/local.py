"""`kept local`: the servers of a local run."""

from __future__ import annotations

import shlex

import click

from kept import locations
from kept.output import output_option, print_json, print_table, progress


@click.group("local")
def command() -> None:
    """The local servers: Postgres, OpenBao, SeaweedFS (S3) and the stand-in for the clouds' APIs."""


@command.command("up")
@click.option("--platform", default="illumacom", show_default=True, help="Whose settings are written.")
def up(platform: str) -> None:
    """Start what does not run, and write the settings. A second time it changes nothing."""
    from kept import local

    path = local.up(locations.local_folder(), platform, progress)
    progress(f"all servers are ready; settings: {path}")


@command.command("down")
@click.option("--wipe", is_flag=True, help="Delete all that the local run keeps, too: data, secrets, evidence.")
def down(*, wipe: bool) -> None:
    """Stop the servers; their data stays."""
    from kept import local

    folder = locations.local_folder()
    stopped = local.down(folder, progress, wipe=wipe)
    progress("all servers are stopped" if stopped else "no server was running")
    if wipe and not folder.exists():
        progress(f"{folder} is gone")


@command.command("status")
@output_option
@click.pass_context
def status(context: click.Context, output: str) -> None:
    """How each server is, and the end of its log if it crashed. Exit code 1 unless all run."""
    from kept import local

    servers = local.status(locations.local_folder())
    if output == "json":
        print_json({"servers": [vars(server) for server in servers]})
    else:
        rows = ((server.name, server.state, str(server.pid or "-"), str(server.port or "-")) for server in servers)
        print_table(("server", "state", "process", "port"), rows)
        for server in servers:
            if server.detail:
                click.echo(f"\n{server.name}: {server.detail}")
    context.exit(0 if all(server.state == "running" for server in servers) else 1)


@command.command("env")
def environment() -> None:
    """Shell exports with which the real `pulumi` reaches the local cloud: eval "$(kept local env)". They hold local secrets."""
    from kept import local

    for name, value in local.pulumi_environment(locations.local_folder()).items():
        click.echo(f"export {name}={shlex.quote(value)}")
