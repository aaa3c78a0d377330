"""When a buyer's personal data is due to go: the rule, once in Python and once in SQL, which tests hold against each other.

An order's *date* is the earliest that applies to each of its shipments, and the latest of its shipments:

    shipped or delivered    the earlier of shipped_at + after_shipment and delivered_at + after_delivery
    never shipped           cancelled_at + never_shipped where it was cancelled, else ordered_at + never_shipped

A shipment's recipient goes on the shipment's own date; a buyer on the latest date of all their orders (a buyer without any order:
created_at + never_shipped). A date is reached at its instant, not after it.

The limit is the date itself; the job acts earlier, at `date - interval - slack`, with a slack of one whole interval and an hour, so that
one missed run breaks nothing. Sources: promise retention.buyer-pii (policy sections 4 and 8); its figures come from the catalog.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from promises.model import Catalog

PROMISE = "retention.buyer-pii"
JOB = "retention.purge"
RUN_ALLOWANCE = timedelta(hours=1)
"""How long a purge may take and still be in time."""

BUYERS, SHIPMENTS = "buyers", "shipments"
TABLES = (BUYERS, SHIPMENTS)


@dataclass(frozen=True)
class Rule:
    """The three limits of the promise."""

    after_shipment: timedelta
    after_delivery: timedelta
    never_shipped: timedelta

    @classmethod
    def of(cls, catalog: Catalog) -> Rule:
        promise = catalog.promise(PROMISE)
        return cls(*(promise.duration(name) for name in ("after_shipment", "after_delivery", "never_shipped")))

    def parameters(self) -> Mapping[str, float]:
        """For the SQL: in seconds, for a day is 24 hours whatever the session's time zone."""
        return {name: getattr(self, name).total_seconds() for name in ("after_shipment", "after_delivery", "never_shipped")}


@dataclass(frozen=True)
class Shipment:
    shipped_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True)
class Order:
    ordered_at: datetime
    cancelled_at: datetime | None
    shipments: Sequence[Shipment]


def lead(catalog: Catalog) -> timedelta:
    """How long before the limit the job acts: its interval, and a slack of one missed run and an hour."""
    interval = catalog.schedule[JOB]
    return interval + slack(catalog)


def slack(catalog: Catalog) -> timedelta:
    return catalog.schedule[JOB] + RUN_ALLOWANCE


def shipment_date(rule: Rule, shipment: Shipment, order: Order) -> datetime:
    """When the recipient on a shipment is due."""
    dates = []
    if shipment.shipped_at is not None:
        dates.append(shipment.shipped_at + rule.after_shipment)
    if shipment.delivered_at is not None:
        dates.append(shipment.delivered_at + rule.after_delivery)
    return min(dates) if dates else (order.cancelled_at or order.ordered_at) + rule.never_shipped


def order_date(rule: Rule, order: Order) -> datetime:
    """The latest of its shipments'; its own where nothing was shipped."""
    shipments = order.shipments or (Shipment(None, None),)
    return max(shipment_date(rule, shipment, order) for shipment in shipments)


def buyer_date(rule: Rule, created_at: datetime, orders: Sequence[Order]) -> datetime:
    """When a buyer is due: the latest date of their orders."""
    if not orders:
        return created_at + rule.never_shipped
    return max(order_date(rule, order) for order in orders)


# The same in SQL, over b(uyers), o(rders) and s(hipments); LEAST leaves out what is NULL.
DATE = """coalesce(
    least(s.shipped_at + make_interval(secs => %(after_shipment)s), s.delivered_at + make_interval(secs => %(after_delivery)s)),
    coalesce(o.cancelled_at, o.ordered_at, b.created_at) + make_interval(secs => %(never_shipped)s)
)"""

DATES = {
    BUYERS: f"""
        SELECT b.id, max({DATE}) AS due FROM {{buyers}} b
        LEFT JOIN {{orders}} o ON o.buyer_id = b.id LEFT JOIN {{shipments}} s ON s.order_id = o.id
        WHERE {{present}} GROUP BY b.id""",  # noqa: S608 - put together from constants; names are quoted identifiers
    SHIPMENTS: f"""
        SELECT s.id, {DATE} AS due FROM {{shipments}} s
        JOIN {{orders}} o ON o.id = s.order_id JOIN {{buyers}} b ON b.id = o.buyer_id
        WHERE {{present}}""",  # noqa: S608
}
"""The rows of each table that still hold personal data, with their dates; `{present}` says which those are."""


def digest() -> str:
    """SHA-256 (hex) of the queries as they stand here: evidence of which rule was run."""
    return hashlib.sha256("\n".join(DATES[table] for table in TABLES).encode()).hexdigest()
