"""The product put together from its settings: what the web, the commands and the worker share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from pledges.core.calendar import Clock, clock_starting_at, system_clock
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.settings import Settings

if TYPE_CHECKING:
    from pledges.documents.sealing import Sealer
    from pledges.documents.storage import Storage


@dataclass(frozen=True)
class Product:
    settings: Settings
    database: Database
    clock: Clock
    vault: Vault
    storage: Storage
    sealer: Sealer

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        clock = clock_starting_at(settings.clock_start) if settings.clock_start else system_clock
        settings.var.mkdir(parents=True, exist_ok=True)
        return cls(
            settings=settings,
            database=Database(settings.database_url),
            clock=clock,
            vault=Vault(settings.data_key),
            storage=_storage(settings),
            sealer=_sealer(settings, clock),
        )


def _storage(settings: Settings) -> Any:
    try:
        from pledges.documents.storage import Storage
    except ImportError:
        return None
    return Storage(settings.storage)


def _sealer(settings: Settings, clock: Clock) -> Any:
    try:
        from pledges.documents.sealing import Sealer
    except ImportError:
        return None
    return Sealer.from_settings(settings, clock)
