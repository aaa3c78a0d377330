"""The verdict rules as a table, and the properties that must hold whatever is in the log."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promises.model import Promise, Proof
from promises.observations import Figure, Observation, Outcome, RunSummary, Surface
from promises.verdicts import GrantedException, RefusedStatement, Status, Verdict, exit_code, judge
from tests.promises.support import DAY, DOCUMENTED, DRILL, HOUR, LIVE, NOW, PLAN, PLANNED, STATEMENT, empty, promise, run, seen

FAIL, UNKNOWN = Outcome.FAIL, Outcome.UNKNOWN


def key_age(days: int) -> Figure:
    return Figure("age", days, "days", limit=90, warn=80)


def refused(kind: Literal["statement", "exception"], about: str = "shelf.locked") -> RefusedStatement:
    return RefusedStatement(about, kind, 12, "clerk", "its key is not in the register under its role")


TOLD = {
    "a statement that is missing": ((STATEMENT,), (), "statement", True),
    "a statement that is there": ((STATEMENT,), (run(STATEMENT, expires=NOW + 60 * DAY),), "statement", False),
    "a statement where none is asked for": ((LIVE,), (), "statement", False),
    "an exception where something is broken": ((LIVE,), (run(LIVE, seen("shelf 1", FAIL)),), "exception", True),
    "an exception where nothing is broken": ((LIVE,), (), "exception", False),
}


@pytest.mark.parametrize(("proofs", "runs", "kind", "told"), TOLD.values(), ids=TOLD.keys())
def test_a_refused_statement_is_told_where_it_could_have_decided_and_decides_nothing(
    proofs: tuple[Proof, ...], runs: tuple[RunSummary, ...], kind: Literal["statement", "exception"], *, told: bool
) -> None:
    plain = judge(promise(*proofs), runs, NOW)
    verdict = judge(promise(*proofs), runs, NOW, refused=[refused(kind), refused(kind, "another.promise")])
    assert verdict.status is plain.status
    words = f"the {kind} of record 12 by the role clerk does not count: its key is not in the register under its role"
    assert verdict.reasons == (*plain.reasons, *([words] if told else []))


def exception(*subjects: str, until: datetime = NOW + DAY, about: str = "shelf.locked") -> GrantedException:
    return GrantedException(about, frozenset(subjects), "privacy officer", "the lock is ordered", until)


@dataclass(frozen=True)
class Case:
    promise: Promise
    runs: tuple[RunSummary, ...]
    status: Status
    reason: str = ""
    arguments: dict = field(default_factory=dict)


RULES = {
    "every proof passed": Case(promise(LIVE, PLAN), (run(LIVE), run(PLAN)), Status.KEPT),
    "one subject of one proof failed": Case(
        promise(LIVE, PLAN),
        (run(LIVE, seen("shelf 1"), seen("shelf 2", FAIL)), run(PLAN)),
        Status.BROKEN,
        "shelf.live (live): 1 of 2 subjects failed: shelf 2: open, expected locked",
    ),
    "many failed: three are named, the rest counted": Case(
        promise(LIVE),
        (run(LIVE, *(seen(f"shelf {each}", FAIL) for each in range(5))),),
        Status.BROKEN,
        "shelf 1: open, expected locked; shelf 2: open, expected locked; and 2 more",
    ),
    "a failure does not grow stale": Case(promise(LIVE), (run(LIVE, seen("shelf 1", FAIL), age=400 * DAY),), Status.BROKEN),
    "a failure beats what is not proven": Case(promise(LIVE, PLANNED, PLAN), (run(LIVE, seen("shelf 1", FAIL)),), Status.BROKEN),
    "a failure dated in the future is a failure": Case(promise(LIVE), (run(LIVE, seen("shelf 1", FAIL), age=-DAY),), Status.BROKEN),
    "a later complete pass replaces a failure": Case(
        promise(LIVE), (run(LIVE, seen("shelf 1", FAIL), age=2 * HOUR), run(LIVE)), Status.KEPT
    ),
    "the order in the log does not matter": Case(promise(LIVE), (run(LIVE), run(LIVE, seen("shelf 1", FAIL), age=2 * HOUR)), Status.KEPT),
    "of two runs at one moment the failing one counts": Case(
        promise(LIVE), (run(LIVE, seen("shelf 1", FAIL), record=1), run(LIVE, record=2)), Status.BROKEN
    ),
    "a newer incomplete run counts for its failures": Case(
        promise(LIVE), (run(LIVE, age=2 * HOUR), run(LIVE, seen("shelf 1", FAIL), complete=False)), Status.BROKEN
    ),
    "a newer incomplete run without failures replaces nothing": Case(
        promise(LIVE), (run(LIVE, age=2 * HOUR), run(LIVE, seen("shelf 1", UNKNOWN), complete=False)), Status.KEPT
    ),
    "an older incomplete failure is replaced": Case(
        promise(LIVE), (run(LIVE, seen("shelf 1", FAIL), complete=False, age=2 * HOUR), run(LIVE)), Status.KEPT
    ),
    "only incomplete runs": Case(
        promise(LIVE), (run(LIVE, complete=False),), Status.NOT_PROVEN, "shelf.live (live): 1 run in the log, none complete"
    ),
    "no run at all": Case(promise(LIVE), (), Status.NOT_PROVEN, "shelf.live (live): no run in the log"),
    "a run of another promise proves nothing here": Case(promise(LIVE), (replace(run(LIVE), promise="door.locked"),), Status.NOT_PROVEN),
    "a run on another surface proves nothing here": Case(promise(LIVE), (replace(run(LIVE), surface=Surface.JOB),), Status.NOT_PROVEN),
    "a stale run": Case(
        promise(LIVE), (run(LIVE, age=2 * DAY + HOUR),), Status.NOT_PROVEN, "its last run is 2 days 1 hour old, 2 days are allowed"
    ),
    "a run exactly as old as allowed": Case(promise(LIVE), (run(LIVE, age=2 * DAY),), Status.KEPT),
    "a run dated in the future": Case(
        promise(LIVE), (run(LIVE, age=-DAY),), Status.NOT_PROVEN, "dated 1 day in the future; check the clocks"
    ),
    "a run a little ahead of our clock": Case(promise(LIVE), (run(LIVE, age=timedelta(minutes=-4)),), Status.KEPT),
    "a subject that could not be checked": Case(
        promise(LIVE),
        (run(LIVE, seen("shelf 1"), seen("shelf 2", UNKNOWN)),),
        Status.NOT_PROVEN,
        "1 of 2 subjects could not be checked: shelf 2: 403, expected locked",
    ),
    "an empty population": Case(promise(LIVE), (empty(),), Status.NOT_PROVEN, "an empty population proves nothing"),
    "an empty population that may be empty": Case(promise(replace(LIVE, may_be_empty=True)), (empty(),), Status.KEPT),
    "counts that do not add up": Case(
        promise(LIVE), (replace(run(LIVE), population=3),), Status.NOT_PROVEN, "its counts do not add up to its population of 3"
    ),
    "a planned proof": Case(promise(LIVE, PLANNED), (run(LIVE),), Status.NOT_PROVEN, "live proof is planned: comes with the warehouse"),
    "no proof at all": Case(promise(), (), Status.NOT_PROVEN, "names no proof"),
    "a plan run for this state": Case(promise(PLAN), (run(PLAN, state_digest="aa"),), Status.KEPT, arguments={"state_digest": "aa"}),
    "a plan run for another state": Case(
        promise(PLAN), (run(PLAN, state_digest="bb"),), Status.NOT_PROVEN, "the stack has changed", arguments={"state_digest": "aa"}
    ),
    "a plan failure of another state": Case(
        promise(PLAN), (run(PLAN, seen("shelf 1", FAIL), state_digest="bb"),), Status.NOT_PROVEN, arguments={"state_digest": "aa"}
    ),
    "a plan run for a state that was deployed": Case(
        promise(PLAN), (run(PLAN, state_digest="aa"),), Status.KEPT, arguments={"state_digest": "aa", "deployed": ("aa", "bb")}
    ),
    "a plan run for a state that came about past the pack": Case(
        promise(PLAN),
        (run(PLAN, state_digest="aa"),),
        Status.NOT_PROVEN,
        "shelf.plan (plan): the stack's state has no deployment record",
        arguments={"state_digest": "aa", "deployed": ("bb",)},
    ),
    "a failure in a state that came about past the pack is one": Case(
        promise(PLAN),
        (run(PLAN, seen("shelf 1", FAIL), state_digest="aa"),),
        Status.BROKEN,
        "1 of 1 subject failed",
        arguments={"state_digest": "aa", "deployed": ()},
    ),
    "a state that came about past the pack says nothing about live runs": Case(
        promise(LIVE), (run(LIVE),), Status.KEPT, arguments={"state_digest": "aa", "deployed": ()}
    ),
    "what was not proven in a state past the pack keeps its own reason too": Case(
        promise(PLAN),
        (run(PLAN, state_digest="bb"),),
        Status.NOT_PROVEN,
        "the stack has changed since its last run",
        arguments={"state_digest": "aa", "deployed": ("bb",)},
    ),
    "with no state at hand, a plan run for the state that was deployed last": Case(
        promise(PLAN), (run(PLAN, state_digest="bb"),), Status.KEPT, arguments={"deployed": ("aa", "bb")}
    ),
    "with no state at hand, a plan run for a state that came about past the pack": Case(
        promise(PLAN),
        (run(PLAN, state_digest="cc"),),
        Status.NOT_PROVEN,
        "shelf.plan (plan): the stack's state has no deployment record",
        arguments={"deployed": ("aa", "bb")},
    ),
    "with no state at hand and nothing ever deployed": Case(
        promise(PLAN), (run(PLAN, state_digest="bb"),), Status.NOT_PROVEN, "has no deployment record", arguments={"deployed": ()}
    ),
    "with no state at hand, a plan run that does not say which state it judged": Case(
        promise(PLAN), (run(PLAN),), Status.NOT_PROVEN, "has no deployment record", arguments={"deployed": ("aa",)}
    ),
    "with no state at hand, a plan run for a state that was deployed over": Case(
        promise(PLAN),
        (run(PLAN, state_digest="aa"),),
        Status.NOT_PROVEN,
        "shelf.plan (plan): its last run is not of the state that was deployed last",
        arguments={"deployed": ("aa", "bb")},
    ),
    "with no state at hand, an older state that was deployed again": Case(
        promise(PLAN), (run(PLAN, state_digest="aa"),), Status.KEPT, arguments={"deployed": ("aa", "bb", "aa")}
    ),
    "with no state at hand, a newer run that saw a state past the pack, though it did not come to its end": Case(
        promise(PLAN),
        (run(PLAN, state_digest="aa", age=2 * HOUR), run(PLAN, state_digest="cc", complete=False)),
        Status.NOT_PROVEN,
        "has no deployment record",
        arguments={"deployed": ("aa",)},
    ),
    "with no state at hand, a newer run of another promise that saw a state past the pack": Case(
        promise(PLAN),
        (run(PLAN, state_digest="aa", age=2 * HOUR), replace(run(PLAN, state_digest="cc"), promise="door.locked")),
        Status.NOT_PROVEN,
        "has no deployment record",
        arguments={"deployed": ("aa",)},
    ),
    "with no state at hand, an older run that saw another state": Case(
        promise(PLAN),
        (run(PLAN, state_digest="cc", age=2 * HOUR), run(PLAN, state_digest="aa")),
        Status.KEPT,
        arguments={"deployed": ("aa",)},
    ),
    "with no state at hand, an own run for the old state beside another promise's for the new one": Case(
        promise(PLAN),
        (run(PLAN, state_digest="aa", age=2 * HOUR), replace(run(PLAN, state_digest="bb"), promise="door.locked")),
        Status.NOT_PROVEN,
        "is not of the state that was deployed last",
        arguments={"deployed": ("aa", "bb")},
    ),
    "with no state at hand, a failure in a state past the pack is one": Case(
        promise(PLAN),
        (run(PLAN, seen("shelf 1", FAIL), state_digest="cc"),),
        Status.BROKEN,
        "1 of 1 subject failed",
        arguments={"deployed": ("aa",)},
    ),
    "with no state at hand, plan runs say nothing about live ones": Case(
        promise(LIVE), (run(LIVE), run(PLAN, state_digest="cc")), Status.KEPT, arguments={"deployed": ("aa",)}
    ),
    "a plan run when no state and no deployment is asked about": Case(promise(PLAN), (run(PLAN, state_digest="bb"),), Status.KEPT),
    "no plan run though a state is asked about": Case(
        promise(PLAN), (), Status.NOT_PROVEN, "no run in the log", arguments={"state_digest": "aa"}
    ),
    "a state says nothing about live runs": Case(promise(LIVE), (run(LIVE),), Status.KEPT, arguments={"state_digest": "aa"}),
    "a figure within its margin": Case(
        promise(LIVE),
        (run(LIVE, seen("key 1", figure=key_age(85))),),
        Status.AT_RISK,
        "key 1: age 85 of 90 days (at risk from 80)",
    ),
    "a figure below its margin": Case(promise(LIVE), (run(LIVE, seen("key 1", figure=key_age(79))),), Status.KEPT),
    "many figures within their margin": Case(
        promise(LIVE),
        (run(LIVE, *(seen(f"key {each}", figure=key_age(85)) for each in range(5))),),
        Status.AT_RISK,
        "and 2 more near their limit",
    ),
    "a drill that is nearly due": Case(
        promise(DRILL), (run(DRILL, age=81 * DAY),), Status.AT_RISK, "its last run is 81 days old and holds for 11 days more"
    ),
    "a drill that is not": Case(promise(DRILL), (run(DRILL, age=79 * DAY),), Status.KEPT),
    "what is not proven beats what is at risk": Case(promise(LIVE, DRILL), (run(DRILL, age=81 * DAY),), Status.NOT_PROVEN),
    "a statement": Case(promise(STATEMENT), (run(STATEMENT, expires=NOW + 60 * DAY),), Status.KEPT),
    "a statement about to expire": Case(
        promise(STATEMENT), (run(STATEMENT, expires=NOW + 13 * DAY),), Status.AT_RISK, "holds for 13 days more"
    ),
    "an expired statement": Case(
        promise(STATEMENT), (run(STATEMENT, expires=NOW),), Status.NOT_PROVEN, "attestation (attest): the statement expired on 2031-05-02"
    ),
    "a statement without the document it must rest on": Case(
        promise(DOCUMENTED), (run(DOCUMENTED, expires=NOW + 60 * DAY),), Status.NOT_PROVEN, "rests on no document"
    ),
    "a statement on its document": Case(promise(DOCUMENTED), (run(DOCUMENTED, expires=NOW + 60 * DAY, document="e" * 64),), Status.KEPT),
    "a statement that claims to hold for years": Case(
        promise(STATEMENT), (run(STATEMENT, age=93 * DAY, expires=NOW + 900 * DAY),), Status.NOT_PROVEN, "92 days are allowed"
    ),
    "a withdrawn statement": Case(
        promise(STATEMENT),
        (run(STATEMENT, age=2 * HOUR, expires=NOW + 60 * DAY), run(STATEMENT, seen("accounts", FAIL))),
        Status.BROKEN,
    ),
    "a log that did not verify": Case(
        promise(LIVE), (run(LIVE),), Status.NOT_PROVEN, "the evidence log did not verify", arguments={"log_verified": False}
    ),
    "a log that did not verify proves no failure either": Case(
        promise(LIVE), (run(LIVE, seen("shelf 1", FAIL)),), Status.NOT_PROVEN, arguments={"log_verified": False}
    ),
    "an exception that covers every subject": Case(
        promise(LIVE),
        (run(LIVE, seen("shelf 1", FAIL)),),
        Status.EXCEPTED,
        "excepted until 2031-05-03 by privacy officer: the lock is ordered",
        arguments={"exceptions": [exception("shelf 1")]},
    ),
    "an exception that misses a subject": Case(
        promise(LIVE),
        (run(LIVE, seen("shelf 1", FAIL), seen("shelf 2", FAIL)),),
        Status.BROKEN,
        arguments={"exceptions": [exception("shelf 1")]},
    ),
    "an exception that has ended": Case(
        promise(LIVE), (run(LIVE, seen("shelf 1", FAIL)),), Status.BROKEN, arguments={"exceptions": [exception("shelf 1", until=NOW)]}
    ),
    "an exception for another promise": Case(
        promise(LIVE),
        (run(LIVE, seen("shelf 1", FAIL)),),
        Status.BROKEN,
        arguments={"exceptions": [exception("shelf 1", about="door.locked")]},
    ),
    "an exception cannot cover failures that are not listed": Case(
        promise(LIVE),
        (replace(run(LIVE, seen("shelf 1", FAIL)), counts={FAIL: 2}, population=2),),
        Status.BROKEN,
        arguments={"exceptions": [exception("shelf 1")]},
    ),
    "an exception proves nothing": Case(promise(LIVE), (), Status.NOT_PROVEN, arguments={"exceptions": [exception("shelf 1")]}),
}


@pytest.mark.parametrize("case", RULES.values(), ids=RULES.keys())
def test_rule(case: Case) -> None:
    verdict = judge(case.promise, case.runs, NOW, **case.arguments)
    assert verdict.status is case.status, verdict.reasons
    assert case.reason in " / ".join(verdict.reasons)
    assert bool(verdict.reasons) == (verdict.status is not Status.KEPT), "whatever is not kept has a reason, and nothing else has"
    assert len(verdict.proofs) == len(case.promise.proofs)


def test_statements_alone_are_told_apart() -> None:
    statement = run(STATEMENT, expires=NOW + 60 * DAY)
    assert judge(promise(STATEMENT), [statement], NOW).attested
    assert not judge(promise(STATEMENT, LIVE), [statement, run(LIVE)], NOW).attested
    assert not judge(promise(STATEMENT), [], NOW).attested


def test_the_run_that_counted_is_named() -> None:
    older, newer = run(LIVE, age=2 * HOUR, record=3), run(LIVE, record=9)
    assert judge(promise(LIVE), [newer, older], NOW).proofs[0].run is newer


EXITS = {
    "nothing judged is no success": ([], False, 5),
    "all kept": ([Status.KEPT], False, 0),
    "at risk alone, not asked for": ([Status.KEPT, Status.AT_RISK], False, 0),
    "at risk alone, asked for": ([Status.KEPT, Status.AT_RISK], True, 4),
    "not proven before at risk": ([Status.AT_RISK, Status.NOT_PROVEN], True, 5),
    "broken before all": ([Status.NOT_PROVEN, Status.BROKEN, Status.AT_RISK], True, 3),
    "excepted like broken": ([Status.KEPT, Status.EXCEPTED], False, 3),
}


@pytest.mark.parametrize(("statuses", "flag", "expected"), EXITS.values(), ids=EXITS.keys())
def test_exit_code(statuses: list[Status], flag, expected: int) -> None:
    verdicts = [Verdict("shelf.locked", status, (), ()) for status in statuses]
    assert exit_code(verdicts, fail_on_at_risk=flag) == expected


PROOFS = [LIVE, PLAN, DRILL, STATEMENT, PLANNED, replace(LIVE, control="shelf.probe", may_be_empty=True)]
figures = st.none() | st.builds(lambda value: Figure("age", value, "days", 90, 80), st.integers(0, 89))
sightings = st.builds(
    lambda number, outcome, figure: seen(f"shelf {number}", outcome, figure), st.integers(0, 3), st.sampled_from(Outcome), figures
)
runs = st.builds(
    lambda proof, seen_, hours, complete, record, expires, digest: run(
        proof,
        *seen_,
        age=hours * HOUR,
        complete=complete,
        record=record,
        expires=None if expires is None else NOW + expires * DAY,
        state_digest=digest,
    ),
    st.sampled_from([proof for proof in PROOFS if proof.control]),
    st.lists(sightings, max_size=4),
    st.integers(-50, 3000),
    st.booleans(),
    st.none() | st.integers(0, 99),
    st.none() | st.integers(-3, 100),
    st.sampled_from([None, "aa", "bb"]),
)
logs = st.lists(runs, max_size=6)
promised = st.lists(st.sampled_from(PROOFS), max_size=4, unique=True).map(lambda proofs: promise(*proofs))
states = st.sampled_from([None, "aa"])
exceptions = st.lists(st.sampled_from([exception("shelf 0"), exception("shelf 0", "shelf 1", "shelf 2", "shelf 3")]), max_size=2)


@given(promised, logs, states, exceptions, st.booleans())
def test_every_log_has_a_verdict(promise_: Promise, log: list, state: str | None, granted: list, verified) -> None:
    verdict = judge(promise_, log, NOW, state_digest=state, exceptions=granted, log_verified=verified)
    assert verdict.status in Status
    assert bool(verdict.reasons) == (verdict.status is not Status.KEPT)


@given(promised, logs, states, st.data())
def test_a_failing_observation_never_improves(promise_: Promise, log: list, state: str | None, data) -> None:
    """Neither added to a run of the log, nor as a run of its own."""
    before = judge(promise_, log, NOW, state_digest=state).status
    failing = seen("shelf 9", FAIL)
    if log and data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(log) - 1))
        log = [_with(each, failing) if number == place else each for number, each in enumerate(log)]
    else:
        log = [*log, _with(data.draw(runs), failing)]
    assert judge(promise_, log, NOW, state_digest=state).status.rank >= before.rank


def _with(summary: RunSummary, failing: Observation) -> RunSummary:
    counts = {**summary.counts, FAIL: summary.count(FAIL) + 1}
    return replace(summary, population=summary.population + 1, counts=counts, listed=(failing, *summary.listed))


@given(promised.filter(lambda each: each.proofs), logs, states, st.data())
def test_without_a_proofs_evidence_nothing_is_kept(promise_: Promise, log: list, state: str | None, data) -> None:
    proof = data.draw(st.sampled_from(promise_.proofs))
    left = [each for each in log if (each.control, each.surface) != (proof.control, proof.surface)]
    assert judge(promise_, left, NOW, state_digest=state).status not in (Status.KEPT, Status.AT_RISK)


@given(promised, logs, states, exceptions, st.integers(0, 100_000))
def test_time_alone_never_turns_broken_into_kept(promise_: Promise, log: list, state: str | None, granted: list, hours: int) -> None:
    before = judge(promise_, log, NOW, state_digest=state, exceptions=granted).status
    after = judge(promise_, log, NOW + hours * HOUR, state_digest=state, exceptions=granted).status
    if before in (Status.BROKEN, Status.EXCEPTED):
        assert after in (Status.BROKEN, Status.EXCEPTED)
        assert after.rank >= before.rank, "an exception only ends"


@given(promised, logs, states, exceptions)
def test_an_exception_never_yields_kept(promise_: Promise, log: list, state: str | None, granted: list) -> None:
    bare = judge(promise_, log, NOW, state_digest=state).status
    excepted = judge(promise_, log, NOW, state_digest=state, exceptions=granted).status
    assert excepted is bare or (bare is Status.BROKEN and excepted is Status.EXCEPTED)


@given(promised, logs, st.data())
def test_the_order_of_the_log_does_not_matter(promise_: Promise, log: list, data) -> None:
    shuffled = data.draw(st.permutations(log))
    assert judge(promise_, shuffled, NOW).status is judge(promise_, log, NOW).status


@given(promised, logs)
def test_an_unverified_log_proves_nothing(promise_: Promise, log: list) -> None:
    assert judge(promise_, log, NOW, log_verified=False).status is Status.NOT_PROVEN
