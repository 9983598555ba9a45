"""The two addresses for operators: the process is up; everything that it needs is usable."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from pledges.readiness import check_readiness
from pledges.web.current import product
from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("health", __name__), "public")


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Reasons without paths and names: anybody may read this."""
    parts = check_readiness(product())
    ready = all(part.ok for part in parts)
    shown = {part.name: {"ok": part.ok} | ({"reason": part.reason} if part.reason else {}) for part in parts}
    return jsonify(status="ok" if ready else "not ready", parts=shown), 200 if ready else 503
