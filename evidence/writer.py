"""How a job writes records: build the statement, sign it, put it into the inbox. It needs no database and no number.

1. Under the spool's lock: send first what waits there, in order, marked late.
2. Save the new payload in the spool (from here on it cannot be lost), sign it, put the envelope at `inbox/<sha256>`, remove it
   from the spool. Putting it twice changes nothing.
3. If Vault or the store is down, the payload stays in the spool, marked late, and the next record takes it along.

A destructive job must not start on a start record that only waits: `job_started` then raises, and the log will hold a start and an
end "not-started" of that run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from evidence import composing, deployments, dsse
from evidence.composing import Attested, Ended, Excepted, Stamp
from evidence.deployments import Deployed
from evidence.records import INBOX
from evidence.signing import Signer, keyid
from evidence.spool import Spool
from evidence.statements import Artifact, Context, Source, Statement, from_bytes, to_bytes
from evidence.stores import Store
from promises.model import Parameter
from promises.observations import ControlRun
from services.errors import Refused, Unreachable

Clock = Callable[[], datetime]

_log = logging.getLogger(__name__)


class Writer:
    """Writes the records of one context. Every method returns the envelope's SHA-256 (hex), or "" while the record waits."""

    def __init__(self, store: Store, signer: Signer, context: Context, spool: Path, clock: Clock) -> None:
        self._store = store
        self._signer = signer
        self._context = context
        self._spool = Spool(spool)
        self._clock = clock

    def control_run(
        self,
        run: ControlRun,
        *,
        parameters: Mapping[str, Parameter] | None = None,
        source: Source | None = None,
        state_digest: str | None = None,
    ) -> str:
        """One control over its population; `parameters` are the promise's, `state_digest` (hex) that of a judged stack."""
        return self._append(lambda stamp: composing.control_run(stamp, run, parameters or {}, source, state_digest))

    def job_started(self, job: str, run: str, started: datetime, *, destructive: bool = True) -> str:
        """The start of a job's run. `Unreachable` when the job is destructive and the record could not be stored."""
        stored = self._append(lambda stamp: composing.job_started(stamp, job, run, started))
        if destructive and not stored:
            ended = Ended(job, run, started, "not-started", "evidence-unreachable")
            self._append(lambda stamp: composing.job_ended(stamp, ended))
            raise Unreachable(f"{job} was not started: its start record could not be stored", "is the evidence store up? run the job again")
        return stored

    def job_ended(  # noqa: PLR0913 - the three facts of every end, and what a job may add
        self,
        job: str,
        run: str,
        finished: datetime,
        *,
        failure: str | None = None,
        counts: Mapping[str, float] | None = None,
        artifacts: Sequence[Artifact] = (),
    ) -> str:
        """The end of a job's run; `failure` is an error's code (a word, never a message), None when it succeeded."""
        result: Literal["succeeded", "failed"] = "succeeded" if failure is None else "failed"
        ended = Ended(job, run, finished, result, failure or "", counts or {}, tuple(artifacts))
        return self._append(lambda stamp: composing.job_ended(stamp, ended))

    def attestation(self, said: Attested) -> str:
        """A person's statement about a promise, or its withdrawal."""
        return self._append(lambda stamp: composing.attestation(stamp, said))

    def exception(self, said: Excepted) -> str:
        """A person's exception from a promise."""
        return self._append(lambda stamp: composing.exception(stamp, said))

    def deployment(self, said: Deployed) -> str:
        """An update of the stack that went through the whole procedure."""
        return self._append(lambda stamp: deployments.compose(stamp, said))

    def flush(self) -> int:
        """Send what waits; returns how many records still do."""
        with self._spool.locked():
            self._send_waiting()
            return len(self._spool.waiting())

    def _append(self, compose: Callable[[Stamp], Statement]) -> str:
        with self._spool.locked():
            up = self._send_waiting()
            counter = self._spool.reserve()
            statement = compose(Stamp(self._context, counter, self._clock(), late=not up))
            self._spool.save(counter, to_bytes(statement))
            if up:
                sent = self._try(statement)
                if sent:
                    self._spool.remove(counter)
                    return sent
                self._spool.save(counter, to_bytes(_late(statement)))
        _log.warning("an evidence record waits in the spool: the store or Vault is down")
        return ""

    def _send_waiting(self) -> bool:
        """Send the spooled records in order; false at the first that does not go."""
        for counter in self._spool.waiting():
            if not self._try(_late(from_bytes(self._spool.load(counter)))):
                return False
            self._spool.remove(counter)
        return True

    def _try(self, statement: Statement) -> str:
        try:
            return self._send(to_bytes(statement))
        except (Unreachable, Refused) as error:
            _log.warning("an evidence record could not be stored: %s", error.message)
            return ""

    def _send(self, payload: bytes) -> str:
        envelope = seal(payload, self._signer)
        digest = composing.sha256(envelope)
        self._store.put(f"{INBOX}{digest}", envelope)
        return digest


def seal(payload: bytes, signer: Signer) -> bytes:
    """The signed envelope of a payload, as stored."""
    signature = signer.sign(dsse.pae(dsse.PAYLOAD_TYPE, payload))
    return dsse.encode(payload, keyid(signer.public_key()), signature)


def _late(statement: Statement) -> Statement:
    return statement.model_copy(update={"predicate": statement.predicate.model_copy(update={"late": True})})
