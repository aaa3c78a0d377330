"""The errors that cross Kept's borders, as a tree.

    KeptError                 anything that a user is told; carries a hint (the next step) and an exit code
    ├── UsageError      (2)   wrong arguments or configuration
    ├── Unreachable     (1)   a server did not answer, or was not there
    ├── Refused         (1)   a server answered and said no (credentials, policy, quota)
    └── BadData         (3)   what was read is not what it must be (a damaged backup, an unverifiable log)

Messages say what was expected, what was got, and what to do next. They hold no secret and no personal value; exceptions of
foreign clients (hvac's may hold plaintexts) are turned at the border with `raise ... from None` where their text is unsafe.
"""

from __future__ import annotations


class KeptError(Exception):
    """Base of all errors shown to a user; `hint` is the next step."""

    exit_code = 1
    code = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(KeptError):
    exit_code = 2
    code = "usage"


class Unreachable(KeptError):  # noqa: N818 - the word says it
    code = "unreachable"


class Refused(KeptError):  # noqa: N818 - the word says it
    code = "refused"


class BadData(KeptError):  # noqa: N818 - the word says it
    exit_code = 3
    code = "bad-data"
