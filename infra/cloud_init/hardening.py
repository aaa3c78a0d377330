"""What every host gets: keys only, no passwords, security updates every day, and a trust anchor of our own. Pure."""

from __future__ import annotations

from infra.cloud_init.document import File, Part

TLS_FOLDER = "/etc/kept/tls"
AUTHORITY, CERTIFICATE, KEY = f"{TLS_FOLDER}/authority.pem", f"{TLS_FOLDER}/certificate.pem", f"{TLS_FOLDER}/key.pem"

REBOOT_HOUR = 3
REBOOT_STEP_MINUTES = 15
HOSTS_IN_AN_HOUR = 60 // REBOOT_STEP_MINUTES

SSHD = """\
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
AuthenticationMethods publickey
PermitRootLogin prohibit-password
X11Forwarding no
AllowAgentForwarding no
MaxAuthTries 3
LoginGraceTime 30
"""

PERIODIC = """\
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
APT::Periodic::AutocleanInterval "7";
"""

KERNEL = """\
kernel.kptr_restrict = 2
kernel.dmesg_restrict = 1
kernel.yama.ptrace_scope = 1
fs.protected_fifos = 2
fs.protected_regular = 2
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.all.rp_filter = 1
net.ipv4.tcp_syncookies = 1
"""

UPGRADES = """\
Unattended-Upgrade::Automatic-Reboot "{reboot}";
Unattended-Upgrade::Automatic-Reboot-Time "{time}";
Unattended-Upgrade::Remove-Unused-Dependencies "true";
"""


def hardened(number: int, authority: str, *, reboots: bool = True) -> Part:
    """`number` is the host's among its role: hosts of a role start anew one after the other, never together.

    Vault's nodes do not start anew by themselves: each comes back sealed, and two sealed of three are an outage. Their daily report
    says that a start is due.
    """
    return Part(
        packages=("unattended-upgrades", "needrestart"),
        files=(
            File("/etc/ssh/sshd_config.d/10-kept.conf", SSHD),
            File("/etc/apt/apt.conf.d/20auto-upgrades", PERIODIC),
            File("/etc/apt/apt.conf.d/52kept-upgrades", UPGRADES.format(reboot=str(reboots).lower(), time=reboot_time(number))),
            File("/etc/sysctl.d/60-kept.conf", KERNEL),
            File(AUTHORITY, authority),
        ),
        commands=(("sysctl", "--system"), ("systemctl", "restart", "ssh")),
    )


def reboot_time(number: int) -> str:
    """When the host with this number may start anew: quarters of an hour apart, from three o'clock."""
    hour, quarter = divmod(number - 1, HOSTS_IN_AN_HOUR)
    return f"{(REBOOT_HOUR + hour) % 24:02}:{quarter * REBOOT_STEP_MINUTES:02}"
