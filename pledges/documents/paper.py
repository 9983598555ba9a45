"""A pledge as plain data: what is printed, in order, without knowledge of plans or of the web."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

BlockKind = Literal[
    "title",
    "subtitle",
    "addressee",
    "party",
    "basis",
    "opening",
    "commitment",
    "heading",
    "responsibility",
    "notice",
    "consent",
    "note",
]


PaperForm = Literal["pledge", "by_hand", "record"]
"""`pledge`: as it was signed; `by_hand`: printed to be signed with a pen, not sealed; `record`: what an agency says of
a pledge that was signed on paper without the service."""


@dataclass(frozen=True)
class Block:
    """One paragraph of the signed text. `number` is printed before commitments; `checked` only means something in a
    consent. A `party` block has the label in `number` and the value in `text`."""

    kind: BlockKind
    text: str
    number: str = ""
    checked: bool | None = None


@dataclass(frozen=True)
class PledgePaper:
    """Everything that stands on the paper. All text is NFC; nothing is markup."""

    language: str
    reference: str
    verification_url: str
    blocks: tuple[Block, ...]
    """From the title to the consent record: exactly what the rendered hash covers."""
    signature_lines: tuple[str, ...]
    """How it was signed, honestly; not covered by the rendered hash."""
    place_and_date: str
    signer_title: str
    signer_name: str
    agency_name: str
    template_hash: str
    rendered_hash: str
    text_version: str
    draft_wording: bool = False
    """The province has not approved the wording: DỰ THẢO on every page."""
    notes: tuple[str, ...] = field(default=())
    form: PaperForm = "pledge"
    pictures: tuple[str, ...] = field(default=())
    """SHA-256 of the pictures of the paper that was signed by hand, each on a page of its own behind the text."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        values = dict(data)
        values["blocks"] = tuple(Block(**block) for block in values["blocks"])
        values["signature_lines"] = tuple(values["signature_lines"])
        values["notes"] = tuple(values["notes"])
        values["pictures"] = tuple(values.get("pictures", ()))
        return cls(**values)
