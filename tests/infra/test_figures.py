"""The figures follow the catalog; where it promises none, the house's floor stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from infra import baseline
from infra.errors import ConfigError
from infra.figures import figures_of, metropolis
from promises.model import Catalog
from tests.infra.support import catalog


def with_parameter(promise_id: str, name: str, value: object) -> Catalog:
    whole = catalog("illumacom")
    promises = tuple(
        replace(promise, parameters=MappingProxyType({**promise.parameters, name: value})) if promise.id == promise_id else promise
        for promise in whole.promises
    )
    return replace(whole, promises=promises)


def test_figures_follow_the_catalog() -> None:
    figures = figures_of(with_parameter("transport.tls", "minimum_version", "1.3"))
    assert figures.minimum_tls == "1.3"
    assert figures.public_ports == (443,)
    assert "173.245.48.0/20" in figures.edge_ranges
    assert figures.ssh_addresses == ("198.51.100.7/32",)
    assert figures.regions == ("nyc3", "sfo2", "sfo3", "atl1")
    assert figures.log_days == 400
    assert not figures.anonymous
    assert figures.flows == catalog("illumacom").flows


def test_a_promised_figure_overrides_the_floor_both_ways() -> None:
    assert figures_of(with_parameter("retention.security-logs", "no_expiry_before", timedelta(days=500))).log_days == 500
    assert figures_of(with_parameter("retention.security-logs", "no_expiry_before", timedelta(days=370))).log_days == 370
    assert figures_of(with_parameter("edge.waf-and-ddos", "managed_rulesets", ("ab" * 16,))).managed_rulesets == ("ab" * 16,)


def test_a_platform_that_promises_little_gets_the_floor() -> None:
    figures = figures_of(catalog("luggage"))
    assert figures.minimum_tls == baseline.MINIMUM_TLS
    assert figures.edge_ranges == baseline.EDGE_RANGES
    assert figures.managed_rulesets == baseline.MANAGED_RULESETS
    assert figures.public_ports == (443,)
    assert figures.regions == baseline.REGIONS
    assert figures.ssh_addresses is None
    assert figures.anonymous
    assert not figures.sends_mail_by_postmark


def test_the_floor_is_what_the_first_platform_promises() -> None:
    """Two lists of Cloudflare's ranges and rulesets would drift apart unseen."""
    promised = figures_of(catalog("illumacom"))
    assert set(promised.edge_ranges) == set(baseline.EDGE_RANGES)
    assert promised.managed_rulesets == baseline.MANAGED_RULESETS


def test_logs_are_gone_by_the_data_maps_date_where_nothing_is_promised_about_them() -> None:
    assert figures_of(catalog("lumina")).log_days + baseline.NONCURRENT_DAYS < 60
    mapless = replace(catalog("lumina"), data_map=replace(catalog("lumina").data_map, log_streams=()))
    assert figures_of(mapless).log_days == baseline.LOG_DAYS


def test_declared_regions_of_transfers_bind_too() -> None:
    assert {metropolis(each) for each in figures_of(catalog("lumina")).regions} == {"nyc", "sfo"}


BAD_FIGURES = {
    "a UDP port": ("firewall.https-only", "public_ports", ("udp/443",)),
    "a port range": ("firewall.https-only", "public_ports", ("tcp/1-1024",)),
    "an old TLS": ("transport.tls", "minimum_version", "1.1"),
}


@pytest.mark.parametrize(("promise", "name", "value"), BAD_FIGURES.values(), ids=BAD_FIGURES.keys())
def test_a_figure_that_the_program_cannot_carry_is_refused(promise: str, name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=promise):
        figures_of(with_parameter(promise, name, value))


def test_a_platform_without_a_table_of_flows_is_not_built() -> None:
    with pytest.raises(ConfigError, match="flows: is not set: expected the table of flows"):
        figures_of(replace(catalog("illumacom"), flows=()))
