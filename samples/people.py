"""Invented people and places for the sample shop: short lists of our own, put together at random.

No list is taken from a register of real people, no street stands beside its real city, and mail addresses lie in `example.com`,
`example.net` and `example.org`, which belong to nobody.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

GIVEN = (
    "Ada", "Amir", "Anouk", "Beatriz", "Boris", "Carmen", "Chidi", "Dalia", "Dmitri", "Elif", "Emeka", "Fiona", "Goran", "Hana", "Igor",
    "Ingrid", "Jamal", "Jun", "Kaori", "Lars", "Leila", "Mateo", "Mei", "Nadia", "Noor", "Olga", "Omar", "Paula", "Pavel", "Quentin",
    "Rosa", "Samir", "Sofia", "Tariq", "Tomas", "Uma", "Vera", "Wanda", "Yara", "Zoltan",
)  # fmt: skip
FAMILY = (
    "Abara", "Almeida", "Bergqvist", "Castillo", "Chowdhury", "Dahl", "Dubois", "Eriksen", "Farouk", "Fischer", "Garcia", "Haddad",
    "Ivanova", "Jansen", "Kaplan", "Kowalski", "Lindgren", "Moreau", "Nakamura", "Novak", "Okafor", "Oyelaran", "Petrov", "Quispe",
    "Rahman", "Rossi", "Sato", "Schneider", "Silva", "Tanaka", "Torres", "Usman", "Varga", "Weiss", "Xu", "Yilmaz", "Zhang", "O'Malley",
    "de la Cruz", "van Dijk",
)  # fmt: skip
STREETS = (
    "Alder", "Birch", "Canal", "Cedar", "Chapel", "Clover", "Copper", "Dogwood", "Elm", "Foundry", "Garnet", "Harbor", "Hazel", "Juniper",
    "Lantern", "Linden", "Maple", "Mill", "Orchard", "Quarry", "Rowan", "Saddle", "Spruce", "Tannery", "Willow",
)  # fmt: skip
WAYS = ("Street", "Avenue", "Road", "Lane", "Court", "Way")
CITIES = (
    "Ashbury", "Brackwater", "Cold Spring Falls", "Dunmore Heights", "Eastlake", "Fairhollow", "Granite Pass", "Highmeadow", "Ironbridge",
    "Juniper Bay", "Kingsferry", "Larkfield", "Mossgate", "Northcliff", "Oldport", "Pinehurst Mills", "Queensreach", "Redwater",
    "Stonebrook", "Thornbury",
)  # fmt: skip
PROVIDERS = ("example.com", "example.net", "example.org")


@dataclass(frozen=True)
class Person:
    name: str
    address: str
    city: str
    postal_code: str
    email: str


def person(rng: random.Random) -> Person:
    """One invented person, the same for the same state of `rng`."""
    given, family = rng.choice(GIVEN), rng.choice(FAMILY)
    mailbox = f"{given}.{family}{rng.randrange(1000)}".lower().replace(" ", "").replace("'", "")
    return Person(
        name=f"{given} {family}",
        address=f"{rng.randrange(1, 2000)} {rng.choice(STREETS)} {rng.choice(WAYS)}",
        city=rng.choice(CITIES),
        postal_code=f"{rng.randrange(100_000):05}",
        email=f"{mailbox}@{rng.choice(PROVIDERS)}",
    )
