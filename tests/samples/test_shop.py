"""The generated shop: the same for the same seed, sound in itself, and with dates that give a purge work; pure."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from samples.schema import COLUMNS, schema_name
from samples.shop import MerchantShop, ShopSize, shops

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIZE = ShopSize(merchants=4, orders=2001, seed=7)


@pytest.fixture(scope="module")
def sample() -> list[MerchantShop]:
    return list(shops(SIZE, NOW))


def column(shop: MerchantShop, table: str, name: str) -> list[object]:
    return [row[COLUMNS[table].index(name)] for row in shop.tables[table]]


def test_the_same_seed_gives_the_same_shop(sample: list[MerchantShop]) -> None:
    assert list(shops(SIZE, NOW)) == sample


def test_another_seed_gives_other_merchants_and_people(sample: list[MerchantShop]) -> None:
    other = list(shops(ShopSize(4, 2001, 8), NOW))
    assert {shop.id for shop in other}.isdisjoint(shop.id for shop in sample)


def test_a_later_moment_gives_the_same_people_at_later_dates(sample: list[MerchantShop]) -> None:
    later = list(shops(SIZE, NOW + timedelta(days=3)))
    assert [shop.id for shop in later] == [shop.id for shop in sample]
    assert column(later[0], "buyers", "name") == column(sample[0], "buyers", "name")


def test_orders_are_shared_out_evenly(sample: list[MerchantShop]) -> None:
    assert [len(shop.tables["orders"]) for shop in sample] == [501, 500, 500, 500]


def test_every_row_has_all_its_columns_and_ids_are_unique(sample: list[MerchantShop]) -> None:
    ids: list[object] = []
    for shop in sample:
        assert shop.tables.keys() == COLUMNS.keys()
        for table, rows in shop.tables.items():
            assert {len(row) for row in rows} == {len(COLUMNS[table])}
            ids += [row[0] for row in rows]
    assert len(set(ids)) == len(ids)
    assert len({schema_name(shop.id) for shop in sample}) == len(sample)


def test_rows_refer_to_rows_of_the_same_merchant(sample: list[MerchantShop]) -> None:
    for shop in sample:
        for table, name, parent in (
            ("orders", "buyer_id", "buyers"),
            ("shipments", "order_id", "orders"),
            ("inventory", "product_id", "products"),
        ):
            assert set(column(shop, table, name)) <= set(column(shop, parent, "id"))
        assert set(column(shop, "buyers", "id")) == set(column(shop, "orders", "buyer_id")), "every buyer bought something"


def test_every_course_an_order_can_take_is_there(sample: list[MerchantShop]) -> None:
    states = Counter(status for shop in sample for status in column(shop, "orders", "status"))
    assert states.keys() == {"ordered", "shipped", "delivered", "cancelled"}
    assert states["delivered"] > states["shipped"] > 20
    assert min(states.values()) > 20


def test_dates_lie_behind_now_in_order_and_reach_back_far_enough(sample: list[MerchantShop]) -> None:
    ages = []
    for shop in sample:
        ordered = dict(zip(column(shop, "orders", "id"), column(shop, "orders", "ordered_at"), strict=True))
        for _, order, *_rest, shipped_at, delivered_at in shop.tables["shipments"]:
            assert ordered[order] < shipped_at <= NOW
            assert delivered_at is None or shipped_at < delivered_at <= NOW
            ages.append((NOW - shipped_at).days)
        assert all(moment is None or moment <= NOW for moment in column(shop, "orders", "cancelled_at"))
    assert min(ages) < 5
    assert max(ages) > 190
    assert sum(age > 90 for age in ages) > len(ages) / 4


def test_cancelled_orders_never_shipped(sample: list[MerchantShop]) -> None:
    for shop in sample:
        cancelled = {row[0] for row in shop.tables["orders"] if row[3] == "cancelled"}
        assert cancelled
        assert cancelled.isdisjoint(column(shop, "shipments", "order_id"))


def test_mail_addresses_belong_to_nobody(sample: list[MerchantShop]) -> None:
    for shop in sample:
        assert all(str(mail).endswith(("@example.com", "@example.net", "@example.org")) for mail in column(shop, "buyers", "email"))


@pytest.mark.parametrize(("merchants", "orders"), [(1, 0), (3, 1), (1, 1)])
def test_small_shops_are_shops_too(merchants: int, orders: int) -> None:
    made = list(shops(ShopSize(merchants, orders, 1), NOW))
    assert sum(len(shop.tables["orders"]) for shop in made) == orders
