"""What a record may say: a compliant one of each kind, broken one field at a time, and no place for a person."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from evidence import composing, deployments
from evidence.composing import WITHHELD, Attested, Ended, Stamp, phrase, slug
from evidence.deployments import Deployed
from evidence.errors import Malformed
from evidence.records import content
from evidence.signing import fingerprint
from evidence.statements import Artifact, Gap, Rejection, Source, Statement, from_bytes, to_bytes
from promises.observations import ControlRun, Figure, Observation, Outcome, Surface, Vantage, summarise
from tests.evidence.log_world import RECORD, START, context, control_run

STAMP = Stamp(context(), 4, START)
SEEN = Observation("key-1", Outcome.PASS, "at most 90 days", "85 days", "rotate it", Figure("age", 85, "days", 90, 80))
RUN = ControlRun("keys.rotation", "keys.ages", Surface.PLAN, Vantage.INSIDE, "LIST pii/keys", START, START, (SEEN,))
PARAMETERS = {"max_age": timedelta(days=90), "ports": ("tcp/443", "tcp/80"), "count": 3, "strict": True}
SAID = Attested("access.mfa", "holds", "privacy-officer", fingerprint(RECORD.public_key()), START, START + timedelta(days=92), "d" * 64)

STATEMENTS: dict[str, Statement] = {
    "control run": composing.control_run(STAMP, RUN, PARAMETERS, Source(system="vault", host="vault-1"), "e" * 64),
    "job start": composing.job_started(STAMP, "keys.rotate", "r1", START),
    "job end": composing.job_ended(
        STAMP,
        Ended("backup.run", "r1", START, "failed", "DeadlineExceeded", {"bytes": 12}, (Artifact(name="dump", sha256="f" * 64, bytes=9),)),
    ),
    "attestation": composing.attestation(STAMP, SAID),
    "deployment": deployments.compose(STAMP, Deployed("pulumi-up", START, START, 36, "a" * 64, "b" * 64, (RUN,))),
    "heartbeat": composing.heartbeat(STAMP, 3, b"\x00" * 32),
    "rejected": composing.rejected(STAMP, [Rejection(sha256="c" * 64, reason="not-signed")]),
    "gap": composing.gap(STAMP, Gap(writer="w-2", first=2, last=5), 3, b"\x00" * 32),
}


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_every_kind_reads_back_as_it_was_written(statement: Statement) -> None:
    payload = to_bytes(statement)
    assert from_bytes(payload) == statement
    assert to_bytes(from_bytes(payload)) == payload


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_every_kind_is_an_in_toto_statement_whose_subjects_have_digests(statement: Statement) -> None:
    document = json.loads(to_bytes(statement))
    assert list(document) == ["_type", "subject", "predicateType", "predicate"]
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["predicateType"].startswith("https://kept.dev/")
    assert document["subject"]
    assert all(len(each["digest"]["sha256"]) == 64 for each in document["subject"])


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [at, *(path for key, inner in value.items() for path in paths(inner, (*at, key)))]
    if isinstance(value, list):
        return [path for number, inner in enumerate(value) for path in paths(inner, (*at, number))]
    return []


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_an_unknown_field_anywhere_is_refused(statement: Statement) -> None:
    """Also inside maps: their keys are words, and their values are of the declared type."""
    for path in paths(json.loads(to_bytes(statement))):
        document = json.loads(to_bytes(statement))
        target = document
        for part in path:
            target = target[part]
        target["not a field"] = {"x": 1}
        with pytest.raises(Malformed):
            from_bytes(json.dumps(document).encode())


Change = Callable[[dict[str, Any]], object]

BROKEN: dict[str, tuple[str, Change]] = {
    "no subject": ("heartbeat", lambda s: s.update(subject=[])),
    "a subject without a digest": ("heartbeat", lambda s: s["subject"][0].pop("digest")),
    "a digest that is too short": ("heartbeat", lambda s: s["subject"][0].update(digest={"sha256": "ab"})),
    "a digest in upper case": ("heartbeat", lambda s: s["subject"][0].update(digest={"sha256": "A" * 64})),
    "another statement type": ("heartbeat", lambda s: s.update(_type="https://in-toto.io/Statement/v0.1")),
    "an unknown predicate type": ("heartbeat", lambda s: s.update(predicateType="https://kept.dev/job/v2")),
    "a predicate of another kind": ("heartbeat", lambda s: s.update(predicateType="https://kept.dev/job/v1")),
    "an unknown environment": ("heartbeat", lambda s: s["predicate"].update(environment="test")),
    "a flag as a word": ("heartbeat", lambda s: s["predicate"].update(clock_override="false")),
    "a counter of zero": ("heartbeat", lambda s: s["predicate"]["writer"].update(counter=0)),
    "a counter as text": ("heartbeat", lambda s: s["predicate"]["writer"].update(counter="4")),
    "a time without a zone": ("heartbeat", lambda s: s["predicate"].update(timeCreated="2026-11-20T08:00:00")),
    "a commit that is none": ("heartbeat", lambda s: s["predicate"]["verifier"].update(commit="main")),
    "an address of a person as a subject": ("control run", lambda s: s["predicate"]["observed"][0].update(subject="jane@example.com")),
    "an address of a person as observed": ("control run", lambda s: s["predicate"]["observed"][0].update(observed="of jane@example.com")),
    "an observed text of two lines": ("control run", lambda s: s["predicate"]["observed"][0].update(observed="a\nb")),
    "an observed text without a bound": ("control run", lambda s: s["predicate"]["observed"][0].update(observed="x" * 301)),
    "a method without a bound": ("control run", lambda s: s["predicate"]["method"].update(text="x" * 301)),
    "an unknown outcome": ("control run", lambda s: s["predicate"]["observed"][0].update(outcome="ok")),
    "a count below zero": ("control run", lambda s: s["predicate"]["counts"].update({"pass": -1})),
    "a count of an unknown outcome": ("control run", lambda s: s["predicate"]["counts"].update(ok=1)),
    "an error that is a sentence": ("job end", lambda s: s["predicate"].update(error="Cannot read row of Jane")),
    "a name in the place of a role": ("attestation", lambda s: s["predicate"].update(role="Jane Doe")),
    "a deployment by other means": ("deployment", lambda s: s["predicate"].update(how="by hand")),
    "a deployment without a state": ("deployment", lambda s: s["predicate"].pop("state_digest")),
    "a deployment without a pack": ("deployment", lambda s: s["predicate"].update(pack_sha256="")),
    "a result in other words": ("deployment", lambda s: s["predicate"]["results"][0].update(result="ok")),
    "a reason that is a sentence": ("rejected", lambda s: s["predicate"]["rejected"][0].update(reason="because of Jane")),
}


@pytest.mark.parametrize(("kind", "change"), BROKEN.values(), ids=BROKEN.keys())
def test_one_broken_field_is_refused_and_its_value_is_not_told(kind: str, change: Change) -> None:
    document = json.loads(to_bytes(STATEMENTS[kind]))
    change(document)
    with pytest.raises(Malformed) as caught:
        from_bytes(json.dumps(document).encode())
    assert "jane" not in str(caught.value).lower()


def test_the_summary_that_was_recorded_is_that_of_the_run() -> None:
    predicate = STATEMENTS["control run"].predicate
    summary = summarise(RUN)
    assert predicate.digest == summary.digest  # type: ignore[union-attr]
    assert predicate.params == {"max_age": "90 days", "ports": "tcp/443, tcp/80", "count": "3", "strict": "True"}  # type: ignore[union-attr]


RESULTS = {
    "all pass": ((Outcome.PASS,), "PASSED"),
    "one fails": ((Outcome.PASS, Outcome.UNKNOWN, Outcome.FAIL), "FAILED"),
    "one is unknown": ((Outcome.PASS, Outcome.UNKNOWN), "WARNED"),
    "there is nothing": ((), "WARNED"),
    "nothing applies": ((Outcome.NOT_APPLICABLE,), "WARNED"),
}


@pytest.mark.parametrize(("outcomes", "word"), RESULTS.values(), ids=RESULTS.keys())
def test_the_word_for_a_run(outcomes: tuple[Outcome, ...], word: str) -> None:
    statement = composing.control_run(STAMP, control_run(START, *outcomes), {}, None, None)
    assert statement.predicate.result == word  # type: ignore[union-attr]


PHRASES = {
    "one line stays": ("min_tls_version 1.2", "min_tls_version 1.2"),
    "lines become one": ("a\n\tb\x00 c", "a b c"),
    "an address is withheld": ("owner jane@example.com", WITHHELD),
    "a long one is cut": ("x" * 400, "x" * 299 + "…"),
}


@pytest.mark.parametrize(("given", "kept"), PHRASES.values(), ids=PHRASES.keys())
def test_phrases_are_made_fit_for_the_log(given: str, kept: str) -> None:
    assert phrase(given) == kept


def test_a_subject_that_names_a_person_is_withheld_and_one_too_long_is_shortened() -> None:
    def statement(subject: str) -> Statement:
        seen = (Observation(subject, Outcome.FAIL, "a", "b"),)
        return composing.control_run(STAMP, ControlRun("p", "c", Surface.LIVE, Vantage.INSIDE, "m", START, START, seen), {}, None, None)

    (listed,) = statement("jane@example.com").predicate.observed  # type: ignore[union-attr]
    assert listed.subject.startswith("withheld ")
    assert listed.outcome is Outcome.FAIL
    assert statement("urn:pulumi:local::illumacom::" + "a$b/" * 100).predicate.observed[0].subject.startswith("urn:pulumi")  # type: ignore[union-attr]


SLUGS = {
    "DeadlineExceeded": "deadline-exceeded",
    "unreachable": "unreachable",
    "KeyError: 'Jane'": "key-error-jane",
    "é!": "",
    "x" * 80: "x" * 60,
}


@pytest.mark.parametrize(("given", "word"), SLUGS.items())
def test_an_error_becomes_a_word(given: str, word: str) -> None:
    assert slug(given) == word


def test_a_late_record_has_the_content_of_the_one_in_time_and_of_no_other() -> None:
    def ended(**changes: Any) -> Statement:
        stamp = Stamp(context(), changes.pop("counter", 4), START, **changes)
        return composing.job_started(stamp, "keys.rotate", "r1", START)

    assert content(ended()) == content(ended(late=True)) != content(ended(counter=5))
