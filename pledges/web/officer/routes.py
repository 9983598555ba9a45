"""Everything under the blueprint of the staff."""

from flask import Flask

from pledges.web.officer import delegation_routes, landing_routes, sign_in_routes
from pledges.web.officer.authentication import set_up_authentication
from pledges.web.officer.blueprint import blueprint

__all__ = ["blueprint", "delegation_routes", "landing_routes", "set_up", "sign_in_routes"]


def set_up(app: Flask) -> None:
    set_up_authentication(app)
