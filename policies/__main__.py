"""The policy pack's door: the engine runs this file, and this file alone makes the pack (which never returns)."""

from pulumi_policy import PolicyPack

from policies.pack import PACK, POLICIES

PolicyPack(PACK, POLICIES, description="A published privacy policy's promises, judged before and after every update.")
