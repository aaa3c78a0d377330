"""`keys.ages` on real servers, `keys.rotated` on reports: young passes, old fails with its figure, missing and exportable fail by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from keyrotation import rotation
from keyrotation.limits import KeyLimits
from keyrotation.register import Register, RegisteredKey
from keyrotation.rotation_plan import RotationPlan
from keyrotation.rotation_report import KeyResult, RotationReport, Wraps
from policies.controls import keys
from policies.controls.base import Question
from promises.loading import load_catalog
from promises.observations import Observation, Outcome
from samples.drift import age_key
from samples.load import load_shop
from samples.shop import ShopSize, shops
from services.clients import Clients
from services.settings import Settings
from services.vault import Vault
from tests.own_database import own_database, root_vault

CATALOG = load_catalog("illumacom", None)
LIMITS = KeyLimits.of(CATALOG)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
SIZE = ShopSize(merchants=2, orders=10, seed=43)
MERCHANT = next(shops(SIZE, NOW)).id


def question(now: datetime) -> Question:
    return Question(CATALOG.promise("keys.rotation"), CATALOG, now)


def key(days: float, name: str = f"pii/{MERCHANT}", **more: bool) -> RegisteredKey:
    return RegisteredKey("merchant", name, 3, NOW - timedelta(days=days), **more)


AGES = {
    "a young key passes": (key(1), Outcome.PASS, False, "version 3, 1.0 days old"),
    "a key in its warning margin passes and is near the limit": (key(80), Outcome.PASS, True, "80.0 days"),
    "a key at the limit still passes": (key(90), Outcome.PASS, True, "90.0 days"),
    "a key past the limit fails": (key(90.01), Outcome.FAIL, False, "90.0 days"),
    "an exportable key fails however young": (key(1, exportable=True), Outcome.FAIL, False, "export or plaintext backup"),
}


@pytest.mark.parametrize("case", AGES)
def test_a_key_is_judged_by_its_age_and_by_whether_it_can_leave(case: str) -> None:
    registered, outcome, near, observed = AGES[case]
    seen = keys.aged(registered, LIMITS, NOW)
    assert (seen.outcome, seen.near_limit) == (outcome, near)
    assert observed in seen.observed
    assert seen.mend or outcome is Outcome.PASS


def report(
    *results: KeyResult, applied: bool = True, registered: tuple[RegisteredKey, ...] = (), missing: tuple[str, ...] = ()
) -> RotationReport:
    return RotationReport(uuid4(), NOW, applied, RotationPlan(LIMITS.due_age, (), ()), results, Register(registered, missing))


GOOD = KeyResult(f"pii/{MERCHANT}", "merchant", 2, 3, Wraps(1, 1, 1, 1, 0), 1, 1)

REPORTS: dict[str, tuple[RotationReport, list[tuple[Outcome, str]]]] = {
    "a key turned and carried over": (report(GOOD, registered=(key(0),)), [(Outcome.PASS, "version 3, 0.0 days old")]),
    "a key left old": (report(registered=(key(95),)), [(Outcome.FAIL, "95.0 days old")]),
    "a wrap left behind": (
        report(replace(GOOD, wraps=Wraps(2, 2, 1, 1, 1)), registered=(key(0),)),
        [(Outcome.FAIL, "1 of 2 data keys not carried over, 1 not")],
    ),
    "a key with a problem": (report(replace(GOOD, problem="refused"), registered=(key(0),)), [(Outcome.FAIL, "refused")]),
    "a key that should exist": (report(missing=("data/x",)), [(Outcome.FAIL, "there is no such key")]),
    "a run that only planned": (report(applied=False, registered=(key(0),)), [(Outcome.UNKNOWN, "only planned")]),
    "a run over no key": (report(), []),
}  # fmt: skip


@pytest.mark.parametrize("case", REPORTS)
def test_the_rotation_is_judged_by_its_report(case: str) -> None:
    given, expected = REPORTS[case]
    seen = list(keys.rotated(given, question(NOW)))
    assert [each.outcome for each in seen] == [outcome for outcome, _ in expected]
    assert all(words in each.observed for each, (_, words) in zip(seen, expected, strict=True))


@pytest.fixture(scope="module")
def clients(local: Settings) -> Iterator[Clients]:
    with own_database(local, "control_keys") as clients:
        load_shop(clients, CATALOG, SIZE, NOW, lambda _: None)
        yield clients


@pytest.fixture(scope="module")
def root(local: Settings) -> Vault:
    return root_vault(local)


@pytest.fixture
def look(clients: Clients) -> Callable[[], dict[str, Observation]]:
    """What the control says of this module's keys and the platform's (other tests have keys in the same Vault)."""
    merchants = {str(shop.id) for shop in shops(SIZE, NOW)}

    def see() -> dict[str, Observation]:
        seen = keys.ages(clients, question(datetime.now(UTC)))
        return {each.subject: each for each in seen if "transit/" in each.subject or each.subject.rsplit("/", 1)[1] in merchants}

    return see


def test_every_key_of_a_fresh_shop_passes(look: Callable[[], dict[str, Observation]]) -> None:
    seen = look()
    assert {each.outcome for each in seen.values()} == {Outcome.PASS}
    platform = {"key transit/backup", "key transit/evidence-log", "key transit/evidence-record"}
    assert seen.keys() == platform | {f"key {kind}/{shop.id}" for kind in ("pii", "data") for shop in shops(SIZE, NOW)}


def test_an_aged_key_fails_and_the_rotation_mends_it(clients: Clients, root: Vault, look: Callable[[], dict[str, Observation]]) -> None:
    subject = f"key pii/{MERCHANT}"
    age_key(root, MERCHANT, timedelta(days=120))
    failed = [each for each in look().values() if each.outcome is not Outcome.PASS]
    assert [each.subject for each in failed] == [subject]
    assert failed[0].figure is not None
    assert 120 <= failed[0].figure.value < 121
    done = rotation.rotate(clients, CATALOG, datetime.now(UTC), lambda _: None, apply=True)
    assert look()[subject].outcome is Outcome.PASS
    judged = {each.subject: each for each in keys.rotated(done, question(datetime.now(UTC)))}
    assert judged[subject].outcome is Outcome.PASS


def test_an_exportable_key_fails(root: Vault, look: Callable[[], dict[str, Observation]]) -> None:
    other = list(shops(SIZE, NOW))[1].id
    root.write(f"pii/keys/{other}/config", {"exportable": True})
    assert [each.subject for each in look().values() if each.outcome is Outcome.FAIL] == [f"key pii/{other}"]


def test_a_merchant_without_its_key_fails_by_name(clients: Clients, look: Callable[[], dict[str, Observation]], root: Vault) -> None:
    other: UUID = list(shops(SIZE, NOW))[1].id
    root.write(f"pii/keys/{other}/config", {"deletion_allowed": True})
    root.delete(f"pii/keys/{other}")
    seen = look()
    assert seen[f"key pii/{other}"].outcome is Outcome.FAIL
    assert seen[f"key pii/{other}"].observed == "there is no such key"
