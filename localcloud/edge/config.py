"""The edge's configuration: one JSON file, read once at the start.

    {"clouds": "http://127.0.0.1:8080", "token_file": "...", "authority": "/.../authority", "certificates": "/.../edge/certificates",
     "status_port": 1, "tls_port": 2, "plain_port": 3}

`tls_port` stands for 443 and `plain_port` for 80 on every address, so that no port below 1024 is needed. `origin_certificate` names another
certificate and key (one PEM file) that hosts show, to see what a strict edge does with it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Config:
    clouds: str
    token_file: Path
    authority: Path
    certificates: Path
    status_port: int
    tls_port: int
    plain_port: int
    origin_certificate: Path | None = None

    @property
    def token(self) -> str:
        return self.token_file.read_text().strip()


def load(path: Path) -> Config:
    """Raises `OSError`, `ValueError` or `TypeError` for a file that cannot be read or is none."""
    document = json.loads(path.read_text())
    files = {name: Path(document[name]) for name in ("token_file", "authority", "certificates", "origin_certificate") if document.get(name)}
    return Config(**{**document, **files})
