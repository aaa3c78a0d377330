"""`python -m benchmarks [NAME...]`: one line a figure (name, value, bar, ok or short); exit 1 if one is short."""

from __future__ import annotations

import sys

from benchmarks.figures import FIGURES


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(FIGURES))
    if unknown:
        print(f"no such figure: {', '.join(unknown)}; there are: {', '.join(FIGURES)}", file=sys.stderr)
        return 2
    short = False
    for name in names or FIGURES:
        figure = FIGURES[name]
        value = figure.measure()
        ok = figure.holds(value)
        short |= not ok
        way = ">=" if figure.at_least else "<="
        print(f"{name:<16} {value:>10.3f} {figure.unit:<4} bar {way} {figure.bar:g}  {'ok' if ok else 'short'}", flush=True)
    return int(short)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
