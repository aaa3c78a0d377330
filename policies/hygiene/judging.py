"""Running hygiene: every rule that a catalog has not switched off, over a stack or over what the clouds list now.

Each answer is a `ControlRun` like any control's, under the group's name where a promise's id would stand, so that it can be recorded
and never counts for a promise. A rule that stops by an error has not looked: its run says so, is not complete, and takes no other
down. A source is read once for all rules that need it; one that cannot be read makes the rules that need it unknown.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from policies.findings import unknown
from policies.hygiene import all_checks
from policies.hygiene.base import Asked, Check, observed
from policies.kinds import KINDS
from policies.readers.live import EXPECTED, Seen, Source, gather
from policies.readers.state import Resource, Stack
from promises.hygiene import GROUP, Choice
from promises.model import Catalog
from promises.observations import ControlRun, Observation, Surface

PARALLEL = 4
"""Sources read at once."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """One rule on one surface. `run` is None where the catalog has switched it off."""

    choice: Choice
    surface: Surface
    run: ControlRun | None


def judge_plan(stack: Stack, catalog: Catalog, now: datetime) -> tuple[Result, ...]:
    """Every rule over one stack. Pure: the moment is `now` for all of them."""
    by_kind: dict[str, list[Resource]] = defaultdict(list)
    for resource in stack.resources:
        by_kind[resource.type].append(resource)

    def look(check: Check, choice: Choice) -> Iterator[Observation]:
        part = Stack(stack.name, tuple(each for kind in check.kinds for each in by_kind[kind]), "")
        return observed(check, Asked(part, choice, now, Surface.PLAN))

    return tuple(_result(choice, Surface.PLAN, lambda: now, look) for choice in chosen(catalog, Surface.PLAN))


def judge_live(
    sources: Mapping[str, Source], catalog: Catalog, now: datetime, clock: Callable[[], datetime], *, parallel: int = PARALLEL
) -> tuple[Result, ...]:
    """Every rule over what the clouds list now. `sources` read one kind of resource each (`policies.hygiene.live.sources`)."""
    wanted = {kind for choice in chosen(catalog, Surface.LIVE) if not choice.off for kind in all_checks()[choice.rule.id].kinds}
    with ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="hygiene") as pool:
        kinds = sorted(wanted & sources.keys())
        seen = dict(zip(kinds, pool.map(lambda kind: _read(kind, sources[kind]), kinds), strict=True))

    def look(check: Check, choice: Choice) -> Iterator[Observation]:
        whole = together(seen[kind] for kind in check.kinds if kind in seen)
        judge = whole.judged_in_part if check.apart else whole.judged
        return judge(lambda stack: observed(check, Asked(stack, choice, now, Surface.LIVE)))

    return tuple(_result(choice, Surface.LIVE, clock, look) for choice in chosen(catalog, Surface.LIVE))


def chosen(catalog: Catalog, surface: Surface) -> tuple[Choice, ...]:
    """The rules that look on this surface, as the catalog has them."""
    return tuple(choice for choice in catalog.hygiene if surface in choice.rule.surfaces)


def together(found: Iterable[Seen]) -> Seen:
    every = tuple(found)
    resources = tuple(resource for each in every for resource in each.stack.resources)
    return Seen(Stack("", resources, ""), tuple(said for each in every for said in each.unread))


def _read(kind: str, source: Source) -> Seen:
    """What a source lists; whatever goes wrong in it is told as unknown, by its kind alone where the error is none of ours."""
    what = f"{KINDS[kind]} list"
    try:
        return gather({what: source})
    except Exception as error:  # noqa: BLE001 - a source must not take the others down, and its error's text may hold data
        _log.warning("hygiene could not read the %s: %s", what, type(error).__name__)
        return Seen(Stack("", (), ""), (unknown(what, EXPECTED, f"stopped by an unexpected {type(error).__name__}"),))


Look = Callable[[Check, Choice], Iterable[Observation]]


def _result(choice: Choice, surface: Surface, clock: Callable[[], datetime], look: Look) -> Result:
    if choice.off:
        return Result(choice, surface, None)
    rule, started = choice.rule, clock()
    observations, complete = _observations(choice, look)
    run = ControlRun(GROUP, rule.id, surface, rule.vantage, rule.title, started, clock(), observations, complete)
    return Result(choice, surface, run)


def _observations(choice: Choice, look: Look) -> tuple[tuple[Observation, ...], bool]:
    """What was seen, and whether the judge came to its end. Of an error only the kind is told: its text may hold what must not be shown."""
    seen: list[Observation] = []
    try:
        for observation in look(all_checks()[choice.rule.id], choice):
            seen.append(observation)  # noqa: PERF402 - one by one, so that those before an error are kept
    except Exception as error:  # noqa: BLE001 - a rule must not take the others down
        _log.warning("hygiene %s stopped: %s", choice.rule.id, type(error).__name__)
        return (*seen, unknown(choice.rule.id, "an answer", f"stopped by an unexpected {type(error).__name__}")), False
    return tuple(seen), True
