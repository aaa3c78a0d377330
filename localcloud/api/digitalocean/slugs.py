"""The names DigitalOcean knows: regions, droplet sizes, images, database versions and sizes. An unknown one is 422.

Source: the provider's lists and the OpenAPI's examples; the sizes are the regular ones, not every one ever sold.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from localcloud.api.digitalocean.answers import unprocessable
from localcloud.api.store import Document

REGIONS: Mapping[str, str] = {
    "nyc1": "New York 1",
    "nyc2": "New York 2",
    "nyc3": "New York 3",
    "sfo2": "San Francisco 2",
    "sfo3": "San Francisco 3",
    "atl1": "Atlanta 1",
    "ric1": "Richmond 1",
    "ams3": "Amsterdam 3",
    "fra1": "Frankfurt 1",
    "lon1": "London 1",
    "sgp1": "Singapore 1",
    "blr1": "Bangalore 1",
    "tor1": "Toronto 1",
    "syd1": "Sydney 1",
}


@dataclass(frozen=True)
class Size:
    memory_mib: int
    vcpus: int
    disk_gib: int
    price_monthly: float


_SHARED = {
    "1vcpu-1gb": Size(1024, 1, 25, 6),
    "1vcpu-2gb": Size(2048, 1, 50, 12),
    "2vcpu-2gb": Size(2048, 2, 60, 18),
    "2vcpu-4gb": Size(4096, 2, 80, 24),
    "4vcpu-8gb": Size(8192, 4, 160, 48),
    "8vcpu-16gb": Size(16384, 8, 320, 96),
}
_DEDICATED = {
    "c-2": Size(4096, 2, 25, 42),
    "c-4": Size(8192, 4, 50, 84),
    "c-8": Size(16384, 8, 100, 168),
    "g-2vcpu-8gb": Size(8192, 2, 25, 63),
    "g-4vcpu-16gb": Size(16384, 4, 50, 126),
    "g-8vcpu-32gb": Size(32768, 8, 100, 252),
    "m-2vcpu-16gb": Size(16384, 2, 50, 84),
    "m-4vcpu-32gb": Size(32768, 4, 100, 168),
    "so-2vcpu-16gb": Size(16384, 2, 300, 131),
}
SIZES: Mapping[str, Size] = {
    "s-1vcpu-512mb-10gb": Size(512, 1, 10, 4),
    **{f"s-{name}{maker}": size for maker in ("", "-amd", "-intel") for name, size in _SHARED.items()},
    **_DEDICATED,
}

_DISTRIBUTIONS = {
    "debian": ("11", "12", "13"),
    "ubuntu": ("20-04", "22-04", "24-04", "25-04", "25-10"),
    "fedora": ("41", "42", "43"),
    "centos-stream": ("9", "10"),
    "rockylinux": ("8", "9", "10"),
    "almalinux": ("8", "9", "10"),
}
IMAGES = tuple(f"{name}-{version}-x64" for name, versions in _DISTRIBUTIONS.items() for version in versions)
_FIRST_IMAGE = 100_000_001
POSTGRES_VERSIONS = ("14", "15", "16", "17", "18")
_SMALLEST_DATABASE = re.compile(r"db-(s|intel|amd)-1vcpu-1gb")
_DATABASE_SIZE = re.compile(r"db-(s|intel|amd)-\d+vcpu-\d+gb|(gd|so1_5)-\d+vcpu-\d+gb|m-\d+vcpu-\d+gb")


def check_region(slug: object) -> str:
    if not isinstance(slug, str) or slug not in REGIONS:
        raise unprocessable(f"region {slug!r} is not a known region slug")
    return slug


def check_size(slug: object) -> str:
    if not isinstance(slug, str) or slug not in SIZES:
        raise unprocessable(f"You specified an invalid size for Droplet creation: {slug!r}")
    return slug


def check_image(image: object, snapshots: Collection[int] = ()) -> None:
    """A distribution's image by slug or number, or a snapshot of a droplet by its number (also when written as a text)."""
    numbers = {*snapshots, *(_image_number(slug) for slug in IMAGES)}
    if image in IMAGES or (not isinstance(image, bool) and str(image).isdecimal() and int(str(image)) in numbers):
        return
    raise unprocessable(f"You specified an invalid image for Droplet creation: {image!r}")


def image_document(image: object) -> Document:
    """An image as it is listed, and as a droplet shows it."""
    slug = next((each for each in IMAGES if str(image) in (each, str(_image_number(each)))), None)
    name = slug or str(image)
    return {
        "id": _image_number(slug) if slug else int(name) if name.isdecimal() else 0,
        "slug": slug,
        "name": name,
        "distribution": name.partition("-")[0],
        "type": "base",
        "public": True,
        "regions": list(REGIONS),
        "min_disk_size": 7,
        "size_gigabytes": 0.5,
        "status": "available",
        "tags": [],
        "created_at": "2025-01-01T00:00:00Z",
    }


def _image_number(slug: str) -> int:
    return _FIRST_IMAGE + IMAGES.index(slug)


def check_database_size(slug: object, nodes: int) -> str:
    """Two or three nodes need more than the smallest size."""
    if not isinstance(slug, str) or not _DATABASE_SIZE.fullmatch(slug) or (nodes > 1 and _SMALLEST_DATABASE.fullmatch(slug)):
        raise unprocessable(f"invalid size {slug!r} for a cluster of {nodes} nodes")
    return slug


def region_document(slug: str) -> Document:
    return {"slug": slug, "name": REGIONS[slug], "sizes": list(SIZES), "features": ["backups", "ipv6", "metadata"], "available": True}


def size_document(slug: str) -> Document:
    size = SIZES[slug]
    return {
        "slug": slug,
        "memory": size.memory_mib,
        "vcpus": size.vcpus,
        "disk": size.disk_gib,
        "price_monthly": size.price_monthly,
        "price_hourly": round(size.price_monthly / 672, 5),
        "regions": list(REGIONS),
        "available": True,
    }
