"""Signed notes: the published example, and what a note must not be."""

from __future__ import annotations

import base64

import pytest

from evidence.errors import BadSignature, Malformed
from evidence.merkle import leaf_hash
from evidence.notes import Checkpoint, VerifierKey, open_checkpoint, open_note, parse_checkpoint, parse_vkey, sign_checkpoint, sign_note
from tests.evidence.log_world import ATTACKER, LOG, ORIGIN

NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
NOTE = f"{TEXT}\n{SIGNATURE}".encode()

KEY = VerifierKey(ORIGIN, LOG.public_key())
SIGNED = Checkpoint(ORIGIN, 7, leaf_hash(b"x"))
CHECKPOINT = sign_checkpoint(SIGNED, LOG)


def test_the_published_note_opens_with_its_published_key() -> None:
    """The example of the signed-note specification, from the Go checksum database's `note` package."""
    assert open_note(NOTE, [parse_vkey(NEUMANN)]) == TEXT


def test_a_vkey_is_written_as_it_was_read() -> None:
    assert str(parse_vkey(NEUMANN)) == NEUMANN
    assert parse_vkey(f"{KEY}\n") == KEY


def test_every_flipped_byte_of_the_published_note_is_refused() -> None:
    for position in range(len(NOTE)):
        flipped = bytearray(NOTE)
        flipped[position] ^= 0x01
        with pytest.raises((Malformed, BadSignature)):
            open_note(bytes(flipped), [parse_vkey(NEUMANN)])


def test_a_checkpoint_comes_back_and_is_the_same_bytes_each_time() -> None:
    """No time is in it: two checkpointers at once would write one thing."""
    assert open_checkpoint(CHECKPOINT, [KEY]) == SIGNED
    assert sign_checkpoint(SIGNED, LOG) == CHECKPOINT


def test_signatures_of_unknown_keys_are_ignored() -> None:
    foreign = sign_note(SIGNED.text(), "elsewhere.test/witness", ATTACKER)
    both = CHECKPOINT + foreign.split(b"\n\n")[1]
    assert open_checkpoint(both, [KEY]) == SIGNED


def test_a_bad_signature_under_a_trusted_key_rejects_the_note_though_another_is_good() -> None:
    lines = CHECKPOINT.decode().splitlines()
    decoded = bytearray(base64.b64decode(lines[-1].split(" ")[2]))
    decoded[-1] ^= 1
    with pytest.raises(BadSignature, match="does not fit"):
        open_note(CHECKPOINT + f"\u2014 {ORIGIN} {base64.b64encode(decoded).decode()}\n".encode(), [KEY])


def test_nobody_trusted_has_signed() -> None:
    with pytest.raises(BadSignature, match="no trusted key"):
        open_note(CHECKPOINT, [VerifierKey(ORIGIN, ATTACKER.public_key())])


def test_a_checkpoint_of_another_log_is_refused_though_the_key_is_trusted() -> None:
    other = sign_note(Checkpoint("kept.test/lumina", 7, SIGNED.root).text(), ORIGIN, LOG)
    with pytest.raises(BadSignature, match=r"is of the log kept\.test/lumina"):
        open_checkpoint(other, [KEY])


NOT_NOTES = {
    "empty": b"",
    "no signature": SIGNED.text().encode(),
    "no empty line": CHECKPOINT.replace(b"\n\n", b"\n"),
    "no newline at the end": CHECKPOINT[:-1],
    "a hyphen for the dash": CHECKPOINT.replace("\u2014".encode(), b"-"),
    "not UTF-8": b"\xff" + CHECKPOINT,
    "a control character": b"\x07" + CHECKPOINT,
    "a carriage return": CHECKPOINT.replace(b"\n", b"\r\n"),
    "a signature too short": f"{SIGNED.text()}\n\u2014 {ORIGIN} AAAA\n".encode(),
    "base64 with rubbish": f"{SIGNED.text()}\n\u2014 {ORIGIN} AA!AAAAAAA==\n".encode(),
    "larger than any note": b"x" * 70_000 + CHECKPOINT,
}


@pytest.mark.parametrize("note", NOT_NOTES.values(), ids=NOT_NOTES.keys())
def test_what_is_no_note(note: bytes) -> None:
    with pytest.raises(Malformed):
        open_note(note, [KEY])


NOT_VKEYS = {
    "no parts": "abc",
    "two parts": "name+00000000",
    "a space in the name": "a b+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "another name, so another key id": NEUMANN.replace("Peter", "Petra"),
    "another key id": NEUMANN.replace("c74f20a3", "c74f20a4"),
    "an upper-case key id": NEUMANN.replace("c74f20a3", "C74F20A3"),
    "another algorithm": "PeterNeumann+c74f20a3+" + base64.b64encode(b"\x02" + bytes(32)).decode(),
    "a short key": "PeterNeumann+c74f20a3+" + base64.b64encode(b"\x01" + bytes(31)).decode(),
    "not base64": "PeterNeumann+c74f20a3+!!!!",
}


@pytest.mark.parametrize("text", NOT_VKEYS.values(), ids=NOT_VKEYS.keys())
def test_what_is_no_vkey(text: str) -> None:
    with pytest.raises(Malformed):
        parse_vkey(text)


ROOT = base64.b64encode(SIGNED.root).decode()
NOT_CHECKPOINTS = {
    "a leading zero": f"{ORIGIN}\n07\n{ROOT}\n",
    "a sign": f"{ORIGIN}\n+7\n{ROOT}\n",
    "a negative size": f"{ORIGIN}\n-1\n{ROOT}\n",
    "digits of another script": f"{ORIGIN}\n\u0667\n{ROOT}\n",
    "a size beyond reason": f"{ORIGIN}\n{'9' * 30}\n{ROOT}\n",
    "no origin": f"\n7\n{ROOT}\n",
    "a short root": f"{ORIGIN}\n7\nAAAA\n",
    "a line more": f"{ORIGIN}\n7\n{ROOT}\nmore\n",
    "a line less": f"{ORIGIN}\n7\n",
}


@pytest.mark.parametrize("text", NOT_CHECKPOINTS.values(), ids=NOT_CHECKPOINTS.keys())
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(Malformed):
        parse_checkpoint(text)


@pytest.mark.parametrize(("text", "name"), [("no newline", ORIGIN), ("a\n", "with space"), ("a\n", "with+plus"), ("a\n", "")])
def test_what_may_not_be_signed(text: str, name: str) -> None:
    with pytest.raises(Malformed):
        sign_note(text, name, LOG)
