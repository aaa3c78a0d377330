"""What the official clients call, read from their own code: method and path of every operation. Nothing is imported or called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

CLOUDFLARE_API = "/client/v4"
_VERBS = {"_get": "GET", "_get_api_list": "GET", "_post": "POST", "_put": "PUT", "_patch": "PATCH", "_delete": "DELETE"}
_PARAMETER = re.compile(r"\{[^}]*\}")


class Operation(NamedTuple):
    """`family` is the part of the client it belongs to; `path` has `{}` for every parameter."""

    family: str
    method: str
    path: str


def shape(path: str) -> str:
    return _PARAMETER.sub("{}", path)


def _folder(package: str) -> Path:
    found = find_spec(package)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


@cache
def of_pydo() -> frozenset[Operation]:
    """From the request builders, the functions before the first class; the file is too large to be parsed in a test."""
    text = (_folder("pydo") / "operations/_operations.py").read_text()
    builders = re.split(r"^def build_\w+_request\(", text[: text.index("\nclass ")], flags=re.MULTILINE)[1:]
    return frozenset(_built(builder) for builder in builders)


def _built(text: str) -> Operation:
    path, method = re.search(r'_url = \(?\s*"([^"]*)"', text), re.search(r'method="(\w+)"', text)
    assert path is not None
    assert method is not None
    return Operation(path[1].split("/")[2] if path[1].startswith("/v2/") else "", method[1], shape(path[1]))


@cache
def of_cloudflare() -> frozenset[Operation]:
    """From the calls `self._get(path_template("/zones/{zone_id}", ...), ...)` of the synchronous resources."""
    root = _folder("cloudflare") / "resources"
    return frozenset(each for file in sorted(root.rglob("*.py")) for each in _of_file(file, str(file.relative_to(root))))


def _of_file(file: Path, name: str) -> Iterator[Operation]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _VERBS:
            path = node.args[0].args[0] if isinstance(node.args[0], ast.Call) else node.args[0]
            if isinstance(path, ast.Constant):
                for each in _owners(str(path.value)):
                    yield Operation(name, _method(node), CLOUDFLARE_API + shape(each))


def _method(node: ast.Call) -> str:
    """A list may be asked for with another method than GET."""
    assert isinstance(node.func, ast.Attribute)
    named = next((word.value for word in node.keywords if word.arg == "method"), None)
    return str(named.value).upper() if isinstance(named, ast.Constant) else _VERBS[node.func.attr]


def _owners(path: str) -> tuple[str, ...]:
    """Some operations are for an account as well as for a zone."""
    return tuple(path.replace("{account_or_zone}", each) for each in ("accounts", "zones")) if "{account_or_zone}" in path else (path,)
