"""Where the servers' files lie in the folder of a local run.

authority/   ca.pem, ca.key and a certificate and key for each server
secrets/     one secret a file, readable by the owner alone; for this local run only
servers/     ports.json, the lock, and a <server>.process file for each running server
logs/        one log a server, and OpenBao's audit file
postgres/ openbao/ objects/ clouds/     what each server keeps
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localcloud.servers import files


@dataclass(frozen=True)
class Layout:
    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "authority"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def servers(self) -> Path:
        return self.folder / "servers"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def ca_file(self) -> Path:
        return self.authority / "ca.pem"

    @property
    def lock_file(self) -> Path:
        return self.servers / "lock"

    @property
    def ports_file(self) -> Path:
        return self.servers / "ports.json"

    def data(self, server: str) -> Path:
        return self.folder / server

    def log(self, server: str) -> Path:
        return self.logs / f"{server}.log"

    def process_file(self, server: str) -> Path:
        return self.servers / f"{server}.process"

    def certificate(self, server: str) -> Path:
        return self.authority / f"{server}.pem"

    def key(self, server: str) -> Path:
        return self.authority / f"{server}.key"

    def secret(self, name: str) -> Path:
        return self.secrets / name

    def create(self) -> None:
        """Make the folders, private to their owner."""
        for path in (self.folder, self.authority, self.secrets, self.servers, self.logs):
            files.private_folder(path)
