"""Who may sign what: a person's own key over exactly what is recorded, and nobody for themselves."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from duties import exceptions, register
from duties.register import Facts, Person, Register
from evidence.composing import Attested, Excepted
from services.errors import Refused, UsageError
from tests.evidence.log_world import START, World

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32) for seed in (7, 8))
UNTIL = START + timedelta(days=30)


def print_of(key: Ed25519PrivateKey) -> str:
    return hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()


OFFICER = Person(role="privacy-officer", key=print_of(KEY), attests=("access.mfa",), excepts=("*",), answers_for=("incident.plan",))
PEOPLE = Register(people=(OFFICER,))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def exception(promise: str = "keys.rotation", environment: str = "production", **changes: object) -> Excepted:
    said = Excepted(promise, ("key-1",), "engineering", "moved next week", "privacy-officer", print_of(KEY), START, UNTIL)
    facts = Facts(environment, "illumacom", "excepts", promise, "granted", START, UNTIL, None, said.subjects, said.owner, said.reason)
    return replace(said, **{"signed_by": "register", "person": register.sign(facts, KEY), **changes})  # type: ignore[arg-type]


def granted(world: World, said: Excepted, people: Register = PEOPLE, environment: str = "production") -> int:
    """How many exceptions of the log count."""
    world.writer(environment=environment).exception(said)
    world.checkpoint(environment=environment)
    verification = world.verify(max_age=None)
    assert verification.problems == ()
    found = exceptions.granted(register.credible(verification.records, people))
    return sum(each.in_force(START + timedelta(days=1)) for each in found)


def test_an_exception_signed_by_a_person_of_the_register_counts_until_it_ends(world: World) -> None:
    assert granted(world, exception()) == 1
    records = register.credible(world.verify().records, PEOPLE)
    (found,) = exceptions.granted(records)
    assert (found.promise, found.subjects, found.owner, found.until) == ("keys.rotation", frozenset({"key-1"}), "engineering", UNTIL)
    moments = (START - timedelta(seconds=1), START, UNTIL - timedelta(seconds=1), UNTIL)
    assert [found.in_force(each) for each in moments] == [False, True, True, False]
    assert [each.state for each in exceptions.listed(records, UNTIL)] == ["expired"]


REFUSED: dict[str, tuple[Excepted, Register]] = {
    "nobody stands in the register": (exception(), Register()),
    "another key stands behind the role": (exception(), Register(people=(OFFICER.model_copy(update={"key": print_of(OTHER)}),))),
    "the role may not except this": (exception(), Register(people=(OFFICER.model_copy(update={"excepts": ("access.mfa",)}),))),
    "the role answers for the promise": (exception("incident.plan"), PEOPLE),
    "the role owns the exception": (exception(owner="privacy-officer"), PEOPLE),
    "the record names another role": (exception(role="operator"), PEOPLE),
    "one more subject than was signed": (exception(subjects=("key-1", "key-2")), PEOPLE),
    "a later end than was signed": (exception(valid_until=UNTIL + timedelta(days=1)), PEOPLE),
    "another promise than was signed": (exception(promise="keys.rotation") and replace(exception(), promise="tls.minimum"), PEOPLE),
    "signed for another environment": (exception(environment="staging"), PEOPLE),
    "no signature of a person": (exception(person=None), PEOPLE),
    "the record key stands in, outside local": (exception(signed_by="record-key", person=None), PEOPLE),
    "the signature of another key": (exception(person=register.sign(Facts("", "", "excepts", "", "", START, None), OTHER)), PEOPLE),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_nobody_entitled_has_signed_counts_for_nothing(world: World, case: str) -> None:
    said, people = REFUSED[case]
    assert granted(world, said, people) == 0


def test_in_a_local_environment_the_record_key_stands_in(world: World) -> None:
    assert granted(world, exception(signed_by="record-key", person=None), Register(), "local") == 1


def test_a_statement_is_credible_only_as_it_was_signed(world: World) -> None:
    said = Attested("access.mfa", "holds", OFFICER.role, OFFICER.key, START, UNTIL, "d" * 64, "register")
    facts = Facts("production", "illumacom", "attests", "access.mfa", "holds", START, UNTIL, "d" * 64)
    writer = world.writer(environment="production")
    for each in (
        replace(said, person=register.sign(facts, KEY)),
        replace(said, person=register.sign(facts, KEY), document_sha256="e" * 64),
    ):
        writer.attestation(each)
    world.checkpoint(environment="production")
    assert [record.number for record in register.credible(world.verify().records, PEOPLE)] == [0, 2]


def test_a_signer_is_known_by_the_key_and_may_sign_only_what_the_register_says(tmp_path: Path) -> None:
    path = tmp_path / "mine.pem"
    path.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert register.signatory(PEOPLE, register.load_key(path), "attests", "access.mfa", START) == OFFICER
    for people, promise in ((PEOPLE, "access.review"), (PEOPLE, "incident.plan"), (Register(), "access.mfa")):
        with pytest.raises(Refused):
            register.signatory(people, KEY, "attests", promise, START)


def test_the_register_is_read_strictly(tmp_path: Path) -> None:
    assert register.load_register(tmp_path) == Register()
    file, entry = tmp_path / register.FILE, f"{{role: auditor, key: {'a' * 64}"
    file.write_text(f"people: [{entry}, attests: [access.mfa]}}]")
    assert register.load_register(tmp_path).people[0].attests == ("access.mfa",)
    for text in (
        f"people: [{entry}, name: x}}]",
        f"people: [{entry}}}, {entry}}}]",
        f"people: [{entry}, from: 2026-02-01, until: 2026-01-31}}]",
        f"people: [{entry}, until: 2026-02-01}}, {{role: auditor, key: {'b' * 64}, from: 2026-02-01}}]",
        f"people: [{entry}, until: 2026-02-01}}, {{role: other, key: {'a' * 64}, from: 2026-03-01}}]",
        "people: [{role: Jane Doe, key: aa}]",
        "people: [",
        "- x",
    ):
        file.write_text(text)
        with pytest.raises(UsageError):
            register.load_register(tmp_path)


@pytest.mark.parametrize("text", ["", "no key"])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(UsageError, match="no private key"):
        register.load_key(tmp_path / "key")
    with pytest.raises(UsageError, match="cannot read"):
        register.load_key(tmp_path / "none")


WRONG = {
    "an exception from oneself": {"owner": "privacy-officer"},
    "no subject": {"subjects": ()},
    "an address in the reason": {"reason": "ask x@example.com"},
    "a name for a role": {"owner": "Jane Doe"},
    "an end in the past": {"valid_until": START},
    "an end beyond a year": {"valid_until": START + timedelta(days=367)},
}


@pytest.mark.parametrize("case", WRONG)
def test_an_exception_that_does_not_fit_is_refused_before_it_is_signed(case: str) -> None:
    exceptions.check(exception())
    with pytest.raises(UsageError):
        exceptions.check(exception(**WRONG[case]))


def test_a_role_may_go_from_one_key_to_another(tmp_path: Path) -> None:
    (tmp_path / register.FILE).write_text(
        f"people: [{{role: auditor, key: {'a' * 64}, until: 2026-02-01}}, {{role: auditor, key: {'b' * 64}, from: 2026-02-02}}]"
    )
    first, second = register.load_register(tmp_path).people
    assert [each.listed_on(date(2026, 2, 1)) for each in (first, second)] == [True, False]
    assert [each.listed_on(date(2026, 2, 2)) for each in (first, second)] == [False, True]


SPANS: dict[str, tuple[dict[str, date], bool]] = {
    "listed for ever": ({}, True),
    "who left since": ({"until": START.date()}, True),
    "who had left": ({"until": START.date() - timedelta(days=1)}, False),
    "who came that day": ({"since": START.date()}, True),
    "who came later": ({"since": START.date() + timedelta(days=1)}, False),
}


@pytest.mark.parametrize(("span", "counts"), SPANS.values(), ids=SPANS.keys())
def test_a_signature_counts_by_the_day_on_which_it_was_made(world: World, span: dict[str, date], counts: bool) -> None:  # noqa: FBT001
    person = OFFICER.model_copy(update=span)
    assert granted(world, exception(), Register(people=(person,))) == counts
    if counts:
        assert register.signatory(Register(people=(person,)), KEY, "excepts", "keys.rotation", START) == person
    else:
        with pytest.raises(Refused, match="and it was signed on 2026-11-20"):
            register.signatory(Register(people=(person,)), KEY, "excepts", "keys.rotation", START)


WHY = {
    "nobody stands in the register": "its key is not in the register under its role",
    "the role may not except this": "the register does not let the role privacy-officer sign this about keys.rotation",
    "the role answers for the promise": "the role privacy-officer answers for incident.plan and may not sign for itself",
    "the role owns the exception": "the role privacy-officer granted an exception that it owns",
    "a later end than was signed": "the person's signature does not fit what it says",
    "no signature of a person": "it holds no signature of a person",
    "the record key stands in, outside local": "the record key stands in for a person, which only a local environment accepts",
}


@pytest.mark.parametrize("case", WHY)
def test_it_is_told_why_something_does_not_count(world: World, case: str) -> None:
    said, people = REFUSED[case]
    assert granted(world, said, people) == 0
    (found,) = register.refused(world.verify(max_age=None).records, people)
    assert (found.promise, found.kind, found.record, found.role) == (said.promise, "exception", 0, "privacy-officer")
    assert found.why == WHY[case]


def test_of_what_counts_nothing_is_told(world: World) -> None:
    assert granted(world, exception()) == 1
    assert register.refused(world.verify(max_age=None).records, PEOPLE) == ()


def test_a_withdrawal_outlives_its_signers_entry(world: World) -> None:
    """Who withdrew a statement may leave: what was withdrawn does not come back."""
    facts = Facts("production", "illumacom", "attests", "access.mfa", "withdrawn", START, None, None)
    said = Attested("access.mfa", "withdrawn", OFFICER.role, OFFICER.key, START, None, None, "register", person=register.sign(facts, KEY))
    world.writer(environment="production").attestation(said)
    world.checkpoint(environment="production")
    withdrawn = [
        each for each in register.credible(world.verify().records, Register()) if getattr(each.predicate, "status", "") == "withdrawn"
    ]
    assert len(withdrawn) == 1
