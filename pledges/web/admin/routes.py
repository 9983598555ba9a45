"""Everything under the blueprint of the administration."""

from pledges.web.admin import readiness_routes, staff_routes
from pledges.web.admin.blueprint import blueprint

__all__ = ["blueprint", "readiness_routes", "staff_routes"]
