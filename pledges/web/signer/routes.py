"""Everything under the signer's blueprint."""

from pledges.web.signer import file_routes, form_routes, resume_routes, sign_routes
from pledges.web.signer.journey import blueprint

__all__ = ["blueprint", "file_routes", "form_routes", "resume_routes", "sign_routes"]
