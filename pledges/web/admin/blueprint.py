"""The blueprint of the administration, on which every `…_routes.py` of this package hangs its views."""

from flask import Blueprint

from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("admin", __name__, url_prefix="/quan-tri"), "staff")
