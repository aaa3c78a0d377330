"""Settings of the session's servers with a log of a test's own."""

from __future__ import annotations

from pathlib import Path

from services.settings import Evidence, Settings


def own_log_settings(local: Settings, bucket: str, data: Path) -> Settings:
    """Another bucket, data folder and origin; the administrator writes, for a test's bucket knows no other identity."""
    identities = {**local.objects.identities, "evidence": local.objects.identities["admin"]}
    objects = local.objects.model_copy(update={"identities": identities})
    return local.model_copy(update={"objects": objects, "evidence": Evidence(origin="kept.test/illumacom", bucket=bucket), "data": data})
