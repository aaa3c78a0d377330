"""The certificate that a local edge shows its origins: made by the local authority, and given to the program as its configuration.

The pair is the very one that the local edge uses (it makes what is missing itself, in the same place), so that what stands in the
zone is what is shown. Elsewhere the certificate stands in the stack file and its key is the stack's one secret.
"""

from __future__ import annotations

from datetime import UTC, datetime

import yaml

from kept.locations import PROJECT
from services.settings import Settings

SECRET_KEYS = ("kept:originPullKey",)
"""What the engine takes encrypted alone: the project declares it so."""


def local_origin_pulls(settings: Settings) -> dict[str, str]:
    """The configuration's two keys for a local stack."""
    from localcloud.servers.authority import Pair, Purpose, issue

    domain = yaml.safe_load((PROJECT / f"Pulumi.{settings.platform}.yaml").read_text())["config"]["kept:domain"]
    authority = settings.objects.ca_file.parent
    folder = authority.parent / "edge" / "certificates"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"origin-pull.{domain}"
    pair = issue(authority, Pair(folder / f"{name}.pem", folder / f"{name}.key"), name, Purpose.CLIENT, datetime.now(UTC))
    return {
        "kept:internalAuthority": settings.objects.ca_file.read_text(),
        "kept:originPullCertificate": pair.certificate.read_text(),
        "kept:originPullKey": pair.key.read_text(),
    }
