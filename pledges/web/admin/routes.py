"""Everything under the blueprint of the administration."""

from pledges.web.admin import audit_routes, data_routes, readiness_routes, staff_routes
from pledges.web.admin.blueprint import blueprint

__all__ = ["audit_routes", "blueprint", "data_routes", "readiness_routes", "staff_routes"]
