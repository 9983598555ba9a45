"""What tests of the public log share: checkpoints as the worker signs them, and the program that strangers run."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
from pathlib import Path
from types import ModuleType
from typing import Any

from pledges.product import Product
from pledges.transparency.checkpoints import LEAST_PAUSE, sign_checkpoint
from pledges.transparency.keys import LogKey
from pledges.transparency.models import Checkpoint
from tests.support.clock import FixedClock

PROGRAM = Path(__file__).parents[2] / "static" / "log" / "check_pledge_log.py"


def signed(product: Product, clock: FixedClock) -> Checkpoint:
    """A new checkpoint over all that was entered."""
    key, now = LogKey.from_settings(product.settings), clock.advance(LEAST_PAUSE)
    made = product.database.run(lambda session: sign_checkpoint(session, key, now))
    assert made is not None
    return made


def program() -> ModuleType:
    """The file that people download; nothing of the product is imported by it."""
    spec = importlib.util.spec_from_file_location("check_pledge_log", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Journalist:
    """Somebody with the program and a folder, and no way to the database."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.program, self.said = folder, program(), ""

    def checks(self, content: Any, *options: str) -> int:
        """The exit status for this file; what was printed is in `said`."""
        file = self.folder / "given.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with contextlib.redirect_stdout(printed):
            status = int(self.program.main([str(file), *options]))
        self.said = printed.buffer.getvalue().decode()
        return status
