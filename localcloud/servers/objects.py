"""SeaweedFS: an S3 server over TLS, with one identity a purpose.

What its grants can do: an identity may `Read`, `Write`, `List` and `Tagging` in buckets by name; `Write` includes deleting (there
is no "put without delete" among grants: a bucket policy has to deny it). `Admin` may do everything.

Its inner ports (master, volume, filer) answer to nobody else: gRPC demands a certificate that only this server has, reads and
writes over HTTP a token signed with keys that only this server has. What stays open to other accounts of this machine: a
page with the number and sizes of the volumes.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.servers import binaries, files, ports
from localcloud.servers.authority import Certificates, Purpose
from localcloud.servers.ports import HOST
from localcloud.servers.processes import Steps
from localcloud.servers.server import ENVIRONMENT, Command, Place

NAME = "objects"
ADMIN = "admin"
REGION = "us-east-1"
"""The region that Spaces clients sign with, whatever the region of the bucket is."""

ENCRYPTION_KEY = "objects_encryption_key"
REGIONS = ("ams3", "atl1", "blr1", "fra1", "lon1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1")
"""Where Spaces is, as the plugin knows it."""

DOMAINS = tuple(f"{region}.spaces.test" for region in REGIONS)
READY_BUCKET = "kept-ready"
PEER = "objects-inner"
SIGNING_KEYS = ("JWT_SIGNING_KEY", "JWT_SIGNING_READ_KEY", "JWT_FILER_SIGNING_KEY", "JWT_FILER_SIGNING_READ_KEY")
GRPC_PARTS = ("MASTER", "VOLUME", "FILER", "S3", "CLIENT")
SOCKETS = Path("/tmp")  # noqa: S108 - where SeaweedFS puts its gRPC sockets, usable by their owner alone; not to be moved

INNER_PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc", "s3.port.grpc")
"""All are set: an unset gRPC port would be its plain port + 10000, whoever uses that."""


@dataclass(frozen=True)
class Identity:
    """`grants` are SeaweedFS' words: `Admin`, or `Read:bucket`, `Write:bucket`, `List:bucket`, `Tagging:bucket`."""

    name: str
    grants: tuple[str, ...]

    @property
    def access_key(self) -> str:
        return f"kept-{self.name.replace('_', '-')}"


ADMINISTRATOR = Identity(ADMIN, ("Admin", "Read", "Write", "List", "Tagging"))


def secret_name(identity: str) -> str:
    """The file of an identity's secret key."""
    return f"objects_{identity}_secret"


@dataclass(frozen=True)
class Objects:
    identities: Sequence[Identity] = ()
    name: str = NAME
    title: str = "SeaweedFS (S3)"
    port_names: tuple[str, ...] = (NAME, *(f"{NAME}.{each}" for each in INNER_PORTS))
    certificates: Certificates = ((NAME, Purpose.SERVER), (PEER, Purpose.PEER))
    needs: tuple[str, ...] = ()
    ready_seconds: float = 90
    # told to end, it takes 10 to 17 s; killed, it loses nothing that it has answered for
    stop_steps: Steps = ((signal.SIGKILL, 10),)

    def prepare(self, place: Place) -> Command:
        data = files.private_folder(place.layout.data(NAME))
        files.private_folder(data / "volumes")
        files.write(data / "identities.json", json.dumps(self._identities(place), indent=2) + "\n")
        environment = {**ENVIRONMENT, "HOME": str(data), **_secrets(place)}
        return Command((binaries.seaweedfs(), "-logtostderr=true", "server", *_options(place, data)), environment)

    def advance(self, place: Place) -> str:
        """Ready when a bucket can be made and written; the port answers several seconds before that."""
        from botocore.exceptions import BotoCoreError, ClientError

        client = admin_client(place)
        try:
            with suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
                client.create_bucket(Bucket=READY_BUCKET)
            client.put_object(Bucket=READY_BUCKET, Key="ready", Body=b"ready")
            client.delete_bucket(Bucket=READY_BUCKET)
        except (BotoCoreError, ClientError) as error:
            return str(error)
        return ""

    def healthy(self, place: Place) -> bool:
        return ports.answers(place.ports[NAME])

    def tidy(self, place: Place) -> None:
        """Killed, it leaves its sockets behind; their names hold our ports."""
        for path in SOCKETS.glob("seaweedfs-*.sock"):
            if is_ours(path, place):
                with suppress(OSError):  # another account's, with the same port in another network namespace
                    path.unlink()

    def _identities(self, place: Place) -> dict[str, Any]:
        return {"identities": [_identity(place, each) for each in (ADMINISTRATOR, *self.identities)]}


def admin_client(place: Place) -> Any:
    """A boto3 client as the administrator, without retries of its own (imported here: it takes 0.3 s)."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=endpoint(place),
        region_name=REGION,
        aws_access_key_id=ADMINISTRATOR.access_key,
        aws_secret_access_key=files.secret_once(place.layout.secret(secret_name(ADMIN))),
        verify=str(place.layout.ca_file),
        config=Config(
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            connect_timeout=2,
            read_timeout=10,
            proxies={},
            request_checksum_calculation="when_required",
        ),
    )


def is_ours(socket: Path, place: Place) -> bool:
    """Whether a socket's name ends in a port of this fleet."""
    ours = {str(port) for name, port in place.ports.items() if name.startswith(NAME)}
    return socket.stem.rpartition("-")[2] in ours


def endpoint(place: Place) -> str:
    return f"https://{HOST}:{place.ports[NAME]}"


def _identity(place: Place, identity: Identity) -> Mapping[str, Any]:
    secret = files.secret_once(place.layout.secret(secret_name(identity.name)))
    return {
        "name": identity.name,
        "credentials": [{"accessKey": identity.access_key, "secretKey": secret}],
        "actions": list(identity.grants),
    }


def _secrets(place: Place) -> dict[str, str]:
    """What SeaweedFS takes from its environment: its encryption key, and what its parts know each other by."""
    layout = place.layout
    names = {"S3_SSE_KEK": ENCRYPTION_KEY, **{name: f"objects_{name.lower()}" for name in SIGNING_KEYS}}
    values = {name: files.hexadecimal_once(layout.secret(file)) for name, file in names.items()}
    values["GRPC_CA"] = str(layout.ca_file)
    for part in GRPC_PARTS:
        values[f"GRPC_{part}_CERT"] = str(layout.certificate(PEER))
        values[f"GRPC_{part}_KEY"] = str(layout.key(PEER))
    return {f"WEED_{name}": value for name, value in values.items()}


def _options(place: Place, data: Path) -> tuple[str, ...]:
    layout = place.layout
    inner = (f"-{each}={place.ports[f'{NAME}.{each}']}" for each in INNER_PORTS)
    return (
        f"-dir={data / 'volumes'}",
        f"-ip={HOST}",
        f"-ip.bind={HOST}",
        *inner,
        "-filer",
        "-s3",
        f"-s3.port={place.ports[NAME]}",
        f"-s3.cert.file={layout.certificate(NAME)}",
        f"-s3.key.file={layout.key(NAME)}",
        f"-s3.config={data / 'identities.json'}",
        f"-s3.domainName={','.join(DOMAINS)}",
        "-s3.autoCreateBucket=false",  # as at Spaces: who writes to a missing bucket is told so
        "-s3.iam.readOnly=false",  # the clouds' stand-in makes an identity of each Spaces key, as the administrator
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-disableHttp",  # the master hands out write tokens to whoever asks it over HTTP
        "-master.telemetry=false",
        "-master.electionTimeout=1s",  # alone, it elects itself: with the default of 10 s every restart waits that long
        "-master.volumeSizeLimitMB=1024",
        "-volume.max=1000",  # a bucket takes seven
        "-volume.minFreeSpace=200MiB",  # its default is 1 % of the disk, however large that is
        "-volume.preStopSeconds=0",
    )
