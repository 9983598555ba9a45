"""The machine-readable copy: everything that the product holds about one signer, by one function."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from pledges.core.secrecy import Vault
from pledges.documents.errors import DocumentDamaged
from pledges.documents.models import Document
from pledges.documents.storage import Storage
from pledges.registry.operations import PERSONAL_NUMBER
from pledges.rights.sources import LEFT_OUT, NOT_IN_COPY, SOURCES
from pledges.rights.subjects import Subject, subject_of

FORMAT = "cam-ket-du-lieu-ca-nhan/1"
"""Of the JSON; grows when its shape changes."""

DATA_NAME = "du-lieu.json"

SECRET_COLUMNS = {"entity.personal_number": PERSONAL_NUMBER, "signature.network": "network"}
"""What is encrypted here and readable in the copy, with the purpose of its key."""

ABOUT = (
    "Tất cả dữ liệu mà hệ thống giữ về đối tượng này, theo từng bảng. Thời gian theo giờ UTC, dạng ISO 8601. "
    "Tệp PDF và ảnh nằm trong thư mục “tep”, đặt tên theo SHA-256."
)


def data_of(
    session: Session, province_code: str, entity_id: uuid.UUID, *, vault: Vault, now: datetime
) -> dict[str, Any]:
    """Everything, as JSON: per table its rows, and beside them what is left out and why."""
    subject = subject_of(session, province_code, entity_id)
    return {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "about": ABOUT,
        "tables": {table: [_row(one, vault) for one in source(session, subject)] for table, source in SOURCES.items()},
        "files": sorted({name for name, _kind in _files(session, subject)}),
        "left_out": {"tables": NOT_IN_COPY, "columns": LEFT_OUT},
    }


def zip_of(
    session: Session, storage: Storage, province_code: str, entity_id: uuid.UUID, *, vault: Vault, now: datetime
) -> bytes:
    """`data_of` with the PDFs and the pictures of what was signed by hand. A file that is lost is said to be."""
    subject = subject_of(session, province_code, entity_id)
    data = data_of(session, province_code, entity_id, vault=vault, now=now)
    packed = io.BytesIO()
    lost = []
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, kind in sorted(set(_files(session, subject))):
            try:
                archive.writestr(f"tep/{name}.{kind}", storage.get(name))
            except (OSError, DocumentDamaged):
                lost.append(name)
        data["files_not_readable"] = lost
        archive.writestr(DATA_NAME, json.dumps(data, ensure_ascii=False, indent=1))
    return packed.getvalue()


def _files(session: Session, subject: Subject) -> Iterable[tuple[str, str]]:
    documents: Iterable[Document] = SOURCES["document"](session, subject)
    yield from ((document.sha256, "pdf") for document in documents if document.erased_at is None)
    yield from ((name, "jpg") for pledge in subject.pledges for name in pledge.pictures)


def _row(one: Any, vault: Vault) -> dict[str, Any]:
    table = one.__table__.name
    mapper = one.__mapper__
    found = {}
    for column in one.__table__.columns:
        if column.name in LEFT_OUT:
            continue
        value = getattr(one, mapper.get_property_by_column(column).key)
        purpose = SECRET_COLUMNS.get(f"{table}.{column.name}")
        if purpose is not None and value is not None:
            value = vault.decrypt(purpose, value)
        found[column.name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        raise TypeError("bytes are decrypted by their purpose, or left out with a reason")
    return value
