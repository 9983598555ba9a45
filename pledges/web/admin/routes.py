"""Everything under the blueprint of the administration."""

from pledges.web.admin import (
    api_key_routes,
    audit_routes,
    data_routes,
    duty_people_routes,
    duty_routes,
    duty_unit_routes,
    hotline_routes,
    key_routes,
    publication_routes,
    readiness_routes,
    settings_routes,
    staff_routes,
    status_routes,
    technical_routes,
    wording_routes,
)
from pledges.web.admin.blueprint import blueprint

__all__ = [
    "api_key_routes",
    "audit_routes",
    "blueprint",
    "data_routes",
    "duty_people_routes",
    "duty_routes",
    "duty_unit_routes",
    "hotline_routes",
    "key_routes",
    "publication_routes",
    "readiness_routes",
    "settings_routes",
    "staff_routes",
    "status_routes",
    "technical_routes",
    "wording_routes",
]
