"""A marketplace back office out of a seed: merchants with buyers, orders, shipments, products, stock and monthly reports.

The same seed and size give the same ids and people; dates count back from `now`, over about 200 days, so that a purge always has
work to do: most orders are shipped and delivered, some were cancelled, some never shipped, some have no delivery scan.
Values are plain here; `samples.load` encrypts them before they reach the database.

>>> first = next(shops(ShopSize(merchants=2, orders=100, seed=7), now))
>>> first.tables["orders"][0]
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from samples.people import Person, person

Row = tuple[Any, ...]
"""One row, in the order of `samples.schema.COLUMNS`."""

HISTORY = timedelta(days=205)
MERCHANT_AGE = timedelta(days=400)
PRODUCTS_PER_MERCHANT = 40
BUYERS_PER_ORDER = 0.7
FEE_PERCENT = 12

CANCELLED, NEVER_SHIPPED, NO_DELIVERY_SCAN = 0.04, 0.06, 0.03
"""Shares of all orders; the rest takes its course."""

MARKETPLACES = ("northmart", "bazaarly", "handpick")
CARRIERS = ("Parcelwing", "Roadrunner Freight", "Bluepost")
GOODS = ("lamp", "kettle", "blanket", "bookend", "planter", "mirror", "stool", "clock", "basket", "candle")
FINISHES = ("oak", "brass", "linen", "slate", "copper", "cork", "walnut", "enamel")


@dataclass(frozen=True)
class ShopSize:
    """How large a sample is, and its seed."""

    merchants: int
    orders: int
    seed: int


@dataclass(frozen=True)
class MerchantShop:
    """One merchant and its rows by table, parents before children."""

    id: UUID
    created_at: datetime
    tables: Mapping[str, list[Row]]


def shops(size: ShopSize, now: datetime) -> Iterator[MerchantShop]:
    """Every merchant of the sample; orders are shared out evenly, the first merchants taking the remainder."""
    for number in range(size.merchants):
        orders = size.orders // size.merchants + (number < size.orders % size.merchants)
        yield _Maker(random.Random(f"{size.seed}/{number}"), now).shop(orders)  # noqa: S311 - samples are meant to be repeatable


class _Maker:
    """One merchant in the making; `rng` decides everything but the moment."""

    def __init__(self, rng: random.Random, now: datetime) -> None:
        self.rng = rng
        self.now = now
        self.tables: dict[str, list[Row]] = {
            name: [] for name in ("buyers", "orders", "shipments", "products", "inventory", "financial_reports")
        }
        self.gross: defaultdict[datetime, int] = defaultdict(int)

    def shop(self, orders: int) -> MerchantShop:
        merchant = self._id()
        prices = [self._product(number) for number in range(PRODUCTS_PER_MERCHANT)]
        people: list[tuple[UUID, Person]] = []
        for number in range(orders):
            ordered_at = self.now - self.rng.random() * HISTORY
            if len(people) < max(1, orders * BUYERS_PER_ORDER):
                people.append(self._buyer(ordered_at))
                buyer = people[-1]
            else:
                buyer = self.rng.choice(people)
            self._order(number, buyer, ordered_at, self.rng.choice(prices) * self.rng.randint(1, 3))
        self._reports()
        return MerchantShop(merchant, self.now - MERCHANT_AGE, self.tables)

    def _id(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128), version=4)

    def _buyer(self, created_at: datetime) -> tuple[UUID, Person]:
        identity, who = self._id(), person(self.rng)
        marketplace = self.rng.choice(MARKETPLACES)
        self.tables["buyers"].append((identity, who.name, who.address, who.city, who.postal_code, who.email, marketplace, created_at))
        return identity, who

    def _order(self, number: int, buyer: tuple[UUID, Person], ordered_at: datetime, total: int) -> None:
        order = self._id()
        status, cancelled_at = "ordered", None
        draw = self.rng.random()
        if draw < CANCELLED:
            status, cancelled_at = "cancelled", min(self.now, ordered_at + self._days(0, 5))
        elif draw >= CANCELLED + NEVER_SHIPPED:
            scanned = draw >= CANCELLED + NEVER_SHIPPED + NO_DELIVERY_SCAN
            status = self._shipment(order, buyer[1], ordered_at, scanned=scanned)
        if status != "cancelled":
            self.gross[ordered_at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)] += total
        self.tables["orders"].append((order, buyer[0], f"{number + 1:08}", status, total, ordered_at, cancelled_at))

    def _shipment(self, order: UUID, recipient: Person, ordered_at: datetime, *, scanned: bool) -> str:
        """Ship the order if its time has come; the order's status. A part of the recipients is not the buyer (gifts)."""
        shipped_at = ordered_at + self._days(0.5, 4)
        delivered_at = shipped_at + self._days(1, 9)
        if shipped_at > self.now:
            return "ordered"
        delivered = scanned and delivered_at <= self.now
        to = person(self.rng) if self.rng.random() < 0.05 else recipient
        address = f"{to.address}, {to.city} {to.postal_code}"
        row = (self._id(), order, self.rng.choice(CARRIERS), to.name, address, shipped_at, delivered_at if delivered else None)
        self.tables["shipments"].append(row)
        return "delivered" if delivered else "shipped"

    def _product(self, number: int) -> int:
        """A product with its stock; its price in cents."""
        product, price = self._id(), self.rng.randint(500, 20_000)
        title = f"{self.rng.choice(FINISHES)} {self.rng.choice(GOODS)}"
        self.tables["products"].append((product, f"SKU-{number + 1:05}", title, price))
        self.tables["inventory"].append((self._id(), product, self.rng.randint(0, 250), self.now - self._days(0, 30)))
        return price

    def _reports(self) -> None:
        for month, gross in sorted(self.gross.items()):
            self.tables["financial_reports"].append((self._id(), month.date(), gross, gross * FEE_PERCENT // 100))

    def _days(self, least: float, most: float) -> timedelta:
        return timedelta(days=self.rng.uniform(least, most))
