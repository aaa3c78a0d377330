"""How a host's user data lets people in: by declared keys alone, or in some other way. Pure.

sshd reads the first of several values of a keyword (files of `sshd_config.d` by name, then `sshd_config`; sshd_config(5)), and a `Match`
block may change it for some; so every value anywhere must be good. What is not said is a fault, for nobody promised an image's default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.userdata import UserData

SSHD = re.compile(r"/etc/ssh/sshd_config(\.d/[^/]+\.conf)?")
"""The files that sshd reads."""

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
    "authorizedkeysfile": (".ssh/authorized_keys", ".ssh/authorized_keys .ssh/authorized_keys2", "%h/.ssh/authorized_keys"),
    "trustedusercakeys": ("none",),
    "authorizedprincipalsfile": ("none",),
    "authorizedprincipalscommand": ("none",),
    "gssapiauthentication": ("no",),
    "kerberosauthentication": ("no",),
    "include": ("/etc/ssh/sshd_config.d/*.conf",),
}
"""Keywords that need not be said, and the only values they may have."""

_PASSWORD_COMMANDS = re.compile(
    r"\bchpasswd\b|\bpasswd\s+-(u|-unlock|d)|\busermod\s+(-p|--password|-U)|PasswordAuthentication[\s=]+yes", re.IGNORECASE
)
_CHANGES_SSHD = re.compile(r"sshd_config|/etc/+ssh(/+sshd|/*(?![\w/-]))")
_CHANGES_KEYS = re.compile(r"(>|\b(tee|cp|mv|ln|install|sed|curl|wget)\b)[^\n]*authorized_keys")
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
    if any(_CHANGES_SSHD.search(text) for text in _others(found)):
        yield "a command or file may change sshd's own files"
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
        if SSHD.fullmatch(path):
            for line in content.splitlines():
                match = re.fullmatch(r"\s*\"?([A-Za-z]+)\"?(?:\s*=\s*|\s+)(.+?)\s*", line)
                if match:
                    yield match[1].lower(), match[2].strip('"').lower()


def _others(found: UserData) -> Iterator[str]:
    """Commands, and every file but sshd's own."""
    yield from found.commands
    yield from (content for path, content in found.files if not SSHD.fullmatch(path))


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
        if not user.get("lock_passwd", True):
            yield f"the password of the user {user.get('name')} is not locked"


def _locked(password: object) -> bool:
    return isinstance(password, str) and password.startswith(("!", "*"))


def _users(found: UserData) -> Iterator[Mapping[str, Any]]:
    """Users in every form that cloud-init takes: a list, a mapping by name, one by itself, `user`; `-` in a key is `_`."""
    for key in ("users", "user"):
        said = found.document.get(key)
        listed = said if isinstance(said, list) else [{"name": key, **said}] if isinstance(said, Mapping) else []
        inner = [{"name": name, **each} for name, each in said.items() if isinstance(each, Mapping)] if isinstance(said, Mapping) else []
        for each in (*listed, *inner):
            if isinstance(each, Mapping):
                yield {str(name).replace("-", "_"): value for name, value in each.items()}


def _key_faults(found: UserData, declared: frozenset[tuple[str, str]]) -> Iterator[str]:
    """Keys from anywhere but the declared ones; keys that are fetched by name may become anything."""
    holders = (found.document, *_users(found))
    if any(each.get("ssh_import_id") for each in holders):
        yield "keys are fetched from another service"
    listed = [str(key) for each in holders for key in each.get("ssh_authorized_keys") or ()]
    listed += [content for path, content in found.files if not path.endswith("known_hosts")]
    listed += [command for command in found.commands if "known_hosts" not in command or "authorized_keys" in command]
    if any(key not in declared for text in listed for key in public_keys(text)):
        yield "a key that is not declared may log in"
    changing = [command for command in found.commands if "authorized_keys" in command]
    changing += [line for _, content in found.files for line in content.splitlines() if _CHANGES_KEYS.search(line)]
    if any(not public_keys(text) for text in changing):
        yield "a command changes who may log in"


def public_keys(text: str) -> frozenset[tuple[str, str]]:
    """The public keys in a text, as type and base64; comments and options left out."""
    return frozenset((match[1], match[2]) for match in _KEY.finditer(text))
