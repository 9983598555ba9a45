"""One office that seals, countersigns, corrects and revokes with the real jobs, and keeps every file it gave out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from pledges.documents.queries import get_document
from pledges.plans.models import Agency
from pledges.product import Product
from pledges.review.countersigning import Countersigner
from pledges.review.revocations import ask_revocation, revoke
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.reopening import start_amendment, start_correction
from pledges.signing.rules import Correctable
from pledges.signing.sealing import PledgeSealer
from tests.support.clock import FixedClock
from tests.support.offices import Office
from tests.support.sealing import sealed_pledge
from tests.support.signing import PUBLIC_URL, sign_again

ASKED = [part.value for part in Correctable]


class IssuingOffice(Office):
    """`issued`: every file of the pledge in front of it, oldest first."""

    def __init__(self, product: Product, clock: FixedClock, **options: Any) -> None:
        self.product = product
        sealed = self._sign(product, clock, **options)
        super().__init__(product.database, clock, product.vault, sealed)
        self.issued = [self.file()]

    @staticmethod
    def _sign(product: Product, clock: FixedClock, **options: Any) -> Pledge:
        return sealed_pledge(product.database, product.storage, product.sealer, clock, product.vault, **options).pledge

    @property
    def code(self) -> str:
        return self.pledge().verification_code

    def next_pledge(self, **options: Any) -> Pledge:
        """Turn to another pledge of the same agency."""
        pledge = self._sign(self.product, self.clock, **options)
        self.key = (pledge.province_code, pledge.id)
        self.issued = [self.file()]
        return pledge

    def file(self) -> bytes:
        pledge = self.pledge()
        assert pledge.document_id is not None
        with self.database.read() as session:
            document = get_document(session, pledge.province_code, pledge.document_id)
        assert document is not None
        return self.product.storage.get(document.sha256)

    def sign_by(self, method: str) -> None:
        """How the agency signs from now on: `key` or `named_approver`."""

        def choose(session: Session) -> None:
            session.get_one(Agency, (self.key[0], self.agency)).signature_method = method

        self.database.run(choose)

    def countersign(self) -> bytes:
        product = self.product
        job = Countersigner(
            product.database,
            product.storage,
            product.agency_keys,
            product.sealer,
            product.clock,
            product.vault,
            administrator_email="quan-tri@vidu.vn",
            public_url=PUBLIC_URL,
        )
        job.countersign(self.key[0], str(self.key[1]))
        pledge = self.pledge()
        assert pledge.state is PledgeState.APPROVED, pledge.seal_error
        self.issued.append(self.file())
        return self.issued[-1]

    def approve(self) -> bytes:
        """Two people and the job; the final file."""
        self.do("recommend")
        self.do("approve")
        return self.countersign()

    def correct(self, **changes: Any) -> bytes:
        """What the agency asked for is changed, signed again and sealed anew."""
        draft = self.database.run(
            lambda session: start_correction(
                session, session.get_one(Pledge, self.key), asked=ASKED, now=self.clock(), vault=self.vault
            )
        )
        return self._signed_again(draft.id, **changes)

    def amend(self, **changes: Any) -> bytes:
        """Turn to the newer pledge that shall take the place of this one; `issued` begins anew."""
        draft = self.database.run(
            lambda session: start_amendment(
                session, session.get_one(Pledge, self.key), now=self.clock(), vault=self.vault
            )
        )
        self.issued = []
        return self._signed_again(draft.id, **changes)

    def _signed_again(self, draft_id: UUID, **changes: Any) -> bytes:
        self.clock.advance(timedelta(days=1))
        outcome = sign_again(self.database, draft_id, now=self.clock(), vault=self.vault, **changes)
        assert outcome.signed, outcome.refusal
        self.key = (outcome.signed[0].province_code, outcome.signed[0].id)
        product = self.product
        PledgeSealer(
            product.database, product.storage, product.sealer, product.clock, product.vault, "quan-tri@vidu.vn"
        ).seal(self.key[0], str(self.key[1]))
        self.issued.append(self.file())
        return self.issued[-1]

    def revoke(self) -> None:
        self.clock.advance(timedelta(days=1))
        asked = self.database.run(
            lambda session: ask_revocation(
                session, self.key, staff=self.officer, reason="Cửa hàng đã ngừng bán.", now=self.clock()
            )
        )
        self.database.run(
            lambda session: revoke(session, self.key[0], asked.id, staff=self.approver, now=self.clock(), **self.mail)
        )
