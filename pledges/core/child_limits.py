"""What a process that opens files from strangers may use up. It caps itself before it reads anything."""

from __future__ import annotations

import resource


def cap(*, cpu_seconds: int, memory: int) -> None:
    """End this process after so many seconds of work; let it have so many bytes and write no file at all."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
