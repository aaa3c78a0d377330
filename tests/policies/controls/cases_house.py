"""The cases of the families beside the network's: logins, volumes, keys, buckets, logs, recipients, protection; as `cases`."""

from __future__ import annotations

from policies.kinds import (
    BUCKET_POLICY,
    NOTIFICATION,
    RECORD,
    SEARCH_SINK,
    SPACES_KEY,
    SSH_KEY,
    UPTIME_ALERT,
    VOLUME,
    VOLUME_ATTACHMENT,
    WEBHOOK,
)
from tests.policies.controls.cases import Broken
from tests.policies.controls.compliant import (
    DATABASE,
    EDGE_ZONE,
    KEYS,
    NETWORK,
    PUBLIC_KEY,
    USER_DATA,
    Change,
    Entries,
    drop,
    lets_in,
    plus,
    put,
    unprotected,
    without,
)

_STRANGER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB7Jc0uQ6b1mYvW2k8m4XkQ2Zf1nT3oR5pS6qU7wV8xY"


def told(old: str, new: str) -> Change:
    """Change the user data of `jobs0`, the host with the volume."""
    assert old in USER_DATA, old
    return put("jobs0", "userData", USER_DATA.replace(old, new))


def said(text: str) -> Change:
    """Add to it."""
    return put("jobs0", "userData", f"{USER_DATA}{text}")


def _replaced(old: str, new: str) -> Change:
    """One more change of the same user data."""

    def change(found: Entries) -> None:
        outputs = found["jobs0"]["outputs"]
        assert old in outputs["userData"]
        outputs["userData"] = outputs["userData"].replace(old, new)

    return change


_PART = "/etc/ssh/sshd_config.d/10-kept.conf"
_LOGIN = {"ssh.plan": "logins of droplet jobs0"}
_VOLUME = {"volumes.plan": "volume data"}

LOGINS: Broken = {
    "passwords of sshd by cloud-init": ((told("ssh_pwauth: false", "ssh_pwauth: true"),), _LOGIN),
    "passwords as a word": ((told("ssh_pwauth: false", "ssh_pwauth: 'false'"),), _LOGIN),
    "nothing said of passwords": ((told("ssh_pwauth: false\n", ""),), _LOGIN),
    "passwords by sshd itself": ((told("PasswordAuthentication no", "PasswordAuthentication yes"),), _LOGIN),
    "passwords by sshd, in another spelling": ((told("PasswordAuthentication no", 'passwordauthentication="yes"'),), _LOGIN),
    "sshd says nothing of passwords": ((told("      PasswordAuthentication no\n", ""),), _LOGIN),
    "passwords for some by a Match": (
        (told("PermitRootLogin prohibit-password", "PermitRootLogin no\n      Match User x\n        PasswordAuthentication yes"),),
        _LOGIN,
    ),
    "passwords typed at a keyboard": ((told("KbdInteractiveAuthentication no", "KbdInteractiveAuthentication yes"),), _LOGIN),
    "methods with a keyboard": ((told("prohibit-password", "no\n      AuthenticationMethods publickey,keyboard-interactive"),), _LOGIN),
    "passwords in the main file": (
        (
            told("/etc/ssh/sshd_config.d/10-kept.conf", "/etc/ssh/sshd_config"),
            told("PasswordAuthentication no", "PasswordAuthentication yes"),
        ),
        _LOGIN,
    ),
    "root by any way": ((told("prohibit-password", "yes"),), _LOGIN),
    "empty passwords": ((told("prohibit-password", "no\n      PermitEmptyPasswords yes"),), _LOGIN),
    "methods that end in a password": ((told("prohibit-password", "no\n      AuthenticationMethods publickey,password"),), _LOGIN),
    "methods without a key": ((told("prohibit-password", "no\n      AuthenticationMethods hostbased"),), _LOGIN),
    "no keys at all": ((told("prohibit-password", "no\n      PubkeyAuthentication no"),), _LOGIN),
    "a password of the default user": ((said("password: x\n"),), _LOGIN),
    "chpasswd with a password": ((told('password: "!"', "password: secret"),), _LOGIN),
    "chpasswd with a password that is no hash": ((told("type: hash", "type: text"),), _LOGIN),
    "chpasswd with the older list": ((told("expire: false,", "expire: false, list: ['root:x'],"),), _LOGIN),
    "a user with a hashed password": ((said("users: [{name: x, hashed_passwd: $6$x}]\n"),), _LOGIN),
    "a user with a plain password": ((said("users: [{name: x, plain_text_passwd: y}]\n"),), _LOGIN),
    "a user whose password is not locked": ((said("users: [{name: x, lock_passwd: false}]\n"),), _LOGIN),
    "a command that sets a password": ((told("[systemctl, restart, ssh]", "echo root:x | chpasswd"),), _LOGIN),
    "a command that turns passwords on": ((told("[systemctl, restart, ssh]", "[sed, -i, 's/.*/PasswordAuthentication yes/', f]"),), _LOGIN),
    "a key that is not declared": ((said(f"ssh_authorized_keys: ['{_STRANGER} x']\n"),), _LOGIN),
    "a user's key that is not declared": ((said(f"users: [{{name: x, ssh_authorized_keys: ['{_STRANGER}']}}]\n"),), _LOGIN),
    "keys of somebody by name": ((said("ssh_import_id: ['gh:somebody']\n"),), _LOGIN),
    "a command that adds a key": ((told("[systemctl, restart, ssh]", "curl x >> /root/.ssh/authorized_keys"),), _LOGIN),
    "no user data": ((drop("web0", "userData"),), {"ssh.plan": "logins of droplet web0", "logging.plan": "journal of droplet web0"}),
    "user data that is a script": (
        (put("web0", "userData", "#!/bin/sh\n"),),
        {"ssh.plan": "logins of droplet web0", "logging.plan": "journal of droplet web0"},
    ),
    "user data that cannot be read": (
        (put("web0", "userData", "#cloud-config\nwrite_files: [{content: x}]\n"),),
        {"ssh.plan": "logins of droplet web0", "logging.plan": "journal of droplet web0"},
    ),
    "a host without a key": ((put("web0", "sshKeys", []),), {"ssh.plan": "keys of droplet web0"}),
    "a host with a key that is not declared": ((put("web0", "sshKeys", ["2000"]),), {"ssh.plan": "keys of droplet web0"}),
    "SSH from a private range": (
        (lets_in("tcp", "22", "10.0.0.0/8"),),
        {"flows.plan": "inbound flows of droplet web0", "ssh.plan": "port 22 of droplet web0"},
    ),
    "SSH from another host, in a range": (
        (lets_in("tcp", "20-30", sourceTags=["illumacom-jobs"]),),
        {"flows.plan": "inbound flows of droplet web0", "ssh.plan": "port 22 of droplet web0"},
    ),
    "every protocol from a private range": (
        (lets_in("", "", "10.0.0.0/8"),),
        {"flows.plan": "inbound flows of droplet web0", "ssh.plan": "port 22 of droplet web0"},
    ),
    "a port beside that of SSH for those who operate": (
        (lets_in("tcp", "22-23", "198.51.100.7"),),
        {"firewall.plan": "droplet web0", "flows.plan": "inbound flows of droplet web0"},
    ),
    "SSH through the balancer, whatever else it does": (
        (
            put("lb", "forwardingRules.0.certificateName", "[secret]"),
            put("lb", "forwardingRules.0.targetPort", "22"),
        ),
        {"ssh.plan": "|".join(f"port 22 of droplet {name}" for name in ("web0", "jobs0", "vault0", "logs0"))},
    ),
    "SSH through the balancer": (
        (put("lb", "forwardingRules.0.targetPort", 22.0),),
        {
            "flows.plan": "flows of balancer lb",
            "ssh.plan": "|".join(f"port 22 of droplet {name}" for name in ("web0", "jobs0", "vault0", "logs0")),
        },
    ),
}

VOLUMES: Broken = {
    "a volume that is never formatted": ((told("cryptsetup luksFormat", "echo"),), _VOLUME),
    "a volume that is never opened": ((told("cryptsetup open", "echo"),), _VOLUME),
    "a volume that is opened without LUKS": ((told("cryptsetup open", "cryptsetup open --type plain"),), _VOLUME),
    "a volume without a cipher": ((told("aes-xts-plain64", "cipher_null"),), _VOLUME),
    "a volume that is mounted as it is": ((told("/dev/mapper/data /var", '"$device" /var'),), _VOLUME),
    "a volume that is mounted twice": ((said('  - mount "$device" /mnt\n'),), _VOLUME),
    "a volume that gets a file system past LUKS": ((said("  - mkfs.ext4 /dev/disk/by-id/scsi-0DO_Volume_data\n"),), _VOLUME),
    "a volume that cloud-init mounts": ((said("mounts: [[/dev/disk/by-id/scsi-0DO_Volume_data, /mnt]]\n"),), _VOLUME),
    "a volume that the script does not name": ((put("data", "name", "data2"),), {"volumes.plan": "volume data2"}),
    "a volume whose name only begins alike": ((put("data", "name", "dat"),), {"volumes.plan": "volume dat"}),
    "a volume with a file system of the cloud's": ((put("data", "initialFilesystemType", "ext4"),), _VOLUME),
    "a volume with a file system of the cloud's, by its older name": ((put("data", "filesystemType", "ext4"),), _VOLUME),
    "a volume that says itself whose it is": (
        (put("data", "dropletIds", [1001.0]), put("web0", "userData", USER_DATA.replace("luksFormat", "x"))),
        _VOLUME,
    ),
    "a volume of a host that opens another": (
        (put("jobs0", "volumeIds", []), put("web0", "volumeIds", ["v1"]), put("web0", "userData", "#cloud-config\nssh_pwauth: false\n")),
        {"volumes.plan": "volume data", "ssh.plan": "logins of droplet web0", "logging.plan": "journal of droplet web0"},
    ),
    "a volume that an attachment gives to another host too": (
        (plus("attached", VOLUME_ATTACHMENT, volumeId="v1", dropletId=1001), put("web0", "userData", USER_DATA.replace("luksFormat", "x"))),
        _VOLUME,
    ),
}

SEPARATION: Broken = {
    "a key host in no network": (
        (put("vault0", "vpcUuid", ""),),
        {"separation.plan": "droplet vault0", "network.plan": "droplet vault0"},
    ),
    "a key host that no firewall covers": (
        (put("vault", "tags", []),),
        {
            "separation.plan": "droplet vault0",
            "firewall.plan": "droplet vault0",
            "flows.plan": "inbound flows of droplet vault0|outbound flows of droplet vault0",
            "ssh.plan": "port 22 of droplet vault0",
        },
    ),
    "keys in the data's network": ((put("vault0", "vpcUuid", NETWORK),), {"separation.plan": "droplet vault0"}),
    "data in the keys' network": ((put("jobs0", "vpcUuid", KEYS),), {"separation.plan": "droplet vault0"}),
    "the database in the keys' network": (
        (put("db", "privateNetworkUuid", KEYS),),
        {
            "separation.plan": "droplet vault0",
            "flows.plan": "outbound flows of droplet web0|outbound flows of droplet jobs0|inbound flows of droplet logs0",
        },
    ),
    "a key host that is something else too": (
        (put("vault0", "tags", ["illumacom-vault", "monitored"]),),
        {"separation.plan": "droplet vault0"},
    ),
    "one firewall for keys and data": ((put("vault", "dropletIds", ["1002"]),), {"separation.plan": "droplet vault0", "flows.plan": "*"}),
    "a key host that reaches the database": (
        (put("trusted", "rules.1", {"type": "droplet", "value": 1003.0}),),
        {"separation.plan": "droplet vault0"},
    ),
    "key hosts that reach the database by their tag": (
        (put("trusted", "rules.1", {"type": "tag", "value": "Illumacom-Vault"}),),
        {"separation.plan": "droplet vault0"},
    ),
    "key hosts in capitals that reach the database by their tag": (
        (put("vault0", "tags", ["ILLUMACOM-VAULT"]), put("trusted", "rules.1", {"type": "tag", "value": "illumacom-vault"})),
        {"separation.plan": "droplet vault0"},
    ),
    "a key host behind the balancer": ((put("lb", "dropletIds", [1003]),), {"separation.plan": "droplet vault0"}),
    "key hosts behind the balancer": (
        (put("lb", "dropletTag", "illumacom-vault"),),
        {"separation.plan": "droplet vault0", "flows.plan": "flows of balancer lb"},
    ),
    "key hosts behind the balancer, in capitals": (
        (put("lb", "dropletTag", "ILLUMACOM-VAULT"),),
        {"separation.plan": "droplet vault0", "flows.plan": "flows of balancer lb"},
    ),
    "a volume of two hosts": ((put("vault0", "volumeIds", ["v1"]),), {"separation.plan": "droplet vault0"}),
    "a key to backups and more": (
        (put("backup-reader", "grants", [{"bucket": f"illumacom-{each}", "permission": "read"} for each in ("backups", "objects")]),),
        {"separation.plan": "Spaces key illumacom-backup_reader", "grants.plan": "Spaces key illumacom-backup_reader"},
    ),
}

GRANTS: Broken = {
    "a reader that writes": (
        (put("backup-reader", "grants.0.permission", "readwrite"),),
        {"grants.plan": "Spaces key illumacom-backup_reader"},
    ),
    "a key to another bucket": (
        (put("logs-writer", "grants.0.bucket", "illumacom-objects"),),
        {"grants.plan": "Spaces key illumacom-logs"},
    ),
    "a key without limits": (
        (put("logs-writer", "grants", [{"bucket": "", "permission": "fullaccess"}]),),
        {"grants.plan": "Spaces key illumacom-logs", "separation.plan": "Spaces key illumacom-logs"},
    ),
    "a key without limits on one bucket": (
        (put("logs-writer", "grants.0.permission", "fullaccess"),),
        {"grants.plan": "Spaces key illumacom-logs", "separation.plan": "Spaces key illumacom-logs"},
    ),
    "a key to whatever bucket": (
        (put("logs-writer", "grants.0.bucket", ""),),
        {"grants.plan": "Spaces key illumacom-logs", "separation.plan": "Spaces key illumacom-logs"},
    ),
    "a key to two buckets, neither of them the backups'": (
        (put("logs-writer", "grants", [{"bucket": f"illumacom-{each}", "permission": "read"} for each in ("logs", "objects")]),),
        {"grants.plan": "Spaces key illumacom-logs"},
    ),
    "a key for no purpose": (
        (plus("other", SPACES_KEY, id="x", name="illumacom-ci", grants=[]),),
        {"grants.plan": "Spaces key illumacom-ci"},
    ),
    "a key that is named for nobody": ((put("logs-writer", "name", "logs"),), {"grants.plan": "Spaces key logs"}),
}

_LOGS = "bucket illumacom-logs"
_BOTH = {"areas.plan": "backups of database illumacom|backups of replica rep"}
BUCKETS: Broken = {
    "backups in the same city": (
        (put("backups", "region", "nyc1"),),
        {"areas.plan": "backups of database illumacom|backups of replica rep"},
    ),
    "a replica beside the backups": ((put("rep", "region", "sfo2"),), {"areas.plan": "backups of replica rep"}),
    "no bucket of backups": ((without("backups"),), _BOTH),
    "backups that name no region, while the database does": (
        (drop("backups", "region"),),
        {**_BOTH, "regions.plan": "bucket illumacom-backups"},
    ),
    "backups in a region that is no text": (
        (put("backups", "region", 3),),
        {**_BOTH, "regions.plan": "bucket illumacom-backups"},
    ),
    "a database that names no region": (
        (drop("db", "region"),),
        {"areas.plan": "backups of database illumacom", "regions.plan": "database illumacom"},
    ),
    "logs that expire early": ((put("log-bucket", "lifecycleRules.0.expiration.days", 399),), {"logs.plan": f"lifecycle of {_LOGS}"}),
    "logs that expire on a date": (
        (put("log-bucket", "lifecycleRules.0.expiration", {"date": "2027-01-01"}),),
        {"logs.plan": f"lifecycle of {_LOGS}"},
    ),
    "logs that expire after no number": (
        (put("log-bucket", "lifecycleRules.0.expiration.days", "soon"),),
        {"logs.plan": f"lifecycle of {_LOGS}"},
    ),
    "replaced lines that expire early": (
        (put("log-bucket", "lifecycleRules.0.noncurrentVersionExpiration.days", 7),),
        {"logs.plan": f"lifecycle of {_LOGS}"},
    ),
    "logs that do not say whether the rule is on": (
        (put("log-bucket", "lifecycleRules.0", {"expiration": {"days": 1}}),),
        {"logs.plan": f"lifecycle of {_LOGS}"},
    ),
    "logs without versions": ((put("log-bucket", "versioning.enabled", False),), {"logs.plan": f"versions of {_LOGS}"}),
    "logs that do not say it": ((drop("log-bucket", "versioning"),), {"logs.plan": f"versions of {_LOGS}"}),
    "public logs": (
        (put("log-bucket", "acl", "public-read"),),
        {"logs.plan": f"access to {_LOGS}", "recipients.plan": f"access to {_LOGS}: its ACL is public-read"},
    ),
    "logs that a policy opens": (
        (
            plus(
                "policy",
                BUCKET_POLICY,
                bucket="illumacom-logs",
                policy='{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}}',
            ),
        ),
        {"logs.plan": f"access to {_LOGS}", "recipients.plan": f'access to {_LOGS}: its policy lets "*" do "s3:GetObject"'},
    ),
    "no bucket of logs": ((without("log-bucket"),), {"logs.plan": _LOGS}),
    "a cluster that is not protected": ((unprotected("db"),), {"protection.plan": "database illumacom"}),
    "a bucket that goes with all it holds": ((put("backups", "forceDestroy", True),), {"protection.plan": "bucket illumacom-backups"}),
    "a volume that is not protected, in staging": (
        (unprotected("data"), put("project", "environment", "Staging")),
        {"protection.plan": "volume data"},
    ),
    "a zone that is not protected, in a stack without a project": (
        (unprotected("zone"), without("project")),
        {"protection.plan": "zone example.com"},
    ),
}

LOGS: Broken = {
    "no collector": (
        (put("logs0", "tags", ["illumacom-app"]), put("logs", "tags", [])),
        {"logging.plan": "collector"},
    ),
    "a database without a sink": ((without("sink"),), {"logging.plan": "log of database illumacom"}),
    "a sink in plain": ((put("sink", "tls", False),), {"logging.plan": "log of database illumacom"}),
    "a sink that does not say": ((drop("sink", "tls"),), {"logging.plan": "log of database illumacom"}),
    "a sink of another cluster": ((put("sink", "clusterId", "other"),), {"logging.plan": "log of database illumacom"}),
    "a host that sends in plain": ((told('StreamDriverMode="1"', 'StreamDriverMode="0"'),), {"logging.plan": "journal of droplet jobs0"}),
    "a host that sends by UDP": ((told('protocol="tcp"', 'protocol="udp"'),), {"logging.plan": "journal of droplet jobs0"}),
    "a host that asks for no name": ((told("x509/name", "anon"),), {"logging.plan": "journal of droplet jobs0"}),
    "a host that sends in the old way": (
        (told("action(\n", "*.* @@10.0.0.9:514\n      action(\n"),),
        {"logging.plan": "journal of droplet jobs0"},
    ),
    "a host that sends nothing": ((told("omfwd", "omfile"),), {"logging.plan": "journal of droplet jobs0"}),
    "no log of requests": ((without("requests"),), {"logging.plan": "Logpush of http_requests"}),
    "a log of events that is off": ((put("events", "enabled", False),), {"logging.plan": "Logpush of firewall_events"}),
}

_MX = {"zoneId": EDGE_ZONE, "name": "example.com", "type": "MX", "priority": 1}
RECIPIENTS: Broken = {
    "a package of nobody declared": (
        (plus("x", "aws:s3/bucket:Bucket", name="x"),),
        {"recipients.plan": "package aws"},
    ),
    "Logpush to a stranger": (
        (put("requests", "destinationConf", "s3://b/x?region=eu&endpoint=s3.stranger.example"),),
        {"recipients.plan": "Logpush job requests"},
    ),
    "Logpush to Amazon": ((put("requests", "destinationConf", "s3://b/x?region=eu-west-1"),), {"recipients.plan": "Logpush job requests"}),
    "Logpush to a URL": (
        (put("requests", "destinationConf", "https://logs.stranger.example/x"),),
        {"recipients.plan": "Logpush job requests"},
    ),
    "Logpush to nobody named": ((drop("requests", "destinationConf"),), {"recipients.plan": "Logpush job requests"}),
    "a processor whose name only ends alike": (
        (put("requests", "destinationConf", "https://notdigitalocean.com/x"),),
        {"recipients.plan": "Logpush job requests"},
    ),
    "a sink to a public address": ((put("sink", "server", "203.0.113.99"),), {"recipients.plan": "log sink collector"}),
    "a sink to a stranger's search": (
        (plus("search", SEARCH_SINK, clusterId=DATABASE, name="search", url="https://u:p@search.stranger.example:9200"),),
        {"recipients.plan": "log sink search"},
    ),
    "a webhook": ((plus("hook", WEBHOOK, id="w", name="hook", url="https://hooks.stranger.example"),), {"recipients.plan": "webhook hook"}),
    "an alert to somebody's mail": ((put("cpu", "alerts.emails", ["x@mail.example"]),), {"recipients.plan": "mail of alert cpu"}),
    "an alert to a chat": (
        (put("cpu", "alerts.slacks", [{"url": "https://hooks.slack.com/services/x", "channel": "c"}]),),
        {"recipients.plan": "chat of alert cpu"},
    ),
    "an uptime alert to somebody's mail": (
        (plus("down", UPTIME_ALERT, id="u", name="down", notifications=[{"emails": ["x@mail.example"], "slacks": []}]),),
        {"recipients.plan": "mail of uptime alert down"},
    ),
    "a notice to a pager": (
        (plus("pager", NOTIFICATION, id="n2", name="pager", mechanisms={"pagerduties": [{"id": "p"}]}),),
        {"recipients.plan": "pager of notification policy pager"},
    ),
    "a notice to somebody's mail": (
        (put("notice", "mechanisms.emails", [{"id": "x@mail.example"}]),),
        {"recipients.plan": "mail of notification policy ddos"},
    ),
    "a stranger takes the mail": ((plus("mx", RECORD, **_MX, content="mx.mail.example"),), {"recipients.plan": "record example.com MX"}),
    "a stranger sends the mail": (
        (put("spf", "content", '"v=spf1 include:spf.mtasv.net include:stranger.example -all"'),),
        {"recipients.plan": "sender in record example.com TXT"},
    ),
    "an address sends the mail": (
        (put("spf", "content", '"v=spf1 ip4:203.0.113.0/24 -all"'),),
        {"recipients.plan": "sender in record example.com TXT"},
    ),
    "everybody sends the mail": (
        (put("spf", "content", '"v=spf1 +all"'),),
        {"recipients.plan": "sender in record example.com TXT"},
    ),
    "whoever sends as the stranger's host does": (
        (put("spf", "content", '"v=spf1 a:mail.stranger.example/24 -all"'),),
        {"recipients.plan": "sender in record example.com TXT"},
    ),
    "whoever takes the stranger's mail": (
        (put("spf", "content", '"v=spf1 mx:stranger.example -all"'),),
        {"recipients.plan": "sender in record example.com TXT"},
    ),
    "whoever has a name of the stranger's": (
        (put("spf", "content", '"v=spf1 ptr:stranger.example -all"'),),
        {"recipients.plan": "sender in record example.com TXT"},
    ),
    "whoever the stranger says": (
        (put("spf", "content", '"v=spf1 exists:ok.stranger.example -all"'),),
        {"recipients.plan": "sender in record example.com TXT"},
    ),
    "an IPv6 range sends the mail": (
        (put("spf", "content", '"v=spf1 ip6:2a01:111:f400::/48 -all"'),),
        {"recipients.plan": "sender in record example.com TXT"},
    ),
    "a stranger sends the mail, in capitals": (
        (put("spf", "content", '"V=SPF1 INCLUDE:stranger.example -all"'),),
        {"recipients.plan": "sender in record example.com TXT"},
    ),
    "a redirect of senders": (
        (put("spf", "content", '"v=spf1 redirect=stranger.example"'),),
        {"recipients.plan": "sender in record example.com TXT"},
    ),
    "a name that leads to a stranger": (
        (plus("shop", RECORD, zoneId=EDGE_ZONE, name="shop.example.com", type="CNAME", content="shops.stranger.example", proxied=True),),
        {"recipients.plan": "record shop.example.com CNAME"},
    ),
    "a bucket whose ACL is not said": (
        (drop("backups", "acl"),),
        {"recipients.plan": "access to bucket illumacom-backups: its ACL is not said"},
    ),
}

HOUSE = LOGINS | VOLUMES | SEPARATION | GRANTS | BUCKETS | LOGS | RECIPIENTS

FINE_HOUSE: dict[str, tuple[Change, ...]] = {
    "sshd in other words": (told("PasswordAuthentication no", "PASSWORDAUTHENTICATION=no"),),
    "sshd in its main file": (told(_PART, "/etc/ssh/sshd_config"),),
    "a declared key in the user data": (said(f"ssh_authorized_keys: ['{PUBLIC_KEY} again']\n"),),
    "a user without a password": (said("users: [default, {name: x, lock_passwd: true, hashed_passwd: '!'}]\n"),),
    "a comment about passwords": (told("[systemctl, restart, ssh]", "echo passwd and mount are words"),),
    "user data that is encoded": (
        told(
            "runcmd:",
            "  - {path: /etc/motd, encoding: gz+b64, content: H4sIAAAAAAAC/8tIzcnJVyjPL8pJAQCFEUoNCwAAAA==}\nruncmd:",
        ),
    ),
    "keys by their number": (put("web0", "sshKeys", [1000.0]),),
    "a second declared key": (
        plus("second", SSH_KEY, id="1001", name="illumacom-second", fingerprint="aa", publicKey=_STRANGER),
        put("web0", "sshKeys", ["aa", "1000"]),
    ),
    "SSH that is denied": (lets_in("tcp", "22", "0.0.0.0/0", action="deny"),),
    "a volume opened in the old words": (told("cryptsetup open", "cryptsetup luksOpen"),),
    "a volume mounted by fstab": (told("mount -o nodev /dev/mapper/data /var", "echo x\n      /dev/mapper/data /var"),),
    "a volume with an empty word for its file system": (put("data", "initialFilesystemType", ""),),
    "a volume that no host has": (plus("spare", VOLUME, id="v7", name="spare", region="nyc3", size=10),),
    "a volume by an attachment": (put("jobs0", "volumeIds", []), plus("attached", VOLUME_ATTACHMENT, volumeId="v1", dropletId=1002)),
    "a key host's tag in capitals": (put("vault0", "tags", ["ILLUMACOM-VAULT"]),),
    "a volume of the key host's own": (put("vault0", "volumeIds", ["v9"]),),
    "a data host among the trusted sources": (put("trusted", "rules.1", {"type": "droplet", "value": 1001}),),
    "a tag that is a key host's number": (put("trusted", "rules.1", {"type": "tag", "value": "1003"}),),
    "an app that is named like the key hosts": (put("trusted", "rules.1", {"type": "app", "value": "illumacom-vault"}),),
    "the key of whoever runs the stack": (
        plus("deploy", SPACES_KEY, id="x", name="illumacom-provisioning", grants=[{"bucket": "", "permission": "fullaccess"}]),
    ),
    "a writer that only reads": (put("logs-writer", "grants.0.permission", "read"),),
    "logs without a rule": (put("log-bucket", "lifecycleRules", []),),
    "a rule of logs that is off": (
        put("log-bucket", "lifecycleRules.0.enabled", False),
        put("log-bucket", "lifecycleRules.0.expiration.days", 1),
    ),
    "a policy that denies": (
        plus(
            "policy",
            BUCKET_POLICY,
            bucket="illumacom-logs",
            policy='{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObjectVersion"}]}',
        ),
    ),
    "a local stack that is not protected": (
        put("project", "environment", "Development"),
        unprotected("db"),
        unprotected("backups"),
        put("backups", "forceDestroy", True),
    ),
    "Logpush to R2": (put("requests", "destinationConf", "r2://bucket/x?account-id=1"),),
    "a destination that the state keeps secret": (put("requests", "destinationConf", "[secret]"),),
    "the collector, which sends nothing to itself": (put("logs0", "userData", USER_DATA.replace("omfwd", "omfile")),),
    "no mail at all": (plus("mx", RECORD, **_MX, content="."), put("spf", "content", '"v=spf1 -all"')),
    "mail of our own": (plus("mx", RECORD, **_MX, content="mx.example.com"),),
    "a notice to those on duty elsewhere": (put("notice", "mechanisms.emails", [{"id": "duty@operations.example"}]),),
    "an empty text": (put("spf", "content", ""),),
    "a text about senders that is no SPF": (put("spf", "content", '"note include:stranger.example +all"'),),
    "our own hosts send the mail": (put("spf", "content", '"v=spf1 a mx a:mail.example.com/24 mx:example.com ip4:10.10.0.0/20 ~all"'),),
    "a component of ours": (plus("own", "kept:infra:Network"), plus("stack", "pulumi:pulumi:Stack")),
    "a text that is no SPF": (put("spf", "content", '"google-site-verification=include:stranger.example"'),),
}
