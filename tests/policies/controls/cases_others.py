"""The cases of controls that only another platform's catalog asks for; as `cases`, each control by itself."""

from __future__ import annotations

from policies.kinds import APP, LOGPUSH
from policies.readers.state import PLACEHOLDER
from tests.policies.controls.cases import Broken
from tests.policies.controls.compliant import EDGE_ZONE, Change, drop, plus, put, without

ASKED = {
    "regions.declared": ("lumina", "transfer.safeguards"),
    "anonymous.plan": ("luggage", "minimisation.browsing-anonymous"),
}
"""By control, the platform and the promise that ask for it."""

_FIELDS = "outputOptions.fieldNames"
_REQUESTS = {"anonymous.plan": "fields of Logpush job requests"}
_OLD = "fields=EdgeStartTimestamp,ClientRequestPath&timestamps=rfc3339"

DECLARED: Broken = {
    "a bucket in Atlanta, which is not declared": ((put("backups", "region", "atl1"),), {"regions.declared": "bucket illumacom-backups"}),
    "a droplet in Frankfurt": ((put("web0", "region", "fra1"),), {"regions.declared": "droplet web0"}),
    "a balancer of a region that only begins alike": ((put("lb", "region", "nycx1"),), {"regions.declared": "balancer lb"}),
    "a region that only ends alike": ((put("lb", "region", "xnyc1"),), {"regions.declared": "balancer lb"}),
    "a volume that names no region": ((drop("data", "region"),), {"regions.declared": "volume data"}),
    "a replica whose region is empty": ((put("rep", "region", ""),), {"regions.declared": "replica rep"}),
    "an app in Amsterdam": ((plus("site", APP, name="site", spec={"region": "ams"}),), {"regions.declared": "app site"}),
    "an app that names no region": ((plus("site", APP, name="site", spec={"name": "site"}),), {"regions.declared": "app site"}),
    "a kind nobody thought of, in London": (
        (plus("extra", "digitalocean:index/containerRegistry:ContainerRegistry", name="extra", region="lon1"),),
        {"regions.declared": "ContainerRegistry extra"},
    ),
}

ANONYMOUS: Broken = {
    "no list of fields, which means all of them": ((drop("requests", "outputOptions"),), _REQUESTS),
    "options without a list": ((put("requests", "outputOptions", {"outputType": "ndjson"}),), _REQUESTS),
    "an empty list": ((put("requests", _FIELDS, []),), _REQUESTS),
    "the visitor's address": ((put("requests", _FIELDS, ["ClientRequestPath", "ClientIP"]),), _REQUESTS),
    "the visitor's browser, first of all": ((put("requests", f"{_FIELDS}.0", "ClientRequestUserAgent"),), _REQUESTS),
    "a field nobody knows": ((put("requests", f"{_FIELDS}.1", "Fingerprint"),), _REQUESTS),
    "a field in another spelling": ((put("requests", f"{_FIELDS}.1", "clientrequestpath"),), _REQUESTS),
    "a field that is harmless in another dataset only": ((put("requests", _FIELDS, ["Action"]),), _REQUESTS),
    "a dataset nobody judged": ((put("requests", "dataset", "dns_logs"),), _REQUESTS),
    "a job that is switched off": ((put("requests", "enabled", False), put("requests", _FIELDS, ["ClientIP"])), _REQUESTS),
    "the address of whom the firewall stopped": (
        (put("events", _FIELDS, ["Action", "ClientIP"]),),
        {"anonymous.plan": "fields of Logpush job events"},
    ),
    "the visitor's address, in the older options": (
        (drop("requests", "outputOptions"), put("requests", "logpullOptions", "timestamps=rfc3339&fields=ClientIP,ClientRequestPath")),
        _REQUESTS,
    ),
    "older options without fields": (
        (drop("requests", "outputOptions"), put("requests", "logpullOptions", "timestamps=rfc3339&fields=")),
        _REQUESTS,
    ),
    "a second job that writes everything": (
        (plus("copy", LOGPUSH, zoneId=EDGE_ZONE, name="copy", dataset="http_requests", enabled=True),),
        {"anonymous.plan": "fields of Logpush job copy"},
    ),
}

OTHERS = DECLARED | ANONYMOUS

FINE_OTHERS: dict[str, tuple[Change, ...]] = {
    "nothing changed": (),
    "a region in capitals": (put("web0", "region", "NYC3"),),
    "a city without its number": (plus("site", APP, name="site", spec={"region": "nyc"}),),
    "a region of somebody else's, which another control judges": (plus("x", "aws:s3/bucket:Bucket", name="x", region="eu-west-1"),),
    "a resource of ours that stands nowhere": (plus("tag", "digitalocean:index/tag:Tag", name="tag"),),
    "fields in the older options": (drop("requests", "outputOptions"), put("requests", "logpullOptions", _OLD)),
    "older options that nobody knows, beside newer ones": (put("requests", "logpullOptions", PLACEHOLDER),),
    "the newer options, which decide": (put("requests", "logpullOptions", "fields=ClientIP"),),
}

HIDDEN_OTHERS: Broken = {
    "a region": ((put("web0", "region", PLACEHOLDER),), {"regions.declared": "droplet web0"}),
    "an app's description": ((plus("site", APP, name="site", spec=PLACEHOLDER),), {"regions.declared": "app site"}),
    "an app's region": ((plus("site", APP, name="site", spec={"region": PLACEHOLDER}),), {"regions.declared": "app site"}),
    "a job's fields": ((put("requests", "outputOptions", PLACEHOLDER),), _REQUESTS),
    "one field of a job": ((put("requests", f"{_FIELDS}.0", PLACEHOLDER),), _REQUESTS),
    "a job's dataset": ((put("requests", "dataset", PLACEHOLDER),), _REQUESTS),
    "a job's older options": ((drop("requests", "outputOptions"), put("requests", "logpullOptions", PLACEHOLDER)), _REQUESTS),
    "no job at all": ((without("requests"), without("events")), {"anonymous.plan": "Logpush job"}),
}
