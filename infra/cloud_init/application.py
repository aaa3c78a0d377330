"""An application host: TLS ends here, and only the edge, with our certificate, gets an answer. Pure.

The balancer passes TLS through, so the origin's certificate is checked by the edge (Full, strict) and the edge's by this host:
whoever has not the one client certificate, which is trusted by itself and not by its issuer, gets nginx's 400 and nothing else;
whoever asks for another name is refused in the handshake. The application listens on loopback. The log holds no visitor's address;
the edge's own is the only one that it could hold.
"""

from __future__ import annotations

from infra.cloud_init.document import File, Part
from infra.cloud_init.hardening import TLS_FOLDER
from infra.cloud_init.waiting import waits

ORIGIN_CERTIFICATE, ORIGIN_KEY = f"{TLS_FOLDER}/origin.pem", f"{TLS_FOLDER}/origin.key"
ORIGIN_PULL = f"{TLS_FOLDER}/origin-pull.pem"
APPLICATION_PORT = 8000

SITE = """\
log_format kept '$time_iso8601 $request_method $uri $status $body_bytes_sent $request_time';

server {{
  listen {port} ssl;
  http2 on;
  server_name {hostname};
  server_tokens off;
  access_log syslog:server=unix:/dev/log,nohostname,tag=app kept;

  ssl_certificate {certificate};
  ssl_certificate_key {key};
  ssl_protocols {protocols};
  ssl_session_tickets off;
  ssl_client_certificate {pull};
  ssl_verify_client on;
  ssl_verify_depth 0;

  location = /healthz {{ return 204; }}
  location / {{
    proxy_pass http://127.0.0.1:{application};
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-Proto https;
  }}
}}

server {{
  listen {port} ssl default_server;
  ssl_protocols {protocols};
  ssl_client_certificate {pull};
  ssl_verify_client on;
  ssl_verify_depth 0;
  ssl_reject_handshake on;
}}
"""

WAITS = f"""\
[Unit]
ConditionPathExists={ORIGIN_KEY}
"""
"""The package starts nginx when it is installed, and fails with it: until the key is there, a start does nothing."""

PROTOCOLS = ("TLSv1.2", "TLSv1.3")


def site(hostname: str, port: int, minimum_tls: str) -> str:
    """nginx's configuration of the public name; no version below the promised one is spoken.

    Versions are agreed before the name is known, with what the socket's default server says; so that one says the same.
    """
    spoken = [each for each in PROTOCOLS if each.removeprefix("TLSv") >= minimum_tls]
    return SITE.format(
        port=port,
        hostname=hostname,
        certificate=ORIGIN_CERTIFICATE,
        key=ORIGIN_KEY,
        protocols=" ".join(spoken),
        pull=ORIGIN_PULL,
        application=APPLICATION_PORT,
    )


def served(text: str, origin_pull_certificate: str) -> Part:
    """The web server waits for the origin's key."""
    start = waits("nginx", ORIGIN_KEY)
    files = (
        File("/etc/systemd/system/nginx.service.d/10-kept.conf", WAITS),
        File("/etc/nginx/sites-enabled/kept", text, late=True),
        File(ORIGIN_PULL, origin_pull_certificate),
    )
    return Part(("nginx-light",), files + start.files, (("rm", "-f", "/etc/nginx/sites-enabled/default"), *start.commands))
