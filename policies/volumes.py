"""Whether a host's user data lets a data volume hold anything but LUKS. Pure.

The host formats the volume with LUKS, opens it, and mounts what it opened; the volume itself is never mounted and never given a file
system. The commands are looked for, not run: a script that hides them from us is a script that does not show that it encrypts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.userdata import UserData

BY_ID = "/dev/disk/by-id/scsi-0DO_Volume_"
"""How the cloud names an attached volume's device; its name in the cloud follows."""


def volume_faults(found: UserData, volume: str) -> Iterator[str]:
    """What is missing, or done past LUKS, for a volume (by its name in the cloud)."""
    if found.problem:
        yield found.problem
        return
    device = f"{BY_ID}{volume}"
    texts = [_without_comments(text) for text in found.texts]
    about = [text for text in texts if _names(text, device)]
    if not about:
        yield "its user data does not name the volume"
        return
    joined = "\n".join(about)
    if not re.search(r"\bcryptsetup\b[^\n]*\bluksFormat\b", joined):
        yield "it is never formatted with LUKS"
    if not re.search(r"\bcryptsetup\b[^\n]*\b(luksOpen|open)\b", joined):
        yield "it is never opened by LUKS"
    if re.search(r"\bcryptsetup\b[^\n]*(--type[ =]plain|\bplainOpen\b|cipher_null)", joined):
        yield "it is opened without LUKS, or with no cipher"
    if not re.search(r"\bmount\b[^\n]*/dev/mapper/|^/dev/mapper/\S+\s+/", joined, re.MULTILINE):
        yield "what LUKS opened is never mounted"
    spelled = rf"(?:{re.escape(device)}|\"?\$\{{?device\}}?\"?|/dev/sd[a-z]\b)"
    past = rf"\b(?:mount|mkfs(?:\.\w+)?)\b[^\n|;&]*\s{spelled}(?=\s|$)|^{spelled}\s+/"
    if any(re.search(past, text, re.MULTILINE) or _BY_VARIABLE.search(text) for text in texts):
        yield "it is mounted, or given a file system, past LUKS"
    if _mounted_by_cloud_init(found, device):
        yield "cloud-init mounts it past LUKS"


_BY_VARIABLE = re.compile(r"\b(?:mount|mkfs(?:\.\w+)?)\b(?:(?!/dev/mapper/)[^\n|;&])*\s[\"']?\$")
"""A variable where the device stands, before anything that LUKS opened: nobody sees what it holds."""


def _without_comments(text: str) -> str:
    """The lines that are no comments, with continued ones in one piece."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return kept.replace("\\\n", " ")


def _names(text: str, device: str) -> bool:
    return re.search(rf"{re.escape(device)}(?![A-Za-z0-9-])", text) is not None


def _mounted_by_cloud_init(found: UserData, device: str) -> bool:
    """`mounts`, `fs_setup` and `disk_setup` know nothing of LUKS."""
    keys = ("mounts", "fs_setup", "disk_setup")
    return any(text in str(found.document.get(key) or "") for key in keys for text in (device, "/dev/sd", BY_ID))
