"""A tool that ends badly, late or not at all is told from one that ended well, in words that quote no row."""

from __future__ import annotations

import pytest

from backups.processes import Command, Tool
from backups.restoring import feed_archive
from services.clients import Clients
from services.settings import Settings


def shell(script: str, seconds: float = 60) -> Command:
    return Command(("/bin/sh", "-c", script), {}, seconds)


def told(script: str, seconds: float = 60) -> tuple[bytes, str]:
    with Tool(shell(script, seconds)) as tool:
        output = b"".join(tool.blocks())
        code = tool.finished()
        return output, tool.ending(code) if code else ""


ENDINGS = {
    "well": ("echo out", b"out\n", ""),
    "an exit code": ("echo out; exit 3", b"out\n", "sh ended with exit code 3: it said nothing"),
    "a signal": ("kill -9 $$", b"", "sh was killed by signal 9: it said nothing"),
    "its own words": ("echo 'sh: error: no such table' >&2; exit 1", b"", "sh ended with exit code 1: sh: error: no such table"),
    "details are not told": (
        "echo 'sh: error: failed' >&2; echo 'DETAIL: Key (name)=(Ada)' >&2; echo 'CONTEXT: COPY buyers, line 3: Ada' >&2; exit 1",
        b"",
        "sh ended with exit code 1: sh: error: failed",
    ),
    "quoted input is not told": (
        "echo 'sh: error: COPY failed: invalid input syntax for type uuid: \"Ada\"' >&2; exit 1",
        b"",
        "sh ended with exit code 1: sh: error: COPY failed: invalid input syntax for type uuid",
    ),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_how_a_tool_ended_is_told(case: str) -> None:
    script, output, ending = ENDINGS[case]
    assert told(script) == (output, ending)


def test_a_tool_past_its_deadline_is_killed_with_its_helpers() -> None:
    """The helper holds the output open: only killing the whole group ends the reading."""
    _output, ending = told("sleep 600 & sleep 600", seconds=0.2)
    assert ending.startswith("sh was killed after")


def test_leaving_early_kills_a_tool_that_still_runs() -> None:
    with Tool(shell("sleep 600")) as tool:
        assert tool.process.poll() is None
    assert tool.process.returncode == -9


def test_the_environment_is_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c role=somebody")
    output, _ending = told("echo ${PGOPTIONS-none}")
    assert output == b"none\n"


def test_a_command_does_not_show_its_environment() -> None:
    assert "hunter2" not in repr(Command(("pg_dump",), {"PGPASSWORD": "hunter2"}, 1))


def test_a_tool_that_stops_listening_fails_though_all_is_read() -> None:
    read = []

    def blocks() -> object:
        for number in range(20):
            read.append(number)
            yield bytes(1 << 20)

    assert "exit code 4" in feed_archive(blocks(), shell("exit 4"))  # type: ignore[arg-type]
    assert len(read) == 20


def test_a_stream_that_breaks_kills_the_tool(local: Settings) -> None:
    """pg_restore must not take the end of a broken stream for the end of the archive."""
    assert Clients(local)

    def broken() -> object:
        yield b"PGDMP"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        feed_archive(broken(), shell("cat > /dev/null"))  # type: ignore[arg-type]
