"""A node of the key management system: raft storage on the encrypted volume, TLS, two audit devices. Pure.

It comes up sealed and empty. The first node is initialised by hand, its unseal shares go to different people (who holds which is
written down, the shares are not), the others join by name. Audit goes to a file and to the log, which leaves the host at once; when
neither can be written, the server answers nobody.
"""

from __future__ import annotations

from collections.abc import Iterable

from infra.cloud_init.document import File, Part
from infra.cloud_init.hardening import AUTHORITY, CERTIFICATE, KEY
from infra.cloud_init.volume import MOUNT

API_PORT, CLUSTER_PORT = 8200, 8201
SERVICE = "openbao"
FETCH = "/usr/local/sbin/kept-fetch"

SERVER = """\
ui            = false
disable_mlock = true  # raft maps its file into memory; the host has no swap
cluster_name  = "{cluster}"
api_addr      = "https://{name}:{api}"
cluster_addr  = "https://{name}:{peer}"
log_level     = "info"

storage "raft" {{
  path    = "{mount}/raft"
  node_id = "{node}"
{peers}}}

listener "tcp" {{
  address         = "0.0.0.0:{api}"
  cluster_address = "0.0.0.0:{peer}"
  tls_cert_file   = "{certificate}"
  tls_key_file    = "{key}"
  tls_min_version = "tls12"
}}

audit "file" "file" {{
  options {{
    file_path = "{mount}/audit.log"
    mode      = "0600"
  }}
}}

audit "syslog" "collector" {{
  options {{
    facility = "AUTH"
    tag      = "vault-audit"
  }}
}}
"""

PEER = """\
  retry_join {{
    leader_api_addr     = "https://{name}:{api}"
    leader_ca_cert_file = "{authority}"
  }}
"""

GET = """\
#!/bin/sh
# Fetches one file over HTTPS and keeps it only when its SHA-256 is the given one: kept-fetch URL SHA256 FILE
set -eu
curl --silent --show-error --fail --location --proto =https --proto-redir =https --tlsv1.2 --output "$3.new" "$1"
echo "$2  $3.new" | sha256sum --check --quiet
mv "$3.new" "$3"
"""

ROTATE = """\
{mount}/audit.log {{
  daily
  rotate 14
  compress
  create 0600 openbao openbao
  postrotate
    systemctl kill --signal HUP {service}.service
  endscript
}}
"""


def configuration(cluster: str, node: str, name: str, peers: Iterable[str]) -> str:
    """The server's configuration; `name` and `peers` are internal names, the node's own among its peers left out."""
    joined = "".join(PEER.format(name=peer, api=API_PORT, authority=AUTHORITY) for peer in peers if peer != name)
    return SERVER.format(
        cluster=cluster,
        node=node,
        name=name,
        peers=joined,
        mount=MOUNT,
        api=API_PORT,
        peer=CLUSTER_PORT,
        certificate=CERTIFICATE,
        key=KEY,
    )


def node(text: str, package: str, sha256: str) -> Part:
    """The package by its digest, its configuration, and a host without swap; the server is started by `waiting`."""
    file = "/var/cache/kept-vault.deb"
    return Part(
        packages=("curl", "logrotate"),
        files=(
            File(FETCH, GET, "0755"),
            File("/etc/openbao/openbao.hcl", text),
            File("/etc/logrotate.d/kept-audit", ROTATE.format(mount=MOUNT, service=SERVICE)),
        ),
        commands=(
            ("swapoff", "--all"),
            (FETCH, package, sha256, file),
            ("apt-get", "install", "--yes", "-o", "Dpkg::Options::=--force-confold", file),
            ("install", "-d", "-m", "0700", "-o", "openbao", "-g", "openbao", f"{MOUNT}/raft"),
            ("chown", "openbao:openbao", MOUNT),
        ),
    )
