"""Where the servers' files lie in the folder of a local run.

authority/   ca.pem, ca.key and a certificate and key for each server
secrets/     one secret a file, readable by the owner alone; for this local run only
servers/     ports.json, the lock, and a <server>.process file for each running server
logs/        one log a server, and OpenBao's audit file
postgres/ openbao/ objects/ clouds/ edge/     what each server keeps
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

    @property
    def made_file(self) -> Path:
        """There when the folder is ours alone, and may be deleted as a whole."""
        return self.servers / "made-by-us"

    def ready_file(self, server: str) -> Path:
        return self.servers / f"{server}.ready"

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

    def folders(self) -> tuple[Path, ...]:
        return (self.authority, self.secrets, self.servers, self.logs)

    def create(self) -> None:
        """Make the folders, private to their owner (the outermost keeps its rights: Postgres' account may have to pass)."""
        ours = not self.folder.exists() or not any(self.folder.iterdir())
        if not self.folder.exists():
            files.private_folder(self.folder)
        for path in self.folders():
            files.private_folder(path)
        if ours:
            self.made_file.touch()
