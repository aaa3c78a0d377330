"""Services that wait for what is handed over by SSH, and start when it is there. Pure."""

from __future__ import annotations

from infra.cloud_init.document import File, Part

PATH_UNIT = """\
[Unit]
Description={service} once {path} is there

[Path]
PathExists={path}
Unit=kept-start-{service}.service

[Install]
WantedBy=multi-user.target
"""

START_UNIT = """\
[Unit]
Description=Starts {service} with what was handed over

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/systemctl {verb} {service}.service
"""


def waits(service: str, path: str, *, verb: str = "restart") -> Part:
    """Start a service when a file appears; it is the last file that is handed over."""
    return Part(
        files=(
            File(f"/etc/systemd/system/kept-start-{service}.path", PATH_UNIT.format(service=service, path=path)),
            File(f"/etc/systemd/system/kept-start-{service}.service", START_UNIT.format(service=service, verb=verb)),
        ),
        commands=(("systemctl", "daemon-reload"), ("systemctl", "enable", "--now", f"kept-start-{service}.path")),
    )
