"""What escapes a control by its name, its spelling or a setting beside the judged one: each disguise is seen through."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.inventory import compare
from policies.judging import judge_plan
from policies.kinds import DROPLET, FIREWALL, LOG_SINK, SPACES_KEY
from policies.readers.state import Stack
from promises.model import Catalog
from promises.observations import Outcome
from tests.policies.controls.cases import Broken
from tests.policies.controls.compliant import CATALOG, DATABASE, KEYS, PUBLIC_KEY, USER_DATA, plus, put, stack
from tests.policies.controls.test_plan import NOW, UNKNOWN

SHARING = replace(CATALOG, shares_account_with=("lumina",))
FULL = [{"bucket": "", "permission": "fullaccess"}]


def of(outcome: Outcome, seen: Stack, catalog: Catalog = CATALOG) -> dict[str, str]:
    found = {run.control: [each.subject for each in run.observations if each.outcome is outcome] for run in judge_plan(seen, catalog, NOW)}
    return {name: "|".join(subjects) for name, subjects in found.items() if subjects}


LUMINA_HOST = plus("other", DROPLET, id="9", name="lumina-app-1", region="nyc3", vpcUuid=KEYS, publicNetworking=False, tags=["lumina-app"])
LUMINA_WALL = plus("its", FIREWALL, id="f9", name="lumina-app", tags=["lumina-app"], dropletIds=[], inboundRules=[])
LUMINA_KEY = plus("its-key", SPACES_KEY, id="x", name="lumina-logs", grants=[{"bucket": "lumina-logs", "permission": "readwrite"}])

NAMED: Broken = {
    "a host that is tagged for a platform of another account": (
        (LUMINA_HOST, LUMINA_WALL),
        {
            "flows.plan": "flows of droplet lumina-app-1",
            "logging.plan": "journal of droplet lumina-app-1",
            "separation.plan": "droplet vault0",
            "ssh.plan": "keys of droplet lumina-app-1|logins of droplet lumina-app-1",
        },
    ),
    "a key that is named for a platform of another account": ((LUMINA_KEY,), {"grants.plan": "Spaces key lumina-logs"}),
}


@pytest.mark.parametrize("case", NAMED)
def test_a_platform_that_does_not_share_the_account_has_nothing_in_it(case: str) -> None:
    changes, expected = NAMED[case]
    assert of(Outcome.FAIL, stack(*changes)) == expected


def test_what_a_platform_that_shares_the_account_has_is_judged_with_its_own_catalog() -> None:
    seen = stack(LUMINA_HOST, LUMINA_WALL, LUMINA_KEY)
    assert of(Outcome.FAIL, seen, SHARING) == {}
    assert of(Outcome.UNKNOWN, seen, SHARING) == {}


@pytest.mark.parametrize("grants", [FULL, [{"bucket": "lumina-logs", "permission": "fullaccess"}], [{"bucket": "", "permission": "read"}]])
def test_a_key_without_limits_is_never_left_to_another_platform(grants: list[dict[str, str]]) -> None:
    seen = stack(plus("all", SPACES_KEY, id="x", name="lumina-all", grants=grants))
    assert of(Outcome.FAIL, seen, SHARING)["grants.plan"] == "Spaces key lumina-all"


def test_a_key_whose_limits_are_not_known_is_not_left_to_another_platform() -> None:
    seen = stack(plus("all", SPACES_KEY, id="x", name="lumina-all", grants=UNKNOWN))
    assert of(Outcome.UNKNOWN, seen, SHARING)["grants.plan"] == "Spaces key lumina-all"


@pytest.mark.parametrize(("catalog", "expected"), [(CATALOG, "in the account, and in no code"), (SHARING, None)])
def test_drift_leaves_out_what_is_declared_to_be_anothers(catalog: Catalog, expected: str | None) -> None:
    told = {each.subject: each.why for each in compare(stack(LUMINA_HOST), stack(), (DROPLET,), catalog)}
    assert told.get("droplet lumina-app-1") == expected


STRANGER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB7Jc0uQ6b1mYvW2k8m4XkQ2Zf1nT3oR5pS6qU7wV8xY"
PART = "/etc/ssh/sshd_config.d/10-kept.conf"


def written(path: str, content: str) -> str:
    """The user data with one more file."""
    return USER_DATA.replace("runcmd:", f"  - {{path: '{path}', content: '{content}'}}\nruncmd:")


def commanded(command: str) -> str:
    return f"{USER_DATA}  - {command}\n"


LET_IN = {
    "a user by name with a password": f"{USER_DATA}users: {{x: {{lock_passwd: true, hashed_passwd: $6$x}}}}\n",
    "a user by name that is not locked": f"{USER_DATA}users: {{x: {{lock_passwd: false}}}}\n",
    "a user by name with a stranger's key": f"{USER_DATA}users: {{x: {{ssh_authorized_keys: ['{STRANGER}']}}}}\n",
    "one user for a list": f"{USER_DATA}users: {{name: x, plain_text_passwd: y}}\n",
    "the default user, not locked": f"{USER_DATA}user: {{name: x, lock_passwd: false}}\n",
    "the default user, with a word for no": f"{USER_DATA}user: {{name: x, lock-passwd: 0}}\n",
    "the default user, with a password": f"{USER_DATA}user: {{name: x, passwd: $6$x}}\n",
    "the default user, with a stranger's key": f"{USER_DATA}user: {{ssh-authorized-keys: ['{STRANGER}']}}\n",
    "a script with a stranger's key": written("/usr/local/bin/x", f"echo {STRANGER} >> /root/.ssh/authorized_keys"),
    "a script with a stranger's key in a variable": written("/usr/local/bin/x", f'key="{STRANGER}"'),
    "a script that fetches keys": written("/usr/local/bin/x", "curl https://x.example >> /root/.ssh/authorized_keys"),
    "keys in a file for everybody": USER_DATA.replace("prohibit-password", "no\n      AuthorizedKeysFile /etc/ssh/keys/%u"),
    "an authority for users": USER_DATA.replace("prohibit-password", "no\n      TrustedUserCAKeys /etc/ssh/ca.pub"),
    "principals of an authority": USER_DATA.replace("prohibit-password", "no\n      AuthorizedPrincipalsFile /etc/ssh/p"),
    "principals by a command": USER_DATA.replace("prohibit-password", "no\n      AuthorizedPrincipalsCommand /bin/p"),
    "tickets": USER_DATA.replace("prohibit-password", "no\n      GSSAPIAuthentication yes"),
    "passwords by Kerberos": USER_DATA.replace("prohibit-password", "no\n      KerberosAuthentication yes"),
    "a file from elsewhere": USER_DATA.replace("prohibit-password", "no\n      Include /opt/sshd"),
    "a keyword in quotes": USER_DATA.replace("prohibit-password", 'no\n      "PermitEmptyPasswords" yes'),
    "root, in a path with two slashes": written("/etc/ssh//sshd_config.d/01.conf", "PermitRootLogin yes"),
    "empty passwords, in a path with two slashes": written("//etc/ssh//sshd_config.d/01.conf", "PermitEmptyPasswords yes"),
    "root, in a path with dots": written("/etc/./x/../ssh/sshd_config.d/01.conf", "PermitRootLogin yes"),
    "root, in a path from nowhere": written("etc/ssh/sshd_config", "PermitRootLogin yes"),
    "what must be said, in a file that sshd does not read": USER_DATA.replace("10-kept.conf", "10-kept.txt"),
    "a command that edits sshd's file": commanded("sed -i s/no/yes/ /etc/ssh/sshd_config.d/10-kept.conf"),
    "a command that takes sshd's file away": commanded(f"[rm, -f, {PART}]"),
    "a command that takes sshd's folder away": commanded("rm -rf /etc/ssh"),
    "a command that takes all of sshd's files away": commanded("rm -f /etc/ssh/sshd*"),
    "a script that edits sshd's file": written("/usr/local/bin/x", "sed -i s/no/yes/ /etc/ssh/sshd_config"),
}
KEPT_OUT = {
    "users by name without a password": f'{USER_DATA}users: {{x: {{lock_passwd: true, hashed_passwd: "!"}}}}\n',
    "a locked default user, a declared key": f"{USER_DATA}user: {{name: x, lock_passwd: true, ssh_authorized_keys: ['{PUBLIC_KEY}']}}\n",
    "the default user by its name": f"{USER_DATA}user: x\n",
    "the usual files of keys": USER_DATA.replace("prohibit-password", "no\n      AuthorizedKeysFile .ssh/authorized_keys"),
    "no authority for users": USER_DATA.replace("prohibit-password", "no\n      TrustedUserCAKeys none"),
    "good words in a path with two slashes": written("/etc/ssh//sshd_config.d/01.conf", "PermitRootLogin no"),
    "a script that reads who may log in": written("/usr/local/bin/x", "ssh-keygen -lf /root/.ssh/authorized_keys"),
    "a command that reads the host's key": commanded("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"),
}


@pytest.mark.parametrize("case", LET_IN)
def test_a_way_in_is_seen_however_it_is_written(case: str) -> None:
    assert LET_IN[case] != USER_DATA
    seen = stack(put("jobs0", "userData", LET_IN[case]))
    assert of(Outcome.FAIL, seen) == {"ssh.plan": "logins of droplet jobs0"}


@pytest.mark.parametrize("case", KEPT_OUT)
def test_what_lets_nobody_in_is_no_fault(case: str) -> None:
    assert KEPT_OUT[case] != USER_DATA
    assert of(Outcome.FAIL, stack(put("jobs0", "userData", KEPT_OUT[case]))) == {}


WAYS: Broken = {
    "a balancer that sends to the jobs": ((put("lb", "dropletTag", "illumacom-jobs"),), {"flows.plan": "flows of balancer lb"}),
    "a balancer that sends to one host by its id": (
        (put("lb", "dropletTag", ""), put("lb", "dropletIds", [1002])),
        {"flows.plan": "flows of balancer lb"},
    ),
    "a balancer that sends nowhere": ((put("lb", "dropletTag", None),), {"flows.plan": "flows of balancer lb"}),
    "a trusted range that holds the key host": (
        (put("vault0", "ipv4AddressPrivate", "10.10.16.5"), put("trusted", "rules.1.value", "10.10.16.0/24")),
        {"separation.plan": "droplet vault0"},
    ),
}


@pytest.mark.parametrize("case", WAYS)
def test_where_things_lead_is_read_and_not_supposed(case: str) -> None:
    changes, expected = WAYS[case]
    assert of(Outcome.FAIL, stack(*changes)) == expected


OPEN: Broken = {
    "whom a balancer sends to": ((put("lb", "dropletTag", UNKNOWN),), {"flows.plan": "flows of balancer lb", "separation.plan": "*"}),
    "whether a key host's firewall covers another": ((put("vault", "dropletIds", UNKNOWN),), {"separation.plan": "droplet vault0"}),
    "a key host's address while a range is trusted": (
        (put("vault0", "ipv4AddressPrivate", UNKNOWN), put("trusted", "rules.1.value", "10.10.16.0/24")),
        {"separation.plan": "droplet vault0"},
    ),
}


@pytest.mark.parametrize("case", OPEN)
def test_what_is_not_known_is_left_open(case: str) -> None:
    changes, expected = OPEN[case]
    found = of(Outcome.UNKNOWN, stack(*changes))
    assert {name: found.get(name) for name in expected if expected[name] != "*"} == {n: s for n, s in expected.items() if s != "*"}


def test_a_rule_that_keeps_longer_than_time_itself_is_a_figure_like_others() -> None:
    assert of(Outcome.FAIL, stack(put("log-bucket", "lifecycleRules.0.expiration.days", 10**12))) == {}


PING = {"protocol": "icmp", "portRange": "", "sourceAddresses": ["10.0.0.0/8"]}


def test_the_same_rule_without_ports_on_both_sides_is_no_drift() -> None:
    declared, more = stack(put("web", "inboundRules", [PING])), {**PING, "sourceAddresses": ["10.0.0.0/8", "0.0.0.0/0"]}

    def told(live: Stack) -> str:
        return next(each.why for each in compare(live, declared, (FIREWALL,), CATALOG) if each.subject == "firewall web")

    assert told(declared) == ""
    assert told(stack(put("web", "inboundRules", [more]))) == "permits icmp 0.0.0.0/0, which was not declared"
    assert told(stack(put("web", "inboundRules", []))) == "does not permit icmp 10.0.0.0/8, which was declared"


LUKS_LINE = 'cryptsetup open --key-file /etc/key "$device" data'
PAST = {
    "a cipher in a comment": ("cryptsetup isLuks", "# cryptsetup isLuks"),
    "an opening in a comment": ("cryptsetup open", "# cryptsetup open"),
    "a mount in a comment": ("mount -o", "# mount -o"),
    "a file system by another variable": (LUKS_LINE, f'{LUKS_LINE}\n      disk=$device\n      mkfs.ext4 -q "$disk"'),
    "a mount by another variable": (LUKS_LINE, f"{LUKS_LINE}\n      mount ${{disk}} /mnt"),
    "a mount in two lines": (LUKS_LINE, f'{LUKS_LINE}\n      mount \\\n      "$device" /mnt'),
}


@pytest.mark.parametrize("case", PAST)
def test_a_volume_past_luks_is_seen_however_it_is_written(case: str) -> None:
    old, new = PAST[case]
    assert old in USER_DATA
    assert of(Outcome.FAIL, stack(put("jobs0", "userData", USER_DATA.replace(old, new)))) == {"volumes.plan": "volume data"}


def test_what_luks_opened_may_be_mounted_where_a_variable_says_and_a_comment_is_no_command() -> None:
    text = USER_DATA.replace("/dev/mapper/data /var/lib/kept", '/dev/mapper/data "$folder"\n      # mount "$device" /mnt')
    assert of(Outcome.FAIL, stack(put("jobs0", "userData", text))) == {}


PARTS: Broken = {
    "a second sink in plain": (
        (plus("plain", LOG_SINK, clusterId=DATABASE, name="plain", server="10.10.0.4", port=514, tls=False),),
        {"logging.plan": "log of database illumacom"},
    ),
    "a log of some events": ((put("events", "filter", '{"where": {}}'),), {"logging.plan": "Logpush of firewall_events"}),
    "a sample of events": ((put("events", "outputOptions.sampleRate", 0.1),), {"logging.plan": "Logpush of firewall_events"}),
}


@pytest.mark.parametrize("case", PARTS)
def test_a_part_of_the_logs_proves_nothing(case: str) -> None:
    changes, expected = PARTS[case]
    assert of(Outcome.FAIL, stack(*changes)) == expected
