"""A wording filled in: what is shown, hashed, signed and printed."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Literal

from pledges.core.errors import N_, DataError
from pledges.core.secrecy import sha256_hex
from pledges.documents.paper import Block
from pledges.plans.wording_context import (
    PLACEHOLDERS,
    Consents,
    Details,
    NamedChannel,
    Party,
    WordingContext,
    placeholder_values,
)

__all__ = [
    "CONDITIONS",
    "PLACEHOLDER",
    "PLACEHOLDERS",
    "Consents",
    "Details",
    "NamedChannel",
    "Party",
    "RenderedText",
    "WordingContext",
    "render_wording",
    "signature_line",
    "template_hash",
]

PLACEHOLDER = re.compile(r"\{\{([a-z0-9_]+)\}\}")

CONDITIONS = frozenset(
    {
        "entity",
        "subject_types",
        "not_subject_types",
        "provinces",
        "has",
        "lacks",
        "option",
        "consent_basis",
        "instrument",
        "setting",
    }
)


@dataclass(frozen=True)
class RenderedText:
    blocks: tuple[Block, ...]
    text: str
    """Canonical: NFC, LF, from the title to the consent record, without the line that says how it was signed."""
    sha256: str
    notice: str
    """The data protection notice alone, as it was shown."""
    notice_sha256: str
    consents: dict[str, str]
    """What is agreed to, in the words of the text: by id, `processing` and `publication`."""


def template_hash(content: dict[str, Any]) -> str:
    """SHA-256 over the whole template, whatever order its keys were stored in."""
    plain = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256_hex(unicodedata.normalize("NFC", plain).encode())


def render_wording(content: dict[str, Any], context: WordingContext) -> RenderedText:
    """The signed text for one signer. A placeholder without value is refused: nothing may be signed with a gap."""
    filler = _Filler(content, context)
    blocks = tuple(_blocks(content, filler))
    notice = filler.fill(content["notice"]["text"])
    text = "\n".join(_canonical_line(block) for block in blocks)
    consents = {consent["id"]: filler.fill(consent["text"]) for consent in filler.chosen(content["consents"])}
    return RenderedText(blocks, text, sha256_hex(text.encode()), notice, sha256_hex(notice.encode()), consents)


def signature_line(content: dict[str, Any], kind: str, **values: str) -> str:
    """How it was signed, honestly. `values` fill the places of this kind's line, such as `thoi_gian`, `ma_tra_cuu`."""
    return _fill(content["signature_lines"][kind], {key: _one_line(value) for key, value in values.items()}, content)


def _blocks(content: dict[str, Any], filler: _Filler) -> Iterator[Block]:
    yield Block("title", content["title"])
    if content["subtitle"]:
        yield Block("subtitle", content["subtitle"])
    yield Block("addressee", filler.fill(content["addressee"]))
    for row in filler.chosen(content["party"]):
        yield Block("party", filler.fill(row["text"]), number=row["label"])
    basis = [filler.fill(item["text"]) for item in filler.chosen(content["basis"])]
    for index, line in enumerate(basis, 1):
        yield Block("basis", f"Căn cứ {line}{';' if index < len(basis) else ','}")
    yield Block("opening", filler.fill(content["opening"]))
    yield from _numbered("commitment", content["commitments"], filler)
    if content["responsibility"]:
        yield Block("heading", content["responsibility"]["heading"])
        yield from _numbered("responsibility", content["responsibility"]["items"], filler)
    for item in filler.chosen(content["notes"]):
        yield Block("note", filler.fill(item["text"]))
    yield Block("heading", content["notice"]["heading"])
    yield Block("notice", filler.fill(content["notice"]["text"]))
    for choice in filler.chosen(content["choices"]):
        yield Block("consent", filler.fill(choice["text"]), checked=choice["id"] in filler.context.options)
    for consent in filler.chosen(content["consents"]):
        given = getattr(filler.context.consents, consent["id"])
        yield Block("consent", filler.fill(consent["text"]), checked=given)


def _numbered(
    kind: Literal["commitment", "responsibility"], items: list[dict[str, Any]], filler: _Filler
) -> Iterator[Block]:
    for number, item in enumerate(filler.chosen(items), 1):
        yield Block(kind, filler.fill(item["text"]), number=f"{number}.")


def _canonical_line(block: Block) -> str:
    if block.kind == "party":
        return f"{block.number}: {block.text}"
    if block.kind == "consent":
        return f"[{'x' if block.checked else ' '}] {block.text}"
    return f"{block.number} {block.text}" if block.number else block.text


class _Filler:
    """Knows the values of the placeholders and which conditions hold."""

    def __init__(self, content: dict[str, Any], context: WordingContext) -> None:
        self.content = content
        self.context = context
        self.values = {name: _one_line(value) for name, value in placeholder_values(context).items()}
        self.present = {name for name, value in self.values.items() if value}
        settings = context.settings
        self.known: dict[str, set[str]] = {
            "entity": {context.entity_kind},
            "subject_types": set(context.subject_types),
            "provinces": {context.province_code},
            "option": set(context.options),
            "consent_basis": {settings.consent_basis},
            "instrument": {content["instrument"]},
            "setting": {item.name for item in fields(settings) if getattr(settings, item.name) is True},
        }

    def chosen(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [item for item in items if all(self.holds(key, words) for key, words in item["when"].items())]

    def holds(self, condition: str, words: list[str]) -> bool:
        """A condition holds when any of its words does, except that `has` and `lacks` mean every word."""
        if condition == "has":
            return self.present.issuperset(words)
        if condition == "lacks":
            return self.present.isdisjoint(words)
        if condition == "not_subject_types":
            return self.known["subject_types"].isdisjoint(words)
        return not self.known[condition].isdisjoint(words)

    def fill(self, parts: list[dict[str, Any]]) -> str:
        return _fill(join_parts([part["text"] for part in self.chosen(parts)]), self.values, self.content)


def join_parts(parts: list[str]) -> str:
    """One sentence: a blank between the parts, except before a punctuation mark."""
    sentence = ""
    for part in parts:
        blank = " " if sentence and part[:1] not in ",;:.)" else ""
        sentence += blank + part
    return sentence


def _fill(template: str, values: dict[str, str], content: dict[str, Any]) -> str:
    """Filled in one pass, so that braces which a signer typed stay what they are."""

    def value_of(match: re.Match[str]) -> str:
        value = values.get(match[1], "")
        if not value:
            raise DataError(
                N_("Mẫu %(text_id)s thiếu giá trị cho chỗ điền “%(name)s”."), text_id=content["text_id"], name=match[1]
            )
        return value

    return unicodedata.normalize("NFC", PLACEHOLDER.sub(value_of, template))


def _one_line(value: str) -> str:
    return " ".join(unicodedata.normalize("NFC", value).split())
