"""The house's own floor: what every stack gets, whether or not its policy says so. A catalog's figure always overrides these.

Nothing here is a promise, and no report says so; a platform that promises less is not built worse.
"""

from __future__ import annotations

REGIONS = ("nyc3", "sfo2", "sfo3", "atl1", "tor1", "ams3", "fra1", "lon1", "sgp1", "syd1", "blr1")
"""The regions that offer Spaces, managed Postgres and droplets together."""

PUBLIC_PORTS = ("tcp/443",)

EDGE_RANGES = (
    "173.245.48.0/20",
    "103.21.244.0/22",
    "103.22.200.0/22",
    "103.31.4.0/22",
    "141.101.64.0/18",
    "108.162.192.0/18",
    "190.93.240.0/20",
    "188.114.96.0/20",
    "197.234.240.0/22",
    "198.41.128.0/17",
    "162.158.0.0/15",
    "104.16.0.0/13",
    "104.24.0.0/14",
    "172.64.0.0/13",
    "131.0.72.0/22",
    "2400:cb00::/32",
    "2606:4700::/32",
    "2803:f800::/32",
    "2405:b500::/32",
    "2405:8100::/32",
    "2a06:98c0::/29",
    "2c0f:f248::/32",
)
"""As Cloudflare publishes them (cloudflare.com/ips)."""

MINIMUM_TLS = "1.2"

MANAGED_RULESETS = (
    "efb7b8c949ac4650a09736fc376e9aee",  # Cloudflare Managed Ruleset
    "4814384a9e5d4991b9815dcfc25d2f1f",  # Cloudflare OWASP Core Ruleset
)

LOG_DAYS = 400
"""After which a log expires: twelve months with a margin."""

NONCURRENT_DAYS = 7
"""How long a version that was replaced or deleted can still be brought back."""

ABANDONED_UPLOAD_DAYS = 2

HSTS_SECONDS = 365 * 24 * 3600
CERTIFICATE_AUTHORITIES = ("letsencrypt.org", "pki.goog", "ssl.com")
"""Who may issue for our names: those from which Cloudflare orders universal certificates."""

REQUESTS_A_MINUTE = 600
SIGN_INS_A_MINUTE = 10
"""Per visitor's address and data centre of the edge; beyond, the visitor waits `BLOCKED_SECONDS`."""

BLOCKED_SECONDS = 600
SIGN_IN_PATHS = ("/login", "/password")
