"""The local servers: Postgres, OpenBao, SeaweedFS, the stand-in for the clouds' APIs and the edge, as processes in one folder.

`fleet` starts, names and stops them; one module a server says how it is prepared, started and known to be ready. All listen on
loopback alone. What they keep lies in one folder (`layout`), which may be deleted as a whole.
"""
