"""A local stand-in for the APIs of DigitalOcean, Cloudflare and Spaces: the same paths, the same bodies, the same refusals, on loopback.

One HTTP server answers four families of paths:

    /v2/...            DigitalOcean's API             `digitalocean/`
    /client/v4/...     Cloudflare's API               `cloudflare/`
    Host *.spaces.test Spaces: forwarded to a real S3 server (absolute-form requests of a forward proxy too)   `spaces.py`
    /__local__/...     the side door: what was called, change a resource behind everyone's back, fail the next calls   `sidedoor.py`

Rules: a resource is kept in one SQLite file under the path of its collection and its id, and survives a restart (`store.py`); a
call is one transaction, so a refused call changes nothing; nothing waits (statuses are final in the first answer); where the real API
is strict, so is this one. A database, its users and its trusted sources are made real in the local Postgres (`postgres.py`).

Not imitated: quotas, billing, scopes of tokens, eventual consistency. Run it with `python -m localcloud.api --config FILE`.
"""
