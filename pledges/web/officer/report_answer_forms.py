"""What a report asks of its unit, as a form: paragraphs, and for reviews of false information numbers by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from wtforms import Field

from pledges.core.errors import N_, DomainError
from pledges.core.text import clean_block
from pledges.duties.forms import FIELDS, LINKS, LONGEST_TEXT, NUMBERS, TEXTS, Answers, Asked, FieldRow, empty
from pledges.plans.models import ReportForm
from pledges.review.violation_models import ViolationField
from pledges.review.violation_rules import parse_fine
from pledges.web.fields import LongTextField, TextField, lazy
from pledges.web.i18n import number_text, translate
from pledges.web.officer.decision_forms import DecisionForm

_COUNT = re.compile(r"\d{1,9}|\d{1,3}(?:[., ]\d{3}){1,2}")


def parse_count(typed: str, name: str) -> int:
    """A number as people write it: 1200, 1.200 or 1 200. `name`: of the field of goods, as there are many numbers."""
    if _COUNT.fullmatch(typed) is None:
        raise DomainError(
            N_("%(name)s: hãy ghi bằng chữ số, ví dụ 12 hoặc 1.200; không có thì ghi 0."), name=translate(name)
        )
    return int(re.sub(r"\D", "", typed))


def parse_money(typed: str, name: str) -> int | None:
    try:
        return parse_fine(typed)
    except DomainError as refusal:
        raise DomainError(
            N_("%(name)s: hãy viết số tiền bằng chữ số, tính bằng đồng, ví dụ 15.000.000."), name=translate(name)
        ) from refusal


def parse_links(typed: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in typed.splitlines() if line.strip())


class AnswersForm(DecisionForm):
    """Its fields are made for one kind of report by `answers_form`; a number left empty has not been entered."""

    def answers(self, form: ReportForm) -> Answers:
        blank = empty(form)
        texts = {name: self[name].data or "" for name in blank.texts}
        return Answers(texts, tuple(self._row(row.field) for row in blank.rows))

    def _row(self, field: ViolationField) -> FieldRow:
        typed = {asked.name: self[input_name(field, asked)].data for asked in NUMBERS}
        numbers = {name: None if data == "" else data for name, data in typed.items()}
        return FieldRow(field, **numbers, links=self[input_name(field, LINKS)].data or ())


@dataclass(frozen=True)
class Group:
    """The inputs of one field of goods."""

    title: str
    fields: list[Field]


def input_name(field: ViolationField, asked: Asked) -> str:
    return f"{field.value}-{asked.name}"


def answers_form(form: ReportForm, answers: Answers, seen: int, *, as_kept: bool = False) -> AnswersForm:
    """Filled with what the report holds, or with what was sent; `as_kept`: whatever this request sends."""
    fields: dict[str, Any] = {}
    for row in answers.rows:
        fields |= _number_fields(row.field)
    for asked in TEXTS[form]:
        fields[asked.name] = LongTextField(
            lazy(asked.label),
            hint=lazy(asked.hint) if asked.hint else "",
            required=False,
            rows=6,
            clean=lambda raw: clean_block(raw, most=LONGEST_TEXT),
        )
    made: AnswersForm = type("ReportAnswersForm", (AnswersForm,), fields)(
        data={"seen": seen, **_given(answers)}, **({"formdata": None} if as_kept else {})
    )
    return made


def groups_of(form: AnswersForm, kind: ReportForm) -> list[Group]:
    return [
        Group(translate(FIELDS[row.field]), [form[input_name(row.field, asked)] for asked in (*NUMBERS, LINKS)])
        for row in empty(kind).rows
    ]


def _number_fields(field: ViolationField) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for asked in NUMBERS:
        made[input_name(field, asked)] = TextField(
            lazy(asked.label),
            required=False,
            clean=partial(parse_money if asked.money else parse_count, name=FIELDS[field]),
            show=number_text,
            inputmode="numeric",
            autocomplete="off",
        )
    made[input_name(field, LINKS)] = LongTextField(
        lazy(LINKS.label), required=False, rows=2, clean=parse_links, show="\n".join
    )
    return made


def _given(answers: Answers) -> Mapping[str, Any]:
    given: dict[str, Any] = dict(answers.texts)
    for row in answers.rows:
        given |= {input_name(row.field, asked): getattr(row, asked.name) for asked in NUMBERS}
        given[input_name(row.field, LINKS)] = row.links
    return given
