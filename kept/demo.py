"""`kept demo`: the whole path once, on real local servers.

1. Servers: Postgres, OpenBao, SeaweedFS and the local cloud.
2. Provisioning, as `kept deploy` does it: `pulumi up`, or the program rehearsed into the local cloud; the output says which.
3. Data: a seeded shop; three merchants' keys are aged honestly, so that the rotation has work.
4. Jobs: rotate, purge, backup, restore drill.
5. Signed statements about what no machine here can see.
6. Verification: every control, recorded, checkpointed, verified, judged.
7. The report, and a copy of the log that verifies offline.

It may be run again: servers and data that are there stay. Exit code 0 when every step ran and nothing is broken.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from kept import local, locations
from kept.environment import Environment, open_environment
from kept.output import progress
from kept.procedures import drift
from kept.procedures.attestations import attest
from kept.procedures.backups import make_backup, run_drill
from kept.procedures.deploy import deploy
from kept.procedures.keys import rotate_keys
from kept.procedures.retention import purge_due
from kept.procedures.shop import load
from kept.provision import BY_REHEARSAL
from kept.reporting import Wanted, write_report
from kept.showing import show
from kept.verification import Verified, verify
from promises.verdicts import Status
from samples.shop import ShopSize
from services.errors import BadData

PLATFORM = "illumacom"
STEPS = 9
STATEMENTS = ("region.us-only", "access.mfa", "marketplace.official-api")
"""Those that rest on no document of somebody else; the others wait for a person (`kept attest add`)."""


class Steps:
    """Numbered progress lines with the seconds each step took."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.number = 0

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        self.number += 1
        progress(click.style(f"[{self.number}/{self.count}] {words}", bold=True))
        begun = time.monotonic()
        yield
        progress(f"      done in {time.monotonic() - begun:.1f} s")


def run_demo(shop: ShopSize, output: str) -> int:
    """Everything, in order; the first step that fails ends it with its own message."""
    steps = Steps(STEPS)
    with steps.step("starting the local servers"):
        local.up(locations.local_folder(), PLATFORM, _line)
    environment = open_environment(PLATFORM)
    with steps.step("provisioning the stack in the local cloud"):
        deployed = deploy(PLATFORM, environment, _line)
        progress(f"      provisioned by: {deployed.how}")
        if deployed.how == BY_REHEARSAL:
            drift.forget_clouds(environment)
    environment = open_environment(PLATFORM)  # its settings now declare what can be probed
    with steps.step(f"loading the shop: {shop.merchants} merchants, {shop.orders} orders"):
        load(environment, shop, _line)
    jobs(environment, steps)
    with steps.step("signing statements about what no machine here can see"):
        for promise in STATEMENTS:
            attest(environment, promise)
            progress(f"      {promise}: {environment.catalog.promise(promise).title}")
    with steps.step("verifying every promise"):
        verified = verify(environment, _line)
    return _conclude(environment, verified, output)


def jobs(environment: Environment, steps: Steps) -> None:
    """The scheduled jobs, each once."""
    with steps.step("rotating keys (keys.rotate)"):
        progress(f"      {rotate_keys(environment, apply=True, progress=_line).summary()}")
    with steps.step("purging buyers' personal data past its date (retention.purge)"):
        purge_due(environment, apply=True, progress=_line)
    with steps.step("making an encrypted backup (backup.run)"):
        make_backup(environment, _line)
    with steps.step("restoring it into a scratch database (backup.drill)"):
        if not run_drill(environment, _line).passed:
            raise BadData("the restore drill did not pass: the restored digests differ", "look at `kept evidence show`")


def break_and_verify(promise: str, output: str) -> int:
    """Break one promise, verify again, show it broken."""
    environment = open_environment(PLATFORM)
    progress(f"breaking {promise}: {drift.break_promise(environment, promise)}")
    return _conclude(environment, verify(environment, _line), output)


def mend_and_verify(promise: str | None, output: str) -> int:
    """Undo what was broken, verify again."""
    environment = open_environment(PLATFORM)
    progress(f"mended: {', '.join(drift.mend(environment, promise)) or 'nothing was broken'}")
    return _conclude(environment, verify(environment, _line), output)


def _conclude(environment: Environment, verified: Verified, output: str) -> int:
    """Report, exported log, table; broken promises and a log that does not verify are exit code 3."""
    page = write_report(environment, verified, Wanted()).path
    write_report(environment, verified, Wanted("json"))
    exported = environment.log.export(environment.settings.data / "evidence")
    show(environment, verified, output)
    progress(f"report:   {page}")
    progress(f"evidence: {exported}   (check it offline: {sys.argv[0]} evidence verify '{exported}')")
    broken = any(verdict.status in (Status.BROKEN, Status.EXCEPTED) for verdict in verified.verdicts)
    return 3 if broken or verified.verification.problems else 0


def _line(message: str) -> None:
    progress(f"      {message}")
