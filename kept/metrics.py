"""What a job tells Prometheus: a text file for the node exporter's textfile collector, written at once or not at all."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path


def write(folder: Path, job: str, started: datetime, finished: datetime, *, succeeded: bool) -> None:
    """One file a job: when it last ran, how long it took  in seconds, whether it succeeded."""
    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

    registry = CollectorRegistry()

    def gauge(name: str, text: str, value: float) -> None:
        Gauge(f"kept_job_{name}", text, ["job"], registry=registry).labels(job).set(value)

    gauge("last_run_timestamp_seconds", "When the job last ended.", finished.timestamp())
    gauge("last_run_duration_seconds", "How long it took.", (finished - started).total_seconds())
    gauge("last_run_succeeded", "1 when it succeeded, else 0.", float(succeeded))
    folder.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(folder / f"{job}.prom"), registry)
