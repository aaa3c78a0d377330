"""Logs leave the host at once, over TLS, and the collector puts them into the bucket of logs. Pure.

The journal goes through rsyslog, which keeps what it cannot deliver on disk. A sender demands the collector's certificate, by name,
from our authority; who may send is decided by the table of flows (the managed database has no certificate of ours to show).
A file is named after the address that its lines came from: the host's name in a line is the sender's own claim.
"""

from __future__ import annotations

from infra.cloud_init.document import File, Part
from infra.cloud_init.hardening import AUTHORITY, CERTIFICATE, KEY
from infra.cloud_init.volume import MOUNT

SERVICE = "rsyslog"

LARGEST = "64k"
"""The longest message, at both ends: rsyslog's own 8k would cut a host's signed report."""

SEND = """\
global(maxMessageSize="{largest}" DefaultNetstreamDriver="ossl" DefaultNetstreamDriverCAFile="{authority}")
action(
  type="omfwd" target="{collector}" port="{port}" protocol="tcp" template="RSYSLOG_SyslogProtocol23Format"
  StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="{collector}"
  gnutlsPriorityString="MinProtocol=TLSv1.2"
  queue.type="LinkedList" queue.filename="collector" queue.maxDiskSpace="1g" queue.saveOnShutdown="on" action.resumeRetryCount="-1"
)
"""

RECEIVE = """\
global(
  maxMessageSize="{largest}" DefaultNetstreamDriver="ossl" DefaultNetstreamDriverCAFile="{authority}"
  DefaultNetstreamDriverCertFile="{certificate}" DefaultNetstreamDriverKeyFile="{key}"
)
module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon" gnutlsPriorityString="MinProtocol=TLSv1.2")
template(name="hourly" type="string" string="{mount}/log/%fromhost-ip%.%$year%-%$month%-%$day%T%$hour%.log")
ruleset(name="received") {{ action(type="omfile" dynaFile="hourly" fileCreateMode="0600" dirCreateMode="0700") }}
input(type="imtcp" port="{port}" ruleset="received")
*.* action(type="omfile" dynaFile="hourly" fileCreateMode="0600" dirCreateMode="0700")
"""

SHIP = """\
#!/bin/sh
# Puts every hour that is over into the bucket, and forgets it here only when the bucket has it. The credentials are curl's configuration
# (user = "<access key>:<secret key>"), so that no secret stands in an argument.
set -eu
cd {mount}/log
find . -maxdepth 1 -name '*.log' -mmin +70 | while read -r file; do
  gzip --keep --force "$file"
  day=$(date -u -r "$file" +%Y%m%d)
  curl --silent --show-error --fail --proto =https --aws-sigv4 "aws:amz:us-east-1:s3" --config "$CREDENTIALS_DIRECTORY/logs" \\
    --upload-file "$file.gz" "{bucket}/hosts/$day/${{file#./}}.gz"
  rm -f "$file" "$file.gz"
done
"""

SHIP_UNIT = """\
[Unit]
Description=Logs into the bucket
ConditionPathExists=/etc/kept/credentials/logs

[Service]
Type=oneshot
LoadCredential=logs:/etc/kept/credentials/logs
ExecStart=/usr/local/sbin/kept-ship-logs
"""

SHIP_TIMER = """\
[Unit]
Description=Logs into the bucket, every quarter of an hour

[Timer]
OnCalendar=*:0/15
Persistent=true

[Install]
WantedBy=timers.target
"""

JOURNAL = "[Journal]\nStorage=persistent\nForwardToSyslog=yes\nMaxRetentionSec=14day\n"


def sent(collector: str, port: int) -> Part:
    """Everything to the collector, known to the hosts by this name."""
    send = SEND.format(largest=LARGEST, authority=AUTHORITY, collector=collector, port=port)
    return Part(
        packages=("rsyslog", "rsyslog-openssl"),
        files=(File("/etc/systemd/journald.conf.d/10-kept.conf", JOURNAL), File("/etc/rsyslog.d/10-collector.conf", send)),
        commands=(("systemctl", "restart", "systemd-journald", "rsyslog"),),
    )


def collected(port: int, bucket: str) -> Part:
    """The collector itself; `bucket` is the bucket's https address. It waits for its certificate.

    The package starts rsyslog before the volume is open: what makes it write there comes after.
    """
    receive = RECEIVE.format(largest=LARGEST, authority=AUTHORITY, certificate=CERTIFICATE, key=KEY, mount=MOUNT, port=port)
    return Part(
        packages=("rsyslog", "rsyslog-openssl", "curl"),
        files=(
            File("/etc/systemd/journald.conf.d/10-kept.conf", JOURNAL),
            File("/etc/rsyslog.d/10-collector.conf", receive, late=True),
            File("/usr/local/sbin/kept-ship-logs", SHIP.format(mount=MOUNT, bucket=bucket), "0755"),
            File("/etc/systemd/system/kept-ship-logs.service", SHIP_UNIT),
            File("/etc/systemd/system/kept-ship-logs.timer", SHIP_TIMER),
        ),
        commands=(
            ("install", "-d", "-m", "0700", f"{MOUNT}/log"),
            ("systemctl", "daemon-reload"),
            ("systemctl", "enable", "--now", "kept-ship-logs.timer"),
        ),
    )
