"""`kept policy`: what was promised (list), by which sentences (digest, trace, diff), and what nobody proves yet (gaps)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kept import output as out

if TYPE_CHECKING:
    from promises.clauses import Clause
    from promises.differing import Change, Difference
    from promises.model import Catalog, Promise, Proof
    from promises.tracing import Trace, TracedClause, TracedNumber


@click.group("policy")
def command() -> None:
    """The catalog of promises, and the clauses they come from."""


@command.command("list")
@click.argument("platform", required=False)
@out.output_option
def list_promises(platform: str | None, output: str) -> int:
    """Every promise of PLATFORM (of every platform without it): figures and proofs."""
    catalogs = _catalogs(platform)
    if output == "json":
        out.print_json({"platforms": [_catalog_document(catalog) for catalog in catalogs]})
        return 0
    rows = [_row(catalog, promise) for catalog in catalogs for promise in catalog.promises]
    out.print_table(("PLATFORM", "PROMISE", "SECTION", "SEVERITY", "FIGURES", "PROOFS"), rows)
    return 0


@command.command("digest")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--show", is_flag=True, help="Print each clause too; without it, no word of the text leaves the file.")
@out.output_option
def digest_text(file: Path, show: bool, output: str) -> int:  # noqa: FBT001 - click passes flags so
    """The digests of a published text: of the whole, and of each clause, with its kind and length."""
    from promises import clauses

    text = _read(file)
    found = clauses.split(text)
    if output == "json":
        rows = [{"index": each.index, "kind": each.kind, "length": len(each.text), "digest": each.digest} for each in found]
        shown = [{**row, "text": each.text} if show else row for row, each in zip(rows, found, strict=True)]
        out.print_json({"file": file.name, "sha256": clauses.text_digest(text), "clauses": shown})
        return 0
    click.echo(f"text  {clauses.text_digest(text)}")
    header = ("CLAUSE", "KIND", "LENGTH", "SHA-256", "TEXT") if show else ("CLAUSE", "KIND", "LENGTH", "SHA-256")
    out.print_table(header, [(str(c.index), c.kind, str(len(c.text)), c.digest, c.text)[: len(header)] for c in found])
    return 0


@command.command("trace")
@click.argument("file", metavar="TEXT", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--platform", help="Whose text this is; without it, the catalog that knows its clauses.")
@click.option("--show", is_flag=True, help="Print each clause too; without it, no word of the text leaves the file.")
@out.output_option
def trace_text(file: Path, platform: str | None, show: bool, output: str) -> int:  # noqa: FBT001 - click passes flags so
    """Which promises each clause of TEXT binds, or why it binds nobody, and what each number in it is bound to.

    Exit code 3 while a clause is unclaimed, a number is unbound, or the catalog names a clause that the text does not have.
    """
    from promises import clauses
    from promises.kinds import kinds
    from promises.tracing import trace

    text = _read(file)
    found, digest = clauses.split(text), clauses.text_digest(text)
    catalog = _catalog_of(found, digest, platform)
    traced = trace(found, digest, catalog, kinds())
    if output == "json":
        out.print_json({"platform": catalog.platform, "file": file.name, "sha256": digest, **_trace_document(traced, show=show)})
    else:
        header = ("CLAUSE", "KIND", "SHA-256", "BINDS", "NUMBERS", "TEXT")[: 6 if show else 5]
        out.print_table(header, [_trace_row(each)[: len(header)] for each in traced.clauses])
        for line in _trace_conclusion(catalog, traced):
            click.echo(line)
    return 0 if traced.complete else 3


@command.command("diff")
@click.argument("old", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--platform", help="Whose text this is; without it, the catalog that knows the clauses of OLD.")
@click.option("--show", is_flag=True, help="Print the clauses too; without it, no word of the texts leaves the files.")
@out.output_option
def diff_texts(old: Path, new: Path, platform: str | None, show: bool, output: str) -> int:  # noqa: FBT001 - click passes flags so
    """Which clauses changed from OLD to NEW, which promises they carry, and who must be told."""
    from promises import clauses
    from promises.differing import differ

    text = _read(old)
    before, after = clauses.split(text), clauses.split(_read(new))
    catalog = _catalog_of(before, clauses.text_digest(text), platform)
    found = differ(before, after, catalog)
    if output == "json":
        out.print_json({"platform": catalog.platform, "old": old.name, "new": new.name, **_difference_document(found, show=show)})
        return 0
    header = ("CHANGE", "OLD", "NEW", "MATERIAL", "PROMISES", "TEXT")[: 6 if show else 5]
    if found.changes:
        out.print_table(header, [_change_row(each)[: len(header)] for each in found.changes])
    click.echo(_difference_conclusion(catalog, found))
    return 0


@command.command("schema")
def print_schema() -> int:
    """The JSON Schema of a catalog, for editors."""
    from promises.kinds import kinds
    from promises.schema import schema

    out.print_json(schema(kinds()))
    return 0


@command.command("gaps")
@click.argument("platform", required=False)
@out.output_option
def gaps(platform: str | None, output: str) -> int:
    """The proofs that are only planned: their promises cannot be kept until somebody writes them."""
    found = [(catalog, promise, proof) for catalog in _catalogs(platform) for promise in catalog.promises for proof in promise.proofs]
    rows = [(catalog.platform, promise.id, proof.surface.value, proof.planned) for catalog, promise, proof in found if proof.planned]
    if output == "json":
        out.print_json({"gaps": [{"platform": p, "promise": i, "surface": s, "planned": why} for p, i, s, why in rows]})
    elif rows:
        out.print_table(("PLATFORM", "PROMISE", "SURFACE", "PLANNED"), rows)
    else:
        click.echo("every promise has all its proofs")
    return 0


def _catalogs(platform: str | None) -> tuple[Catalog, ...]:
    from policies.controls import control_names
    from promises.loading import load_catalog, platforms

    controls = control_names()
    return tuple(load_catalog(name, controls) for name in ([platform] if platform else platforms()))


def _catalog_of(found: tuple[Clause, ...], digest: str, platform: str | None) -> Catalog:
    """The catalog a text belongs to, named or found out."""
    from promises.loading import platforms
    from promises.tracing import choose
    from services.errors import UsageError

    catalog = choose(found, digest, _catalogs(platform)) if platform is None else _catalogs(platform)[0]
    if catalog is None:
        raise UsageError("no catalog knows a clause of this text", f"say whose it is: --platform {'|'.join(platforms())}")
    return catalog


def _trace_row(traced: TracedClause) -> tuple[str, ...]:
    clause = traced.clause
    said = "; ".join(map(_number_words, traced.numbers)) or "-"
    return str(clause.index), clause.kind, clause.digest[:16], _binding_words(traced), said, clause.text


def _binding_words(traced: TracedClause) -> str:
    if traced.promises:
        return ", ".join(traced.promises)
    if traced.unbinding is None:
        return "UNCLAIMED"
    return f"nobody: {traced.unbinding.reason} ({traced.unbinding.reviewer or 'not reviewed'})"


def _number_words(number: TracedNumber) -> str:
    if number.problem:
        return f"{number.number} UNBOUND: {number.problem}"
    return f"{number.number} = {', '.join(number.parameters)}" if number.parameters else f"{number.number} binds nobody: {number.reason}"


def _trace_conclusion(catalog: Catalog, traced: Trace) -> list[str]:
    """What the table comes to, problems last."""
    from promises.wording import plural

    binding = sum(bool(each.promises) for each in traced.clauses)
    bound = sum(len(each.numbers) for each in traced.clauses) - len(traced.unbound)
    unreviewed = f", {traced.unreviewed} of them not reviewed by anybody" if traced.unreviewed else ""
    nobody = sum(each.unbinding is not None for each in traced.clauses)
    clauses, promises = plural(len(traced.clauses), "clause"), plural(len(catalog.promises), "promise")
    lines = [
        f"{catalog.platform}: {clauses}; {binding} bind {promises}, {nobody} bind nobody{unreviewed}; {plural(bound, 'number')} settled",
        "the text is the one in the catalog" if traced.same_text else "the text is not the one in the catalog (policy.sha256)",
    ]
    lines += [f"unclaimed: clause {each.clause.index} ({each.clause.digest[:16]})" for each in traced.unclaimed]
    lines += [f"unbound: clause {each.clause.index}: {number.number}: {number.problem}" for each, number in traced.unbound]
    return lines + [f"lost: {each.owner} names {each.clause[:16]}, which the text does not have" for each in traced.lost]


def _change_row(change: Change) -> tuple[str, ...]:
    old, new = change.old, change.new
    places = (str(old.index) if old else "-", str(new.index) if new else "-")
    texts = " -> ".join(each.text for each in (old, new) if each)
    return change.sort.value, *places, "yes" if change.material else "no", ", ".join(change.promises) or "-", texts


def _difference_conclusion(catalog: Catalog, found: Difference) -> str:
    from promises.wording import plural

    if not found.changes:
        return f"{catalog.platform}: no clause changed"
    counted = f"{catalog.platform}: {plural(len(found.changes), 'clause')} changed, {plural(len(found.promises), 'promise')} touched"
    if not found.material:
        return f"{counted}; nothing is material, nobody must be told"
    audience = ", ".join(found.audience) or "nobody: the catalog promises to tell none"
    return f"{counted}; to be told: {audience}" + (f" (by {', '.join(found.channels)})" if found.channels else "")


def _difference_document(found: Difference, *, show: bool) -> dict[str, Any]:
    def side(clause: Clause | None) -> dict[str, Any] | None:
        if clause is None:
            return None
        return {"index": clause.index, "kind": clause.kind, "digest": clause.digest, **({"text": clause.text} if show else {})}

    return {
        "material": found.material,
        "promises": list(found.promises),
        "audience": list(found.audience),
        "channels": list(found.channels),
        "changes": [
            {
                "change": each.sort.value,
                "material": each.material,
                "promises": list(each.promises),
                "old": side(each.old),
                "new": side(each.new),
            }
            for each in found.changes
        ],
    }


def _trace_document(traced: Trace, *, show: bool) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "complete": traced.complete,
        "same_text": traced.same_text,
        "unreviewed": traced.unreviewed,
        "clauses": [
            {
                "index": each.clause.index,
                "kind": each.clause.kind,
                "digest": each.clause.digest,
                "claimed": each.claimed,
                "promises": list(each.promises),
                "binds_nobody": asdict(each.unbinding) if each.unbinding else None,
                "numbers": [asdict(number) for number in each.numbers],
                **({"text": each.clause.text} if show else {}),
            }
            for each in traced.clauses
        ],
        "lost": [asdict(each) for each in traced.lost],
    }


def _read(file: Path) -> str:
    from services.errors import UsageError

    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 at byte {error.start}", "save the published text as UTF-8") from None


def _row(catalog: Catalog, promise: Promise) -> tuple[str, ...]:
    from promises.wording import parameter

    figures = ", ".join(f"{name} {parameter(value)}" for name, value in promise.parameters.items())
    return catalog.platform, promise.id, promise.section, promise.severity.value, figures or "-", ", ".join(map(_proof, promise.proofs))


def _proof(proof: Proof) -> str:
    return f"{proof.surface.value} {proof.control or 'planned'}"


def _catalog_document(catalog: Catalog) -> dict[str, Any]:
    return {
        "platform": catalog.platform,
        "in_force": catalog.policy.in_force.isoformat(),
        "policy_sha256": catalog.policy.sha256,
        "catalog_sha256": catalog.sha256,
        "promises": [_promise_document(promise) for promise in catalog.promises],
    }


def _promise_document(promise: Promise) -> dict[str, Any]:
    from promises.wording import duration, parameter

    return {
        "id": promise.id,
        "title": promise.title,
        "section": promise.section,
        "severity": promise.severity.value,
        "parameters": {name: list(each) if isinstance(each, tuple) else parameter(each) for name, each in promise.parameters.items()},
        "clauses": list(promise.clauses),
        "proofs": [
            {"surface": each.surface.value, "control": each.control, "planned": each.planned, "max_age": duration(each.max_age)}
            for each in promise.proofs
        ],
    }
