"""The figures of an import, as pages and the command say them: rows = added + matched + outside + refused."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from pledges.imports.models import Import, RowOutcome
from pledges.imports.queries import count_outcomes
from pledges.imports.states import Key


def totals_of_counts(counts: dict[str, int]) -> dict[str, int]:
    """From rows per outcome; whoever needs a person, or was left out by one, is not in the register: refused."""
    aside = counts[RowOutcome.CLASH] - counts["decided"]
    return {
        "entities_added": counts[RowOutcome.NEW],
        "entities_matched": counts[RowOutcome.MATCHED] + counts[RowOutcome.ADDS] + counts["decided"],
        "outside": counts[RowOutcome.OUTSIDE],
        "refused": counts[RowOutcome.REFUSED] + aside,
        "outcomes": counts,  # type: ignore[dict-item]
    }


def preview_totals(session: Session, key: Key) -> dict[str, Any]:
    return totals_of_counts(count_outcomes(session, key))


def final_totals(session: Session, import_: Import) -> dict[str, Any]:
    """With what the chunks have counted themselves."""
    return {**import_.totals, **totals_of_counts(count_outcomes(session, (import_.province_code, import_.id)))}
