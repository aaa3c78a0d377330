"""Records of deployments: which state of the stack went through the whole procedure, under which pack, with which results.

A state without such a record came about past the pack (a plain `pulumi up`, a `pulumi import`, an edited state), however well it
passes the plan controls afterwards; verdicts then call every plan proof not proven.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from evidence.composing import Stamp, result_of
from evidence.records import Record
from evidence.statements import Deployment, DeploymentStatement, Digests, PlanResult, Statement, Thing
from promises.observations import ControlRun, summarise

RANK = ("PASSED", "WARNED", "FAILED")


@dataclass(frozen=True)
class Deployed:
    """A deployment as its procedure knows it. Digests are SHA-256 (hex); `runs` are the plan controls over the state it left."""

    how: Literal["pulumi-up", "rehearsal"]
    started: datetime
    finished: datetime
    resources: int
    state_digest: str
    pack_sha256: str
    runs: tuple[ControlRun, ...]


def compose(stamp: Stamp, said: Deployed) -> Statement:
    """The record; its subjects are the state and the pack. No control at all is no pass."""
    results = tuple(_result(run) for run in said.runs)
    predicate = Deployment(
        **stamp.fields(),
        how=said.how,
        result=max((each.result for each in results), key=RANK.index, default="WARNED"),
        started=said.started.astimezone(UTC),
        finished=said.finished.astimezone(UTC),
        resources=said.resources,
        state_digest=said.state_digest,
        pack_sha256=said.pack_sha256,
        results=results,
    )
    return DeploymentStatement(
        subject=(_thing("stack-state", said.state_digest), _thing("policy-pack", said.pack_sha256)), predicate=predicate
    )


def deployed_states(records: Iterable[Record]) -> tuple[str, ...]:
    """The digests of all states that a record tells of, the one that was deployed last at the end (a record may come late)."""
    told = (each.predicate for each in records)
    deployments = sorted((each for each in told if isinstance(each, Deployment)), key=lambda each: each.finished)
    return tuple(each.state_digest for each in deployments)


def _result(run: ControlRun) -> PlanResult:
    summary = summarise(run)
    return PlanResult(
        promise=run.promise, control=run.control, result=result_of(summary), counts=dict(summary.counts), digest=summary.digest
    )


def _thing(name: str, digest: str) -> Thing:
    return Thing(name=name, digest=Digests(sha256=digest))
