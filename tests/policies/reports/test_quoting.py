"""Quoting the published text: by digest, as printed, and on the page alone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from policies.reports import page, public
from policies.reports.document import document
from policies.reports.formats import FORMATS
from policies.reports.model import Report
from policies.reports.quoting import quote
from promises.clauses import split, text_digest
from promises.verdicts import Status
from tests.policies.reports.sample import HOSTILE, MAKING, report

TEXT = """Storage

We keep "Server Logs" for 30 days.  We never sell
them <b>at all</b>.

We promise:

- Backups every DAY
- Keys of 256 bits
"""

DIGESTS = [clause.digest for clause in split(TEXT)]


def test_clauses_are_quoted_as_printed() -> None:
    quoted = quote(TEXT, DIGESTS, text_digest(TEXT))
    words = [quoted.words[digest].rstrip(".") for digest in DIGESTS]
    assert 'We keep "Server Logs" for 30 days' in words
    assert "We never sell them <b>at all</b>" in words
    assert any(each.endswith("Backups every DAY") for each in words)


def test_only_what_was_asked_for_is_quoted() -> None:
    assert list(quote(TEXT, [DIGESTS[1], "0" * 64], "").words) == [DIGESTS[1]]


def test_another_text_is_told_from_the_one_in_force() -> None:
    assert quote(TEXT, DIGESTS, text_digest(TEXT)).in_force
    assert not quote(TEXT + "\nAnd we may.", DIGESTS, text_digest(TEXT)).in_force


@pytest.mark.parametrize("text", ["", "\n", "...", ": : :", "a: b: c"])
def test_any_text_can_be_given(text: str) -> None:
    found = [clause.digest for clause in split(text)]
    assert set(quote(text, found, "").words) == set(found)


@pytest.fixture(scope="module")
def quoting() -> Report:
    """The sample's first promise comes from a sentence of our text."""
    whole = report()
    first = whole.entries[0]
    entries = (replace(first, promise=replace(first.promise, clauses=(DIGESTS[2],))), *whole.entries[1:])
    return replace(whole, entries=entries, quoted=quote(TEXT, DIGESTS, ""))


def test_the_page_quotes_and_says_which_text_it_was(quoting: Report) -> None:
    html = page.render(quoting)
    assert "<blockquote>We never sell them &lt;b&gt;at all&lt;/b&gt;." in html
    assert "Not a sentence of the text given." in html
    assert "not the policy in force" in html
    assert "are not part of this report" not in html
    assert "are not part of this report" in page.render(replace(quoting, quoted=None))


def test_no_other_format_holds_a_word_of_it(quoting: Report) -> None:
    assert "never sell" not in json.dumps(document(quoting))
    assert "never sell" not in public.document(quoting)
    for name in set(FORMATS) - {"html"}:
        assert "never sell" not in str(FORMATS[name].render(quoting)), name


@pytest.mark.parametrize("render", [public.html, public.document, public.markdown])
def test_the_public_edition_holds_nothing_for_an_attacker(render) -> None:
    """No subject, observation, reason, control, parameter, digest, record, key, tool or maker."""
    whole = report()
    text = render(whole)
    hidden = {whole.making.tool, whole.making.by, whole.making.commit, whole.trust.origin, whole.policy.sha256, whole.catalog_sha256}
    hidden |= {key.fingerprint for key in whole.trust.keys} | {"d" * 64, "d" * 8, "0.0.0.0", "droplet", "privacy officer", HOSTILE}
    for entry in whole.entries:
        hidden |= {proof.name for proof in entry.proofs} | set(entry.verdict.reasons) | set(entry.mends) | set(entry.promise.clauses)
        hidden |= {value for each in entry.parameters for value in each.values if len(value) > 4}
        hidden |= {row.seen.subject for proof in entry.proofs for row in proof.rows}
    assert [each for each in hidden - {"planned"} if each in text] == []
    for entry in whole.entries:
        assert entry.promise.title in text.replace("&#39;", "'")
        assert entry.words in text


def test_the_public_edition_quotes_what_is_public(quoting: Report) -> None:
    assert "<blockquote>We never sell them" in public.html(quoting)


def test_the_public_edition_of_a_rehearsal_says_so() -> None:
    rehearsed = report(making=replace(MAKING, environment="local"))
    assert "rehearsal" in public.html(rehearsed)
    assert "rehearsal" in public.markdown(rehearsed)
    assert json.loads(public.document(rehearsed))["evidence_of_production"] is False
    assert json.loads(public.document(rehearsed))["counts"] == {status.value: count for status, count in rehearsed.counts.items()}
    assert Status.KEPT.value in public.html(rehearsed)
