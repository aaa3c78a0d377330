"""The numbers with a unit that a clause names, in digits or words: what must be bound to a parameter of the same value.

Read from normalised text (`promises.clauses`). A number is known by its canonical spelling, the same that a catalog writes:

| in the text                                   | canonical     | value                    |
|-----------------------------------------------|---------------|--------------------------|
| `90-day`, `ninety days`, `ninety (90) days`   | `90 days`     | 90 days                  |
| `30-60 days`, `30 to 60 days`                 | both          | 30 and 60 days           |
| `12 months`, `one year`                       | `12 months`   | a year is 366 days, a month its twelfth |
| `daily`, `every day`, `once a day`            | `daily`       | 24 hours                 |
| `weekly`, `quarterly`, `yearly`               | `quarterly`   | 7, 92 and 366 days       |
| `12-character`, `100%`, `256-bit`             | `12 characters` | the count              |
| `TLS 1.2+`, `TLS v1.2`                        | `TLS 1.2`     | the version              |
| `AES-256`, `AES 256-bit GCM`                  | `AES-256-GCM` | the cipher               |

Not a number here: section numbers, dates, telephone numbers, names like SOC 2: they have no unit. Days that are not calendar days
(`business`, `working`) equal no parameter, for nobody but a calendar of holidays knows how long they are.

>>> [number.written for number in numbers("kept ninety days, tested quarterly over tls 1.2 or higher")]
['90 days', 'quarterly', 'TLS 1.2']
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from promises.units import UNITS

SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
WORDS: Mapping[str, int] = MappingProxyType(
    {word: number for number, word in enumerate(SMALL)}
    | {word: 10 * number for number, word in enumerate(TENS, 2)}
    | {f"{ten}-{one}": 10 * number + count for number, ten in enumerate(TENS, 2) for count, one in enumerate(SMALL[1:10], 1)}
    | {"a-hundred": 100, "one-hundred": 100, "a": 1, "an": 1}
)
FREQUENCIES: Mapping[str, timedelta] = MappingProxyType(
    {
        "hourly": timedelta(hours=1),
        "daily": timedelta(hours=24),
        "weekly": timedelta(days=7),
        "fortnightly": timedelta(days=14),
        "monthly": timedelta(days=31),
        "quarterly": timedelta(days=92),
        "yearly": timedelta(days=366),
    }
)
"""The longest time between two of what is done so often."""

COUNTED = ("characters", "percent", "bits")

_SAME = {"annually": "yearly", "annual": "yearly", "biweekly": "fortnightly", "mins": "minutes", "hrs": "hours", "yrs": "years"}
_ADVERB = {"hour": "hourly", "day": "daily", "week": "weekly", "month": "monthly", "quarter": "quarterly", "year": "yearly"}
_NAMES = "|".join(name.rstrip("s") for name in (*UNITS, *COUNTED)) + "|min|hr|yr"
_WORD = "|".join(sorted((word.replace("-", "[- ]") for word in WORDS), key=len, reverse=True))
_CIPHER = re.compile(r"\baes[- ]?(128|192|256)(?:[- ]?bit)?(?:[- ](gcm|cbc|ctr|siv|xts))?\b")
_TLS = re.compile(r"\b(?:tls|ssl) ?(?:version |v)?([0-9]\.[0-9])")
_DIGITS = r"(?<![0-9.,])[0-9][0-9,]*(?:\.[0-9]+)?"
_PERCENT = re.compile(rf"({_DIGITS}) ?%")
_COUNT = re.compile(rf"({_DIGITS}|\b(?:{_WORD}))(?: ?\([^()]{{1,20}}\))?[- ]*(?:(business|working)[- ]|calendar[- ])?((?:{_NAMES})s?)\b")
_RANGE = re.compile(rf"({_DIGITS}|\b(?:{_WORD}))(?: ?- ?(?=[0-9])| (?:to|or) )(?={_COUNT.pattern})")
_OFTEN = re.compile(rf"\b({'|'.join([*FREQUENCIES, *_SAME])})\b")
_EVERY = re.compile(rf"\b(?:every|each|per|once an?|once per) ({'|'.join(_ADVERB)})\b")


@dataclass(frozen=True)
class Number:
    """`written` is its canonical spelling; `unit` is duration, characters, percent, bits, tls, cipher or `business days`."""

    written: str
    value: timedelta | int | str
    unit: str


def numbers(text: str) -> tuple[Number, ...]:
    """The numbers with a unit in a normalised clause, in order of appearance, each once."""
    found: dict[int, Number] = {}
    for pattern, read in _READERS:
        for match in pattern.finditer(text):
            found[match.start()] = read(match)
        text = pattern.sub(_blank, text)
    return tuple(dict.fromkeys(found[place] for place in sorted(found)))


def equal(number: Number, kind: str, unit: str | None, value: object) -> bool:
    """Whether a parameter of this type, unit and value is the number; a named mode of a cipher satisfies the cipher alone."""
    if kind == "cipher":
        return number.unit == "cipher" and isinstance(value, str) and (value == number.value or value.startswith(f"{number.value}-"))
    wanted = {"duration": "duration", "tls-version": "tls", "count": unit}.get(kind)
    return number.unit == wanted and number.value == value


def _blank(match: re.Match[str]) -> str:
    """What was read, made unreadable in place: no pattern reaches over it."""
    return "\0" * len(match[0])


def _cipher(match: re.Match[str]) -> Number:
    name = f"AES-{match[1]}" + (f"-{match[2].upper()}" if match[2] else "")
    return Number(name, name, "cipher")


def _count(match: re.Match[str]) -> Number:
    return _counted(*match.groups())


def _counted(word: str, adjective: str | None, unit: str) -> Number:
    count = _figure(word)
    name = "percent" if unit == "percent" else _SAME.get(unit.rstrip("s") + "s", unit.rstrip("s") + "s")
    written = f"{count} {adjective + ' ' if adjective else ''}{name}"
    if adjective:
        return Number(written, written, f"{adjective} {name}")
    return Number(written, count * UNITS[name], "duration") if name in UNITS else Number(written, _whole(count), name)


def _figure(word: str) -> int | float:
    """A count in figures or words; a fraction only where there is one."""
    if not word[0].isdigit():
        return WORDS[word.replace(" ", "-")]
    plain = word.replace(",", "")
    return float(plain) if "." in plain else int(plain)


def _whole(count: float) -> int | str:
    """What is counted in pieces is an integer; a fraction of a piece equals nothing."""
    return count if isinstance(count, int) else str(count)


def _frequency(word: str) -> Number:
    return Number(word, FREQUENCIES[word], "duration")


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Number]], ...] = (
    (_CIPHER, _cipher),
    (_TLS, lambda match: Number(f"TLS {match[1]}", match[1], "tls")),
    (_PERCENT, lambda match: _counted(match[1], None, "percent")),
    (_EVERY, lambda match: _frequency(_ADVERB[match[1]])),
    (_RANGE, lambda match: _counted(match[1], *match.groups()[2:4])),
    (_COUNT, _count),
    (_OFTEN, lambda match: _frequency(_SAME.get(match[1], match[1]))),
)
