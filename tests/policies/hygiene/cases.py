"""What breaks a rule of hygiene, what does not though a naive check would say so, and what is left open."""

from __future__ import annotations

from policies.kinds import (
    API_TOKEN,
    APP,
    AUTOSCALE,
    BALANCER,
    BOT_MANAGEMENT,
    CERTIFICATE,
    CERTIFICATE_PACK,
    NODE_POOL,
    ORIGIN_PULL_CERTIFICATE,
    RESERVED_IP,
    RESERVED_IP_ASSIGNMENT,
    RESERVED_IPV6,
    RESERVED_IPV6_ASSIGNMENT,
    ZONE_SETTING,
)
from tests.policies.controls.compliant import Change, drop, plus, put, without
from tests.policies.hygiene.compliant import ADDRESS, DOMAIN, ZONE_ID, dkim, key, pem, says

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Cases = dict[str, tuple[tuple[Change, ...], dict[str, str]]]
"""Changes to the compliant stack, and the subjects concerned (joined) by rule."""

RECORDS = "records of zone example.com"

NO_MAIL = put("spf", "content", '"v=spf1 -all"')
HSTS = "value.strict_transport_security"


def token(**properties: object) -> Change:
    """A token of a user's, beside the account's."""
    good = {"expiresOn": "2027-06-01T00:00:00Z", "condition": {"requestIp": {"in": ["198.51.100.7/32"]}}}
    return plus("robot", API_TOKEN, **{**good, **properties})


def pack(**properties: object) -> Change:
    good = {"hosts": [DOMAIN, "*.example.com"], "status": "active", "certificates": [{"expiresOn": "2027-02-01T00:00:00Z"}]}
    return plus("own-pack", CERTIFICATE_PACK, zoneId=ZONE_ID, **{**good, **properties})


def rules(**changed: object) -> Change:
    whole = {"enabled": True, "abortIncompleteMultipartUploadDays": 2, "noncurrentVersionExpiration": {"days": 7}}
    return put("files", "lifecycleRules", [{**whole, **changed}])


BROKEN: Cases = {
    "DNSSEC not set": ((without("dnssec"),), {"dns.dnssec": "DNSSEC of zone example.com"}),
    "DNSSEC disabled": ((put("dnssec", "status", "disabled"),), {"dns.dnssec": "DNSSEC of zone example.com"}),
    "DNSSEC without a status": ((drop("dnssec", "status"),), {"dns.dnssec": "DNSSEC of zone example.com"}),
    "no CAA": ((without("caa"),), {"dns.caa": "CAA of zone example.com"}),
    "a CAA for a name below only": ((put("caa", "name", "app"),), {"dns.caa": "CAA of zone example.com"}),
    "a CAA that only says where to report": (
        (put("caa", "data", {"flags": 0, "tag": "iodef", "value": "mailto:security@example.com"}),),
        {"dns.caa": "CAA of zone example.com"},
    ),
    "a CAA for wildcards only": ((put("caa", "data.tag", "issuewild"),), {"dns.caa": "CAA of zone example.com"}),
    "an authority that is not in the list": ((put("caa", "data.value", "example-ca.test"),), {"dns.caa": "CAA of zone example.com"}),
    "one authority too many, as text": ((says("@", "CAA", '0 issue "example-ca.test"'),), {"dns.caa": "CAA of zone example.com"}),
    "a foreign authority for wildcards below": (
        (says("app", "CAA", '0 issuewild "example-ca.test"'),),
        {"dns.caa": "CAA of zone example.com"},
    ),
    "a wildcard address": ((says("*", "A", ADDRESS),), {"dns.wildcard": "record *.example.com A"}),
    "a wildcard IPv6 address": ((says("*", "aaaa", "100::", proxied=True),), {"dns.wildcard": "record *.example.com AAAA"}),
    "a wildcard alias": ((says("*.dev.example.com", "CNAME", DOMAIN),), {"dns.wildcard": "record *.dev.example.com CNAME"}),
    "a wildcard that receives mail": ((says("*", "MX", "app.example.com"),), {"dns.wildcard": "record *.example.com MX"}),
    "a wildcard service": ((says("*", "HTTPS", "1 ."),), {"dns.wildcard": "record *.example.com HTTPS"}),
    "an address of nobody here": ((says("old", "A", "8.8.4.4"),), {"dns.dangling": "record old.example.com A"}),
    "an IPv6 address of nobody here": ((says("old", "AAAA", "2606:4700::1"),), {"dns.dangling": "record old.example.com AAAA"}),
    "a placeholder that no edge answers for": ((says("old", "A", "192.0.2.1"),), {"dns.dangling": "record old.example.com A"}),
    "an alias to a bucket that is gone": (
        (says("cdn", "CNAME", "gone.nyc3.cdn.digitaloceanspaces.com"),),
        {"dns.dangling": "record cdn.example.com CNAME"},
    ),
    "an alias to a bucket that is gone, without the network": (
        (says("cdn", "CNAME", "gone.nyc3.digitaloceanspaces.com"),),
        {"dns.dangling": "record cdn.example.com CNAME"},
    ),
    "an alias to an app that is gone": (
        (says("beta", "CNAME", "beta-x1.ondigitalocean.app"),),
        {"dns.dangling": "record beta.example.com CNAME"},
    ),
    "an alias to a name of ours without a record": (
        (says("blog", "CNAME", "nobody.example.com"),),
        {"dns.dangling": "record blog.example.com CNAME"},
    ),
    "an alias to somebody else": ((says("shop", "CNAME", "shops.provider.example"),), {"dns.dangling": "record shop.example.com CNAME"}),
    "an alias to a name that only ends alike": (
        (says("shop", "CNAME", "notexample.com"),),
        {"dns.dangling": "record shop.example.com CNAME"},
    ),
    "a delegation to somebody else": ((says("lab", "NS", "ns1.provider.example"),), {"dns.dangling": "record lab.example.com NS"}),
    "mail to a name of ours without a record": ((put("mx", "content", "mail.example.com"),), {"dns.dangling": "record example.com MX"}),
    "a private address": ((says("vault", "A", "10.20.0.5"),), {"dns.internal": "record vault.example.com A"}),
    "an address of a carrier's network": ((says("vault", "A", "100.64.3.4"),), {"dns.internal": "record vault.example.com A"}),
    "an address of this host": ((says("local", "A", "127.0.0.1"),), {"dns.internal": "record local.example.com A"}),
    "an address of the link": ((says("meta", "A", "169.254.169.254"),), {"dns.internal": "record meta.example.com A"}),
    "a unique local IPv6 address": ((says("vault", "AAAA", "fd00::5"),), {"dns.internal": "record vault.example.com AAAA"}),
    "a private address in IPv6 dress": ((says("vault", "AAAA", "::ffff:10.20.0.5"),), {"dns.internal": "record vault.example.com AAAA"}),
    "the address of an internal balancer": (
        (plus("inner", BALANCER, ip="10.20.0.9", network="INTERNAL"), says("inner", "A", "10.20.0.9")),
        {"dns.internal": "record inner.example.com A"},
    ),
    "an origin-pull certificate that says itself that it ends soon": (
        (plus("pull", ORIGIN_PULL_CERTIFICATE, zoneId=ZONE_ID, certificate=pem("2026-12-01")),),
        {"certificate.expiry": "origin-pull certificate pull"},
    ),
    "no SPF": ((without("spf"),), {"mail.spf": "SPF of zone example.com"}),
    "an SPF at another name": ((put("spf", "name", "app"),), {"mail.spf": "SPF of zone example.com"}),
    "an SPF of another type": ((put("spf", "type", "SPF"),), {"mail.spf": "SPF of zone example.com"}),
    "two SPF records": ((says("@", "TXT", '"v=spf1 -all"'),), {"mail.spf": "SPF of zone example.com"}),
    "an SPF that lets everybody": ((put("spf", "content", '"v=spf1 +all"'),), {"mail.spf": "SPF of zone example.com"}),
    "an SPF that lets everybody without a sign": ((put("spf", "content", '"v=spf1 mx all"'),), {"mail.spf": "SPF of zone example.com"}),
    "an SPF that shrugs": ((put("spf", "content", '"v=spf1 mx ?all"'),), {"mail.spf": "SPF of zone example.com"}),
    "an SPF without an end": ((put("spf", "content", '"v=spf1 mx"'),), {"mail.spf": "SPF of zone example.com"}),
    "an SPF that ends before it refuses": ((put("spf", "content", '"v=spf1 ?all -all"'),), {"mail.spf": "SPF of zone example.com"}),
    "an SPF that asks eleven times": (
        (put("spf", "content", f'"v=spf1 a mx {" ".join(f"include:s{number}.provider.example" for number in range(9))} -all"'),),
        {"mail.spf": "SPF of zone example.com"},
    ),
    "no DKIM for a domain that sends mail": ((without("dkim"),), {"mail.dkim": "DKIM of zone example.com"}),
    "no DKIM for a domain that does not say whether it sends": (
        (without("dkim"), without("spf")),
        {"mail.dkim": "DKIM of zone example.com", "mail.spf": "SPF of zone example.com"},
    ),
    "a DKIM key that was revoked": ((put("dkim", "content", '"v=DKIM1; p="'),), {"mail.dkim": "DKIM of zone example.com"}),
    "a DKIM key at the wrong name": ((put("dkim", "name", "k1.example.com"),), {"mail.dkim": "DKIM of zone example.com"}),
    "a short DKIM key": ((put("dkim", "content", dkim(768)),), {"mail.dkim": "DKIM of zone example.com"}),
    "a DKIM key one bit short": ((put("dkim", "content", dkim(1023)),), {"mail.dkim": "DKIM of zone example.com"}),
    "a DKIM key for testing": ((put("dkim", "content", dkim(more="t=s:y; ")),), {"mail.dkim": "DKIM of zone example.com"}),
    "a DKIM key that is none": ((put("dkim", "content", '"v=DKIM1; p=AAAA"'),), {"mail.dkim": "DKIM of zone example.com"}),
    "a DKIM key that is no base64": ((put("dkim", "content", '"v=DKIM1; p=???"'),), {"mail.dkim": "DKIM of zone example.com"}),
    "a weak DKIM key beside a good one": (
        (says("k2._domainkey", "TXT", dkim(512)),),
        {"mail.dkim": "DKIM of zone example.com"},
    ),
    "no DMARC": ((without("dmarc"),), {"mail.dmarc": "DMARC of zone example.com"}),
    "a DMARC that only watches": ((put("dmarc", "content", '"v=DMARC1; p=none"'),), {"mail.dmarc": "DMARC of zone example.com"}),
    "a DMARC without a policy": ((put("dmarc", "content", '"v=DMARC1; rua=x"'),), {"mail.dmarc": "DMARC of zone example.com"}),
    "a DMARC that spares the names below": (
        (put("dmarc", "content", '"v=DMARC1; p=reject; sp=none"'),),
        {"mail.dmarc": "DMARC of zone example.com"},
    ),
    "a DMARC for a part of the mail": (
        (put("dmarc", "content", '"v=DMARC1; p=reject; pct=50"'),),
        {"mail.dmarc": "DMARC of zone example.com"},
    ),
    "two DMARC records": ((says("_dmarc", "TXT", '"v=DMARC1; p=reject"'),), {"mail.dmarc": "DMARC of zone example.com"}),
    "a DMARC at the domain itself": ((put("dmarc", "name", "@"),), {"mail.dmarc": "DMARC of zone example.com"}),
    "TLS 1.3 off": ((put("tls_1_3", "value", "off"),), {"zone.tls13": "tls_1_3 of zone example.com"}),
    "TLS 1.3 not set": ((without("tls_1_3"),), {"zone.tls13": "tls_1_3 of zone example.com"}),
    "TLS 1.3 said twice": (
        (plus("again", ZONE_SETTING, zoneId=ZONE_ID, settingId="tls_1_3", value="off"),),
        {"zone.tls13": "tls_1_3 of zone example.com"},
    ),
    "browser integrity off": ((put("browser_check", "value", "off"),), {"zone.browser-check": "browser_check of zone example.com"}),
    "development mode on": ((put("development_mode", "value", "on"),), {"zone.development-mode": "development_mode of zone example.com"}),
    "HSTS not set": ((without("security_header"),), {"zone.hsts": "HSTS of zone example.com"}),
    "HSTS off": ((put("security_header", f"{HSTS}.enabled", False),), {"zone.hsts": "HSTS of zone example.com"}),
    "HSTS without being enabled": ((drop("security_header", f"{HSTS}.enabled"),), {"zone.hsts": "HSTS of zone example.com"}),
    "HSTS for a day short": ((put("security_header", f"{HSTS}.max_age", 180 * 86400 - 1),), {"zone.hsts": "HSTS of zone example.com"}),
    "HSTS without an age": ((drop("security_header", f"{HSTS}.max_age"),), {"zone.hsts": "HSTS of zone example.com"}),
    "HSTS for the domain alone": (
        (put("security_header", f"{HSTS}.include_subdomains", False),),
        {"zone.hsts": "HSTS of zone example.com"},
    ),
    "an HSTS header that is none": ((put("security_header", "value", "on"),), {"zone.hsts": "HSTS of zone example.com"}),
    "universal SSL off": ((put("universal", "enabled", False),), {"zone.universal-ssl": "certificates of zone example.com"}),
    "universal SSL off, and a pack that timed out": (
        (put("universal", "enabled", False), pack(status="validation_timed_out")),
        {"zone.universal-ssl": "certificates of zone example.com"},
    ),
    "bots not fought": ((put("bots", "fightMode", False),), {"zone.bot-fight": "bots at zone example.com"}),
    "bots not mentioned": ((without("bots"),), {"zone.bot-fight": "bots at zone example.com"}),
    "bots let through on a paid plan": (
        (put("bots", "fightMode", False), put("bots", "sbfmDefinitelyAutomated", "allow")),
        {"zone.bot-fight": "bots at zone example.com"},
    ),
    "a host without backups": ((put("web0", "backups", False),), {"host.backups": "droplet web0"}),
    "a host that does not mention backups": ((drop("jobs0", "backups"),), {"host.backups": "droplet jobs0"}),
    "a host without monitoring": ((put("web0", "monitoring", False),), {"host.monitoring": "droplet web0"}),
    "a host that does not mention monitoring": ((drop("web0", "monitoring"),), {"host.monitoring": "droplet web0"}),
    "a host behind no firewall": (
        (put("web0", "tags", ["wbe"]),),
        {"host.firewall": "droplet web0", "host.firewall-tags": "tag web of firewall web"},
    ),
    "a host whose firewall is gone": ((without("jobs"),), {"host.firewall": "droplet jobs0"}),
    "a firewall of another host": ((put("jobs", "dropletIds", [1003]),), {"host.firewall": "droplet jobs0"}),
    "a firewall's tag that nobody bears": ((put("web", "tags", ["web", "wbe"]),), {"host.firewall-tags": "tag wbe of firewall web"}),
    "a tag of nodes without a cluster": (
        (put("web", "tags", ["web", "k8s"]), without("k8s")),
        {"host.firewall-tags": "tag k8s of firewall web"},
    ),
    "a reserved address of nobody": ((drop("reserved", "dropletId"),), {"address.unattached": "reserved address reserved"}),
    "a reserved address of host zero": ((put("reserved", "dropletId", 0),), {"address.unattached": "reserved address reserved"}),
    "a reserved address beside another's assignment": (
        (drop("reserved", "dropletId"), plus("given", RESERVED_IP_ASSIGNMENT, ipAddress="203.0.113.8", dropletId=1001)),
        {"address.unattached": "reserved address reserved"},
    ),
    "a reserved IPv6 address of nobody": ((plus("six", RESERVED_IPV6, ip="2001:db8::1"),), {"address.unattached": "reserved address six"}),
    "an engine that has ended": ((put("db", "version", "13"),), {"database.version": "database main"}),
    "an engine that ends within the notice": ((put("db", "version", "14.9"),), {"database.version": "database main"}),
    "an engine without a version": ((drop("db", "version"),), {"database.version": "database main"}),
    "no maintenance window": ((drop("db", "maintenanceWindows"),), {"database.maintenance": "database main"}),
    "an empty maintenance window": ((put("db", "maintenanceWindows", []),), {"database.maintenance": "database main"}),
    "a maintenance day without an hour": ((drop("db", "maintenanceWindows.0.hour"),), {"database.maintenance": "database main"}),
    "a maintenance hour without a day": ((drop("db", "maintenanceWindows.0.day"),), {"database.maintenance": "database main"}),
    "a bucket without versions": ((put("files", "versioning", {"enabled": False}),), {"bucket.versioning": "bucket shop-files"}),
    "a bucket that does not mention versions": ((drop("files", "versioning"),), {"bucket.versioning": "bucket shop-files"}),
    "a bucket without a life cycle": ((drop("files", "lifecycleRules"),), {"bucket.lifecycle": "bucket shop-files"}),
    "a life cycle that is switched off": ((rules(enabled=False),), {"bucket.lifecycle": "bucket shop-files"}),
    "a life cycle for a part of the bucket": ((rules(prefix="tmp/"),), {"bucket.lifecycle": "bucket shop-files"}),
    "uploads that are never abandoned": ((rules(abortIncompleteMultipartUploadDays=None),), {"bucket.lifecycle": "bucket shop-files"}),
    "versions that never end": ((rules(noncurrentVersionExpiration=None),), {"bucket.lifecycle": "bucket shop-files"}),
    "versions that end after no days": ((rules(noncurrentVersionExpiration={}),), {"bucket.lifecycle": "bucket shop-files"}),
    "a certificate that has ended": (
        (put("served", "notAfter", "2026-11-22T23:59:59Z"),),
        {"certificate.expiry": "certificate served"},
    ),
    "a certificate that ends at the notice": (
        (put("served", "notAfter", "2026-12-14T00:00:00Z"),),
        {"certificate.expiry": "certificate served"},
    ),
    "an origin certificate that ends soon": (
        (put("origin", "expiresOn", "2026-12-01 05:20:00 +0000 UTC"),),
        {"certificate.expiry": "origin certificate origin"},
    ),
    "an origin-pull certificate that ends soon": (
        (plus("pull", ORIGIN_PULL_CERTIFICATE, zoneId=ZONE_ID, expiresOn="2026-12-01T00:00:00Z"),),
        {"certificate.expiry": "origin-pull certificate pull"},
    ),
    "one of a pack's certificates that ends soon": (
        (put("pack", "certificates", [{"expiresOn": "2027-02-01T00:00:00Z"}, {"expiresOn": "2026-12-01T00:00:00Z"}]),),
        {"certificate.expiry": "certificate pack pack"},
    ),
    "a second factor that is not enforced": ((put("account", "settings.enforceTwofactor", False),), {"account.two-factor": "account"}),
    "a second factor that nobody mentions": ((drop("account", "settings"),), {"account.two-factor": "account"}),
    "a token that never ends": ((drop("deployer", "expiresOn"),), {"account.token-expiry": "token deployer"}),
    "a token that lasts for two years": (
        (put("deployer", "expiresOn", "2028-11-01T00:00:00Z"),),
        {"account.token-expiry": "token deployer"},
    ),
    "a token that will last for two years": ((token(expiresOn="2028-11-01T00:00:00Z"),), {"account.token-expiry": "token robot"}),
    "a token that works from everywhere": ((drop("deployer", "condition"),), {"account.token-addresses": "token deployer"}),
    "a token that names no address": ((put("deployer", "condition.requestIp.ins", []),), {"account.token-addresses": "token deployer"}),
    "a token that only refuses some": (
        (put("deployer", "condition", {"requestIp": {"notIns": ["192.0.2.0/24"]}}),),
        {"account.token-addresses": "token deployer"},
    ),
    "a token for both halves of the internet": (
        (put("deployer", "condition.requestIp.ins", ["0.0.0.0/1", "128.0.0.0/1"]),),
        {"account.token-addresses": "token deployer"},
    ),
    "an SSH key of nobody": ((put("web0", "sshKeys", [5]),), {"account.ssh-keys": "SSH key operations"}),
    "no patches by themselves": ((put("k8s", "autoUpgrade", False),), {"kubernetes.auto-upgrade": "Kubernetes cluster k8s"}),
    "patches not mentioned": ((drop("k8s", "autoUpgrade"),), {"kubernetes.auto-upgrade": "Kubernetes cluster k8s"}),
    "no surge": ((put("k8s", "surgeUpgrade", False),), {"kubernetes.surge-upgrade": "Kubernetes cluster k8s"}),
    "surge not mentioned": ((drop("k8s", "surgeUpgrade"),), {"kubernetes.surge-upgrade": "Kubernetes cluster k8s"}),
    "a release that has ended": ((put("k8s", "version", "1.34.6-do.1"),), {"kubernetes.version": "Kubernetes cluster k8s"}),
    "a release older than the table": ((put("k8s", "version", "1.9.4-do.1"),), {"kubernetes.version": "Kubernetes cluster k8s"}),
    "no single sign-on": ((drop("k8s", "ssos"),), {"kubernetes.sso": "Kubernetes cluster k8s"}),
    "single sign-on switched off": ((put("k8s", "ssos.0.enabled", False),), {"kubernetes.sso": "Kubernetes cluster k8s"}),
    "single sign-on beside tokens": ((drop("k8s", "ssos.0.required"),), {"kubernetes.sso": "Kubernetes cluster k8s"}),
}

FINE: dict[str, tuple[Change, ...]] = {
    "the compliant stack": (),
    "a balancer's address in a stand-in for the cloud": (
        plus("near", BALANCER, ip="127.200.0.1"),
        plus("nearer", BALANCER, ip="127.200.0.2", network="EXTERNAL"),
        says("near", "A", "127.200.0.1"),
        says("nearer", "A", "127.200.0.2"),
    ),
    "an origin-pull certificate that says itself when it ends": (
        plus("pull", ORIGIN_PULL_CERTIFICATE, zoneId=ZONE_ID, certificate=pem("2027-12-01"), expiresOn=UNKNOWN),
    ),
    "a domain that sends no mail has no key": (NO_MAIL, without("dkim")),
    "a domain that sends no mail has no key, written in capitals": (put("spf", "content", "V=SPF1 -all"), without("dkim")),
    "mail softly refused": (put("spf", "content", '"v=spf1 mx ~all"'),),
    "an SPF kept by another name": (put("spf", "content", '"v=spf1 redirect=_spf.provider.example"'),),
    "an SPF that asks ten times": (
        put("spf", "content", f'"v=spf1 a mx {" ".join(f"include:s{number}.provider.example" for number in range(8))} -all"'),
    ),
    "an SPF with many addresses": (put("spf", "content", f'"v=spf1 {" ".join(f"ip4:198.51.100.{n}" for n in range(20))} -all"'),),
    "a text that begins like an SPF": (says("@", "TXT", '"v=spf1beta yes"'),),
    "quarantine, spelled widely": (put("dmarc", "content", '"v=DMARC1 ;p = Quarantine; pct=100; sp=reject"'),),
    "a DKIM key at the mail provider": (without("dkim"), says("k1._domainkey", "CNAME", "k1.provider.example")),
    "a DKIM key on an elliptic curve": (put("dkim", "content", '"v=DKIM1; k=ed25519; p=AAAA"'),),
    "a DKIM key that says nothing but itself": (put("dkim", "content", f"p={key(1024)}"),),
    "a revoked key beside a good one": (says("k0._domainkey", "TXT", '"v=DKIM1; p="'),),
    "no key for every other selector": (says("*._domainkey", "TXT", '"v=DKIM1; p="'),),
    "a wildcard that only says something": (says("*", "TXT", '"v=spf1 -all"'),),
    "a wildcard that refuses mail": (says("*", "MX", "."),),
    "a wildcard CAA": (says("*", "CAA", '0 issue ";"'),),
    "a record whose name has a star in it": (says("a*b", "A", ADDRESS, proxied=True),),
    "verification at somebody else's": (says("_acme-challenge.app", "CNAME", "x1.acme.provider.example"),),
    "verification below an underscore": (says("x1._verify", "CNAME", "x1.provider.example"),),
    "a name that only the edge answers": (says("go", "A", "192.0.2.1", proxied=True), says("go", "AAAA", "100::", proxied=True)),
    "an alias to a host": (says("direct", "CNAME", "app.example.com"),),
    "an alias to a bucket of ours": (says("cdn", "CNAME", "shop-files.nyc3.cdn.digitaloceanspaces.com"),),
    "an alias to an app of ours": (
        plus("beta", APP, liveUrl="https://beta-x1.ondigitalocean.app"),
        says("beta", "CNAME", "beta-x1.ondigitalocean.app."),
    ),
    "the domain's own name servers": (says("@", "NS", "ns1.provider.example"),),
    "an address that is reserved": (says("fixed", "A", "203.0.113.7"),),
    "an address of a host": (says("direct", "A", "203.0.113.1"),),
    "nobody receives mail": (put("mx", "content", "."),),
    "a service at another port": (says("_sip._tcp", "SRV", "5 443 sip.provider.example"), says("s", "SRV", "5 443 sip.provider.example")),
    "an authority that may do nothing": (says("@", "CAA", '0 issue ";"'),),
    "an authority with conditions": (put("caa", "data.value", "LetsEncrypt.org; validationmethods=dns-01"),),
    "a CAA in text alone": (drop("caa", "data"),),
    "where to report misuse": (says("@", "CAA", '0 iodef "mailto:security@example.com"'),),
    "early data": (put("tls_1_3", "value", "zrt"),),
    "settings left to documented defaults": (without("browser_check"), without("development_mode"), without("universal")),
    "HSTS for exactly as long": (put("security_header", f"{HSTS}.max_age", 180 * 86400),),
    "HSTS in the provider's spelling": (
        put("security_header", "value", {"strictTransportSecurity": {"enabled": True, "maxAge": 31536000, "includeSubdomains": True}}),
    ),
    "a pack in the place of universal SSL": (put("universal", "enabled", False), pack()),
    "a pack that does not say how it is": (put("universal", "enabled", False), pack(status=None)),
    "bots blocked on a paid plan": (put("bots", "fightMode", False), put("bots", "sbfmDefinitelyAutomated", "block")),
    "bots challenged on a paid plan": (drop("bots", "fightMode"), put("bots", "sbfmDefinitelyAutomated", "managed_challenge")),
    "another zone's bots": (plus("others", BOT_MANAGEMENT, zoneId=ZONE_ID, fightMode=None),),
    "an address given by an assignment": (
        drop("reserved", "dropletId"),
        plus("given", RESERVED_IP_ASSIGNMENT, ipAddress="203.0.113.7", dropletId=1001),
    ),
    "an IPv6 address given by an assignment": (
        plus("six", RESERVED_IPV6, ip="2001:db8::1"),
        plus("given", RESERVED_IPV6_ASSIGNMENT, ip="2001:db8::1", dropletId=1001),
    ),
    "no address is reserved": (without("reserved"),),
    "tags of pools and clusters": (
        plus("grown", AUTOSCALE, dropletTemplate={"tags": ["grown"]}),
        plus("extra", NODE_POOL, tags=["extra"]),
        put("web", "tags", ["web", "grown", "extra", "pool", "k8s", "k8s:worker", "k8s:c1"]),
    ),
    "a key named by its id as text": (put("jobs0", "sshKeys", ["5"]),),
    "no key at all": (without("operations"), without("deploy")),
    "a minor version of a supported engine": (put("db", "version", "17.2"),),
    "an engine one day before the notice": (put("db", "version", "15"),),
    "a rule that is one of two": (
        put(
            "files",
            "lifecycleRules",
            [{"enabled": True, "abortIncompleteMultipartUploadDays": 1}, {"enabled": True, "noncurrentVersionExpiration": [{"days": 7}]}],
        ),
    ),
    "a certificate one second after the notice": (put("served", "notAfter", "2026-12-14T00:00:01+00:00"),),
    "a pack with several certificates": (
        put("pack", "certificates", [{"expiresOn": "2027-02-01T00:00:00Z"}, {"expiresOn": "2027-03-01T00:00:00Z"}]),
    ),
    "no certificate at all": (without("served"), without("origin"), without("pack")),
    "a token that is switched off": (token(expiresOn=None, condition=None, status="disabled"),),
    "a token that has ended": (token(expiresOn="2025-01-01T00:00:00Z", condition=None, status="expired"),),
    "a token for an office and the inside": (put("deployer", "condition.requestIp.ins", ["198.51.100.0/24", "10.0.0.0/8"]),),
    "a user's token": (token(),),
    "a token from its issue": (token(issuedOn="2026-01-01T00:00:00Z", expiresOn="2027-01-01T00:00:00Z"),),
    "a token for exactly as long as may be": (put("deployer", "expiresOn", "2027-11-02T00:00:00Z"),),
    "a token that does not say when it was issued": (token(issuedOn=""),),
    "no token at all": (without("deployer"),),
    "no account in the program": (without("account"),),
    "no Kubernetes": (without("k8s"),),
}

HIDDEN: Cases = {
    "whether DNSSEC is on": ((put("dnssec", "status", UNKNOWN),), {"dns.dnssec": "DNSSEC of zone example.com"}),
    "whether the registrar plays along": ((put("dnssec", "status", "pending"),), {"dns.dnssec": "DNSSEC of zone example.com"}),
    "the zone's own name": (
        (put("zone", "name", UNKNOWN),),
        {
            "dns.caa": "zone zone",
            "dns.wildcard": "zone zone",
            "dns.dangling": "zone zone",
            "dns.internal": "zone zone",
            "mail.spf": "zone zone",
            "mail.dkim": "zone zone",
            "mail.dmarc": "zone zone",
        },
    ),
    "what a CAA says": ((put("caa", "data", UNKNOWN), put("caa", "content", UNKNOWN)), {"dns.caa": "CAA of zone example.com"}),
    "what a TXT at the domain says": (
        (put("token", "content", UNKNOWN),),
        {"mail.spf": "SPF of zone example.com", "mail.dkim": "DKIM of zone example.com"},
    ),
    "what a key says": ((put("dkim", "content", UNKNOWN),), {"mail.dkim": "DKIM of zone example.com"}),
    "what the policy for mail says": ((put("dmarc", "content", UNKNOWN),), {"mail.dmarc": "DMARC of zone example.com"}),
    "a policy for mail that is kept elsewhere": (
        (without("dmarc"), says("_dmarc", "CNAME", "shop.dmarc.provider.example")),
        {"mail.dmarc": "DMARC of zone example.com"},
    ),
    "where a record leads": (
        (put("app", "content", UNKNOWN),),
        {"dns.internal": "record app.example.com A", "dns.dangling": "record app.example.com A"},
    ),
    "where an alias leads": ((put("alias", "content", UNKNOWN),), {"dns.dangling": "record www.example.com CNAME"}),
    "where a record leads that is no address": (
        (put("app", "content", "to be"),),
        {"dns.internal": "record app.example.com A", "dns.dangling": "record app.example.com A"},
    ),
    "where a wildcard for mail leads": (
        (says("*", "MX", UNKNOWN),),
        {"dns.wildcard": "record *.example.com MX", "dns.dangling": "record *.example.com MX"},
    ),
    "an address of the balancer's": (
        (put("lb", "ip", UNKNOWN),),
        {"dns.dangling": "record example.com A|record app.example.com A"},
    ),
    "the name of a bucket": (
        (put("files", "name", UNKNOWN), says("cdn", "CNAME", "gone.nyc3.digitaloceanspaces.com")),
        {"dns.dangling": "record cdn.example.com CNAME"},
    ),
    "TLS 1.3": ((put("tls_1_3", "value", UNKNOWN),), {"zone.tls13": "tls_1_3 of zone example.com"}),
    "HSTS in part": ((put("security_header", f"{HSTS}.max_age", UNKNOWN),), {"zone.hsts": "HSTS of zone example.com"}),
    "universal SSL": ((put("universal", "enabled", UNKNOWN),), {"zone.universal-ssl": "certificates of zone example.com"}),
    "what a pack stands for": (
        (put("universal", "enabled", False), pack(hosts=UNKNOWN)),
        {"zone.universal-ssl": "certificates of zone example.com"},
    ),
    "bots": ((put("bots", "fightMode", UNKNOWN),), {"zone.bot-fight": "bots at zone example.com"}),
    "backups": ((put("web0", "backups", UNKNOWN),), {"host.backups": "droplet web0"}),
    "monitoring": ((put("web0", "monitoring", UNKNOWN),), {"host.monitoring": "droplet web0"}),
    "a host's tags": (
        (put("web0", "tags", UNKNOWN),),
        {"host.firewall": "droplet web0", "host.firewall-tags": "tag web of firewall web"},
    ),
    "a firewall's tags": ((put("web", "tags", UNKNOWN),), {"host.firewall": "droplet web0", "host.firewall-tags": "firewall web"}),
    "a firewall's hosts": ((put("jobs", "dropletIds", UNKNOWN),), {"host.firewall": "droplet jobs0"}),
    "a host's id": ((put("jobs0", "id", UNKNOWN),), {"host.firewall": "droplet jobs0"}),
    "a reserved address's host": ((put("reserved", "dropletId", UNKNOWN),), {"address.unattached": "reserved address reserved"}),
    "which address is given": (
        (drop("reserved", "dropletId"), plus("given", RESERVED_IP_ASSIGNMENT, ipAddress=UNKNOWN, dropletId=1001)),
        {"address.unattached": "reserved address reserved"},
    ),
    "which address is reserved": (
        (
            plus("six", RESERVED_IP, ipAddress=UNKNOWN),
            plus("given", RESERVED_IP_ASSIGNMENT, ipAddress="203.0.113.8", dropletId=1001),
        ),
        {"address.unattached": "reserved address six"},
    ),
    "an engine's version": ((put("db", "version", UNKNOWN),), {"database.version": "database main"}),
    "an engine that no table knows": ((put("db", "engine", "mysql"),), {"database.version": "database main"}),
    "a version that no table knows": ((put("db", "version", "19"),), {"database.version": "database main"}),
    "a maintenance window": ((put("db", "maintenanceWindows.0.hour", UNKNOWN),), {"database.maintenance": "database main"}),
    "a bucket's versions": (
        (put("files", "versioning", UNKNOWN),),
        {"bucket.versioning": "bucket shop-files", "bucket.lifecycle": "bucket shop-files"},
    ),
    "a bucket's life cycle": ((put("files", "lifecycleRules", UNKNOWN),), {"bucket.lifecycle": "bucket shop-files"}),
    "a certificate that is none": (
        (plus("pull", ORIGIN_PULL_CERTIFICATE, zoneId=ZONE_ID, certificate="no PEM"),),
        {"certificate.expiry": "origin-pull certificate pull"},
    ),
    "a certificate's end": ((put("served", "notAfter", UNKNOWN),), {"certificate.expiry": "certificate served"}),
    "a certificate's end in no known spelling": (
        (plus("odd", CERTIFICATE, name="odd", notAfter="next spring"),),
        {"certificate.expiry": "certificate odd"},
    ),
    "a certificate's end without a zone of time": (
        (put("served", "notAfter", "2027-02-01T00:00:00"),),
        {"certificate.expiry": "certificate served"},
    ),
    "a token's condition": ((put("deployer", "condition", UNKNOWN),), {"account.token-addresses": "token deployer"}),
    "a pack's certificates": ((put("pack", "certificates", UNKNOWN),), {"certificate.expiry": "certificate pack pack"}),
    "one of a pack's certificates": (
        (put("pack", "certificates", [{"expiresOn": "2027-02-01T00:00:00Z"}, {}]),),
        {"certificate.expiry": "certificate pack pack"},
    ),
    "whether a second factor is enforced": (
        (put("account", "settings.enforceTwofactor", UNKNOWN),),
        {"account.two-factor": "account"},
    ),
    "what the account is set to": ((put("account", "settings", UNKNOWN),), {"account.two-factor": "account"}),
    "a token's end": ((put("deployer", "expiresOn", UNKNOWN),), {"account.token-expiry": "token deployer"}),
    "when a token was issued": ((put("deployer", "issuedOn", "once"),), {"account.token-expiry": "token deployer"}),
    "a token's addresses": ((put("deployer", "condition.requestIp.ins.0", UNKNOWN),), {"account.token-addresses": "token deployer"}),
    "addresses that are none": ((put("deployer", "condition.requestIp.ins.0", "office"),), {"account.token-addresses": "token deployer"}),
    "the keys of a host": ((put("web0", "sshKeys", UNKNOWN),), {"account.ssh-keys": "SSH key operations"}),
    "a key's fingerprint": (
        (put("operations", "fingerprint", UNKNOWN),),
        {"account.ssh-keys": "SSH key operations"},
    ),
    "patches": ((put("k8s", "autoUpgrade", UNKNOWN),), {"kubernetes.auto-upgrade": "Kubernetes cluster k8s"}),
    "surge": ((put("k8s", "surgeUpgrade", UNKNOWN),), {"kubernetes.surge-upgrade": "Kubernetes cluster k8s"}),
    "a release": ((put("k8s", "version", UNKNOWN),), {"kubernetes.version": "Kubernetes cluster k8s"}),
    "a release newer than the table": ((put("k8s", "version", "1.99.0-do.0"),), {"kubernetes.version": "Kubernetes cluster k8s"}),
    "a release that is no number": ((put("k8s", "version", "latest"),), {"kubernetes.version": "Kubernetes cluster k8s"}),
    "single sign-on": ((put("k8s", "ssos", UNKNOWN),), {"kubernetes.sso": "Kubernetes cluster k8s"}),
}
