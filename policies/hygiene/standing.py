"""How each rule stands: from runs just made, or from the latest that the verified log holds. What everybody shows is made of these.

A rule that no run tells of is *unknown*, as one that could not look is. Off is a standing of its own, with the catalog's reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from policies.hygiene.judging import Result, chosen
from promises.hygiene import GROUP, Choice
from promises.model import Catalog, Severity
from promises.observations import Observation, Outcome, RunSummary, Surface, summarise

SURFACES = (Surface.PLAN, Surface.LIVE)
SEVEREST = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)

NO_RUN = "nobody has looked yet"


class Standing(StrEnum):
    """The worst first."""

    FAIL = "fail"
    UNKNOWN = "unknown"
    PASS = "pass"  # noqa: S105 - an outcome, no secret
    NOT_APPLICABLE = "not applicable"
    OFF = "off"


@dataclass(frozen=True)
class Finding:
    """One rule on one surface, with the run it was judged by (none where it is off, or nobody has looked)."""

    choice: Choice
    surface: Surface
    run: RunSummary | None

    @property
    def standing(self) -> Standing:
        if self.choice.off:
            return Standing.OFF
        return Standing.UNKNOWN if self.run is None else _standing(self.run)

    @property
    def bad(self) -> tuple[Observation, ...]:
        """The subjects that failed or could not be judged, as far as they are listed."""
        listed = self.run.listed if self.run else ()
        return tuple(each for each in listed if each.outcome in (Outcome.FAIL, Outcome.UNKNOWN))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it stands so, in words."""
        if self.choice.off:
            return (self.choice.off,)
        if self.run is None:
            return (NO_RUN,)
        said = tuple(f"{each.subject}: {each.observed}, expected {each.expected}" for each in self.bad)
        return (*said, "it did not come to its end") if not self.run.complete and not said else said


def _standing(run: RunSummary) -> Standing:
    """Fail if anything failed; unknown if anything could not be judged, or nothing was seen; not applicable if nothing was to be judged."""
    if run.count(Outcome.FAIL):
        return Standing.FAIL
    if run.count(Outcome.UNKNOWN) or not run.complete or not sum(run.counts.values()):
        return Standing.UNKNOWN
    return Standing.PASS if run.count(Outcome.PASS) else Standing.NOT_APPLICABLE


def of_results(results: Iterable[Result]) -> tuple[Finding, ...]:
    """The findings of runs just made."""
    return tuple(Finding(each.choice, each.surface, summarise(each.run) if each.run else None) for each in results)


def of_log(catalog: Catalog, runs: Iterable[RunSummary]) -> tuple[Finding, ...]:
    """The findings of the latest runs that the log holds; earlier ones no longer count."""
    latest: dict[tuple[str, Surface], RunSummary] = {}
    for run in sorted((each for each in runs if each.promise == GROUP), key=lambda each: each.finished):
        latest[run.control, run.surface] = run
    return tuple(
        Finding(choice, surface, latest.get((choice.rule.id, surface))) for surface in SURFACES for choice in chosen(catalog, surface)
    )


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By standing, then by severity; otherwise in the table's order."""
    return tuple(sorted(findings, key=lambda each: (list(Standing).index(each.standing), SEVEREST.index(each.choice.rule.severity))))


def counts(findings: Iterable[Finding]) -> Mapping[Standing, int]:
    every = tuple(findings)
    return {standing: sum(each.standing is standing for each in every) for standing in Standing}
