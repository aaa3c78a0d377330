"""What a host says about itself, once a day, signed with its own key. Pure.

The report (`sshd -T`, the fingerprints of authorised keys, mounts and what encrypts them, pending updates, whether a start is due) goes to
the log as one line of base64, followed by its signature; the host's key is known from the first connection. It proves what the host
says, not that the host is honest: one that was taken over signs what it likes.
"""

from __future__ import annotations

from infra.cloud_init.document import File, Part

NAMESPACE = "kept-report"
"""What `ssh-keygen -Y` binds a signature to: no other use of the host's key can be passed off as a report."""

SCRIPT = """\
#!/bin/sh
# One report: JSON, signed with the host's key, into the log.
set -eu
umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 - > "$folder/report.json" <<'PROGRAM'
import json, pathlib, socket, subprocess, time

def lines(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()

keys = pathlib.Path("/root/.ssh/authorized_keys")
print(json.dumps({
    "schema_version": 1,
    "host": socket.gethostname(),
    "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    "sshd": dict(line.split(" ", 1) for line in lines("sshd", "-T") if " " in line),
    "authorized_keys": [line.split()[1] for line in lines("ssh-keygen", "-l", "-f", str(keys))] if keys.exists() else [],
    "mounts": json.loads("".join(lines("findmnt", "--json", "--real", "--output", "TARGET,SOURCE,FSTYPE,OPTIONS")) or "{}"),
    "devices": json.loads("".join(lines("lsblk", "--json", "--output", "NAME,TYPE,FSTYPE,MOUNTPOINTS")) or "{}"),
    "swaps": len(lines("swapon", "--noheadings")),
    "updates": sum(line.startswith("Inst ") for line in lines("apt-get", "--simulate", "--quiet", "upgrade")),
    "restart_due": pathlib.Path("/run/reboot-required").exists(),
    "listening": sorted({line.split()[4] for line in lines("ss", "-Htuln")}),
}, sort_keys=True))
PROGRAM
ssh-keygen -q -Y sign -f /etc/ssh/ssh_host_ed25519_key -n @NAMESPACE@ "$folder/report.json"
logger --tag @NAMESPACE@ --size 60000 "report $(base64 -w0 "$folder/report.json") signature $(base64 -w0 "$folder/report.json.sig")"
"""

SERVICE = "[Unit]\nDescription=What this host is, signed\n\n[Service]\nType=oneshot\nExecStart=/usr/local/sbin/kept-report\n"

TIMER = """\
[Unit]
Description=What this host is, once a day

[Timer]
OnCalendar=daily
RandomizedDelaySec=1h
Persistent=true

[Install]
WantedBy=timers.target
"""


def reported() -> Part:
    """The script and its timer."""
    return Part(
        packages=("python3",),
        files=(
            File("/usr/local/sbin/kept-report", SCRIPT.replace("@NAMESPACE@", NAMESPACE), "0755"),
            File("/etc/systemd/system/kept-report.service", SERVICE),
            File("/etc/systemd/system/kept-report.timer", TIMER),
        ),
        commands=(("systemctl", "daemon-reload"), ("systemctl", "enable", "--now", "kept-report.timer")),
    )
