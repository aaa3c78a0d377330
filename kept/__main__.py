"""`kept`: parse, call, print. Each noun's verbs live in `kept/commands/<noun>.py` and are imported when that noun is used.

Exit codes: 0 ok; 1 error; 2 usage or configuration; 3 a promise is broken or evidence is invalid; 4 at risk only, with
`--fail-on at-risk`; 5 nothing measured, or incomplete; 130 interrupted.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from types import MappingProxyType

import click

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "attest": "Sign, list and withdraw statements by people.",
        "backup": "Encrypted backups: run, list, restore drill.",
        "demo": "The whole path once, on real local servers.",
        "deploy": "Update a stack with the policy pack, and record it.",
        "evidence": "The signed log: verify, show, checkpoint.",
        "exception": "Subjects that may break a promise until a date: add, list.",
        "keys": "Encryption keys: status, rotate.",
        "local": "The local servers: up, down, status, env.",
        "plan": "Judge what the program would create; no credentials, no network.",
        "policy": "The catalog of promises: list, digest.",
        "report": "The auditor's page, from the evidence log.",
        "retention": "Purge what is past its date.",
        "settings": "Where the servers of this environment are.",
        "verify": "Run every control, record the evidence, print the verdicts.",
    }
)


class Nouns(click.Group):
    """A group whose commands are imported by name when they are used, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"kept.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.command(cls=Nouns, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kept")
def root() -> None:
    """Makes the sentences of a published privacy policy true, and proves it.

    Exit codes: 0 ok; 1 error; 2 usage or configuration; 3 broken promise or invalid evidence; 4 at risk (with --fail-on
    at-risk); 5 nothing measured or incomplete; 130 interrupted.
    """


def main() -> None:
    """Run the command line; errors of ours are one message and a next step, never a traceback."""
    from kept.output import report_error

    try:
        code = root.main(standalone_mode=False)
    except click.Abort:
        code = 130
    except KeyboardInterrupt:
        code = 130
    except click.ClickException as error:
        error.show()
        code = 2
    except Exception as error:  # noqa: BLE001 - the outermost border: known errors are told, unknown ones re-raised there
        code = report_error(error)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
