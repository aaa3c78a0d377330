"""`kept demo`: the whole path once, on real local servers; and the same path with one promise broken on purpose."""

from __future__ import annotations

import click

from kept.output import output_option


@click.command("demo")
@click.option("--merchants", type=click.IntRange(1, 1000), default=20, show_default=True, help="Merchants in the sample shop.")
@click.option("--orders", type=click.IntRange(1, 10_000_000), default=20_000, show_default=True, help="Orders in the sample shop.")
@click.option("--seed", type=int, default=7, show_default=True, help="Seed of the sample shop.")
@click.option("--break", "break_", metavar="PROMISE", help="Break this promise behind Pulumi's back, verify again.")
@click.option("--mend", "mend", metavar="PROMISE", is_flag=False, flag_value="all", help="Undo --break (of one promise, or of all).")
@output_option
def command(*, merchants: int, orders: int, seed: int, break_: str | None, mend: str | None, output: str) -> int:  # noqa: PLR0913 - its options
    """Servers, provisioning, data, jobs, verification, report: everything real, everything local.

    With --break or --mend only the change, the verification and the report are made; run plain `kept demo` once before.

    Exit codes: 0 every step ran and nothing is broken; 3 a promise is broken; 1 a step failed.
    """
    from kept.demo import break_and_verify, mend_and_verify, run_demo
    from samples.shop import ShopSize

    if break_ and mend:
        raise click.UsageError("--break and --mend exclude each other")
    if break_:
        return break_and_verify(break_, output)
    if mend:
        return mend_and_verify(None if mend == "all" else mend, output)
    return run_demo(ShopSize(merchants, orders, seed), output)
