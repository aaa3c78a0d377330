"""User data that is odd in every way: read whole or called unreadable, never half."""

from __future__ import annotations

import base64
import gzip

import pytest

from policies import userdata
from policies.kinds import DROPLET
from policies.logins import public_keys, ssh_faults
from policies.readers.state import REDACTED, UNKNOWN, Resource
from policies.shipping import shipping_faults
from policies.volumes import volume_faults
from tests.policies.controls.compliant import USER_DATA

PROBLEMS = {
    "nothing": "",
    "blanks": "  \n",
    "a number": 7,
    "a script": "#!/bin/sh\necho\n",
    "several parts": "MIME-Version: 1.0\nContent-Type: multipart/mixed\n",
    "a text that is no YAML": "#cloud-config\n\t- : [",
    "a list": "#cloud-config\n- a\n",
    "a word": "#cloud-config\nhello\n",
    "files without a path": "#cloud-config\nwrite_files: [{content: x}]\n",
    "files that are words": "#cloud-config\nwrite_files: [x]\n",
    "a file from elsewhere": "#cloud-config\nwrite_files: [{path: /x, source: {uri: 'https://x'}}]\n",
    "a file in broken base64": "#cloud-config\nwrite_files: [{path: /x, encoding: b64, content: 'a'}]\n",
    "a file that is no gzip": "#cloud-config\nwrite_files: [{path: /x, encoding: gz+b64, content: YWJj}]\n",
    "a million letters": "#cloud-config\n" + "#" * 1_000_001,
    "commands that are a number": "#cloud-config\nruncmd: 7\n",
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_cannot_be_read_whole_is_a_fault_everywhere(case: str) -> None:
    found = userdata.read(PROBLEMS[case])
    assert found.problem
    assert list(ssh_faults(found, frozenset())) == [found.problem]
    assert list(volume_faults(found, "data")) == [found.problem]
    assert list(shipping_faults(found)) == [found.problem]


def host(inputs: dict[str, object], outputs: dict[str, object]) -> Resource:
    return Resource("urn", DROPLET, "h", inputs, outputs, protect=False, parent=None, dependencies=())


DIGEST = "c0af657a8122db11fb8541f90feab7871c2c3d71"


def test_the_programs_text_counts_before_the_providers_digest() -> None:
    found = userdata.of(host({"userData": USER_DATA}, {"userData": DIGEST}))
    assert found is not None
    assert not found.problem


@pytest.mark.parametrize("said", [DIGEST, UNKNOWN, REDACTED])
def test_a_digest_a_secret_and_the_unknown_are_not_known(said: object) -> None:
    assert userdata.of(host({}, {"userData": said})) is None


def test_a_host_that_says_nothing_is_told_so() -> None:
    found = userdata.of(host({}, {}))
    assert found is not None
    assert found.problem == "no user data is declared"


@pytest.mark.parametrize("encoding", ["b64", "base64", "gz+b64", "gzip+base64"])
def test_files_are_read_through_their_encodings(encoding: str) -> None:
    raw = b"PasswordAuthentication yes\n"
    packed = base64.b64encode(gzip.compress(raw) if "gz" in encoding else raw).decode()
    text = f"#cloud-config\nwrite_files: [{{path: /etc/ssh/sshd_config.d/99-x.conf, encoding: {encoding}, content: {packed}}}]\n"
    found = userdata.read(text)
    assert found.files == (("/etc/ssh/sshd_config.d/99-x.conf", raw.decode()),)
    assert "sshd's passwordauthentication is yes" in list(ssh_faults(found, frozenset()))


def test_a_key_is_its_type_and_its_base64_whatever_stands_round_it() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXwq3rQxw6mJm8m0u9yqIY7T2Vd1s4S0o0cT5N0bq1X"
    assert public_keys(key) == public_keys(f'from="10.0.0.1" {key} somebody') == frozenset({tuple(key.split())})
    assert public_keys("no key here") == frozenset()


def test_uploads_of_the_journal_need_https() -> None:
    def upload(scheme: str) -> userdata.UserData:
        return userdata.read(f"#cloud-config\nwrite_files: [{{path: /etc/systemd/journal-upload.conf, content: 'URL={scheme}://logs'}}]\n")

    assert list(shipping_faults(upload("https"))) == []
    assert list(shipping_faults(upload("http"))) == ["its journal leaves it without TLS"]
