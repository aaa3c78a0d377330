"""The cases of the network families: one change of the compliant stack, and what must (or must not) be said of it.

Used twice: over the plan controls themselves and, as protobuf over gRPC, over the running policy pack.
"""

from __future__ import annotations

from policies.kinds import BALANCER, DIGITALOCEAN_RECORD, DROPLET, FIREWALL, HOSTNAME_TLS, PAGE_RULE, RULESET, TRUSTED, VPC, ZONE_SETTING
from tests.policies.controls.compliant import (
    ADDRESS,
    DATABASE,
    EDGE_ZONE,
    MANAGED,
    NETWORK,
    USER_DATA,
    Change,
    also,
    drop,
    lets_in,
    lets_out,
    plus,
    put,
    without,
)

Broken = dict[str, tuple[tuple[Change, ...], dict[str, str]]]
"""By sentence: the changes, and the one subject that fails under each control named."""

_OVERRIDE = "rules.0.actionParameters.overrides"
_HALVES = [{"type": "ip_addr", "value": "0.0.0.0/1"}, {"type": "ip_addr", "value": "128.0.0.0/1"}]
_RULESET = f"managed ruleset {MANAGED[:8]} of zone example.com"
_BALANCER = {"firewall.plan": "balancer lb", "flows.plan": "flows of balancer lb", "edge.plan": "origin behind app.example.com"}
_UNDECLARED = {"flows.plan": "inbound flows of droplet web0"}
_WEB = {"firewall.plan": "droplet web0", **_UNDECLARED}
_SSH = {**_WEB, "ssh.plan": "port 22 of droplet web0"}

REGIONS: Broken = {
    "a droplet in Frankfurt": ((put("web0", "region", "fra1"),), {"regions.plan": "droplet web0"}),
    "a bucket in Amsterdam": ((put("backups", "region", "ams3"),), {"regions.plan": "bucket illumacom-backups"}),
    "a replica in Toronto": ((put("rep", "region", "tor1"),), {"regions.plan": "replica rep"}),
    "a volume that names no region": ((drop("data", "region"),), {"regions.plan": "volume data"}),
    "a balancer of a region that only begins alike": ((put("lb", "region", "nycx1"),), {"regions.plan": "balancer lb"}),
    "a kind nobody thought of, in London": (
        (plus("extra", "digitalocean:index/containerRegistry:ContainerRegistry", name="extra", region="lon1"),),
        {"regions.plan": "ContainerRegistry extra"},
    ),
}

NETWORKS: Broken = {
    "a droplet outside every network": ((put("web0", "vpcUuid", ""),), {"network.plan": "droplet web0"}),
    "a droplet that does not say its network": ((drop("jobs0", "vpcUuid"),), {"network.plan": "droplet jobs0"}),
    "a balancer in a network that is not the stack's": (
        (put("lb", "vpcUuid", "00000000-0000-0000-0000-000000000000"),),
        {"network.plan": "balancer lb"},
    ),
    "a replica in the region's default network": (
        (plus("default", VPC, id="d1", name="default-nyc3", region="nyc3", default=True), put("rep", "privateNetworkUuid", "d1")),
        {"network.plan": "replica rep"},
    ),
    "a database without a private network": (
        (drop("db", "privateNetworkUuid"),),
        {
            "network.plan": "database illumacom",
            "database.plan": "private network of database illumacom",
            "flows.plan": "outbound flows of droplet web0|outbound flows of droplet jobs0|inbound flows of droplet logs0",
        },
    ),
}

_TRUSTED = {"database.plan": "trusted sources of database illumacom"}

DATABASES: Broken = {
    "no trusted sources at all": ((without("trusted"),), _TRUSTED),
    "an empty list of trusted sources": ((put("trusted", "rules", []),), _TRUSTED),
    "two lists of trusted sources, one of them empty": ((plus("again", TRUSTED, clusterId=DATABASE, rules=[]),), _TRUSTED),
    "trusted sources of another cluster": ((put("trusted", "clusterId", "another"),), _TRUSTED),
    "everybody is trusted": ((put("trusted", "rules.1.value", "0.0.0.0/0"),), _TRUSTED),
    "everybody, in the short spelling": ((put("trusted", "rules.1.value", "0/0"),), _TRUSTED),
    "everybody, in two halves": ((put("trusted", "rules", _HALVES),), _TRUSTED),
    "everybody, as IPv4 inside IPv6": ((put("trusted", "rules.1.value", "::ffff:0:0/96"),), _TRUSTED),
    "every IPv6 address": ((put("trusted", "rules.1.value", "::/0"),), _TRUSTED),
    "a sixteenth of the internet": ((put("trusted", "rules.1.value", "192.0.0.0/4"),), _TRUSTED),
}

FIREWALLS: Broken = {
    "SSH from everywhere": ((lets_in("tcp", "22", "0.0.0.0/0"),), _SSH),
    "SSH hidden in a range": ((lets_in("tcp", "20-30", "0.0.0.0/0"),), _SSH),
    "every port by a word": ((lets_in("tcp", "all", "::/0"),), _SSH),
    "every port by a nought": ((lets_in("tcp", "0", "0.0.0.0/0"),), _SSH),
    "every port by saying none": ((lets_in("tcp", "", "0.0.0.0/0"),), _SSH),
    "every port by its numbers": ((lets_in("tcp", "1-65535", "0.0.0.0/0"),), _SSH),
    "HTTPS from everywhere instead of the edge": ((lets_in("tcp", "443", "0.0.0.0/0", "::/0"),), _WEB),
    "HTTPS from two halves of everywhere": ((lets_in("tcp", "443", "0.0.0.0/1", "128.0.0.0/1"),), _WEB),
    "HTTPS from IPv4 written as IPv6": ((lets_in("tcp", "443", "::ffff:0.0.0.0/96"),), _WEB),
    "plain HTTP from the edge": ((lets_in("tcp", "80", "173.245.48.0/20"),), _WEB),
    "QUIC from the edge, which is UDP": ((lets_in("udp", "443", "173.245.48.0/20"),), _WEB),
    "SSH from the edge": ((lets_in("tcp", "22", "173.245.48.0/20"),), _SSH),
    "SSH from more than the listed address": ((lets_in("tcp", "22", "198.51.100.0/24"),), _SSH),
    "ping from everywhere": ((lets_in("icmp", "", "0.0.0.0/0"),), _WEB),
    "another protocol": ((lets_in("gre", "", "203.0.113.0/24"),), _WEB),
    "a rule that names no source": ((lets_in("tcp", "443"),), _WEB),
    "the bad rule stands last": ((lets_in("tcp", "443", "104.16.0.0/13"), lets_in("tcp", "5432", "8.8.8.8")), _WEB),
    "a second firewall that opens what the first closes": (
        (
            plus(
                "open",
                FIREWALL,
                id="f3",
                name="open",
                tags=["ILLUMACOM-APP"],
                inboundRules=[{"protocol": "tcp", "portRange": "3000", "sourceAddresses": ["1.2.3.4"]}],
            ),
        ),
        _WEB,
    ),
    "an allow rule beside a deny rule": ((lets_in("tcp", "22", "0.0.0.0/0", action="deny"), lets_in("tcp", "22", "0.0.0.0/0")), _SSH),
    "a droplet that no firewall covers": (
        (put("jobs", "dropletIds", []),),
        {
            "firewall.plan": "droplet jobs0",
            "flows.plan": "inbound flows of droplet jobs0|outbound flows of droplet jobs0",
            "ssh.plan": "port 22 of droplet jobs0",
        },
    ),
    "a droplet without tags": ((put("web0", "tags", []),), {**_SSH, "flows.plan": "flows of droplet web0"}),
    "a balancer that listens on 80 too": (
        (put("lb", "forwardingRules", [{"entryPort": 80, "entryProtocol": "https", "targetProtocol": "https"}]),),
        _BALANCER,
    ),
    "a balancer that speaks HTTP/3, which is UDP": (
        (put("lb", "forwardingRules.0.entryProtocol", "http3"),),
        _BALANCER,
    ),
    "a balancer open to everybody": ((drop("lb", "firewall"),), _BALANCER),
    "a balancer that only denies": ((put("lb", "firewall", {"allows": [], "denies": ["ip:8.8.8.8"]}),), _BALANCER),
    "a balancer that allows one address too many": ((put("lb", "firewall.allows.0", "cidr:173.245.48.0/19"),), _BALANCER),
}

TRANSPORTS: Broken = {
    "TLS 1.1 at the edge": ((put("min_tls_version", "value", "1.1"),), {"transport.plan": "min_tls_version of zone example.com"}),
    "no TLS 1.3": ((put("tls_1_3", "value", "off"),), {"transport.plan": "tls_1_3 of zone example.com"}),
    "an origin whose certificate nobody checks": ((put("ssl", "value", "full"),), {"transport.plan": "ssl of zone example.com"}),
    "plain HTTP is not redirected": (
        (put("always_use_https", "value", "off"),),
        {"transport.plan": "always_use_https of zone example.com"},
    ),
    "the lowest version is not said": ((without("min_tls_version"),), {"transport.plan": "min_tls_version of zone example.com"}),
    "the same setting twice, once too old": (
        (plus("again", ZONE_SETTING, settingId="min_tls_version", zoneId=EDGE_ZONE, value="1.0"),),
        {"transport.plan": "min_tls_version of zone example.com"},
    ),
    "a rule that loosens TLS for a path": (
        (
            plus(
                "config",
                RULESET,
                kind="zone",
                phase="http_config_settings",
                zoneId=EDGE_ZONE,
                name="c",
                rules=[{"action": "set_config", "expression": "true", "actionParameters": {"ssl": "flexible"}}],
            ),
        ),
        {"transport.plan": "TLS exceptions of zone example.com"},
    ),
    "a page rule that loosens TLS": (
        (plus("page", PAGE_RULE, zoneId=EDGE_ZONE, target="old.example.com/*", actions={"ssl": "off"}),),
        {"transport.plan": "TLS exceptions of zone example.com"},
    ),
    "an older version for one name": (
        (plus("host", HOSTNAME_TLS, zoneId=EDGE_ZONE, hostname="old.example.com", settingId="min_tls_version", value="1.0"),),
        {"transport.plan": "TLS exceptions of zone example.com"},
    ),
    "the balancer talks plain HTTP to the hosts": (
        (put("lb", "forwardingRules.0.targetProtocol", "http"),),
        {"transport.plan": "entries of balancer lb"},
    ),
    "TLS ends at the balancer with its default policy": (
        (put("lb", "tlsCipherPolicy", "DEFAULT"),),
        {"transport.plan": "entries of balancer lb"},
    ),
    "TLS ends at the balancer with no policy said": ((drop("lb", "tlsCipherPolicy"),), {"transport.plan": "entries of balancer lb"}),
    "the balancer listens in plain TCP": (
        (put("lb", "forwardingRules.0.entryProtocol", "tcp"),),
        {"transport.plan": "entries of balancer lb"},
    ),
    "the balancer forwards nothing": (
        (put("lb", "forwardingRules", []),),
        {"transport.plan": "entries of balancer lb", "flows.plan": "flows of balancer lb"},
    ),
}

_SKIP = {"action": "skip", "expression": "ip.src eq 192.0.2.1"}
_WHOLE = {"edge.plan": "managed firewall of zone example.com"}
_EXECUTED = {"edge.plan": _RULESET}

EDGES: Broken = {
    "no entry point": ((put("waf", "kind", "custom"),), {"edge.plan": f"{_RULESET}|managed ruleset 4814384a of zone example.com"}),
    "the managed rule is disabled": ((put("waf", "rules.0.enabled", False),), _EXECUTED),
    "the managed rule runs for some requests only": ((put("waf", "rules.0.expression", '(http.host eq "a")'),), _EXECUTED),
    "the managed rule only logs": ((put("waf", "rules.0.action", "log"),), _EXECUTED),
    "the managed rule executes another ruleset": ((put("waf", "rules.0.actionParameters.id", "0" * 32),), _EXECUTED),
    "an override switches the ruleset off": ((put("waf", _OVERRIDE, {"enabled": False}),), _EXECUTED),
    "an override only logs": ((put("waf", _OVERRIDE, {"action": "log"}),), _EXECUTED),
    "an override switches a category off": ((put("waf", _OVERRIDE, {"categories": [{"category": "sqli", "enabled": False}]}),), _EXECUTED),
    "an override lets a single rule only log": ((put("waf", _OVERRIDE, {"rules": [{"id": "6179ae15", "action": "log"}]}),), _EXECUTED),
    "a score that is never reached": ((put("waf", _OVERRIDE, {"rules": [{"id": "6179ae15", "scoreThreshold": 1000}]}),), _EXECUTED),
    "a skip rule in the entry point": ((also("waf", **_SKIP, actionParameters={"rulesets": [MANAGED]}),), _WHOLE),
    "a skip rule in the custom phase": (
        (also("custom", **_SKIP, actionParameters={"phases": ["http_request_firewall_managed"]}),),
        _WHOLE,
    ),
    "a skip rule of the account": (
        (
            plus(
                "root",
                RULESET,
                accountId="a",
                kind="root",
                phase="http_request_firewall_managed",
                rules=[{**_SKIP, "actionParameters": {"ruleset": "current"}}],
            ),
        ),
        _WHOLE,
    ),
    "a page rule that switches security off": (
        (plus("page", PAGE_RULE, zoneId=EDGE_ZONE, target="x.example.com/*", actions={"disableSecurity": True}),),
        _WHOLE,
    ),
    "a weaker DDoS protection": (
        (put("ddos", _OVERRIDE, {"sensitivityLevel": "eoff"}),),
        {"edge.plan": "DDoS protection of zone example.com"},
    ),
    "a paused zone": ((put("zone", "paused", True),), {"edge.plan": "zone example.com"}),
    "a public name that is not proxied": ((put("app", "proxied", False),), {"edge.plan": "record app.example.com A"}),
    "a public name that does not say": ((drop("app", "proxied"),), {"edge.plan": "record app.example.com A"}),
    "a name of a droplet, past the edge": (
        (
            plus(
                "ssh",
                "cloudflare:index/dnsRecord:DnsRecord",
                zoneId=EDGE_ZONE,
                name="ssh.example.com",
                type="A",
                content="203.0.113.1",
                proxied=False,
            ),
        ),
        {"edge.plan": "record ssh.example.com A"},
    ),
    "a name at another provider, past the edge": (
        (plus("www", DIGITALOCEAN_RECORD, domain="example.com", name="www", type="A", value=ADDRESS),),
        {"edge.plan": "record www A"},
    ),
}


UNDECLARED: Broken = {
    "an edge range cut into halves, at a host": ((lets_in("tcp", "443", "104.16.0.0/14", "104.20.0.0/14"),), _UNDECLARED),
    "HTTPS from the edge, at a host": ((lets_in("tcp", "443-443", "104.16.0.0/13"),), _UNDECLARED),
    "ping from inside": ((lets_in("icmp", "", "10.10.0.0/20"),), _UNDECLARED),
    "every high port from a private range": ((lets_in("tcp", "1024-65535", "172.16.0.0/12"),), _UNDECLARED),
    "another port from the balancer": ((lets_in("tcp", "8443", sourceLoadBalancerUids=["b1"]),), _UNDECLARED),
    "a port from another part": ((lets_in("udp", "9000", sourceTags=["illumacom-jobs"]),), _UNDECLARED),
    "a port from a droplet by its id": ((lets_in("tcp", "9000", sourceDropletIds=[1002]),), _UNDECLARED),
    "a port from a cluster": ((lets_in("tcp", "9000", sourceKubernetesIds=["k1"]),), _UNDECLARED),
    "a way out that no flow declares": ((lets_out("tcp", "25", "0.0.0.0/0"),), {"flows.plan": "outbound flows of droplet web0"}),
    "a way out to every IPv6 address by every port": ((lets_out("tcp", "all", "::/0"),), {"flows.plan": "outbound flows of droplet web0"}),
    "a declared way in that is missing": ((drop("vault", "inboundRules.1"),), {"flows.plan": "inbound flows of droplet vault0"}),
    "half of a declared range of ports": (
        (put("web", "outboundRules.0.portRange", "25060"),),
        {"flows.plan": "outbound flows of droplet web0"},
    ),
    "a balancer that sends to another port": ((put("lb", "forwardingRules.0.targetPort", 8443),), {"flows.plan": "flows of balancer lb"}),
    "a balancer that leaves an edge range out": ((drop("lb", "firewall.allows.3"),), {"flows.plan": "flows of balancer lb"}),
    "a host behind the firewall of another part alone": (
        (put("web", "tags", []), put("jobs", "dropletIds", [1001, 1002])),
        {"flows.plan": "inbound flows of droplet web0|outbound flows of droplet web0"},
    ),
    "a second host of a part, behind no firewall": (
        (
            plus(
                "jobs1",
                DROPLET,
                id="1006",
                name="jobs1",
                region="nyc3",
                vpcUuid=NETWORK,
                publicNetworking=True,
                tags=["illumacom-jobs"],
                sshKeys=["1000"],
                userData=USER_DATA,
            ),
        ),
        {
            "firewall.plan": "droplet jobs1",
            "flows.plan": "inbound flows of droplet jobs1|outbound flows of droplet jobs1",
            "ssh.plan": "port 22 of droplet jobs1",
        },
    ),
    "a droplet of no declared part": ((put("jobs0", "tags", ["other"]),), {"flows.plan": "flows of droplet jobs0"}),
    "a droplet without a public interface and without a firewall": (
        (
            plus(
                "inner",
                DROPLET,
                id="1005",
                name="inner",
                region="sfo3",
                vpcUuid=NETWORK,
                publicNetworking=False,
                tags=["inner"],
                sshKeys=["1000"],
                userData=USER_DATA,
            ),
        ),
        {"flows.plan": "flows of droplet inner", "ssh.plan": "port 22 of droplet inner"},
    ),
    "an internal balancer that no flow declares": (
        (
            plus(
                "inner",
                BALANCER,
                id="b2",
                name="inner",
                network="INTERNAL",
                region="nyc3",
                vpcUuid=NETWORK,
                tlsCipherPolicy="STRONG",
                forwardingRules=[{"entryPort": 5000, "entryProtocol": "https", "targetProtocol": "https"}],
            ),
        ),
        {"flows.plan": "flows of balancer inner"},
    ),
}
"""What opens nothing to the internet and is in no flow of the table: `firewall.plan` passes each of these, `flows.plan` does not."""

BROKEN = REGIONS | NETWORKS | DATABASES | FIREWALLS | UNDECLARED | TRANSPORTS | EDGES

FINE: dict[str, tuple[Change, ...]] = {
    "nothing changed": (),
    "SSH from the listed address, as IPv6": (lets_in("tcp", "22", "::ffff:198.51.100.7"),),
    "a deny rule for everybody": (lets_in("tcp", "all", "0.0.0.0/0", action="deny"),),
    "a wide open firewall that covers nothing": (
        plus(
            "idle",
            FIREWALL,
            id="f9",
            name="idle",
            tags=["nobody"],
            inboundRules=[{"protocol": "tcp", "portRange": "22", "sourceAddresses": ["0.0.0.0/0"]}],
        ),
    ),
    "a deny beside the allowed edge": (put("lb", "firewall.denies", ["ip:8.8.8.8"]),),
    "TLS passed through, which no policy of the balancer's decides": (
        put("lb", "forwardingRules.0.tlsPassthrough", True),
        put("lb", "forwardingRules.0.targetProtocol", "tcp"),
        drop("lb", "tlsCipherPolicy"),
    ),
    "a higher lowest version": (put("min_tls_version", "value", "1.3"),),
    "one site as a trusted source": (put("trusted", "rules.1.value", "203.0.113.0/24"),),
    "a bucket in Atlanta": (put("backups", "region", "atl1"),),
    "the milder OWASP score": (
        put("waf", "rules.1.actionParameters.overrides", {"rules": [{"id": "6179ae15", "action": "block", "scoreThreshold": 40}]}),
    ),
    "a disabled skip rule": (also("waf", **{**_SKIP, "enabled": False}, actionParameters={"rulesets": [MANAGED]}),),
    "a skip of custom rules only": (also("custom", **_SKIP, actionParameters={"ruleset": "current"}),),
    "a mail record": (
        plus(
            "dkim",
            "cloudflare:index/dnsRecord:DnsRecord",
            zoneId=EDGE_ZONE,
            name="x._domainkey.example.com",
            type="CNAME",
            content="pm.mtasv.net",
            proxied=False,
        ),
    ),
    "a name of a private address": (
        plus(
            "inside",
            "cloudflare:index/dnsRecord:DnsRecord",
            zoneId=EDGE_ZONE,
            name="db.example.com",
            type="A",
            content="10.10.0.9",
            proxied=False,
        ),
    ),
    "a second proxied name": (
        plus(
            "www",
            "cloudflare:index/dnsRecord:DnsRecord",
            zoneId=EDGE_ZONE,
            name="www.example.com",
            type="CNAME",
            content="app.example.com",
            proxied=True,
        ),
    ),
}
