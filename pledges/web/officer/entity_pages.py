"""What every page that changes an entity does: check, write, keep what was typed, lead to whom it clashes with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.registry.clashes import AlreadyRegistered
from pledges.registry.models import Channel, Contact, Entity
from pledges.web.components import PageForm
from pledges.web.current import reader, write
from pledges.web.i18n import error_text

Work = Callable[[Session], object]
Part = TypeVar("Part", Channel, Contact)


@dataclass(frozen=True)
class Words:
    """What stands on the page: title, the button, and a sentence before the form."""

    title: str
    button: str
    lead: str = ""
    done: str = ""
    kind: str = "primary"


@dataclass(frozen=True)
class Refused:
    clash: Entity | None = None
    conflict: str = ""
    status: int = 400


def row_of(entity: Entity, kind: type[Part], row_id: UUID) -> Part:
    """A contact or channel of this entity; that of another one is answered like nothing."""
    found = reader().get(kind, (entity.province_code, row_id))
    if found is None or found.entity_id != entity.id:
        raise NotFound
    return found


def attempt(form: PageForm, work: Work) -> Refused | None:
    """Write, or put the refusal into the form; None where it was written."""
    try:
        write(work)
    except AlreadyRegistered as refusal:
        form.refuse(refusal)
        return Refused(clash=refusal.entity)
    except Conflict as refusal:
        return Refused(conflict=error_text(refusal), status=refusal.status)
    except DomainError as refusal:
        form.refuse(refusal)
        return Refused(status=refusal.status)
    return None


def change_page(entity: Entity, form: PageForm, words: Words, work: Work, **shown: Any) -> ResponseReturnValue:
    """A page with one form about an entity; after success back to the entity."""
    refused = None
    if form.validate_on_submit():
        refused = attempt(form, work)
        if refused is None:
            return done(entity, words.done)
    wrong = request.method == "POST" and (refused is not None or bool(form.problems) or form.stale)
    page = render_template(
        "officer/entity_change.html",
        entity=entity,
        form=form,
        words=words,
        refused=refused,
        back=url_for("officer.entity", entity_id=entity.id),
        **shown,
    )
    return page, (refused.status if refused is not None else 400) if wrong else 200


def done(entity: Entity, message: str) -> ResponseReturnValue:
    flash(message, "success")
    return redirect(url_for("officer.entity", entity_id=entity.id), 303)
