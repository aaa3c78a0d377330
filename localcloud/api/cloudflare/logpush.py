"""Logpush: jobs of a zone or an account, the proof that a destination is one's own, and the checks before a job is made.

Nothing is pushed. Rules: the dataset is one that Cloudflare has, the destination an address; one destination has one job for a dataset.
"""

from __future__ import annotations

from collections.abc import Iterable

from localcloud.api.calls import Answer, Call, Route
from localcloud.api.cloudflare.answers import invalid, one_of, result, text
from localcloud.api.cloudflare.collections import ACCOUNT, ZONE, Collection, need_owner
from localcloud.api.cloudflare.names import DATASETS

CHALLENGE = "ownership-challenge.txt"


def _check_job(call: Call) -> None:
    one_of(call.body, "dataset", DATASETS)
    _destination(call)


def _destination(call: Call) -> str:
    found = text(call.body, "destination_conf")
    if "://" not in found:
        raise invalid("destination_conf must be an address such as s3://bucket/path", 1002)
    return found


def _ownership(call: Call) -> Answer:
    need_owner(call)
    _destination(call)
    return result({"filename": CHALLENGE, "message": "", "valid": True})


def _valid(call: Call) -> Answer:
    need_owner(call)
    _destination(call)
    return result({"valid": True, "message": ""})


def _prove(call: Call) -> Answer:
    need_owner(call)
    text(call.body, "ownership_challenge")
    return _valid(call)


def _exists(call: Call) -> Answer:
    need_owner(call)
    jobs = call.cloud.store.rows(call.path.split("/logpush/")[0] + "/logpush/jobs")
    return result({"exists": any(job["destination_conf"] == _destination(call) for job in jobs)})


def _of_dataset(call: Call) -> Answer:
    need_owner(call)
    one_of({"dataset": call["dataset"]}, "dataset", DATASETS)
    jobs = call.cloud.store.rows(call.path.split("/logpush/")[0] + "/logpush/jobs")
    return result([job for job in jobs if job["dataset"] == call["dataset"]])


def routes() -> Iterable[Route]:
    for owner in (ZONE, ACCOUNT):
        base = f"{owner}/logpush"
        yield Route("POST", f"{base}/ownership", _ownership)
        yield Route("POST", f"{base}/ownership/validate", _prove)
        yield Route("POST", f"{base}/validate/destination", _valid)
        yield Route("POST", f"{base}/validate/destination/exists", _exists)
        yield Route("GET", f"{base}/datasets/{{dataset}}/jobs", _of_dataset)
        yield from Collection(f"{base}/jobs", _check_job, numbered=True).routes()
