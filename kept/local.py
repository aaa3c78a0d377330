"""The local run: servers up, Vault brought to its declared state, settings written.

This is the one place that knows both the servers (`localcloud.servers`, which know nothing of platforms) and what a platform
needs of them: which S3 identities with which grants, which Vault roles, which settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kept import locations
from kept.local_settings import document, render
from services.errors import KeptError, Unreachable, UsageError

if TYPE_CHECKING:
    from localcloud.servers.endpoints import Endpoints
    from localcloud.servers.lifecycle import ServerStatus
    from localcloud.servers.objects import Identity

Progress = Callable[[str], None]
STATE = "state.json"
"""What the last provisioning left in the settings' data folder."""

PASSPHRASE = "pulumi_passphrase"  # noqa: S105 - the name of a file
LOOPBACK = "127.0.0.1,localhost,::1"


def up(folder: Path, platform: str, progress: Progress) -> Path:
    """Start what does not run, set up Vault, write `settings.toml`; returns its path. A second call changes nothing."""
    from localcloud.servers import files, fleet

    account = account_id(platform)
    with _told(), files.told(folder):
        endpoints = fleet.up(folder, progress, identities(platform))
        roles = _set_up_vault(endpoints, progress)
        _write_settings(endpoints, platform, account, roles)
        _make_anchor(endpoints)
    return endpoints.folder / "settings.toml"


def declare_probes(folder: Path, platform: str) -> None:
    """Write the settings again once the stack is provisioned: now its public names, origins and buckets are known."""
    from keyrotation.vault_roles import ROLES
    from localcloud.servers import files, fleet

    with _told(), files.told(folder):
        endpoints = fleet.known_endpoints(folder)
        if endpoints is None:
            raise UsageError(f"no local servers were ever started in {folder}", "run `kept local up`")
        roles = {role: _file(endpoints, role, "role_id").read_text().strip() for role in ROLES}
        _write_settings(endpoints, platform, account_id(platform), roles)


def down(folder: Path, progress: Progress, *, wipe: bool = False) -> tuple[str, ...]:
    """Stop the servers; with `wipe` their data is deleted as well. Returns the names of those that ran."""
    from localcloud.servers import fleet

    with _told():
        return fleet.down(folder, progress, wipe=wipe)


def status(folder: Path) -> tuple[ServerStatus, ...]:
    from localcloud.servers import fleet

    with _told():
        return fleet.status(folder)


def pulumi_environment(folder: Path) -> Mapping[str, str]:
    """The variables with which the real `pulumi` and its plugins reach the local cloud. They hold secrets of the local run.

    Spaces is reached through HTTP_PROXY, for its client puts the bucket into the host's name. HTTP_PROXY stays upper-case:
    gRPC, with which the program talks to the engine on loopback, obeys a lower-case http_proxy.
    """
    from localcloud.servers import files, fleet, objects

    with _told(), files.told(folder):
        endpoints = fleet.known_endpoints(folder)
        if endpoints is None:
            raise UsageError(f"no local servers were ever started in {folder}", "run `kept local up`")
        state = files.private_folder(endpoints.folder / "pulumi")
        passphrase = endpoints.secrets / PASSPHRASE
        files.secret_once(passphrase)
    token = endpoints.clouds_token_file.read_text().strip()
    return {
        "DIGITALOCEAN_API_URL": endpoints.clouds_endpoint,
        "DIGITALOCEAN_TOKEN": token,
        "CLOUDFLARE_BASE_URL": f"{endpoints.clouds_endpoint}/client/v4",
        "CLOUDFLARE_API_TOKEN": token,
        "SPACES_ENDPOINT_URL": "http://{{.Region}}.spaces.test",
        "SPACES_ACCESS_KEY_ID": objects.ADMINISTRATOR.access_key,
        "SPACES_SECRET_ACCESS_KEY": (endpoints.secrets / objects.secret_name(objects.ADMIN)).read_text().strip(),
        "HTTP_PROXY": endpoints.clouds_endpoint,
        "NO_PROXY": LOOPBACK,
        "no_proxy": LOOPBACK,
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
    }


def identities(platform: str) -> tuple[Identity, ...]:
    """The S3 identities of a platform's jobs, each in its own bucket.

    SeaweedFS' `Write` includes deleting; that the writer of backups may not delete is a matter of the bucket's policy. The
    writer reads and lists because a multipart upload is listed and checked before it is completed.
    """
    from localcloud.servers.objects import Identity

    evidence, anchor, backups = f"{platform}-evidence", f"anchor-{platform}", f"{platform}-backups"
    return (
        Identity("evidence", _grants(evidence, "Read", "Write", "List", "Tagging")),
        Identity("evidence_anchor", _grants(anchor, "Read", "Write", "List")),
        Identity("backup_writer", _grants(backups, "Read", "Write", "List")),
        Identity("backup_reader", _grants(backups, "Read", "List")),
    )


def account_id(platform: str) -> str:
    """The Cloudflare account that the stack's file names."""
    import yaml

    path = locations.PROJECT / f"Pulumi.{platform}.yaml"
    try:
        found = yaml.safe_load(path.read_text())["config"]["kept:accountId"]
    except FileNotFoundError:
        raise UsageError(f"no stack file {path}", "name a platform that has one, or restore it from version control") from None
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: config: kept:accountId is not set", "set it to the account's 32 hexadecimal digits") from error
    if not re.fullmatch(r"[0-9a-f]{32}", str(found)):
        raise UsageError(f"{path}: kept:accountId: expected 32 hexadecimal digits, found {found!r}", "mend that key")
    return str(found)


def _grants(bucket: str, *verbs: str) -> tuple[str, ...]:
    return tuple(f"{verb}:{bucket}" for verb in verbs)


def _set_up_vault(endpoints: Endpoints, progress: Progress) -> dict[str, str]:
    """Role -> role id. Secret ids are issued once and stored; a server that was just started is compared with what is declared."""
    from keyrotation import vault_setup
    from keyrotation.vault_roles import ROLES
    from services.vault import Vault

    files = {role: (_file(endpoints, role, "role_id"), _file(endpoints, role, "secret_id")) for role in ROLES}
    complete = all(each.exists() for pair in files.values() for each in pair)
    if complete and not endpoints.started:
        return {role: role_id.read_text().strip() for role, (role_id, _) in files.items()}
    progress("setting up Vault: mounts, keys, policies, roles")
    vault = Vault(endpoints.vault_address, str(endpoints.ca_file), token=endpoints.vault_root_token_file.read_text().strip())
    if complete:
        vault_setup.ensure(vault)
        return {role: role_id.read_text().strip() for role, (role_id, _) in files.items()}
    return _issue(vault, files)


def _issue(vault: Any, paths: Mapping[str, tuple[Path, Path]]) -> dict[str, str]:
    from keyrotation import vault_setup
    from localcloud.servers import files

    roles = {}
    for role, (role_id, secret_id) in vault_setup.apply(vault).items():
        files.write(paths[role][1], secret_id + "\n")
        files.write(paths[role][0], role_id + "\n")
        roles[role] = role_id
    return roles


def _file(endpoints: Endpoints, role: str, kind: str) -> Path:
    return endpoints.secrets / f"vault_{role}_{kind}"


def _write_settings(endpoints: Endpoints, platform: str, account: str, roles: Mapping[str, str]) -> None:
    from kept import local_probes
    from localcloud.servers import files

    path = endpoints.folder / "settings.toml"
    known = document(endpoints, platform, account, roles, identities(platform))
    text = render({**known, "probes": local_probes.section(endpoints, platform, Path(known["data"]) / STATE)})
    if not path.exists() or path.read_text() != text:
        files.write(path, text)


def _make_anchor(endpoints: Endpoints) -> None:
    """The bucket for the second copy of checkpoints. No stack makes it, and none of its controls sees it: it stands for one in another
    account, and so is not named like the platform's own buckets.
    """
    from services import objects
    from services.settings import load

    settings = load(endpoints.folder / "settings.toml", {})
    objects.make_bucket(objects.client(settings.objects, "admin"), settings.evidence.anchor_bucket)


@contextmanager
def _told() -> Iterator[None]:
    """Turn the servers' errors into the command line's."""
    from localcloud.servers.errors import MissingError, ServerError

    try:
        yield
    except ServerError as error:
        kind: type[KeptError] = UsageError if isinstance(error, MissingError) else Unreachable
        raise kind(error.message, error.hint) from error
