"""The hosts' user data, rendered by pure functions: one module a concern, one function a role (`infra.cloud_init.roles`).

No secret stands in it, for whoever runs on a host can read it, and so can whoever reads the state. What a host needs beside it is
handed over by SSH after its first start (docs/pulumi.md, "Hosts"): its TLS certificate, `/etc/hosts`, credentials for one bucket.
Until then what needs them waits, and serves nobody.
"""
