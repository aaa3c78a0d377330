"""What the program refuses.

ConfigError    a key of the stack's configuration, or a figure of its catalog, breaks its rule
"""

from __future__ import annotations


class ConfigError(ValueError):
    """The message names the key, the value and the rule."""
