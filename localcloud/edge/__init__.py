"""The local edge: what a zone's settings, a balancer's allow list and a host's firewall say, done to real connections on loopback.

`world` is what the local cloud says now; `visitors` ends TLS for the public names and obeys the zone (`transport`, `waf`); `origins` is
what stands behind it: balancers and hosts, which look at who connects (`loopback`, `admission`). `serving` listens, `__main__` starts.
Every connection is judged by what the cloud says at that moment. docs/local-cloud.md tells what is obeyed and what is not.
"""
