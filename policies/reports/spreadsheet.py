"""The report as CSV, in the column names auditors know from Prowler, with ours behind them: one row a listed observation.

1. `Status` is PASS, FAIL, UNKNOWN or NOT_APPLICABLE; what could not be checked is never a pass. A proof without a run is one row, UNKNOWN.
2. `Muted` is True where a signed exception stands: the failure stays in the table.
3. Subjects that the log counts without listing are one row that says how many and names the digest of the full list.
4. Rules of hygiene follow the promises; their requirement is `hygiene.<rule>`, and one that is switched off is muted.
5. A cell that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from policies.hygiene.standing import Finding, Standing
from policies.reports.model import Entry, Proof, Report
from promises.hygiene import GROUP
from promises.observations import Observation, Outcome
from promises.verdicts import Status

COLUMNS = (
    "Requirements_Id",
    "Requirements_Description",
    "Status",
    "StatusExtended",
    "ResourceId",
    "CheckId",
    "Muted",
    "AssessmentDate",
    "Requirements_Section",
    "PromiseStatus",
    "Severity",
    "Surface",
    "Expected",
    "Observed",
    "Record",
    "Population",
    "Sha256",
)

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def render(report: Report) -> str:
    """Header and rows, RFC 4180: commas, quotes where needed, CRLF."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for entry in report.entries:
        for proof in entry.proofs:
            writer.writerows([_safe(each) for each in row] for row in _rows(report, entry, proof))
    for finding in report.hygiene:
        writer.writerows([_safe(each) for each in row] for row in _hygiene(report, finding))
    return text.getvalue()


def _rows(report: Report, entry: Entry, proof: Proof) -> Iterator[tuple[str, ...]]:
    run = proof.run
    if run is None:
        yield _row(report, entry, proof, "UNKNOWN", "; ".join(proof.verdict.reasons))
        return
    for each in proof.rows:
        seen = each.seen
        said = f"{seen.subject}: {seen.observed}; expected {seen.expected}"
        yield _row(report, entry, proof, _status(seen.outcome), said, subject=seen.subject, expected=seen.expected, observed=seen.observed)
    if proof.unlisted:
        counts = ", ".join(f"{count} {outcome.value}" for outcome, count in run.counts.items() if count)
        said = f"{proof.unlisted} more, not listed in the log and covered by the digest; of all: {counts}"
        status = "PASS" if proof.status in (Status.KEPT, Status.AT_RISK) else "UNKNOWN"
        yield _row(report, entry, proof, status, said, subject=f"({proof.unlisted} more)")
    if not proof.rows and not proof.unlisted:
        yield _row(report, entry, proof, "UNKNOWN", "its population is empty", observed="nobody was there")


def _row(  # noqa: PLR0913 - a row has so many cells; the last three have defaults
    report: Report, entry: Entry, proof: Proof, status: str, said: str, *, subject: str = "", expected: str = "", observed: str = ""
) -> tuple[str, ...]:
    run = proof.run
    finished = (run.finished if run else report.at).isoformat().replace("+00:00", "Z")
    return (
        entry.promise.id,
        entry.promise.title,
        status,
        said,
        subject,
        proof.name,
        str(entry.status is Status.EXCEPTED and status == "FAIL"),
        finished,
        entry.promise.section,
        entry.words,
        entry.promise.severity.value,
        proof.surface,
        expected,
        observed,
        "" if run is None or run.record is None else str(run.record),
        "" if run is None else str(run.population),
        "" if run is None else run.digest,
    )


def _hygiene(report: Report, finding: Finding) -> Iterator[tuple[str, ...]]:
    """One row a subject of a rule of hygiene; a rule that is off, or that nobody has looked at, is one row."""
    if finding.run is None or finding.choice.off:
        status = "NOT_APPLICABLE" if finding.choice.off else "UNKNOWN"
        yield _hygiene_row(report, finding, status, Observation("", Outcome.UNKNOWN, "", finding.reasons[0]))
        return
    for seen in finding.run.listed:
        yield _hygiene_row(report, finding, _status(seen.outcome), seen)
    unlisted = sum(finding.run.counts.values()) - len(finding.run.listed)
    if unlisted > 0:
        more = Observation(f"({unlisted} more)", Outcome.UNKNOWN, "", "not listed in the log and covered by the digest")
        status = "PASS" if finding.standing is Standing.PASS else "UNKNOWN"
        yield _hygiene_row(report, finding, status, more)


def _hygiene_row(report: Report, finding: Finding, status: str, seen: Observation) -> tuple[str, ...]:
    rule, run = finding.choice.rule, finding.run
    finished = (run.finished if run else report.at).isoformat().replace("+00:00", "Z")
    said = f"{seen.subject}: {seen.observed}; expected {seen.expected}" if seen.expected else seen.observed
    return (
        f"{GROUP}.{rule.id}",
        rule.title,
        status,
        said,
        seen.subject,
        rule.id,
        str(bool(finding.choice.off)),
        finished,
        GROUP,
        finding.standing.value,
        rule.severity.value,
        finding.surface.value,
        seen.expected,
        seen.observed,
        "" if run is None or run.record is None else str(run.record),
        "" if run is None else str(run.population),
        "" if run is None else run.digest,
    )


def _status(outcome: Outcome) -> str:
    return outcome.value.upper().replace("-", "_")


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
