"""Whether a catalog's figures add up: refused, with the sum, where they do not.

| rule | must hold |
|---|---|
| a deadline is met by its job | the job's interval + `LONGEST_RUN` <= the deadline |
| a horizon | deletion lag + longest-lived copy (backup, recovery window, key snapshot) <= the promise |
| recipients | the third parties of the data map are those that the promise names |

The kinds say which parameter is the deadline of which job, and which parameters make up a horizon (`kinds.yaml`); jobs act earlier still,
by a slack of their own, so that a missed run breaks nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from promises.kinds import Kind, ParameterKind
from promises.model import DataMap, Promise
from promises.nodes import Entry
from promises.wording import duration

LONGEST_RUN = timedelta(hours=4)
"""No job of the schedule may run longer."""


def check_deadlines(entry: Entry, promise: Promise, kind: Kind, schedule: Mapping[str, timedelta]) -> None:
    """Refuse, at the promise's parameters, a deadline that its job's schedule cannot meet."""
    for each in kind.parameters:
        if each.job is not None:
            _check_deadline(entry, promise, each, schedule[each.job])


def _check_deadline(entry: Entry, promise: Promise, parameter: ParameterKind, interval: timedelta) -> None:
    limit, needed = promise.duration(parameter.name), interval + LONGEST_RUN
    if needed > limit:
        told = f"{duration(interval)} between runs of {parameter.job} + {duration(LONGEST_RUN)} for a run = {duration(needed)}"
        problem = f"{promise.id} promises {parameter.name} {duration(limit)}, but {told}"
        raise _at(entry, parameter.name).error(problem, f"run {parameter.job} more often, or promise less")


def check_horizon(entry: Entry, promise: Promise, kind: Kind, data_map: DataMap) -> None:
    """Refuse a promise whose deleted data lives on longer than promised."""
    horizon = kind.horizon
    if horizon is None:
        return
    lag = promise.duration(horizon.lag) if horizon.lag else timedelta(0)
    included = promise.flag(horizon.copies) if horizon.copies else True
    longest = max(data_map.copies, key=lambda copy: copy.kept_for, default=None) if included else None
    limit, total = promise.duration(horizon.limit), lag + (longest.kept_for if longest else timedelta(0))
    if included and longest is None:
        raise _at(entry, horizon.limit).error(
            f"{promise.id} counts copies, and the data map has none", "add `- copy: backups` to the data map"
        )
    if total > limit:
        parts = [f"{duration(lag)} until deletion"] if horizon.lag else []
        parts += [f"{duration(longest.kept_for)} in the longest-lived copy ({longest.name})"] if longest else []
        problem = f"{promise.id} promises {duration(limit)}, but {' + '.join(parts)} = {duration(total)}"
        raise _at(entry, horizon.limit).error(problem, "delete earlier, or keep copies for a shorter time")


def check_recipients(entry: Entry, promise: Promise, kind: Kind, data_map: DataMap) -> None:
    """Refuse a list of recipients that is not the data map's."""
    mapped = {each.name for each in data_map.third_parties}
    for each in kind.parameters:
        if each.type == "processors" and set(promise.texts(each.name)) != mapped:
            differing = ", ".join(sorted(set(promise.texts(each.name)) ^ mapped))
            problem = f"{promise.id} and the data map do not name the same third parties: {differing}"
            raise _at(entry, each.name).error(problem, "name each in both, or in neither")


def _at(promise: Entry, parameter: str) -> Entry:
    """Where a parameter of the promise's entry stands."""
    parameters = next(value for key, value in promise.pairs() if key.text() == "parameters")
    return next(value for key, value in parameters.pairs() if key.text() == parameter)
