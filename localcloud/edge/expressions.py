"""The rules language, as far as it is spoken here: whether an expression holds for a request.

    expression  or-chains of and-chains of (not) comparisons, in parentheses as needed; `true` and `false`
    comparison  field eq|ne|contains|matches "text", field in {"a" "b"}, starts_with(field, "text"), ends_with(...), or `ssl` alone
    field       one of `FIELDS`, as it is or in lower(...); for `ip.src in {...}` addresses and networks are compared as such

Anything else is not understood, and says so (`NotUnderstoodError`): who asks decides what that means.

>>> holds('http.host eq "a.example" and not ssl', {"http.host": "a.example", "ssl": False})
True
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

FIELDS = (
    "http.host",
    "http.request.method",
    "http.request.uri",
    "http.request.uri.path",
    "http.request.uri.query",
    "http.user_agent",
    "ip.src",
    "ssl",
)

_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|(&&|\|\||==|!=|[(){},!~])|([A-Za-z_][A-Za-z0-9_.]*)|([0-9A-Fa-f.:]+(?:/\d+)?))')

Fields = Mapping[str, str | bool]

_COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda seen, wanted: seen == wanted,
    "==": lambda seen, wanted: seen == wanted,
    "ne": lambda seen, wanted: seen != wanted,
    "!=": lambda seen, wanted: seen != wanted,
    "contains": lambda seen, wanted: wanted in seen,
    "matches": lambda seen, wanted: re.search(wanted, seen) is not None,
    "~": lambda seen, wanted: re.search(wanted, seen) is not None,
}
_FUNCTIONS: Mapping[str, Callable[[str, str], bool]] = {"starts_with": str.startswith, "ends_with": str.endswith}


class NotUnderstoodError(ValueError):
    """The expression says something that is not spoken here."""


def holds(expression: str, fields: Fields) -> bool:
    """Whether the expression is true of a request; `NotUnderstoodError` where that cannot be told."""
    reader = _Reader(_tokens(expression), fields)
    try:
        found = reader.either()
        reader.end()
    except (re.error, RecursionError, ValueError) as error:
        raise NotUnderstoodError(f"not understood here: {expression!r}") from error
    return found


def _tokens(expression: str) -> list[str]:
    place, found = 0, []
    text = expression.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise NotUnderstoodError(f"not understood here: {expression!r}")
        found.append(match[0].strip())
        place = match.end()
    return found


class _Reader:
    """Reads the tokens once from left to right; both sides of every `and` and `or` are read, whatever the first one says."""

    def __init__(self, tokens: list[str], fields: Fields) -> None:
        self._tokens = tokens
        self._fields = fields

    def end(self) -> None:
        if self._tokens:
            raise NotUnderstoodError(self._tokens[0])

    def either(self) -> bool:
        found = self._both()
        while self._took("or", "||"):
            found = self._both() or found
        return found

    def _both(self) -> bool:
        found = self._one()
        while self._took("and", "&&"):
            found = self._one() and found
        return found

    def _one(self) -> bool:
        if self._took("not", "!"):
            return not self._one()
        if self._took("("):
            found = self.either()
            self._expect(")")
            return found
        word = self._next()
        if word in ("true", "false"):
            return word == "true"
        if word in _FUNCTIONS:
            return self._function(word)
        return self._comparison(word)

    def _function(self, name: str) -> bool:
        self._expect("(")
        seen = self._text(self._next())
        self._expect(",")
        wanted = self._literal(self._next())
        self._expect(")")
        return _FUNCTIONS[name](seen, wanted)

    def _comparison(self, word: str) -> bool:
        if word in FIELDS and isinstance(self._fields.get(word), bool):
            return bool(self._fields[word])
        seen = self._text(word)
        operator = self._next()
        if operator == "in":
            return self._in(seen)
        if operator not in _COMPARE:
            raise NotUnderstoodError(operator)
        return _COMPARE[operator](seen, self._literal(self._next()))

    def _in(self, seen: str) -> bool:
        self._expect("{")
        listed = []
        while not self._took("}"):
            listed.append(self._next())
        if all(each.startswith('"') for each in listed):
            return seen in [self._literal(each) for each in listed]
        return any(ipaddress.ip_address(seen) in ipaddress.ip_network(each, strict=False) for each in listed)

    def _text(self, word: str) -> str:
        if word == "lower":
            self._expect("(")
            found = self._text(self._next()).lower()
            self._expect(")")
            return found
        if word not in FIELDS or word not in self._fields:
            raise NotUnderstoodError(word)
        return str(self._fields[word])

    def _literal(self, token: str) -> str:
        if token.startswith('"'):
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        return str(ipaddress.ip_address(token))

    def _took(self, *wanted: str) -> bool:
        if self._tokens and self._tokens[0] in wanted:
            self._tokens.pop(0)
            return True
        return False

    def _next(self) -> str:
        if not self._tokens:
            raise NotUnderstoodError("the expression ends too early")
        return self._tokens.pop(0)

    def _expect(self, token: str) -> None:
        if not self._took(token):
            raise NotUnderstoodError(f"expected {token}")
