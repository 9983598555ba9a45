"""Refusals of the documents area."""

from __future__ import annotations

from pledges.core.errors import N_, DomainError


class SealUnavailable(DomainError):
    """The seal must not be used now; the sentence says why. Pledges wait as "chờ niêm phong" until it may."""

    status = 503


class AgencyKeyUnavailable(SealUnavailable):
    """The key of an agency must not be used now; what it should countersign waits until it may."""


class CannotCountersign(DomainError):
    """The file is not one that an agency can sign: not sealed, without the agency's field, or signed already."""

    status = 409


class StorageUnavailable(DomainError):
    """Files cannot be kept safely now."""

    status = 503


class DocumentDamaged(DomainError):
    """The stored bytes are not those that were stored, or they are gone; only a back-up helps."""

    status = 500

    def __init__(self, sha256: str) -> None:
        super().__init__(
            N_("Tệp đã lưu %(sha256)s bị mất hoặc bị hỏng. Hãy khôi phục tệp này từ bản sao lưu."), sha256=sha256
        )
