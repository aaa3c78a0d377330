"""The shared servers as the tests meet them."""

from __future__ import annotations

from services.clients import Clients
from services.settings import Database, Settings


def test_the_settings_lead_to_every_server(local: Settings, database_settings: Database, bucket: str):
    """Postgres answers over TLS, Vault lets every role in, each S3 identity reaches its bucket, the clouds' stand-in knows its token."""
    clients = Clients(local)
    with clients.database(database_settings.name) as connection:
        assert connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (True,)
    for role in local.vault.roles:
        assert clients.vault(role)
    clients.objects("admin").put_object(Bucket=bucket, Key="a", Body=b"1")
    for identity, home in (
        ("evidence", local.evidence.bucket),
        ("backup_writer", local.backups.bucket),
        ("backup_reader", local.backups.bucket),
    ):
        assert clients.objects(identity).list_objects_v2(Bucket=home)["KeyCount"] == 0
    assert clients.digitalocean.droplets.list()["droplets"] == []


def test_a_fresh_place_is_empty_and_not_that_of_the_platform(fresh: Settings, local: Settings):
    assert fresh.database.name != local.database.name
    assert fresh.evidence.bucket == fresh.backups.bucket != local.evidence.bucket
    with Clients(fresh).database() as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
