"""What pgBackRest, which copies PostgreSQL without a pause, says about its own backups."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pledges.continuity.manifest import NotPossible


@dataclass(frozen=True)
class Continuous:
    """The last backup of a stanza, and how far its archive of changes reaches."""

    label: str
    ended_at: datetime
    archived_to: str
    """The last file of changes in the archive; from the backup up to there any moment can be restored."""


def ask_pgbackrest(stanza: str) -> Continuous:
    program = shutil.which("pgbackrest")
    if program is None:
        raise NotPossible("pgbackrest is not installed on this machine; ask it where it runs.")
    done = subprocess.run(  # noqa: S603 - our own words, no shell
        [program, f"--stanza={stanza}", "--output=json", "info"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NotPossible(f"pgbackrest failed: {(done.stderr or done.stdout).strip().partition(chr(10))[0]}")
    return read_info(done.stdout, stanza)


def read_info(said: str, stanza: str) -> Continuous:
    """The answer of `pgbackrest --output=json info`; refused where the stanza is not well or has no sound backup."""
    try:
        found: list[dict[str, Any]] = [each for each in json.loads(said) if each["name"] == stanza]
        if not found:
            raise NotPossible(f"pgbackrest knows no stanza {stanza}.")
        status = found[0]["status"]
        if status["code"] != 0:
            raise NotPossible(f"pgbackrest says about {stanza}: {status['message']}.")
        sound = [each for each in found[0]["backup"] if not each.get("error")]
        if not sound:
            raise NotPossible(f"pgbackrest has no sound backup of {stanza}.")
        last = max(sound, key=lambda each: each["timestamp"]["stop"])
        archive = max((each.get("max") or "" for each in found[0].get("archive", [])), default="")
        return Continuous(last["label"], datetime.fromtimestamp(last["timestamp"]["stop"], UTC), archive)
    except (ValueError, KeyError, TypeError) as error:
        raise NotPossible(f"The answer of pgbackrest cannot be read ({type(error).__name__}).") from error
