"""A proxy on loopback that passes bytes on and, after so many, cuts every connection and takes no new one: a server going down."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from urllib.parse import urlsplit


class CuttingProxy:
    """`with CuttingProxy(endpoint, after_bytes=n) as endpoint: ...`; only bytes towards the server count."""

    def __init__(self, endpoint: str, after_bytes: int) -> None:
        parts = urlsplit(endpoint)
        assert parts.hostname
        assert parts.port
        self._there = (parts.hostname, parts.port)
        self._scheme = parts.scheme
        self._left = after_bytes
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> str:
        self._start(self._accept)
        return f"{self._scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._cut()
        for thread in self._threads:
            thread.join()

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._there)
            with self._lock:
                self._open += [near, far]
            self._start(self._pass, near, far, 1)
            self._start(self._pass, far, near, 0)

    def _pass(self, source: socket.socket, target: socket.socket, weight: int) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self._spent(len(data) * weight):
                    break
                target.sendall(data)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _spent(self, count: int) -> bool:
        with self._lock:
            self._left -= count
            spent = self._left < 0
        if spent:
            self._cut()
        return spent

    def _cut(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
