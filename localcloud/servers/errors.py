"""What goes wrong with the local servers, as a tree.

ServerError              told to the person who runs them; `hint` is the next step
    ├── MissingError         a program or a capability of the machine is not there
    ├── PortTakenError       somebody else listens on a port that belongs to a server of ours
    ├── CrashedError         a server ended by itself; the message ends with the last lines of its log
    ├── NotReadyError        a server runs, but did not get ready within its time
    └── UnwritableError      the folder cannot be written, or the disk is full
"""

from __future__ import annotations


class ServerError(Exception):
    """Base of the errors of this package."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class MissingError(ServerError):
    """Something has to be installed, or the machine does not allow what is needed."""


class PortTakenError(ServerError):
    """A stranger listens on our port."""


class CrashedError(ServerError):
    """A server of ours ended by itself."""


class NotReadyError(ServerError):
    """A server of ours did not answer in time."""


class UnwritableError(ServerError):
    """The folder of the local run cannot take what must be written."""
