"""What escapes a control by its name, its spelling or a setting beside the judged one: each disguise is seen through."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.inventory import compare
from policies.judging import judge_plan
from policies.kinds import DROPLET, FIREWALL, SPACES_KEY
from policies.readers.state import Stack
from promises.model import Catalog
from promises.observations import Outcome
from tests.policies.controls.cases import Broken
from tests.policies.controls.compliant import CATALOG, KEYS, plus, stack
from tests.policies.controls.test_plan import NOW, UNKNOWN

SHARING = replace(CATALOG, shares_account_with=("lumina",))
FULL = [{"bucket": "", "permission": "fullaccess"}]


def of(outcome: Outcome, seen: Stack, catalog: Catalog = CATALOG) -> dict[str, str]:
    found = {run.control: [each.subject for each in run.observations if each.outcome is outcome] for run in judge_plan(seen, catalog, NOW)}
    return {name: "|".join(subjects) for name, subjects in found.items() if subjects}


LUMINA_HOST = plus("other", DROPLET, id="9", name="lumina-app-1", region="nyc3", vpcUuid=KEYS, publicNetworking=False, tags=["lumina-app"])
LUMINA_WALL = plus("its", FIREWALL, id="f9", name="lumina-app", tags=["lumina-app"], dropletIds=[], inboundRules=[])
LUMINA_KEY = plus("its-key", SPACES_KEY, id="x", name="lumina-logs", grants=[{"bucket": "lumina-logs", "permission": "readwrite"}])

NAMED: Broken = {
    "a host that is tagged for a platform of another account": (
        (LUMINA_HOST, LUMINA_WALL),
        {
            "flows.plan": "flows of droplet lumina-app-1",
            "logging.plan": "journal of droplet lumina-app-1",
            "separation.plan": "droplet vault0",
            "ssh.plan": "keys of droplet lumina-app-1|logins of droplet lumina-app-1",
        },
    ),
    "a key that is named for a platform of another account": ((LUMINA_KEY,), {"grants.plan": "Spaces key lumina-logs"}),
}


@pytest.mark.parametrize("case", NAMED)
def test_a_platform_that_does_not_share_the_account_has_nothing_in_it(case: str) -> None:
    changes, expected = NAMED[case]
    assert of(Outcome.FAIL, stack(*changes)) == expected


def test_what_a_platform_that_shares_the_account_has_is_judged_with_its_own_catalog() -> None:
    seen = stack(LUMINA_HOST, LUMINA_WALL, LUMINA_KEY)
    assert of(Outcome.FAIL, seen, SHARING) == {}
    assert of(Outcome.UNKNOWN, seen, SHARING) == {}


@pytest.mark.parametrize("grants", [FULL, [{"bucket": "lumina-logs", "permission": "fullaccess"}], [{"bucket": "", "permission": "read"}]])
def test_a_key_without_limits_is_never_left_to_another_platform(grants: list[dict[str, str]]) -> None:
    seen = stack(plus("all", SPACES_KEY, id="x", name="lumina-all", grants=grants))
    assert of(Outcome.FAIL, seen, SHARING)["grants.plan"] == "Spaces key lumina-all"


def test_a_key_whose_limits_are_not_known_is_not_left_to_another_platform() -> None:
    seen = stack(plus("all", SPACES_KEY, id="x", name="lumina-all", grants=UNKNOWN))
    assert of(Outcome.UNKNOWN, seen, SHARING)["grants.plan"] == "Spaces key lumina-all"


@pytest.mark.parametrize(("catalog", "expected"), [(CATALOG, "in the account, and in no code"), (SHARING, None)])
def test_drift_leaves_out_what_is_declared_to_be_anothers(catalog: Catalog, expected: str | None) -> None:
    told = {each.subject: each.why for each in compare(stack(LUMINA_HOST), stack(), (DROPLET,), catalog)}
    assert told.get("droplet lumina-app-1") == expected
