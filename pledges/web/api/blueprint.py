"""The blueprint on which every `…_routes.py` of this package hangs its views."""

from flask import Blueprint

from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("api", __name__, url_prefix="/api/v1/agency"), "program")
