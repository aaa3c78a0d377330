"""OpenBao: raft storage, TLS, an audit file, unsealed at every start with the one key share of this local run.

The root token and the unseal key lie in `secrets/`, readable by the owner alone. That is for a local run only: anywhere else
the shares belong to several people, and the root token is revoked after the set-up.
"""

from __future__ import annotations

import json
import signal
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.servers import binaries, files
from localcloud.servers.authority import Certificates, Purpose
from localcloud.servers.errors import ServerError
from localcloud.servers.ports import HOST
from localcloud.servers.processes import Steps
from localcloud.servers.server import ENVIRONMENT, Command, Place

NAME = "openbao"
CLUSTER_PORT = "openbao_cluster"
ROOT_TOKEN = "vault_root_token"  # noqa: S105 - the name of a file
UNSEAL_KEY = "vault_unseal_key"

CALL_SECONDS = 60
"""Longer than initialising takes: its answer holds the only copy of the keys."""

CONFIGURATION = """\
# Written at every start of the local servers.
storage "raft" {{
  path    = {data}
  node_id = "local"
  # alone, it elects itself; with the default it waits 5 to 10 s first
  performance_multiplier = 1
}}
listener "tcp" {{
  address         = "{host}:{port}"
  cluster_address = "{host}:{cluster_port}"
  tls_cert_file   = {certificate}
  tls_key_file    = {key}
  tls_min_version = "tls12"
}}
# an audit device cannot be switched on over the API, only here
audit "file" "file" {{
  options {{
    file_path = {audit}
  }}
}}
api_addr     = "https://{host}:{port}"
cluster_addr = "https://{host}:{cluster_port}"
log_level    = "warn"
"""


@dataclass(frozen=True)
class OpenBao:
    name: str = NAME
    title: str = "OpenBao"
    port_names: tuple[str, ...] = (NAME, CLUSTER_PORT)
    certificates: Certificates = ((NAME, Purpose.SERVER),)
    needs: tuple[str, ...] = ()
    ready_seconds: float = 60
    stop_steps: Steps = ((signal.SIGTERM, 10), (signal.SIGKILL, 5))

    def prepare(self, place: Place) -> Command:
        data = files.private_folder(place.layout.data(NAME))
        files.private_folder(data / "raft")
        files.write(data / "server.hcl", _configuration(place))
        return Command((binaries.openbao(), "server", f"-config={data / 'server.hcl'}"), {**ENVIRONMENT, "HOME": str(data)})

    def advance(self, place: Place) -> str:
        """Initialise (once), unseal (after every start), then wait until it is active."""
        try:
            status = call(place, "GET", "seal-status")
            if not status["initialized"]:
                self._initialise(place)
            if status["sealed"]:
                call(place, "PUT", "unseal", {"key": _unseal_key(place)})
            call(place, "GET", "health")
        except (OSError, ValueError) as error:
            return f"{type(error).__name__}: {getattr(error, 'reason', error)}"
        return ""

    def healthy(self, place: Place) -> bool:
        """Unsealed and active; a sealed one is unsealed by `advance`."""
        try:
            call(place, "GET", "health")
        except (OSError, ValueError):
            return False
        return True

    def tidy(self, place: Place) -> None:
        """It leaves nothing outside its folder."""

    def _initialise(self, place: Place) -> None:
        """One share. Its answer is seen once: it is stored before anything else is done."""
        answer = call(place, "PUT", "init", {"secret_shares": 1, "secret_threshold": 1})
        files.write(place.layout.secret(UNSEAL_KEY), answer["keys_base64"][0] + "\n")
        files.write(place.layout.secret(ROOT_TOKEN), answer["root_token"] + "\n")


def _unseal_key(place: Place) -> str:
    path = place.layout.secret(UNSEAL_KEY)
    if not path.exists():
        raise ServerError(f"OpenBao is initialised, but its unseal key is not at {path}", "restore that file, or `kept local down --wipe`")
    return path.read_text().strip()


def call(place: Place, method: str, path: str, body: Mapping[str, Any] | None = None, token: str = "") -> Any:
    """One call below /v1/sys/; none where the answer is empty. Errors of HTTP are `OSError`s (urllib's are)."""
    url = f"https://{HOST}:{place.ports[NAME]}/v1/sys/{path}"
    headers = {"X-Vault-Token": token} if token else {}
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), method=method, headers=headers)
    context = ssl.create_default_context(cafile=str(place.layout.ca_file))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with opener.open(request, timeout=CALL_SECONDS) as answer:
        return json.loads(answer.read() or b"null")


def _configuration(place: Place) -> str:
    layout = place.layout
    return CONFIGURATION.format(
        host=HOST,
        port=place.ports[NAME],
        cluster_port=place.ports[CLUSTER_PORT],
        data=json.dumps(str(layout.data(NAME) / "raft")),
        certificate=json.dumps(str(layout.certificate(NAME))),
        key=json.dumps(str(layout.key(NAME))),
        audit=json.dumps(str(layout.logs / "openbao-audit.log")),
    )
