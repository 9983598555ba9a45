"""The blueprint of the pages for staff, on which every `…_routes.py` of this package hangs its views."""

from flask import Blueprint

from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("officer", __name__, url_prefix="/can-bo"), "staff")
