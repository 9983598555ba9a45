"""How long answers take, by audience: counted in this process, or in all of them where they share a folder.

With PROMETHEUS_MULTIPROC_DIR, which the unit of the web sets to a folder that is emptied at every start, each process
keeps its counts in a file of its own there, and whoever asks one process gets the sum.
"""

from __future__ import annotations

import os
import time

from flask import Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from pledges.web.security import audience_of

BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 6.0)
"""Up to the six seconds that nothing a stranger sends may cost."""

_OWN = CollectorRegistry()
SECONDS = Histogram(
    "pledges_request_seconds", "Time until an answer was ready.", ["group"], buckets=BUCKETS, registry=_OWN
)
ANSWERS = Counter("pledges_answers", "Answers by the class of their status.", ["group", "status"], registry=_OWN)


def start_watch() -> None:
    g.started = time.perf_counter()


def seconds_so_far() -> float:
    now = time.perf_counter()
    return now - float(g.get("started", now))


def count_request(response: Response) -> Response:
    if request.endpoint not in {"static", "metrics.metrics"}:
        group = _group()
        SECONDS.labels(group).observe(seconds_so_far())
        ANSWERS.labels(group, f"{response.status_code // 100}xx").inc()
    return response


def _group() -> str:
    """Whom the page is for; what no view answers has no address of ours in it and counts as one."""
    return "none" if request.endpoint is None else audience_of(current_app, request.endpoint) or "none"


def counted() -> CollectorRegistry:
    """What has been counted by all processes of the web."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return _OWN
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
