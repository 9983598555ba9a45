"""Named boundaries at which a test may kill the process, to prove that nothing is left half done."""

from __future__ import annotations

import os
import signal


def crash_point(name: str) -> None:
    """Die here, as after a power cut, if `PLEDGES_CRASH_AT` names this point; production ignores that variable."""
    if os.environ.get("PLEDGES_CRASH_AT") != name:
        return
    if os.environ.get("PLEDGES_ENV", "development").strip() != "production":
        os.kill(os.getpid(), signal.SIGKILL)
