"""Processes that end when the test run that started them is killed, so that nothing is left behind."""

from __future__ import annotations

import ctypes
import signal
from collections.abc import Callable


def end_with_parent(by: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: Linux sends the signal when our process is gone."""
    library = ctypes.CDLL(None)
    pr_set_pdeathsig = 1

    def ask() -> None:
        library.prctl(pr_set_pdeathsig, by)

    return ask
