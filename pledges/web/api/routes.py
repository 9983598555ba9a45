"""What programs of agencies read with a key; what everybody may read is in `pledges.web.public`."""

from __future__ import annotations

from flask import Flask

from pledges.web.api import agency_routes, obligation_routes, report_routes
from pledges.web.api.access import check_key
from pledges.web.api.blueprint import blueprint
from pledges.web.security import set_program_gate

__all__ = ["agency_routes", "blueprint", "obligation_routes", "report_routes"]


def set_up(app: Flask) -> None:
    set_program_gate(app, check_key)
