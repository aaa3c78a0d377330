"""Whether a catalog speaks for every clause of a text, and for every number in it. Pure.

1. A clause is *claimed* when a promise comes from it, or when the catalog says why it binds nobody.
2. A number with a unit (`promises.numbers`) in a promise's clause is *bound* when the promise says to which of its parameters, or why it
   binds nobody; or, unsaid, when exactly one of that promise's parameters has its value. Several promises may share a clause: each
   number needs one of them, and none of them may leave it open which parameter is meant.
3. A number in a clause that binds nobody needs a reason of its own.
4. A clause that the catalog names and the text does not have is *lost*: a promise whose sentence is gone, or a reason for nothing.

A trace with nothing unclaimed, unbound or lost is complete. Reviewers are told, not demanded: an empty one means nobody yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from promises.clauses import Clause
from promises.kinds import Kinds
from promises.model import Catalog, NumberBinding, Promise, Unbinding
from promises.numbers import Number, equal, numbers


@dataclass(frozen=True)
class TracedNumber:
    """A number of a clause: the parameters it is bound to (`promise: parameter`), or why it binds nobody, or what is wrong."""

    number: str
    parameters: tuple[str, ...]
    reason: str | None
    problem: str | None


@dataclass(frozen=True)
class TracedClause:
    """A clause with the promises (ids) that come from it, or what the catalog says about its binding nobody, or neither."""

    clause: Clause
    promises: tuple[str, ...]
    unbinding: Unbinding | None
    numbers: tuple[TracedNumber, ...]

    @property
    def claimed(self) -> bool:
        return bool(self.promises) or self.unbinding is not None


@dataclass(frozen=True)
class Lost:
    """A clause (by digest) that the text does not have, and whose it is: a promise's id, or `binds_nobody`."""

    owner: str
    clause: str


@dataclass(frozen=True)
class Trace:
    """`same_text` says whether the text is the very one that the catalog names."""

    clauses: tuple[TracedClause, ...]
    lost: tuple[Lost, ...]
    same_text: bool

    @property
    def unclaimed(self) -> tuple[TracedClause, ...]:
        return tuple(each for each in self.clauses if not each.claimed)

    @property
    def unbound(self) -> tuple[tuple[TracedClause, TracedNumber], ...]:
        return tuple((each, number) for each in self.clauses for number in each.numbers if number.problem)

    @property
    def unreviewed(self) -> int:
        """How many clauses are said to bind nobody without anybody having reviewed that."""
        return sum(each.unbinding is not None and not each.unbinding.reviewer for each in self.clauses)

    @property
    def complete(self) -> bool:
        return not (self.unclaimed or self.unbound or self.lost)


def trace(clauses: Sequence[Clause], text_digest: str, catalog: Catalog, table: Kinds) -> Trace:
    """Trace a text (its clauses and `promises.clauses.text_digest`) against a catalog."""
    unbinding = {each.clause: each for each in catalog.binds_nobody}
    traced = tuple(_clause(each, catalog.promises, unbinding.get(each.digest), table) for each in clauses)
    present = {each.digest for each in clauses}
    named = [(promise.id, clause) for promise in catalog.promises for clause in promise.clauses]
    named += [("binds_nobody", each) for each in unbinding]
    lost = tuple(Lost(owner, clause) for owner, clause in named if clause not in present)
    return Trace(traced, lost, text_digest == catalog.policy.sha256)


def choose(clauses: Iterable[Clause], text_digest: str, catalogs: Sequence[Catalog]) -> Catalog | None:
    """Whose text this is: the catalog that names it, else the one that knows the most of its clauses; None where none knows any."""
    exact = [catalog for catalog in catalogs if catalog.policy.sha256 == text_digest]
    if exact:
        return exact[0]
    present = {each.digest for each in clauses}
    known = {catalog.platform: sum(clause in present for promise in catalog.promises for clause in promise.clauses) for catalog in catalogs}
    best = max(catalogs, key=lambda catalog: known[catalog.platform], default=None)
    return best if best and known[best.platform] else None


def _clause(clause: Clause, promises: Iterable[Promise], unbinding: Unbinding | None, table: Kinds) -> TracedClause:
    claiming = tuple(promise for promise in promises if clause.digest in promise.clauses)
    found = numbers(clause.text)
    if claiming or unbinding is None:
        traced = tuple(_number(number, clause.digest, claiming, table) for number in found)
    else:
        traced = tuple(_stated(number, unbinding.numbers) for number in found)
    return TracedClause(clause, tuple(promise.id for promise in claiming), unbinding, traced)


def _stated(number: Number, stated: Iterable[NumberBinding]) -> TracedNumber:
    reason = next((each.reason for each in stated if each.number == number.written), None)
    problem = None if reason else "the clause binds nobody, but nothing says why this number does not"
    return TracedNumber(number.written, (), reason, problem)


def _number(number: Number, clause: str, claiming: Sequence[Promise], table: Kinds) -> TracedNumber:
    """The number against every promise of its clause: what is said counts before what follows from the values."""
    bound: list[str] = []
    reason = problem = None
    for promise in claiming:
        said = next((each for each in promise.numbers if (each.clause, each.number) == (clause, number.written)), None)
        candidates = (said.parameter,) if said else _candidates(number, promise, table)
        if said and said.reason:
            reason = said.reason
        elif len(candidates) == 1:
            bound.append(f"{promise.id}: {candidates[0]}")
        elif candidates:
            problem = f"could be {' or '.join(filter(None, candidates))} of {promise.id}: say which under `numbers`"
    if not (bound or reason or problem):
        whose = " or ".join(promise.id for promise in claiming)
        problem = f"no parameter of {whose} has this value" if whose else "nobody claims the clause"
    return TracedNumber(number.written, tuple(bound), reason, problem)


def _candidates(number: Number, promise: Promise, table: Kinds) -> tuple[str, ...]:
    kinds = table.by_id[promise.id].parameters
    return tuple(each.name for each in kinds if equal(number, each.type, each.unit, promise.parameters[each.name]))
