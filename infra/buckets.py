"""Which buckets there are, and what becomes of what lies in them. Pure.

    <platform>-objects    the application's files                       the platform's region
    <platform>-logs       logs of the edge, the database and the hosts  the platform's region
    <platform>-wheels     the jobs' software, by digest                 the platform's region
    <platform>-backups    encrypted backups                             another metropolitan area
    <platform>-evidence   the signed log                                another metropolitan area

Versions make an overwritten object recoverable; what was overwritten or deleted is gone for good after a week, so that a deletion
that was promised becomes true also here. Evidence is append-only and keeps its old versions. Logs expire by their figure, and
nothing else does by itself: backups go when the job that knows their dates says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.config import Config


@dataclass(frozen=True)
class Purpose:
    """A bucket's purpose: whether it lies apart from the platform's region, whether old versions may go, whether objects expire."""

    name: str
    apart: bool = False
    forgets: bool = True
    expires: bool = False


PURPOSES = (
    Purpose("objects"),
    Purpose("logs", expires=True),
    Purpose("wheels"),
    Purpose("backups", apart=True),
    Purpose("evidence", apart=True, forgets=False),
)


def region_of(config: Config, purpose: Purpose) -> str:
    return config.backup_region if purpose.apart else config.region
