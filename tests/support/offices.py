"""An agency's people with one pledge in front of them, led into any state by the rules; every name is invented."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.models import Document
from pledges.registry.models import Counter
from pledges.registry.recounting import recount
from pledges.review import operations
from pledges.review.models import Decision
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.states import change_state
from tests.support.clock import FixedClock
from tests.support.signing import HUE, PUBLIC_URL, seller_pages, signed_by
from tests.support.staff import add_person

TITLE = "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC"
MESSAGE = "Mã số thuế khác với giấy đăng ký. Hãy sửa lại."

S = PledgeState

WAY_TO: dict[PledgeState, tuple[PledgeState, ...]] = {
    S.SUBMITTED: (),
    S.DEFERRED: (S.DEFERRED,),
    S.RETURNED: (S.RETURNED,),
    S.RECOMMENDED: (S.RECOMMENDED,),
    S.COUNTERSIGNING: (S.RECOMMENDED, S.COUNTERSIGNING),
    S.APPROVED: (S.RECOMMENDED, S.COUNTERSIGNING, S.APPROVED),
    S.REJECTED: (S.REJECTED,),
    S.SUPERSEDED: (S.RECOMMENDED, S.COUNTERSIGNING, S.APPROVED, S.SUPERSEDED),
    S.REVOKED: (S.RECOMMENDED, S.COUNTERSIGNING, S.APPROVED, S.REVOKED),
    S.WITHDRAWN: (S.WITHDRAWN,),
}
"""A way to every state through the table of transitions."""


class Office:
    """An agency's people and one pledge in front of them. Without `sealed` its file is only a row."""

    def __init__(self, database: Database, clock: FixedClock, vault: Vault, pledge: Pledge | None = None) -> None:
        self.database, self.clock, self.vault = database, clock, vault
        signed = pledge or signed_by(database, seller_pages(), now=clock(), vault=vault).signed[0]
        self.key = (signed.province_code, signed.id)
        self.agency = signed.agency_code
        self.officer = self.person("chuyen.vien@vidu.vn", Role.OFFICER)
        self.second = self.person("chuyen.vien.2@vidu.vn", Role.OFFICER)
        self.approver = self.person("lanh.dao@vidu.vn", Role.APPROVER)
        if pledge is None:
            database.run(self._pretend_sealed)

    def person(self, email: str, role: Role, agency: str | None = None, province: str | None = None) -> Staff:
        staff = add_person(
            self.database,
            email,
            role=role,
            province_code=province or self.key[0],
            agency_code=agency or self.agency,
            ready=False,
        )

        def entitle(session: Session) -> Staff:
            person = session.get_one(Staff, (staff.province_code, staff.id))
            person.signing_title = TITLE
            return person

        return self.database.run(entitle)

    def _pretend_sealed(self, session: Session) -> None:
        document = Document(
            province_code=self.key[0],
            id=uuid4(),
            kind="sealed",
            sha256="0" * 64,
            size=1,
            created_at=self.clock(),
            signer_certificate=b"",
            revocation_evidence=b"",
            trial=True,
        )
        session.add(document)
        session.flush()
        session.get_one(Pledge, self.key).document_id = document.id

    def pledge(self) -> Pledge:
        with self.database.read() as session:
            return session.get_one(Pledge, self.key)

    def enter(self, *states: PledgeState) -> None:
        """Change the state without a decision: for tests of what follows."""
        for state in states:
            self.clock.advance(timedelta(minutes=1))
            values = {"recommended_by": self.officer.id} if state is S.RECOMMENDED else {}
            self.database.run(
                lambda session, state=state, values=values: change_state(
                    session, *self.key, state, now=self.clock(), **values
                )
            )

    def do(self, verb: str, staff: Staff | None = None, seen: int | None = None, **said: Any) -> Decision:
        """Run one decision as the person of the usual role, with what it needs to be told."""
        needs: dict[str, dict[str, Any]] = {
            "return_for_correction": {"message": MESSAGE, "asked": ["tax_code"], **self.mail},
            "reject": {"message": "Đây không phải trang bán hàng.", **self.mail},
            "defer": {"note": "Chờ xác minh địa chỉ."},
        }
        usual = self.approver if verb == "approve" else self.officer
        decide: Callable[..., Decision] = getattr(operations, verb)
        revision = self.pledge().revision if seen is None else seen
        return self.database.run(
            lambda session: decide(
                session,
                self.key,
                staff=staff or usual,
                seen=revision,
                now=self.clock(),
                **{**needs.get(verb, {}), **said},
            )
        )

    @property
    def mail(self) -> dict[str, Any]:
        return {"vault": self.vault, "public_url": PUBLIC_URL}

    def facts(self, kind: str) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(Fact).where(Fact.kind == kind)) or 0

    def figures(self) -> tuple[int, int]:
        """Waiting for the agency and in force, as the counters say; they agree with the facts and the obligations."""
        assert self.database.run(lambda session: recount(session, repair=False)) == []
        with self.database.read() as session:
            waiting, in_force = session.execute(
                select(func.sum(Counter.waiting_for_agency), func.sum(Counter.in_force)).where(
                    Counter.subject_type == "", Counter.province_code == HUE
                )
            ).one()
        return int(waiting or 0), int(in_force or 0)
