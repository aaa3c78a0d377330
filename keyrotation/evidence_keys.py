"""The two evidence keys in Vault: which is due, which version the log has announced, and which versions may still sign.

A version that is not announced signs nothing (`evidence.succession`), so a rotation has three steps, each of which the next run
finishes when one died:

    1 turn       add a version in Vault, when the one in force is due or a person asks for it
    2 announce   write the announcement into the log, signed by both keys in force; from there the new version signs
    3 close      tell Vault that older versions sign no more, once the log accepts none of theirs

A key is as old as the oldest version that Vault still signs with: an old version that is announced away, and could still be used by
whoever holds a token, is not rotated. That age is what `keys.rotation` is judged by, so a key is due one interval of the job earlier
than others: the run after the one that turned it closes the old version. Step 2 is the log's; this module does 1 and 3 and says what
is to be done. The role `evidence_rotate` can do nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.succession import LOG_KEY, RECORD_KEY, KeyPeriod
from keyrotation import transit
from keyrotation.limits import KeyLimits
from keyrotation.vault_roles import PLATFORM_MOUNT
from services.errors import BadData
from services.vault import Vault

ROLE = "evidence_rotate"
NAMES = (RECORD_KEY, LOG_KEY)


@dataclass(frozen=True)
class EvidenceKeyState:
    """One key, as Vault and the log know it.

    `in_force` is the version the log has announced last, `newest` Vault's newest, `signs_from` the oldest that Vault still signs
    with. `born` is when the version in force was made; `closable_at` when the log accepts no older one any more.
    """

    name: str
    in_force: int
    newest: int
    signs_from: int
    born: datetime
    closable_at: datetime | None

    def age(self, now: datetime) -> timedelta:
        return now - self.born


@dataclass(frozen=True)
class EvidenceTurn:
    """What is to be done with one key, and why."""

    state: EvidenceKeyState
    turn: bool
    announce: bool
    close: bool
    reason: str

    @property
    def idle(self) -> bool:
        return not (self.turn or self.announce or self.close)


def read(vault: Vault, keys: Sequence[KeyPeriod]) -> tuple[EvidenceKeyState, ...]:
    """Both keys; `keys` are those of the verified log. `BadData` when Vault does not hold the one in force."""
    return tuple(_state(vault, name, [each for each in keys if each.name == name]) for name in NAMES)


def plan(
    states: Sequence[EvidenceKeyState], limits: KeyLimits, now: datetime, asked: frozenset[str] = frozenset()
) -> tuple[EvidenceTurn, ...]:
    """What is to be done at the moment `now`; pure. `asked` names keys to be turned though not due."""
    return tuple(_turn(state, limits, now, asked=state.name in asked) for state in states)


def turn(vault: Vault, state: EvidenceKeyState) -> None:
    """Step 1, unless somebody else did it since `state` was read."""
    path = f"{PLATFORM_MOUNT}/{state.name}"
    if transit.require_key(vault, path).version == state.newest:
        transit.turn(vault, path)


def close(vault: Vault, state: EvidenceKeyState) -> None:
    """Step 3: versions older than the one in force sign no more. It can be repeated."""
    vault.write(f"{PLATFORM_MOUNT}/keys/{state.name}/config", {"min_encryption_version": state.in_force})


def _state(vault: Vault, name: str, periods: Sequence[KeyPeriod]) -> EvidenceKeyState:
    versions = transit.read_versions(vault, f"{PLATFORM_MOUNT}/{name}")
    in_force = next((each.number for each in versions if each.public == periods[-1].public), None)
    if in_force is None:
        raise BadData(f"Vault holds no version of {name} that the log has announced last", "is this the Vault the log was signed with?")
    born = next(each.created_at for each in versions if each.number == in_force)
    closable = periods[-2].closes or periods[-1].announced if len(periods) > 1 else None
    return EvidenceKeyState(name, in_force, versions[-1].number, min(each.number for each in versions if each.signs), born, closable)


def _turn(state: EvidenceKeyState, limits: KeyLimits, now: datetime, *, asked: bool) -> EvidenceTurn:
    ahead = state.newest > state.in_force
    due = state.age(now) >= limits.evidence_due_age
    turned = not ahead and (due or asked)
    over = state.closable_at is not None and now > state.closable_at
    close_now = state.signs_from < state.in_force and over
    return EvidenceTurn(state, turned, turned or ahead, close_now, _reason(state, ahead=ahead, due=due, asked=asked, close_now=close_now))


def _reason(state: EvidenceKeyState, **facts: bool) -> str:
    said: Mapping[str, str] = {
        "ahead": f"version {state.newest} is in Vault and not announced",
        "due": "due by its age",
        "asked": "asked for",
        "close_now": f"version {state.signs_from} still signs in Vault, and is over in the log",
    }
    return "; ".join(text for fact, text in said.items() if facts[fact]) or "nothing to do"
