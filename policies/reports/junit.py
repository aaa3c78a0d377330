"""The report as JUnit XML for continuous integration: a suite a promise, a case a proof.

Only a proof that is kept or at risk passes. A broken one is a failure, with an exception in force too (it exits 3 like broken); one that
is planned is skipped; anything else that is not proven is an error, for "could not check" is not "fine".
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

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
    return "\n".join([*lines, "</testsuites>", ""])


_Suite = tuple[Entry, list[tuple[str, str]]]


def _counts(suites: list[_Suite]) -> dict[str, str]:
    found = [kind for _, cases in suites for kind, _ in cases]
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
    text = "\n".join(reasons)
    if kind:
        return (
            kind,
            f"{opened}><{kind} {_attributes(message=reasons[0] if reasons else proof.status.value)}>{_text(text)}</{kind}></testcase>",
        )
    return kind, f"{opened}><system-out>{_text(text)}</system-out></testcase>" if text else f"{opened}/>"


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
