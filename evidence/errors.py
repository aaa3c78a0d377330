"""The errors of the evidence log, as a tree.

    BadData (services.errors, exit 3)
    ├── Malformed        bytes that are no envelope, statement, note or key
    ├── BadSignature     well-formed, but no trusted key has signed it
    ├── Inconsistent     the log is not what its checkpoints say: nothing may be signed
    └── Exists           an object that may only be created is there already (another checkpointer is at work)
    Refused (services.errors, exit 1)
    └── Missing          the store has no such object

What a *verification* finds is not an exception but a list of problems: see `evidence.verifying`.
"""

from __future__ import annotations

from services.errors import BadData, Refused


class Malformed(BadData):
    code = "malformed"


class BadSignature(BadData):
    code = "bad-signature"


class Inconsistent(BadData):
    code = "inconsistent-log"


class Exists(BadData):
    code = "exists"


class Missing(Refused):
    code = "missing"
