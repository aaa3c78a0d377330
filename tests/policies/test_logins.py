"""Every way in that user data may open is told, and nothing else is."""

from __future__ import annotations

import pytest

from policies import userdata
from policies.logins import public_keys, ssh_faults
from policies.userdata import UserData
from tests.policies.controls.compliant import PUBLIC_KEY, USER_DATA

DECLARED = public_keys(PUBLIC_KEY)
STRANGER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB7Jc0uQ6b1mYvW2k8m4XkQ2Zf1nT3oR5pS6qU7wV8xY"
LAST = "      PermitRootLogin prohibit-password\n"
CHANGED = 'chpasswd: {expire: false, users: [{name: root, type: hash, password: "!"}]}\n'
KEYS = "  - {{path: /root/.ssh/authorized_keys, content: '{}'}}\n"


def faults(old: str = "", new: str = "", more: str = "") -> list[str]:
    assert old in USER_DATA
    return list(ssh_faults(userdata.read(USER_DATA.replace(old, new, 1) + more), DECLARED))


def sshd(line: str) -> list[str]:
    """With one more line of sshd's file."""
    return faults(LAST, f"{LAST}      {line}\n")


def file(line: str) -> list[str]:
    """With one more file."""
    return faults("runcmd:\n", f"{line}runcmd:\n")


FORBIDDEN = {
    "an older word for passwords": ("ChallengeResponseAuthentication yes", "challengeresponseauthentication is yes"),
    "other hosts": ("HostbasedAuthentication yes", "hostbasedauthentication is yes"),
    "a command that finds keys": ("AuthorizedKeysCommand /usr/bin/keys", "authorizedkeyscommand is /usr/bin/keys"),
    "a way with a password among ways without": (
        "AuthenticationMethods publickey publickey,password",
        "authenticationmethods are publickey publickey,password",
    ),
    "a way without a key": ("AuthenticationMethods any", "authenticationmethods are any"),
}


@pytest.mark.parametrize("case", FORBIDDEN)
def test_what_sshd_must_not_be_told(case: str) -> None:
    line, said = FORBIDDEN[case]
    assert sshd(line) == [f"sshd's {said}"]


ALLOWED = (
    "ChallengeResponseAuthentication no",
    "HostbasedAuthentication no",
    "AuthorizedKeysCommand none",
    "AuthenticationMethods publickey",
    "PasswordAuthentication NO",
    'PasswordAuthentication "no"',
    "PubkeyAuthentication = yes",
    "# PermitRootLogin yes",
    "",
    "UsePAM yes",
)


@pytest.mark.parametrize("line", ALLOWED)
def test_what_sshd_may_be_told(line: str) -> None:
    assert sshd(line) == []


@pytest.mark.parametrize("word", ["no", "prohibit-password", "without-password", "forced-commands-only"])
def test_root_may_come_in_ways_that_need_a_key(word: str) -> None:
    assert faults("prohibit-password", word) == []


CHANGES = {
    "chpasswd as a text": ("chpasswd: 'root:x'\n", True),
    "chpasswd for a name alone": ("chpasswd: {users: [root]}\n", True),
    "a password that is a number": ("chpasswd: {users: [{name: root, type: hash, password: 5}]}\n", True),
    "a second user with a password": (
        "chpasswd: {users: [{name: root, type: hash, password: '!'}, {name: x, type: hash, password: $6$x}]}\n",
        True,
    ),
    "a password locked with a star": ("chpasswd: {users: [{name: root, type: hash, password: '*'}]}\n", False),
    "no chpasswd at all": ("", False),
    "an empty chpasswd": ("chpasswd: {}\n", False),
}


@pytest.mark.parametrize("case", CHANGES)
def test_passwords_that_are_changed(case: str) -> None:
    text, sets = CHANGES[case]
    assert faults(CHANGED, text) == (["chpasswd sets a password"] if sets else [])


USERS = {
    "a hashed password, by its older name": ("users: [default, {name: x, passwd: $6$x}]\n", ["the user x has a password"]),
    "a single user, not in a list": ("users: {name: x, lock_passwd: false}\n", ["the password of the user x is not locked"]),
    "the default user alone": ("users: default\n", []),
    "keys of one user by name": ("users: [default, {name: x, ssh_import_id: [gh:x]}]\n", ["keys are fetched from another service"]),
    "a command with a stranger's key": (
        f"  - echo '{STRANGER}' >> /root/.ssh/authorized_keys\n",
        ["a key that is not declared may log in"],
    ),
    "a command with a declared key": (f"  - echo '{PUBLIC_KEY}' >> /root/.ssh/authorized_keys\n", []),
    "a command whose keys cannot be seen": ("  - curl x > /root/.ssh/authorized_keys\n", ["a command changes who may log in"]),
    "a command with a key of another use": (f"  - echo 'host {STRANGER}' >> /root/.ssh/known_hosts\n", []),
}


@pytest.mark.parametrize("case", USERS)
def test_users_and_commands(case: str) -> None:
    more, said = USERS[case]
    assert faults(more=more) == said


FILES = {
    "a stranger's key": (KEYS.format(STRANGER), ["a key that is not declared may log in"]),
    "a declared key": (KEYS.format(PUBLIC_KEY), []),
    "a key of another use": (f"  - {{path: /root/.ssh/known_hosts, content: 'host {STRANGER}'}}\n", []),
    "sshd's words in no file of sshd's": ("  - {path: /etc/motd, content: PermitRootLogin yes}\n", []),
}


@pytest.mark.parametrize("case", FILES)
def test_files(case: str) -> None:
    line, said = FILES[case]
    assert file(line) == said


def test_what_cannot_be_read_is_one_fault() -> None:
    assert list(ssh_faults(UserData(problem="no user data is declared"), DECLARED)) == ["no user data is declared"]


def test_a_key_is_its_type_and_its_number() -> None:
    assert public_keys(f"restrict {PUBLIC_KEY} ops\n# none\n{STRANGER}") == {
        ("ssh-ed25519", PUBLIC_KEY.split()[1]),
        ("ssh-ed25519", STRANGER.split()[1]),
    }
