"""Probes: things that are tried from outside (or from a named place inside), because a setting that reads well proves little.

Each is harmless, bounded in time and number, and goes to declared names only. A probe counts only if it could have failed: beside what
must be refused, something stands that must succeed at the very same place. `greeting` builds and reads TLS messages byte by byte;
`postgres`, `tls`, `web` and `buckets` are thin sockets around it. What an answer means for a promise is told by `policies.controls.probes`.
docs/probes.md says what each sends.
"""
