"""A pledge that is signed and sealed by the real operations and the real job."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.queries import get_document
from pledges.documents.sealing import Sealer
from pledges.documents.storage import Storage
from pledges.signing.acts import Confirmation
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.operations import sign_draft
from pledges.signing.queries import get_pledge
from pledges.signing.sealing import PledgeSealer
from tests.support.clock import FixedClock
from tests.support.signing import PUBLIC_URL, code_for, confirmation_for, ready_draft, seller_pages


@dataclass(frozen=True)
class SealedPledge:
    pledge: Pledge
    pdf: bytes

    @property
    def code(self) -> str:
        return self.pledge.verification_code


def sealed_pledge(
    database: Database,
    storage: Storage,
    sealer: Sealer,
    clock: FixedClock,
    vault: Vault,
    *,
    publish: bool = False,
    pages: dict[Any, dict[str, Any]] | None = None,
) -> SealedPledge:
    def prepare(session: Session) -> tuple[uuid.UUID, Confirmation]:
        draft = ready_draft(session, pages or seller_pages(), now=clock(), vault=vault)
        code = code_for(session, draft, draft.email, now=clock(), vault=vault)
        return draft.id, confirmation_for(session, draft, code, now=clock(), vault=vault, publish=publish)

    draft_id, confirmation = database.run(prepare)
    outcome = database.run(
        lambda session: sign_draft(session, draft_id, confirmation, now=clock(), vault=vault, public_url=PUBLIC_URL)
    )
    assert outcome.signed, outcome.refusal
    signed = outcome.signed[0]
    PledgeSealer(database, storage, sealer, clock, vault, "quan-tri@localhost").seal(
        signed.province_code, str(signed.id)
    )
    with database.read() as session:
        pledge = get_pledge(session, signed.province_code, signed.id)
        assert pledge is not None
        assert pledge.document_id is not None, pledge.seal_error
        document = get_document(session, pledge.province_code, pledge.document_id)
        assert document is not None
    return SealedPledge(pledge, storage.get(document.sha256))


def set_state(database: Database, pledge: Pledge, state: PledgeState) -> None:
    """Put a pledge into a state that no operation brings about yet."""

    def change(session: Session) -> None:
        found = get_pledge(session, pledge.province_code, pledge.id)
        assert found is not None
        found.state = state

    database.run(change)
