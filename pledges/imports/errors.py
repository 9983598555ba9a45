"""Why something cannot be done with an import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pledges.core.errors import N_, Conflict, DomainError

Reason = tuple[str, dict[str, Any]]
"""A message with its params, as it is kept beside a row."""


class ImportChanged(Conflict):
    """Somebody else was faster, or the worker has gone on: it is not in the state that the person saw."""

    def __init__(self) -> None:
        super().__init__(N_("Danh sách vừa được người khác xử lý hoặc đã thay đổi. Chưa ghi gì thêm; hãy xem lại."))


class BuiltOn(DomainError):
    """The import cannot be taken back: something stands on what it added. `blockers` names the first of them."""

    status = 409

    def __init__(self, number: int, blockers: Sequence[tuple[str, Reason]]) -> None:
        super().__init__(
            N_(
                "Không rút lại được danh sách này: đã có việc dựa trên %(number)s đối tượng mà danh sách thêm vào. "
                "Hãy xử lý từng đối tượng đó."
            ),
            number=number,
        )
        self.blockers = tuple(blockers)
        """Name of the entity, and what was built on it."""
