"""A data volume that only its own host can read: LUKS2, opened with a key made on the host at its first start. Pure.

What this protects: the volume, its snapshots and its copies, wherever they go. What it does not: a host that runs, and a copy of
the host's own disk, on which the key lies (so hosts are not backed up by the cloud). A host that is made anew has no key for its
old volume: raft nodes catch up from their peers, the others hold nothing that is not elsewhere; the volume is formatted anew by
`kept-volume --erase` alone.
"""

from __future__ import annotations

from infra.cloud_init.document import File, Part

MOUNT = "/var/lib/kept"
SCRIPT = "/usr/local/sbin/kept-volume"

OPEN = """\
#!/bin/sh
# Opens the data volume, and formats it at the host's first start. Refuses a volume that holds anything it did not make.
set -eu
device=/dev/disk/by-id/scsi-0DO_Volume_{name}
key=/etc/kept/volume.key
umask 077
for attempt in $(seq 60); do [ -e "$device" ] && break; sleep 2; done
if [ "${{1:-}}" = --erase ]; then
  umount {mount} 2>/dev/null || true
  cryptsetup close data 2>/dev/null || true
  wipefs --all "$device"
fi
if [ ! -e "$key" ]; then
  mkdir -p /etc/kept
  head -c 64 /dev/urandom > "$key"
fi
if ! cryptsetup isLuks "$device"; then
  if [ -n "$(blkid -o value -s TYPE "$device" || true)" ]; then
    echo "the volume {name} holds something that is not encrypted: look at it, then run kept-volume --erase" >&2
    exit 1
  fi
  cryptsetup luksFormat --batch-mode --type luks2 --cipher aes-xts-plain64 --key-size 512 --key-file "$key" "$device"
fi
[ -e /dev/mapper/data ] || cryptsetup open --key-file "$key" "$device" data
[ -n "$(blkid -o value -s TYPE /dev/mapper/data || true)" ] || mkfs.ext4 -q /dev/mapper/data
mkdir -p {mount}
mountpoint -q {mount} || mount -o nodev,nosuid,noexec /dev/mapper/data {mount}
"""

UNIT = """\
[Unit]
Description=The encrypted data volume
DefaultDependencies=no
After=local-fs.target
{before}
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={script}

[Install]
WantedBy=multi-user.target
{required}"""


def encrypted_volume(name: str, *services: str) -> Part:
    """`name` is the volume's in the cloud; `services` write to it, and do not start while it is not open."""
    units = " ".join(f"{service}.service" for service in services)
    before, required = (f"Before={units}\n", f"RequiredBy={units}\n") if units else ("", "")
    return Part(
        packages=("cryptsetup",),
        files=(
            File(SCRIPT, OPEN.format(name=name, mount=MOUNT), "0755"),
            File("/etc/systemd/system/kept-volume.service", UNIT.format(script=SCRIPT, before=before, required=required)),
        ),
        commands=(("systemctl", "daemon-reload"), ("systemctl", "enable", "--now", "kept-volume.service")),
    )
