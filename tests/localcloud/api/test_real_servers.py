"""The local cloud with the servers behind it: databases, users and trusted sources are real, buckets go through the gateway."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import struct
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from botocore.exceptions import ClientError

from localcloud.provider import SpacesCredentials, wipe
from services.settings import Database, Settings, secret
from tests.real_cloud import RealCloud, code

VPC = "digitalocean:index/vpc:Vpc"
BUCKET = "digitalocean:index/spacesBucket:SpacesBucket"
POLICY = "digitalocean:index/spacesBucketPolicy:SpacesBucketPolicy"
STRANGER = "127.66.0.9"
TLS_REQUEST = struct.pack("!ii", 8, 80877103)


@pytest.fixture
def cloud(local: Settings) -> Iterator[RealCloud]:
    made = RealCloud(local)
    wipe(made.endpoint, made.token)
    yield made
    made.close()


def let_in(database: Database, source: str) -> bool:
    """Whether the server asks for a password (`R`) when called from this address, rather than refusing it (`E`).

    A start-up message by hand: libpq cannot choose the address it calls from.
    """
    context = ssl.create_default_context(cafile=str(database.ca_file))
    with socket.create_connection((database.host, database.port), timeout=10, source_address=(source, 0)) as raw:
        raw.sendall(TLS_REQUEST)
        assert raw.recv(1) == b"S"
        with context.wrap_socket(raw, server_hostname=database.host) as secured:
            fields = b"user\0doadmin\0database\0defaultdb\0\0"
            secured.sendall(struct.pack("!ii", 8 + len(fields), 196608) + fields)
            answer = secured.recv(1)
    assert answer in (b"R", b"E")
    return answer == b"R"


def log_in(database: Database, name: str, user: str, password: str) -> str:
    with psycopg.connect(
        host=database.host,
        port=database.port,
        dbname=name,
        user=user,
        password=password,
        sslmode="verify-full",
        sslrootcert=str(database.ca_file),
    ) as session:
        row = session.execute("SELECT current_user || '@' || current_database()").fetchone()
    assert row is not None
    return str(row[0])


def test_a_database_and_its_user_are_real_until_they_are_deleted(cloud: RealCloud, local: Settings) -> None:
    cluster, name = cloud.cluster(), f"made_{uuid4().hex[:8]}"
    cloud.ok("POST", f"/v2/databases/{cluster}/dbs", {"name": name})
    user = cloud.ok("POST", f"/v2/databases/{cluster}/users", {"name": name})["user"]
    assert log_in(local.database, name, name, user["password"]) == f"{name}@{name}"
    renewed = cloud.ok("POST", f"/v2/databases/{cluster}/users/{name}/reset_auth", {})["user"]
    with pytest.raises(psycopg.OperationalError):
        log_in(local.database, name, name, user["password"])
    assert log_in(local.database, name, name, renewed["password"])
    cloud.ok("DELETE", f"/v2/databases/{cluster}/users/{name}")
    cloud.ok("DELETE", f"/v2/databases/{cluster}/dbs/{name}")
    with pytest.raises(psycopg.OperationalError):
        log_in(local.database, name, name, renewed["password"])


def test_the_cluster_answers_the_address_and_the_authority_of_the_local_postgres(cloud: RealCloud, local: Settings) -> None:
    read = cloud.ok("GET", f"/v2/databases/{cloud.cluster()}")["database"]
    where = read["connection"]
    assert (where["host"], where["port"], where["user"]) == (local.database.host, local.database.port, "doadmin")
    assert log_in(local.database, where["database"], where["user"], where["password"])
    authority = cloud.ok("GET", f"/v2/databases/{read['id']}/ca")["ca"]["certificate"]
    assert base64.b64decode(authority) == local.database.ca_file.read_bytes()


def test_a_user_is_an_ordinary_one_and_its_pool_leads_to_its_database(cloud: RealCloud, local: Settings) -> None:
    """Neither superuser nor maker of databases and roles; what the pool and the replica answer can be connected to as it is."""
    cluster, name = cloud.cluster(), f"pooled_{uuid4().hex[:8]}"
    cloud.ok("POST", f"/v2/databases/{cluster}/dbs", {"name": name})
    cloud.ok("POST", f"/v2/databases/{cluster}/users", {"name": name})
    body = {"name": "web", "mode": "transaction", "size": 5, "db": name, "user": name}
    pool = cloud.ok("POST", f"/v2/databases/{cluster}/pools", body)["pool"]
    with psycopg.connect(pool["connection"]["uri"]) as session:
        assert session.execute("SELECT current_user || '@' || current_database()").fetchone() == (f"{name}@{name}",)
        row = session.execute("SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles WHERE rolname = current_user")
        assert row.fetchone() == (False, False, False, False)
    replica = {"name": "copy", "region": "nyc3", "size": "db-s-2vcpu-4gb"}
    where = cloud.ok("POST", f"/v2/databases/{cluster}/replicas", replica)["replica"]["connection"]
    assert log_in(local.database, where["database"], where["user"], where["password"])


def test_a_user_that_owns_tables_leaves_them_to_the_administrator(cloud: RealCloud, local: Settings) -> None:
    cluster, name = cloud.cluster(), f"owner_{uuid4().hex[:8]}"
    cloud.ok("POST", f"/v2/databases/{cluster}/dbs", {"name": name})
    password = cloud.ok("POST", f"/v2/databases/{cluster}/users", {"name": name})["user"]["password"]
    admin = secret(local.database.password_file)
    options: dict[str, Any] = {"host": local.database.host, "port": local.database.port, "dbname": name, "sslmode": "require"}
    with psycopg.connect(**options, user="doadmin", password=admin) as session:
        session.execute(f"GRANT ALL ON SCHEMA public TO {name}")
    with psycopg.connect(**options, user=name, password=password) as session:
        session.execute("CREATE TABLE kept_after (id int)")
    cloud.ok("DELETE", f"/v2/databases/{cluster}/users/{name}")
    with psycopg.connect(**options, user="doadmin", password=admin) as session:
        assert session.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'kept_after'").fetchone() == ("doadmin",)


def test_trusted_sources_decide_who_is_let_in(cloud: RealCloud, local: Settings) -> None:
    """A new cluster is open to everybody; a tag lets the droplets in that carry it, when they carry it."""
    cluster = cloud.cluster()
    firewall = f"/v2/databases/{cluster}/firewall"
    assert let_in(local.database, STRANGER)
    cloud.ok("PUT", firewall, {"rules": [{"type": "tag", "value": "jobs"}]})
    assert not let_in(local.database, STRANGER)
    body = {"name": "jobs-1", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "tags": ["jobs"]}
    droplet = cloud.ok("POST", "/v2/droplets", body)["droplet"]
    own = [each["ip_address"] for each in droplet["networks"]["v4"]]
    assert [let_in(local.database, each) for each in own] == [True, True]
    cloud.ok("PUT", firewall, {"rules": [{"type": "ip_addr", "value": STRANGER}, {"type": "droplet", "value": str(droplet["id"])}]})
    assert [let_in(local.database, each) for each in (*own, STRANGER, "127.66.0.8")] == [True, True, True, False]
    cloud.ok("DELETE", f"/v2/droplets/{droplet['id']}")
    assert [let_in(local.database, each) for each in (*own, STRANGER)] == [False, False, True]
    cloud.ok("PUT", firewall, {"rules": []})
    assert let_in(local.database, "127.66.0.8")


def test_a_refused_rule_leaves_the_door_as_it_was(cloud: RealCloud, local: Settings) -> None:
    cluster = cloud.cluster()
    firewall = f"/v2/databases/{cluster}/firewall"
    cloud.ok("PUT", firewall, {"rules": [{"type": "ip_addr", "value": STRANGER}]})
    assert cloud.call("PUT", firewall, {"rules": [{"type": "ip_addr", "value": "not an address"}]}).status_code == 422
    assert [let_in(local.database, each) for each in (STRANGER, "127.66.0.8")] == [True, False]


def test_a_reset_keeps_databases_unless_it_is_asked_to_drop_them(cloud: RealCloud, local: Settings) -> None:
    name, database = f"kept_{uuid4().hex[:8]}", local.database
    cloud.ok("POST", f"/v2/databases/{cloud.cluster()}/dbs", {"name": name})
    wipe(cloud.endpoint, cloud.token)
    password = secret(database.password_file)
    assert log_in(database, name, "doadmin", password)
    cloud.ok("POST", f"/v2/databases/{cloud.cluster()}/dbs", {"name": name})  # taken over, for it is there
    wipe(cloud.endpoint, cloud.token, drop_databases=True)
    with pytest.raises(psycopg.OperationalError):
        log_in(database, name, "doadmin", password)


@pytest.fixture
def name(cloud: RealCloud, local: Settings) -> Iterator[str]:
    """A bucket's name; gone afterwards."""
    chosen = f"gate-{uuid4().hex[:10]}"
    yield chosen
    from services.objects import client

    admin = client(local.objects, "admin")
    try:
        admin.delete_bucket_policy(Bucket=chosen)
        admin.delete_bucket(Bucket=chosen)
    except ClientError:
        return


def test_a_bucket_is_created_as_the_recorded_program_does(cloud: RealCloud, name: str) -> None:
    """The recorded inputs, the recorded outputs; read back through the gateway."""
    rule = {
        "enabled": True,
        "prefix": "weekly/",
        "expiration": {"days": 90},
        "noncurrentVersionExpiration": {"days": 1},
        "abortIncompleteMultipartUploadDays": 2,
    }
    inputs = {"name": name, "region": "sfo3", "acl": "private", "versioning": {"enabled": True}, "lifecycleRules": [rule]}
    made = cloud.provider.create(BUCKET, "backups", inputs)
    shown = made.outputs["lifecycleRules"][0]
    assert made.id == name
    assert {field: shown[field] for field in rule} == {**rule, "expiration": {"date": "", "days": 90, "expiredObjectDeleteMarker": None}}
    assert made.outputs["bucketDomainName"] == f"{name}.sfo3.digitaloceanspaces.com"
    client = cloud.spaces("sfo3")
    assert client.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"][0]["Expiration"] == {"Days": 90}
    assert not client.get_bucket_location(Bucket=name)["LocationConstraint"]


def test_a_bucket_policy_is_enforced_and_shown_as_it_was_read(cloud: RealCloud, name: str) -> None:
    cloud.provider.create(BUCKET, "backups", {"name": name, "region": "nyc3", "versioning": {"enabled": True}})
    statement = {"Effect": "Deny", "Principal": "*", "Action": ["s3:DeleteObjectVersion"], "Resource": [f"arn:aws:s3:::{name}/*"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = cloud.provider.create(POLICY, "backups", {"bucket": name, "region": "nyc3", "policy": policy})
    assert json.loads(made.outputs["policy"])["Statement"][0]["Effect"] == "Deny"
    client = cloud.spaces("nyc3")
    version = client.put_object(Bucket=name, Key="a", Body=b"a")["VersionId"]
    with pytest.raises(ClientError) as refused:
        client.delete_object(Bucket=name, Key="a", VersionId=version)
    assert code(refused) == (403, "AccessDenied")
    client.delete_bucket_policy(Bucket=name)


def test_objects_pass_the_gateway_whole(cloud: RealCloud, name: str) -> None:
    """Bytes, names with signs in them, ranges and conditions: all signed, all untouched."""
    client, body = cloud.spaces("nyc3"), bytes(range(256)) * 20_000
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="a folder/ü+name=1&2.bin", Body=body)
    assert client.get_object(Bucket=name, Key="a folder/ü+name=1&2.bin")["Body"].read() == body
    assert client.get_object(Bucket=name, Key="a folder/ü+name=1&2.bin", Range="bytes=10-19")["Body"].read() == body[10:20]
    assert client.head_object(Bucket=name, Key="a folder/ü+name=1&2.bin")["ContentLength"] == len(body)
    with pytest.raises(ClientError) as taken:
        client.put_object(Bucket=name, Key="a folder/ü+name=1&2.bin", Body=b"", IfNoneMatch="*")
    assert code(taken)[0] == 412


def test_a_bucket_that_holds_something_cannot_be_deleted(cloud: RealCloud, name: str) -> None:
    """Not while it holds an object, nor an old version, nor a delete marker."""
    client = cloud.spaces("nyc3")
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    version = client.put_object(Bucket=name, Key="a", Body=b"a")["VersionId"]
    marker = client.delete_object(Bucket=name, Key="a")["VersionId"]
    for left in (version, marker):
        with pytest.raises(ClientError) as refused:
            client.delete_bucket(Bucket=name)
        assert code(refused) == (409, "BucketNotEmpty")
        client.delete_object(Bucket=name, Key="a", VersionId=left)
    client.delete_bucket(Bucket=name)
    with pytest.raises(ClientError) as gone:
        client.head_bucket(Bucket=name)
    assert code(gone)[0] == 404


def test_a_bucket_is_reached_in_its_own_region_only(cloud: RealCloud, name: str) -> None:
    cloud.spaces("sfo3").create_bucket(Bucket=name)
    with pytest.raises(ClientError) as elsewhere:
        cloud.spaces("nyc3").head_bucket(Bucket=name)
    assert code(elsewhere)[0] == 404
    with pytest.raises(ClientError) as taken:
        cloud.spaces("nyc3").create_bucket(Bucket=name)
    assert code(taken) == (409, "BucketAlreadyExists")


def test_every_region_of_spaces_has_its_door(cloud: RealCloud, name: str) -> None:
    for region in ("ams3", "atl1", "blr1", "fra1", "lon1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1"):
        client = cloud.spaces(region)
        client.create_bucket(Bucket=name)
        assert not client.get_bucket_location(Bucket=name)["LocationConstraint"]
        client.delete_bucket(Bucket=name)


def test_a_reset_keeps_objects_unless_it_is_asked_to_empty_the_buckets(cloud: RealCloud, name: str) -> None:
    client = cloud.spaces("nyc3")
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="a", Body=b"a")
    wipe(cloud.endpoint, cloud.token)
    assert client.get_object(Bucket=name, Key="a")["Body"].read() == b"a"
    client.create_bucket(Bucket=name)  # taken over, for it is there
    wipe(cloud.endpoint, cloud.token, empty_buckets=True)
    with pytest.raises(ClientError) as gone:
        client.head_bucket(Bucket=name)
    assert code(gone)[0] == 404


def test_a_wrong_key_is_refused_by_the_s3_server(cloud: RealCloud, name: str) -> None:
    cloud.spaces("nyc3").create_bucket(Bucket=name)
    stranger = cloud.spaces("nyc3", SpacesCredentials(cloud.credentials.access_key, "wrong"))
    with pytest.raises(ClientError) as refused:
        stranger.list_objects_v2(Bucket=name)
    assert code(refused)[0] == 403


def test_logging_is_kept_by_the_gateway(cloud: RealCloud, name: str) -> None:
    client = cloud.spaces("nyc3")
    client.create_bucket(Bucket=name)
    assert "LoggingEnabled" not in client.get_bucket_logging(Bucket=name)
    for wrong in (name, "no-such-bucket"):
        with pytest.raises(ClientError) as refused:
            client.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": wrong, "TargetPrefix": "x/"}})
        assert code(refused) == (400, "InvalidTargetBucketForLogging")
    assert "LoggingEnabled" not in client.get_bucket_logging(Bucket=name)


def test_logging_to_another_bucket_lasts_until_it_is_switched_off(cloud: RealCloud, name: str) -> None:
    client, target = cloud.spaces("nyc3"), f"{name}-logs"
    client.create_bucket(Bucket=name)
    client.create_bucket(Bucket=target)
    client.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "x/"}})
    assert client.get_bucket_logging(Bucket=name)["LoggingEnabled"]["TargetBucket"] == target
    client.put_bucket_logging(Bucket=name, BucketLoggingStatus={})
    assert "LoggingEnabled" not in client.get_bucket_logging(Bucket=name)
    client.delete_bucket(Bucket=target)
