"""The report as JUnit XML for continuous integration: a suite a promise, a case a proof.

Only a proof that is kept or at risk passes. A broken one is a failure, with an exception in force too (it exits 3 like broken); one that
is planned is skipped; anything else that is not proven is an error, for "could not check" is not "fine".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from policies.hygiene.standing import Finding, Standing
from policies.reports.model import Entry, Proof, Report
from promises.verdicts import UNVERIFIED, Status

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (section 2.2) has no place for, escaped or not."""


def render(report: Report) -> str:
    suites = [(entry, [_case(report, entry, proof) for proof in entry.proofs]) for entry in report.entries]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {_attributes(name=f'kept {report.platform}', **_counts(suites))}>"]
    for suite in suites:
        entry, cases = suite
        named = _attributes(
            name=f"{entry.promise.id}: {entry.promise.title}", timestamp=f"{report.at:%Y-%m-%dT%H:%M:%S}", **_counts([suite])
        )
        status = _attributes(name="kept.status", value=entry.words)
        lines += [f"<testsuite {named}>", f"<properties><property {status}/></properties>", *(text for _, text in cases), "</testsuite>"]
    return "\n".join([*lines, *_hygiene(report), "</testsuites>", ""])


def _hygiene(report: Report) -> list[str]:
    """A suite of the rules of hygiene: a case a rule and surface; what is not known is an error, what is off or not applicable skipped."""
    if not report.hygiene:
        return []
    cases = [_rule_case(report, finding) for finding in report.hygiene]
    named = _attributes(
        name="hygiene, beside the promises", timestamp=f"{report.at:%Y-%m-%dT%H:%M:%S}", **_tally(kind for kind, _ in cases)
    )
    return [f"<testsuite {named}>", *(text for _, text in cases), "</testsuite>"]


_KINDS = {
    Standing.FAIL: "failure",
    Standing.UNKNOWN: "error",
    Standing.PASS: "",
    Standing.NOT_APPLICABLE: "skipped",
    Standing.OFF: "skipped",
}


def _rule_case(report: Report, finding: Finding) -> tuple[str, str]:
    rule, kind = finding.choice.rule, _KINDS[finding.standing]
    named = _attributes(classname=f"{report.platform}.hygiene", name=f"{rule.id} ({finding.surface.value}): {rule.title}", time="0")
    return kind, _element(f"<testcase {named}", kind, finding.reasons or (finding.standing.value,))


_Suite = tuple[Entry, list[tuple[str, str]]]


def _counts(suites: list[_Suite]) -> dict[str, str]:
    return _tally(kind for _, cases in suites for kind, _ in cases)


def _tally(kinds: Iterable[str]) -> dict[str, str]:
    found = list(kinds)
    return {
        "tests": str(len(found)),
        "failures": str(found.count("failure")),
        "errors": str(found.count("error")),
        "skipped": str(found.count("skipped")),
    }


def _case(report: Report, entry: Entry, proof: Proof) -> tuple[str, str]:
    """Which kind of case it is ("" passes), and its element."""
    kind, reasons = _outcome(report, proof)
    seconds = "0"
    opened = (
        f"<testcase {_attributes(classname=f'{report.platform}.{entry.promise.id}', name=f'{proof.name} ({proof.surface})', time=seconds)}"
    )
    if kind:
        return kind, _element(opened, kind, reasons or (proof.status.value,))
    text = "\n".join(reasons)
    return kind, f"{opened}><system-out>{_text(text)}</system-out></testcase>" if text else f"{opened}/>"


def _element(opened: str, kind: str, reasons: tuple[str, ...]) -> str:
    """A case with what it is, if anything; `opened` is its element up to the bracket."""
    if not kind:
        return f"{opened}/>"
    return f"{opened}><{kind} {_attributes(message=reasons[0])}>{_text(chr(10).join(reasons))}</{kind}></testcase>"


def _outcome(report: Report, proof: Proof) -> tuple[str, tuple[str, ...]]:
    if not report.trust.verified:
        return "error", (UNVERIFIED,)
    if proof.verdict.proof.planned:
        return "skipped", proof.verdict.reasons
    kinds = {Status.KEPT: "", Status.AT_RISK: "", Status.BROKEN: "failure", Status.EXCEPTED: "failure", Status.NOT_PROVEN: "error"}
    return kinds[proof.status], proof.verdict.reasons


def _attributes(**values: str) -> str:
    return " ".join(f"{name}={quoteattr(_legal(value))}" for name, value in values.items())


def _text(value: str) -> str:
    return escape(_legal(value))


def _legal(value: str) -> str:
    return _ILLEGAL.sub("\ufffd", value)
