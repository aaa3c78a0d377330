"""What user data must do to a volume, and must not do past LUKS."""

from __future__ import annotations

import pytest

from policies import userdata
from policies.userdata import UserData
from policies.volumes import volume_faults
from tests.policies.controls.compliant import USER_DATA

MOUNT = "mount -o nodev /dev/mapper/data /var/lib/kept"
CLOUD_INIT = ["cloud-init mounts it past LUKS"]
PAST = ["it is mounted, or given a file system, past LUKS"]


def faults(old: str = "", new: str = "", more: str = "", volume: str = "data") -> list[str]:
    assert old in USER_DATA
    return list(volume_faults(userdata.read(USER_DATA.replace(old, new, 1) + more), volume))


BROKEN = {
    "what LUKS opened is left alone": ((MOUNT, "true"), "", ["what LUKS opened is never mounted"]),
    "cloud-init makes a file system on it": (("", ""), "fs_setup: [{device: /dev/disk/by-id/scsi-0DO_Volume_data}]\n", CLOUD_INIT),
    "cloud-init cuts it up": (("", ""), "disk_setup: {/dev/disk/by-id/scsi-0DO_Volume_data: {table_type: gpt}}\n", CLOUD_INIT),
    "cloud-init mounts some disk": (("", ""), "mounts: [[/dev/sda, /mnt]]\n", CLOUD_INIT),
    "cloud-init mounts some other volume": (("", ""), "mounts: [[/dev/disk/by-id/scsi-0DO_Volume_other, /mnt]]\n", CLOUD_INIT),
    "a command mounts some disk": (("", ""), "  - mount /dev/sda /mnt\n", PAST),
    "a file system table names it": (("", ""), '  - "cat\\n/dev/disk/by-id/scsi-0DO_Volume_data /mnt ext4"\n', PAST),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_missing_or_done_past_luks(case: str) -> None:
    (old, new), more, said = BROKEN[case]
    assert faults(old, new, more) == said


FINE = {
    "nothing changed": ("", "", ""),
    "opened by its older name": ("cryptsetup open", "cryptsetup luksOpen", ""),
    "mounted by the file system table": (MOUNT, "cat\n      /dev/mapper/data /var/lib/kept ext4", ""),
    "cloud-init mounts what LUKS opened": ("", "", "mounts: [[/dev/mapper/data, /var/lib/kept]]\n"),
}


@pytest.mark.parametrize("case", FINE)
def test_what_is_right(case: str) -> None:
    assert faults(*FINE[case]) == []


def test_what_cannot_be_read_or_names_another_volume_is_one_fault() -> None:
    assert list(volume_faults(UserData(problem="no user data is declared"), "data")) == ["no user data is declared"]
    assert faults(volume="other") == ["its user data does not name the volume"]
