"""Where everything is in a local run, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localcloud.servers import clouds, edge, objects, openbao, postgres
from localcloud.servers.ports import HOST
from localcloud.servers.server import Place


@dataclass(frozen=True)
class Endpoints:
    """`started` names the servers that this `up` had to start or bring back; secrets are named by file.

    `edge_port` stands for 443 and `edge_plain_port` for 80 on the addresses of the edge, the balancers and the hosts.
    """

    folder: Path
    ca_file: Path
    secrets: Path
    postgres_host: str
    postgres_port: int
    postgres_user: str
    postgres_database: str
    postgres_password_file: Path
    postgres_data: Path
    vault_address: str
    vault_root_token_file: Path
    objects_endpoint: str
    objects_region: str
    clouds_endpoint: str
    clouds_token_file: Path
    raft_port: int
    edge_host: str
    edge_port: int
    edge_plain_port: int
    stranger: str
    started: tuple[str, ...] = ()


def of(place: Place, started: tuple[str, ...] = ()) -> Endpoints:
    layout = place.layout
    return Endpoints(
        folder=layout.folder,
        ca_file=layout.ca_file,
        secrets=layout.secrets,
        postgres_host=HOST,
        postgres_port=place.ports[postgres.NAME],
        postgres_user=postgres.USER,
        postgres_database=postgres.DATABASE,
        postgres_password_file=layout.secret(postgres.PASSWORD),
        postgres_data=layout.data(postgres.NAME),
        vault_address=f"https://{HOST}:{place.ports[openbao.NAME]}",
        vault_root_token_file=layout.secret(openbao.ROOT_TOKEN),
        objects_endpoint=objects.endpoint(place),
        objects_region=objects.REGION,
        clouds_endpoint=clouds.endpoint(place),
        clouds_token_file=layout.secret(clouds.TOKEN),
        raft_port=place.ports[openbao.CLUSTER_PORT],
        edge_host=edge.ADDRESS,
        edge_port=place.ports.get(edge.TLS, 0),  # 0: this folder's servers were last started before there was an edge
        edge_plain_port=place.ports.get(edge.PLAIN, 0),
        stranger=edge.STRANGER,
        started=started,
    )
