"""YAML read strictly: every value knows the file and line it stands on, and nothing is coerced on the way.

A composed node keeps the text as it was written, so `no`, `1.20`, `2026-03-04` and `0o17` stay what they are until somebody who
knows the expected type reads them. Refused here, each with place and remedy: a key given twice, an unknown key, a missing key,
an alias or anchor's reuse, a second document, a value of the wrong shape.

>>> root = parse("a: 1", "example.yaml")
>>> root.fields(required={"a"})["a"].text()
'1'
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from services.errors import KeptError


class CatalogError(KeptError):
    """A catalog or the table of kinds is not as it must be. The message starts with `file:line:`; the hint says what to write."""

    exit_code = 2
    code = "catalog"


@dataclass(frozen=True)
class Entry:
    """One YAML value and where it stands."""

    file: str
    node: yaml.Node

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    def error(self, problem: str, instead: str) -> CatalogError:
        """The refusal of this value, for the caller to raise."""
        return CatalogError(f"{self.file}:{self.line}: {problem}", instead)

    @property
    def scalar(self) -> bool:
        """Whether this is a single value, not a list or a mapping."""
        return isinstance(self.node, yaml.ScalarNode)

    def text(self) -> str:
        """A scalar exactly as written (without its quotes); never empty."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.error("a single value is expected here, not a list or mapping", "write one value after the colon")
        if self.node.tag.endswith(":null") or not self.node.value.strip():
            raise self.error("the value is missing", "write it after the colon, or leave the key out")
        return str(self.node.value)

    def blank(self) -> str:
        """A scalar that may be left empty, written `""`: nobody yet."""
        if isinstance(self.node, yaml.ScalarNode) and self.node.style and not self.node.value:
            return ""
        return self.text()

    def flag(self) -> bool:
        if self.text() not in ("true", "false"):
            raise self.error(f"{self.text()!r} is neither true nor false", "write true or false")
        return self.text() == "true"

    def one_of(self, options: Collection[str], what: str) -> str:
        """One of a closed set of names; the remedy names the nearest."""
        value = self.text()
        if value not in options:
            raise self.error(f"unknown {what} {value!r}", f"write {nearest(value, options)}")
        return value

    def items(self) -> tuple[Entry, ...]:
        """The elements of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error("a list is expected here", "write one element a line, each after `- `, or [a, b]")
        return tuple(Entry(self.file, each) for each in self.node.value)

    def pairs(self) -> tuple[tuple[Entry, Entry], ...]:
        """The keys and values of a mapping, in order; a key given twice is refused on its second line."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error("a mapping is expected here", "write `key: value` pairs")
        seen: dict[str, int] = {}
        found = tuple((Entry(self.file, key), Entry(self.file, value)) for key, value in self.node.value)
        for key, _ in found:
            if key.text() in seen:
                raise key.error(f"the key {key.text()!r} is already given on line {seen[key.text()]}", "keep one of the two")
            seen[key.text()] = key.line
        return found

    def fields(self, required: Collection[str], optional: Collection[str] = ()) -> dict[str, Entry]:
        """A mapping with known keys: none unknown, none of the required missing."""
        known = {*required, *optional}
        found = {}
        for key, value in self.pairs():
            if key.text() not in known:
                raise key.error(f"unknown key {key.text()!r}", f"write {nearest(key.text(), known)}")
            found[key.text()] = value
        for name in sorted(required):
            if name not in found:
                raise self.error(f"the key {name!r} is missing", f"add `{name}: ...` to this mapping")
        return found


def nearest(value: str, options: Iterable[str]) -> str:
    """What to write instead of a name that is not known: the nearest one, or all of them."""
    known = sorted(options)
    close = difflib.get_close_matches(value, known, n=1)
    return repr(close[0]) if close else "one of " + ", ".join(known)


DEEPEST = 50
"""How deep values may lie in each other; a catalog needs about ten."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's reader where PyYAML was built with it: ten times as quick, and a catalog is read at every start."""


def _compose(text: str) -> yaml.Node | None:
    """The root node. What is refused whatever it says is looked for first, event by event: an alias would let one place change
    another unseen, and nesting without end would exhaust the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise _refusal("aliases are not allowed", event)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _refusal(f"values lie more than {DEEPEST} deep in each other", event)
    return yaml.compose(text, Loader=_Loader)


def _refusal(problem: str, event: yaml.Event) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)  # type: ignore[arg-type]  # libyaml's marks are as good


def parse(text: str, file: str) -> Entry:
    """The root value of a document. `file` is the name shown in messages."""
    try:
        node = _compose(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CatalogError(f"{file}:{line}: not valid YAML: {error.problem}", "mend the line, or quote the value") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise CatalogError(f"{file}:1: not valid YAML: {error}", "write UTF-8 text without control characters") from None
    if node is None:
        raise CatalogError(f"{file}:1: the file is empty", "see docs/catalog.md for what a catalog holds")
    return Entry(file, node)
