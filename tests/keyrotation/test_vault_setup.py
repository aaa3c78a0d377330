"""The declared state of Vault: applied twice, differences told, and what each role may and may not do."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from keyrotation import vault_setup
from keyrotation.vault_roles import PLATFORM_KEYS, ROLES, policy_name, policy_text
from services.clients import Clients
from services.vault import Denied, Invalid, NotFound, Vault


@pytest.fixture(autouse=True)
def repaired(root: Vault) -> Iterator[None]:
    """Whatever a case broke is as declared again for the others."""
    yield
    if vault_setup.differences(root):
        vault_setup.ensure(root)
    assert vault_setup.differences(root) == ()


def versions(root: Vault) -> dict[str, Any]:
    return {key.name: root.read(f"transit/keys/{key.name}")["keys"] for key in PLATFORM_KEYS}


def test_applying_again_changes_nothing_and_gives_working_credentials(root: Vault, clients: Clients) -> None:
    before = versions(root)
    credentials = vault_setup.apply(root)
    assert versions(root) == before
    assert credentials.keys() == ROLES.keys()
    settings = clients.settings.vault
    for role, (role_id, secret_id) in credentials.items():
        assert role_id == settings.roles[role].role_id
        Vault(settings.address, str(settings.ca_file), approle=(role_id, secret_id))
        Vault.login(settings, role)


WIDER = 'path "pii/*" { capabilities = ["sudo"] }'

WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "a policy was widened": (
        f"sys/policies/acl/{policy_name('app')}",
        {"policy": WIDER},
        "policy kept-app",
    ),
    "a role got another policy": ("auth/approle/role/rotate", {"token_policies": ["kept-rotate", "kept-app"]}, "approle rotate"),
    "tokens of a role live for a week": ("auth/approle/role/app", {"token_max_ttl": 604800}, "token_max_ttl 14400, found 604800"),
    "unknown keys are made on use": ("pii/config/keys", {"disable_upsert": False}, "disable_upsert"),
    "a platform key may be deleted": ("transit/keys/backup/config", {"deletion_allowed": True}, "deletion_allowed false, found True"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_was_changed_by_hand_is_named(root: Vault, case: str) -> None:
    path, body, told = WRONG[case]
    root.write(path, body)
    (line,) = vault_setup.differences(root)
    assert told in line
    if "deletion_allowed" in body:
        root.write(path, {"deletion_allowed": False})


def test_a_policy_and_a_role_that_are_gone_are_named_and_made_again(root: Vault) -> None:
    root.delete(f"sys/policies/acl/{policy_name('backup_writer')}")
    assert vault_setup.differences(root) == ("policy kept-backup_writer is missing",)
    vault_setup.ensure(root)
    assert root.read(f"sys/policies/acl/{policy_name('backup_writer')}")["policy"] == policy_text("backup_writer")


Attempt = Callable[[Vault, str, dict[str, str]], Any]


def post(path: str, **body: Any) -> Attempt:
    """A request; `{}` in the path is a merchant's key, and values that begin with `$` come from the sample."""

    def attempt(vault: Vault, merchant: str, sample: dict[str, str]) -> Any:
        return vault.write(
            path.format(merchant), {name: sample[value[1:]] if str(value).startswith("$") else value for name, value in body.items()}
        )

    return attempt


def get(path: str) -> Attempt:
    return lambda vault, merchant, _sample: vault.read(path.format(merchant))


def ls(path: str) -> Attempt:
    return lambda vault, _merchant, _sample: vault.list(path)


def remove(path: str) -> Attempt:
    return lambda vault, merchant, _sample: vault.delete(path.format(merchant))


def new_key(**body: Any) -> Attempt:
    return lambda vault, _merchant, _sample: vault.write(f"pii/keys/{uuid4()}", body)


OPERATIONS: dict[str, tuple[Attempt, set[str]]] = {
    "make a data key": (post("pii/datakey/plaintext/{}", bits=256), {"app"}),
    "open a data key": (post("pii/decrypt/{}", ciphertext="$pii"), {"app"}),
    "rewrap a data key": (post("pii/rewrap/{}", ciphertext="$pii"), {"rotate"}),
    "encrypt a value in Vault": (post("pii/encrypt/{}", plaintext="$text"), set()),
    "read a merchant's key": (get("pii/keys/{}"), {"app", "rotate"}),
    "list merchants' keys": (ls("pii/keys"), {"rotate"}),
    "turn a merchant's key": (post("pii/keys/{}/rotate"), {"rotate"}),
    "set its automatic rotation": (post("pii/keys/{}/config", auto_rotate_period="2136h"), {"rotate"}),
    "close its old versions": (post("pii/keys/{}/config", min_decryption_version=1), {"rotate"}),
    "make it exportable": (post("pii/keys/{}/config", exportable=True), set()),
    "name exportable at all": (post("pii/keys/{}/config", exportable=False), set()),
    "allow its plaintext backup": (post("pii/keys/{}/config", allow_plaintext_backup=True), set()),
    "allow its deletion": (post("pii/keys/{}/config", deletion_allowed=True), set()),
    "trim its old versions": (post("pii/keys/{}/trim", min_available_version=1), set()),
    "delete it": (remove("pii/keys/{}"), set()),
    "soft-delete it": (remove("pii/keys/{}/soft-delete"), set()),
    "export it": (get("pii/export/encryption-key/{}"), set()),
    "back it up": (get("pii/backup/{}"), set()),
    "restore a key": (post("pii/restore", backup="x"), set()),
    "restore over a key": (post("pii/restore/{}", backup="x", force=True), set()),
    "let unknown keys be made on use": (post("pii/config/keys", disable_upsert=False), set()),
    "create a merchant's key": (new_key(auto_rotate_period="2136h"), {"create"}),
    "create an exportable key": (new_key(exportable=True), set()),
    "create a key that names exportable": (new_key(exportable=False), set()),
    "create a key with a plaintext backup": (new_key(allow_plaintext_backup=True), set()),
    "make a backup's data key": (post("transit/datakey/plaintext/backup", bits=256), {"backup_writer"}),
    "open a backup's data key": (post("transit/decrypt/backup", ciphertext="$backup"), {"backup_reader"}),
    "turn the backup key": (post("transit/keys/backup/rotate"), {"rotate"}),
    "turn the records' key": (post("transit/keys/evidence-record/rotate"), {"evidence_rotate"}),
    "turn the log's key": (post("transit/keys/evidence-log/rotate"), {"evidence_rotate"}),
    "close old versions of the records' key": (post("transit/keys/evidence-record/config", min_encryption_version=1), {"evidence_rotate"}),
    "close old versions of the log's key": (post("transit/keys/evidence-log/config", min_encryption_version=1), {"evidence_rotate"}),
    "hide old versions of an evidence key": (post("transit/keys/evidence-record/config", min_decryption_version=1), set()),
    "make an evidence key exportable": (post("transit/keys/evidence-log/config", exportable=True), set()),
    "close an evidence key's versions and allow its backup": (
        post("transit/keys/evidence-record/config", min_encryption_version=1, allow_plaintext_backup=True),
        set(),
    ),
    "allow an evidence key's deletion": (post("transit/keys/evidence-record/config", deletion_allowed=True), set()),
    "let Vault turn an evidence key by itself": (post("transit/keys/evidence-record/config", auto_rotate_period="24h"), set()),
    "trim an evidence key": (post("transit/keys/evidence-record/trim", min_available_version=1), set()),
    "delete an evidence key": (remove("transit/keys/evidence-record"), set()),
    "sign a record": (post("transit/sign/evidence-record", input="$text"), {"evidence_record"}),
    "sign a checkpoint": (post("transit/sign/evidence-log", input="$text"), {"evidence_log"}),
    "read the records' public key": (get("transit/keys/evidence-record"), {"rotate", "evidence_record", "evidence_log", "evidence_rotate"}),
    "read the log's public key": (get("transit/keys/evidence-log"), {"rotate", "evidence_record", "evidence_log", "evidence_rotate"}),
    "list the platform's keys": (ls("transit/keys"), {"rotate"}),
    "read policies": (get("sys/policies/acl/kept-app"), set()),
    "make itself a secret id": (post("auth/approle/role/app/secret-id"), set()),
    "mount an engine": (post("sys/mounts/mine", type="transit"), set()),
    "step over to another merchant's mount": (get("transit/keys/{}"), {"rotate"}),
}


@pytest.fixture(scope="module")
def sample(root: Vault) -> dict[str, str]:
    merchant = str(uuid4())
    root.write(f"pii/keys/{merchant}", {})
    return {
        "merchant": merchant,
        "text": base64.b64encode(b"x").decode(),
        "pii": root.write(f"pii/datakey/plaintext/{merchant}", {"bits": 256})["ciphertext"],
        "backup": root.write("transit/datakey/plaintext/backup", {"bits": 256})["ciphertext"],
    }


@pytest.fixture(scope="module")
def sessions(clients: Clients) -> dict[str, Vault]:
    return {role: clients.vault(role) for role in ROLES}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_open_to_its_roles_and_shut_to_all_others(
    operation: str, sessions: dict[str, Vault], sample: dict[str, str], root: Vault
) -> None:
    attempt, allowed = OPERATIONS[operation]
    before = root.read(f"pii/keys/{sample['merchant']}")
    for role, session in sessions.items():
        if role in allowed:
            with_right(attempt, session, sample)
        else:
            with pytest.raises(Denied):
                attempt(session, sample["merchant"], sample)
    if not allowed:
        assert root.read(f"pii/keys/{sample['merchant']}") == before


def with_right(attempt: Attempt, session: Vault, sample: dict[str, str]) -> None:
    """Vault may find nothing there, but it does not refuse."""
    with contextlib.suppress(NotFound):
        attempt(session, sample["merchant"], sample)


def test_a_late_write_cannot_create_a_key_that_was_destroyed(sessions: dict[str, Vault], root: Vault) -> None:
    merchant = uuid4()
    with pytest.raises((Invalid, Denied)):
        sessions["app"].write(f"pii/datakey/plaintext/{merchant}", {"bits": 256})
    with pytest.raises(NotFound):
        root.read(f"pii/keys/{merchant}")
