"""`/metrics`: figures for the monitoring of the operator, for programs on the same machine only."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from flask import Blueprint, Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from pledges.core.errors import NotFound
from pledges.metrics import Gauges
from pledges.web.current import product_of
from pledges.web.measuring import counted
from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("metrics", __name__), "public")

FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via")


class _Families(Collector):
    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for gauge in self._gauges.read():
            family = GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)
            for labels, value in gauge.values:
                family.add_metric(labels, value)
            yield family


def set_up(app: Flask) -> None:
    app.extensions["gauges"] = Gauges(product_of(app))


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Whoever comes through a proxy, or from elsewhere, is told that there is no such page."""
    if not _from_this_machine():
        raise NotFound
    own = CollectorRegistry()
    own.register(_Families(current_app.extensions["gauges"]))
    text = generate_latest(own) + generate_latest(counted())
    return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _from_this_machine() -> bool:
    """By the connection itself, not by what a proxy says, and never through one: the proxy is on this machine too."""
    if any(name in request.headers for name in FORWARDING):
        return False
    before = request.environ.get("werkzeug.proxy_fix.orig", {})
    peer = before.get("REMOTE_ADDR") or request.environ.get("REMOTE_ADDR") or ""
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False
