"""The figures and their bars. Whole commands are timed as a user meets them: best of several runs of the real command."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import states
from benchmarks.evidence import tree_mebibytes, verify_ratio
from benchmarks.fields import decrypt_ratio, encrypt_ratio, reencrypt_ratio
from benchmarks.race import lost_or_twice
from benchmarks.reports import page_megabytes, page_seconds
from benchmarks.resuming import resumed_ratio

KEPT = Path(sys.executable).with_name("kept")


@dataclass(frozen=True)
class Figure:
    """What is measured, in which unit, and the bar: the value may not exceed it, or with `at_least` not fall below it."""

    measure: Callable[[], float]
    unit: str
    bar: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        return value >= self.bar if self.at_least else value <= self.bar


def seconds(arguments: list[str], *, runs: int, home: Path | None = None) -> float:
    """Wall seconds of `kept ARGUMENTS`, the best of `runs`; a command that fails cannot be timed."""
    environment = {**os.environ, **({"KEPT_HOME": str(home)} if home else {})}
    best = float("inf")
    for _ in range(runs):
        begun = time.perf_counter()
        subprocess.run([KEPT, *arguments], check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        best = min(best, time.perf_counter() - begun)
    return best


def demo_seconds() -> float:
    """`kept demo` from nothing: servers, provisioning, 20 merchants and 20,000 orders, jobs, verification, report."""
    with tempfile.TemporaryDirectory(prefix="kept-") as folder:
        home = Path(folder) / "home"
        try:
            return seconds(["demo"], runs=1, home=home)
        finally:
            subprocess.run([KEPT, "local", "down", "--wipe"], check=False, env={**os.environ, "KEPT_HOME": str(home)})


FIGURES: Mapping[str, Figure] = {
    "help": Figure(lambda: 1000 * seconds(["--help"], runs=10), "ms", 150),
    "plan": Figure(lambda: seconds(["plan", "illumacom"], runs=3), "s", 8),
    "demo": Figure(demo_seconds, "s", 180),
    "report": Figure(page_seconds, "s", 1),
    "report-size": Figure(page_megabytes, "MB", 1),
    "evidence-verify": Figure(verify_ratio, "x", 0.70, at_least=True),
    "state": Figure(states.ratio, "x", 5),
    "state-memory": Figure(states.mebibytes, "MiB", 500),
    "evidence-memory": Figure(tree_mebibytes, "MiB", 200),
    "field-encrypt": Figure(encrypt_ratio, "x", 0.60, at_least=True),
    "field-decrypt": Figure(decrypt_ratio, "x", 0.60, at_least=True),
    "reencrypt": Figure(reencrypt_ratio, "x", 0.45, at_least=True),
    "evidence-writers": Figure(lost_or_twice, "", 0),
    "evidence-resumed": Figure(resumed_ratio, "x", 0.1),
}
