"""The jobs host: it installs the software by digest, and nothing runs before that. Pure.

The bundle is a tar of wheels, everything the lock file names, in the platform's own bucket under the name of its digest. The credentials of
the bucket are handed over by SSH; the first Vault secret id too, wrapped, as a systemd credential. The timers come out of the catalog
with the software itself (`kept jobs units`), so no schedule stands here.
"""

from __future__ import annotations

from infra.cloud_init.document import File, Part
from infra.cloud_init.waiting import waits

HOME = "/opt/kept"
"""A link to the bundle that is in use, each of which lies in a folder of its own, with the bundle's digest in its name."""

CREDENTIALS = "/etc/kept/credentials/wheels"

POSTGRES_CLIENT = "postgresql-client-17"
"""Debian 13's: the newest server that a stack may ask for, and every older one, can be dumped and restored with it."""

INSTALL = """\
#!/bin/sh
# Installs the bundle with the given SHA-256: kept-install SHA256. The credentials are curl's configuration
# (user = "<access key>:<secret key>").
# A virtual environment's scripts name the folder it was built in, so it stays there, and a link is what changes, in one step.
set -eu
if [ "$(readlink {home} || true)" = "{home}-$1" ]; then exit 0; fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
curl --silent --show-error --fail --proto =https --aws-sigv4 "aws:amz:us-east-1:s3" --config "$CREDENTIALS_DIRECTORY/wheels" \\
  --output "$folder/bundle.tar" "{bucket}/$1.tar"
echo "$1  $folder/bundle.tar" | sha256sum --check --quiet
tar -xf "$folder/bundle.tar" -C "$folder"
python3 -m venv --clear "{home}-$1"
"{home}-$1/bin/pip" install --quiet --no-index --find-links "$folder" --require-hashes -r "$folder/requirements.lock"
"{home}-$1/bin/pip" install --quiet --no-index --no-deps --find-links "$folder" kept
ln -sfn "{home}-$1" {home}.new
mv -T {home}.new {home}
ln -sf {home}/bin/kept /usr/local/bin/kept
"""

UNIT = """\
[Unit]
Description=Installs the jobs' software
ConditionPathExists={credentials}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
LoadCredential=wheels:{credentials}
ExecStart=/usr/local/sbin/kept-install {sha256}
"""


def installed(bucket: str, sha256: str) -> Part:
    """`bucket` is the https address of the bucket of wheels, `sha256` the bundle's."""
    own = Part(
        packages=("curl", "python3-venv", POSTGRES_CLIENT),
        files=(
            File("/usr/local/sbin/kept-install", INSTALL.format(bucket=bucket, home=HOME), "0755"),
            File("/etc/systemd/system/kept-install.service", UNIT.format(credentials=CREDENTIALS, sha256=sha256)),
        ),
    )
    start = waits("kept-install", CREDENTIALS, verb="start")
    return Part(own.packages, own.files + start.files, start.commands)
