"""Working through the clashes of a list: which is next, and leaving all that are open aside at once."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.permissions import Action, Place, require
from pledges.core.errors import NotFound
from pledges.imports.errors import ImportChanged
from pledges.imports.models import ClashDecision, Import, ImportRow, ImportState, RowOutcome
from pledges.imports.states import Key


def _open(key: Key) -> ColumnElement[bool]:
    return and_(
        ImportRow.province_code == key[0],
        ImportRow.import_id == key[1],
        ImportRow.outcome == RowOutcome.CLASH,
        ImportRow.decision.is_(None),
    )


def count_open(session: Session, key: Key) -> int:
    return session.scalar(select(func.count()).select_from(ImportRow).where(_open(key))) or 0


def next_open(session: Session, key: Key, after: int = 0) -> int | None:
    """The number of the next row that waits for a decision; behind the last one it begins again."""
    later = session.scalar(select(func.min(ImportRow.number)).where(_open(key), ImportRow.number > after))
    return later if later is not None else session.scalar(select(func.min(ImportRow.number)).where(_open(key)))


def skip_open(session: Session, key: Key, *, staff: Staff) -> int:
    """Leave every row aside that nobody has decided about; returns how many."""
    import_ = session.get(Import, key, with_for_update=True, populate_existing=True)
    if import_ is None:
        raise NotFound
    require(staff, Action.IMPORT_MANAGE, Place(import_.province_code, import_.agency_code))
    if import_.state not in {ImportState.CHECKED, ImportState.COMMITTED}:
        raise ImportChanged
    numbers = session.scalars(
        update(ImportRow)
        .where(_open(key))
        .values(decision=ClashDecision.SKIP)
        .returning(ImportRow.number)
        .execution_options(synchronize_session=False)
    ).all()
    return len(numbers)
