"""One subject of the register: what every agency of its province may know about it."""

from __future__ import annotations

import uuid

from flask import Response
from flask.typing import ResponseReturnValue

from pledges.accounts.permissions import Action
from pledges.core.errors import NotFound
from pledges.registry.models import Sighting
from pledges.web.current import product, reader
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.entity_view import entity_page
from pledges.web.officer.reach import entity_for
from pledges.web.security import may


@blueprint.get("/doi-tuong/<uuid:entity_id>")
@may(Action.ENTITY_VIEW)
def entity(entity_id: uuid.UUID) -> ResponseReturnValue:
    return entity_page(entity_for(entity_id))


@blueprint.get("/doi-tuong/<uuid:entity_id>/anh/<uuid:sighting_id>")
@may(Action.ENTITY_CONTACTS)
def sighting_picture(entity_id: uuid.UUID, sighting_id: uuid.UUID) -> ResponseReturnValue:
    """A picture as it was cleaned when it came in; it may show people, so that no cache keeps it."""
    found = entity_for(entity_id, Action.ENTITY_CONTACTS)
    sighting = reader().get(Sighting, (found.province_code, sighting_id))
    if sighting is None or sighting.entity_id != found.id or not sighting.picture_sha256:
        raise NotFound
    data = product().storage.get(sighting.picture_sha256)
    return Response(data, mimetype="image/jpeg", headers={"Cache-Control": "no-store"})
