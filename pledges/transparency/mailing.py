"""The daily letter that takes the newest checkpoint out of the house, to an agency that does not run this system.

Whoever keeps these letters holds what the operator can no longer change: a log that was rewritten does not fit them.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.calendar import Clock, local_day
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.messaging.operations import queue_message
from pledges.transparency.models import LogMark
from pledges.transparency.queries import latest_checkpoint

MAIL_CHECKPOINT, MAIL_CHECKPOINT_SECONDS = "mail_checkpoint", 1800.0
MARK = "mailed"


class CheckpointMail:
    """`send` is a task that is started every half hour; a letter leaves once a day, and only if the log has grown."""

    def __init__(self, database: Database, clock: Clock, vault: Vault, public_url: str, address: str) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._public_url = public_url
        self._address = address

    def send(self) -> None:
        if self._address:
            self._database.run(self._send)

    def _send(self, session: Session) -> None:
        now = self._clock()
        today = local_day(now).isoformat()
        found = latest_checkpoint(session)
        mark = session.get(LogMark, MARK)
        told = mark.data if mark is not None else {}
        if found is None or told.get("day") == today or told.get("size") == found.size:
            return
        queue_message(
            session,
            province_code=WHOLE_SYSTEM,
            kind="log_checkpoint",
            to_address=self._address,
            dedupe_key=f"log_checkpoint:{today}",
            params={
                "size": found.size,
                "root": found.root.hex(),
                "made_at": found.made_at,
                "note": [line for line in found.note.splitlines() if line],
                "key": found.key,
                "before": told.get("size"),
                "link": f"{self._public_url}/nhat-ky-cong-khai",
            },
            language="vi",
            now=now,
            vault=self._vault,
        )
        said = {"day": today, "size": found.size}
        if mark is None:
            session.add(LogMark(name=MARK, data=said))
        else:
            mark.data = said
