"""The copy of somebody's data as an answer, for the signer and for the staff who hand it over."""

from __future__ import annotations

from flask import Response

from pledges.audit.operations import Actor
from pledges.rights.copying import zip_of
from pledges.rights.models import DataRequest
from pledges.rights.operations import note_copy
from pledges.web.current import now, product, reader, write


def copy_answer(asked: DataRequest, actor: Actor) -> Response:
    """Made anew each time, so that it says what is held at that moment; who took it is a fact."""
    at, running = now(), product()
    data = zip_of(reader(), running.storage, asked.province_code, asked.entity_id, vault=running.vault, now=at)
    write(lambda session: note_copy(session, asked, actor, now=at))
    name = f'attachment; filename="{asked.number}.zip"'
    return Response(data, mimetype="application/zip", headers={"Content-Disposition": name})
