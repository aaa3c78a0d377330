"""Pulumi's spelling and the APIs': camelCase in programs and states, snake_case on the wire.

The rule covers nearly everything; what it does not (`size` is `size_gigabytes`, `emails` is `email`) each kind says itself.

>>> snake({"ipRange": "10.0.0.0/20"}), camel({"created_at": 1})
({'ip_range': '10.0.0.0/20'}, {'createdAt': 1})
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]

_CAPITAL = re.compile(r"(?<!^)([A-Z])")
_UNDERSCORE = re.compile(r"_([a-z0-9])")


def snake_name(name: str) -> str:
    return _CAPITAL.sub(r"_\1", name).lower()


def camel_name(name: str) -> str:
    return _UNDERSCORE.sub(lambda found: found[1].upper(), name)


def snake(value: Any, renamed: Mapping[str, str] = {}) -> Any:
    """Every name, at every depth; `renamed` maps the exceptions (Pulumi's name to the API's)."""
    if isinstance(value, dict):
        return {renamed.get(name) or snake_name(name): snake(each, renamed) for name, each in value.items()}
    return [snake(each, renamed) for each in value] if isinstance(value, list) else value


def camel(value: Any, renamed: Mapping[str, str] = {}) -> Any:
    """The other way; `renamed` still maps Pulumi's name to the API's."""
    back = {api: ours for ours, api in renamed.items()}
    return _camel(value, back)


def _camel(value: Any, back: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {back.get(name) or camel_name(name): _camel(each, back) for name, each in value.items()}
    return [_camel(each, back) for each in value] if isinstance(value, list) else value


def without_nulls(value: Any) -> Any:
    """The same without the fields that hold nothing: a state does not show them."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def without(inputs: Mapping[str, Any], *names: str) -> Document:
    return {name: value for name, value in inputs.items() if name not in names}


def pick(made: Mapping[str, Any], names: str) -> Document:
    """Outputs that are spelled by the rule: `pick(made, "name ipRange")`; null where the API does not say."""
    return {name: made.get(snake_name(name)) for name in names.split()}


def nothing(names: str) -> Document:
    """Outputs the plugin shows as null while nobody set them."""
    return dict.fromkeys(names.split())
