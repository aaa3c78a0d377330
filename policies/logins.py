"""How a host's user data lets people in: by declared keys alone, or in some other way. Pure.

sshd reads the first of several values of a keyword (files of `sshd_config.d` by name, then `sshd_config`; sshd_config(5)), and a `Match`
block may change it for some; so every value anywhere must be good. What is not said is a fault, for nobody promised an image's default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.userdata import UserData

SSHD = ("/etc/ssh/sshd_config.d/", "/etc/ssh/sshd_config")

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "passwordauthentication": ("no",),
    "kbdinteractiveauthentication": ("no",),
    "permitrootlogin": ("no", "prohibit-password", "without-password", "forced-commands-only"),
}
"""Keywords of sshd that must be said, and the values that leave no password."""

FORBIDDEN: Mapping[str, tuple[str, ...]] = {
    "permitemptypasswords": ("no",),
    "challengeresponseauthentication": ("no",),
    "hostbasedauthentication": ("no",),
    "pubkeyauthentication": ("yes",),
    "authorizedkeyscommand": ("none",),
}
"""Keywords that need not be said, and the only values they may have."""

_PASSWORD_COMMANDS = re.compile(
    r"\bchpasswd\b|\bpasswd\s+-(u|-unlock|d)|\busermod\s+(-p|--password|-U)|PasswordAuthentication[\s=]+yes", re.IGNORECASE
)
_KEY = re.compile(r"\b((?:ssh|ecdsa|sk)-[a-z0-9@.-]+)\s+([A-Za-z0-9+/=]{40,})")


def ssh_faults(found: UserData, declared: frozenset[tuple[str, str]]) -> Iterator[str]:
    """What lets a password in, or a key that is not declared; `declared` are public keys as type and base64."""
    if found.problem:
        yield found.problem
        return
    if found.document.get("ssh_pwauth") is not False:
        yield f"ssh_pwauth is {found.document.get('ssh_pwauth', 'not said')}"
    yield from _sshd_faults(found)
    yield from _password_faults(found)
    if any(_PASSWORD_COMMANDS.search(text) for text in found.texts):
        yield "a command or file lets passwords in"
    yield from _key_faults(found, declared)


def _sshd_faults(found: UserData) -> Iterator[str]:
    said: dict[str, list[str]] = {}
    for keyword, seen in _directives(found):
        said.setdefault(keyword, []).append(seen)
    for keyword in REQUIRED:
        if keyword not in said:
            yield f"sshd's {keyword} is not said"
    for keyword, good in (*REQUIRED.items(), *FORBIDDEN.items()):
        for seen in said.get(keyword, ()):
            if seen not in good:
                yield f"sshd's {keyword} is {seen}"
    for seen in said.get("authenticationmethods", ()):
        if any("password" in method or "keyboard-interactive" in method for method in seen.split()) or "publickey" not in seen:
            yield f"sshd's authenticationmethods are {seen}"


def _directives(found: UserData) -> Iterator[tuple[str, str]]:
    """Keyword and value of every line of sshd's files, in lower case, as sshd reads them (`=` or spaces, quotes, comments)."""
    for path, content in found.files:
        if path.startswith(SSHD[0]) or path == SSHD[1]:
            for line in content.splitlines():
                match = re.fullmatch(r"\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.+?)\s*", line)
                if match:
                    yield match[1].lower(), match[2].strip('"').lower()


def _password_faults(found: UserData) -> Iterator[str]:
    """Passwords of users; a hash that begins with `!` or `*` is no password's, it locks the account."""
    document = found.document
    if document.get("password"):
        yield "a password of the default user is set"
    changed = document.get("chpasswd") or {}
    entries = changed.get("users") or [] if isinstance(changed, Mapping) else [changed]
    if isinstance(changed, Mapping) and changed.get("list"):
        entries = [*entries, {}]
    if not all(isinstance(each, Mapping) and each.get("type") == "hash" and _locked(each.get("password")) for each in entries):
        yield "chpasswd sets a password"
    for user in _users(found):
        if any(user.get(name) and not _locked(user[name]) for name in ("passwd", "hashed_passwd", "plain_text_passwd")):
            yield f"the user {user.get('name')} has a password"
        if user.get("lock_passwd") is False:
            yield f"the password of the user {user.get('name')} is not locked"


def _locked(password: object) -> bool:
    return isinstance(password, str) and password.startswith(("!", "*"))


def _users(found: UserData) -> Iterator[Mapping[str, Any]]:
    users = found.document.get("users") or ()
    yield from (each for each in (users if isinstance(users, list) else [users]) if isinstance(each, Mapping))


def _key_faults(found: UserData, declared: frozenset[tuple[str, str]]) -> Iterator[str]:
    """Keys from anywhere but the declared ones; keys that are fetched by name may become anything."""
    holders = (found.document, *_users(found))
    if any(each.get("ssh_import_id") for each in holders):
        yield "keys are fetched from another service"
    listed = [str(key) for each in holders for key in each.get("ssh_authorized_keys") or ()]
    listed += [content for path, content in found.files if "authorized_keys" in path]
    listed += [command for command in found.commands if "authorized_keys" in command]
    if any(key not in declared for text in listed for key in public_keys(text)):
        yield "a key that is not declared may log in"
    if any("authorized_keys" in command and not public_keys(command) for command in found.commands):
        yield "a command changes who may log in"


def public_keys(text: str) -> frozenset[tuple[str, str]]:
    """The public keys in a text, as type and base64; comments and options left out."""
    return frozenset((match[1], match[2]) for match in _KEY.finditer(text))
