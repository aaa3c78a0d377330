"""Reports, built from what the verified log holds and written where they are wanted."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date
from pathlib import Path
from typing import TYPE_CHECKING

from evidence.signing import fingerprint
from evidence.succession import RECORD_KEY, KeyPeriod
from kept.evidence_log import commit
from policies.controls import all_controls
from promises.verdicts import Status
from services.errors import UsageError

if TYPE_CHECKING:
    from kept.environment import Environment
    from kept.verification import Verified
    from policies.reports.changes import Comparison
    from policies.reports.model import Quoted, Report, Trust
    from policies.reports.period import Period

EVERYTHING = "report"
"""The folder that `-o all` writes."""

PUBLIC = ("html", "json", "markdown")
"""The formats that have an edition for customers."""

PERIODS = ("html", "json", "markdown", "all")
"""The formats that tell of a period."""

COMMAND = "kept evidence verify evidence --record-key evidence-record.pem --log-key evidence-log.vkey"
"""With the two keys as the auditor was given them apart from the copy: keys that come with a copy prove nothing."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for on the command line. `file` is a folder for formats of several files."""

    output: str = "html"
    file: Path | None = None
    policy_text: Path | None = None
    public: bool = False
    against: str | None = None
    first: date | None = None
    last: date | None = None

    def check(self) -> None:
        """Refuse what would be left out without a word."""
        if self.public and self.output not in PUBLIC:
            raise UsageError(f"there is no public edition as {self.output}", f"choose one of {', '.join(PUBLIC)}")
        if self.policy_text and self.output not in ("html", "all"):
            raise UsageError("the published text is quoted on the page alone", "use --policy-text with -o html or -o all")
        if self.against and (self.output != "markdown" or self.public):
            raise UsageError("only the Markdown report compares", "use --against with -o markdown, without --public")
        if self.last and not self.first:
            raise UsageError("a period has a beginning", "add --from DATE")
        if self.first and self.last and self.last < self.first:
            raise UsageError(f"the period ends on {self.last}, before it begins on {self.first}", "exchange --from and --to")
        if self.first and (self.public or self.output not in PERIODS):
            raise UsageError(
                f"a period is not told as {'the public edition' if self.public else self.output}", f"choose one of {', '.join(PERIODS)}"
            )


@dataclass(frozen=True)
class Written:
    """Where the report lies; its exit code answers for the period, where one was asked for, else for the moment."""

    path: Path
    exit_code: int


def write_report(environment: Environment, verified: Verified, wanted: Wanted) -> Written:
    """Write the report as wanted."""
    from kept.comparing import comparison
    from policies.reports.changes import statuses

    wanted.check()
    report = report_of(environment, verified)
    if wanted.policy_text:
        report = replace(report, quoted=_quoted(report, wanted.policy_text))
    if wanted.first:
        report = replace(report, period=_period(report, wanted.first, wanted.last))
    compared = comparison(wanted.against, environment, verified, statuses(report)) if wanted.against else None
    name, made = _made(report, wanted, compared)
    return Written(put(wanted.file or environment.settings.data / name, made), _exit_code(verified, report.period))


def _period(report: Report, first: date, last: date | None) -> Period:
    from policies.reports.period import over

    today = report.at.astimezone(UTC).date()
    if last is None and first > today:
        raise UsageError(f"the period would begin on {first}, and today is {today}", "choose an earlier --from")
    return over([entry.promise for entry in report.entries], report.runs, first, last or today, report.at, given=report.given)


def _exit_code(verified: Verified, period: Period | None) -> int:
    """3 when the log does not verify or some day was broken; 5 when some day was not proven or is still to come."""
    if period is None or verified.verification.problems:
        return verified.exit_code()
    lost = {span.status for each in period.promises for span in each.breaks}
    if Status.BROKEN in lost:
        return 3
    return 5 if lost or period.ahead or not period.promises else 0


def _made(report: Report, wanted: Wanted, compared: Comparison | None) -> tuple[str, str | Mapping[str, str]]:
    """The name of what is written when no other is given, and what is in it."""
    from policies.reports import markdown, public
    from policies.reports.formats import FORMATS, everything

    if wanted.public:
        name, render = public.FORMATS[wanted.output]
        return name, render(report)
    if wanted.output == "all":
        return EVERYTHING, everything(report)
    chosen = FORMATS[wanted.output]
    if compared:
        return chosen.name, markdown.render(report, compared)
    return chosen.name, chosen.render(report)


def _quoted(report: Report, file: Path) -> Quoted:
    from policies.reports.quoting import quote

    digests = [clause for entry in report.entries for clause in entry.promise.clauses]
    quoted = quote(_read(file), digests, report.policy.sha256)
    if not quoted.words:
        raise UsageError(
            f"{file} holds none of the sentences the promises of {report.platform} come from", "give the published text itself"
        )
    return quoted


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 at byte {error.start}", "save it as UTF-8") from None


def put(path: Path, made: str | Mapping[str, str]) -> Path:
    """Write a text to a file, or several into a folder; either replaces an older one whole or not at all.

    A folder that is not an older report (it holds a file that the new one would not) is refused: replacing it would delete that file.
    """
    beside = path.with_name(path.name + ".new")
    if isinstance(made, str):
        if path.is_dir():
            raise UsageError(f"{path} is a folder, and this format is one file", "name a file: --output-file FILE")
        beside.write_text(made, encoding="utf-8", newline="")
        return beside.replace(path)
    _own_folder(path)
    shutil.rmtree(beside, ignore_errors=True)
    for name, text in made.items():
        target = beside / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
    shutil.rmtree(path, ignore_errors=True)
    return beside.replace(path)


def _own_folder(path: Path) -> None:
    """Refuse to replace what is no folder of reports."""
    from policies.reports.formats import ours

    if path.is_file() or path.is_symlink():
        raise UsageError(f"{path} is a file, and this format is a folder of files", "name a folder: --output-file FOLDER")
    foreign = [each for each in path.rglob("*") if each.is_file() and not ours(each.relative_to(path).as_posix())]
    if foreign:
        raise UsageError(f"{path} holds {foreign[0].name}, which is no file of a report", "name a folder of its own")


def report_of(environment: Environment, verified: Verified) -> Report:
    """Verdicts and runs, with how the log was checked and by what the report was made."""
    from policies.reports.history import circumstances
    from policies.reports.model import Judged, Making, build

    given = circumstances(verified.summaries, verified.exceptions, verified.at, verified.state_digest)
    judged = Judged(verified.at, verified.verdicts, verified.summaries, given)
    tool = f"kept {importlib.metadata.version('kept')}"
    making = Making(environment.settings.environment, tool, commit(), "kept report")
    methods = {name: control.method for name, control in all_controls().items()}
    return build(environment.catalog, judged, _trust(environment, verified), making, methods=methods)


def _trust(environment: Environment, verified: Verified) -> Trust:
    from policies.reports.model import Key, Trust

    found = verified.verification
    return Trust(
        verified=found.ok,
        problems=tuple(str(each) for each in found.problems),
        records=found.size,
        origin=environment.log.origin,
        checkpoint=found.note.decode() or None,
        newest=max((each.finished for each in verified.summaries), default=None),
        keys=tuple(Key(each.name, _service(each), fingerprint(each.public)) for each in found.keys),
        command=COMMAND,
    )


def _service(key: KeyPeriod) -> str:
    """What a key signs, from where on, and how the verifier comes to it."""
    what = "records" if key.name == RECORD_KEY else "checkpoints"
    begins = (
        f"from {key.valid_from} on, announced by record {key.valid_from - 1}" if key.valid_from else "from the beginning: the key to hold"
    )
    ends = f", replaced from {key.replaced_from} on" if key.replaced_from else ""
    return f"signs {what} {begins}{ends}"
