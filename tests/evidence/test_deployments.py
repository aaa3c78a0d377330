"""Deployments in the log: which states went through the procedure, and how the word of a record comes about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.deployments import Deployed, compose, deployed_states
from evidence.statements import Deployment
from promises.observations import Outcome
from tests.evidence.log_world import START, World, control_run
from tests.evidence.test_statements import STAMP

RESULTS = {
    "all passed": ((Outcome.PASS, Outcome.PASS), "PASSED"),
    "one could not be judged": ((Outcome.PASS, Outcome.UNKNOWN), "WARNED"),
    "one failed": ((Outcome.UNKNOWN, Outcome.FAIL, Outcome.PASS), "FAILED"),
    "nothing was judged": ((), "WARNED"),
}


def deployed(state: str, *outcomes: Outcome) -> Deployed:
    runs = tuple(control_run(START, outcome) for outcome in outcomes)
    return Deployed("pulumi-up", START, START, 36, state * 64, "f" * 64, runs)


@pytest.mark.parametrize(("outcomes", "word"), RESULTS.values(), ids=RESULTS.keys())
def test_the_word_for_a_deployment_is_its_worst_control(outcomes: tuple[Outcome, ...], word: str) -> None:
    predicate = compose(STAMP, deployed("a", *outcomes)).predicate
    assert isinstance(predicate, Deployment)
    assert predicate.result == word
    assert len(predicate.results) == len(outcomes)


def test_its_subjects_are_the_state_and_the_pack() -> None:
    statement = compose(STAMP, deployed("a", Outcome.PASS))
    assert {each.name: each.digest.sha256[0] for each in statement.subject} == {"stack-state": "a", "policy-pack": "f"}


def test_the_states_that_were_deployed_come_out_of_the_verified_log(world: World) -> None:
    """Whatever their result: what failed is told by the control runs, not by the record's absence."""
    writer = world.writer()
    writer.control_run(control_run(START, Outcome.PASS))
    writer.deployment(deployed("a", Outcome.PASS))
    writer.deployment(deployed("b", Outcome.FAIL))
    world.checkpoint()
    verification = world.verify()
    assert verification.problems == ()
    assert deployed_states(verification.records) == ("a" * 64, "b" * 64)


def test_the_state_that_was_deployed_last_stands_at_the_end_though_its_record_came_first(world: World) -> None:
    writer = world.writer()
    writer.deployment(replace(deployed("b", Outcome.PASS), finished=START + timedelta(minutes=2)))
    writer.deployment(deployed("a", Outcome.PASS))
    world.checkpoint()
    assert deployed_states(world.verify().records) == ("a" * 64, "b" * 64)
