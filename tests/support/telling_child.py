"""Tells, in the shape of an answer, under which conditions the child of `verification_upload` runs."""

import json
import os
import resource

from pledges.core.child_limits import cap
from pledges.documents.verification_child import CPU_SECONDS, MOST_MEMORY

if __name__ == "__main__":
    cap(cpu_seconds=CPU_SECONDS, memory=MOST_MEMORY)
    told = {
        "environment": " ".join(sorted(set(os.environ) - {"LC_CTYPE"})),
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
        "seconds": resource.getrlimit(resource.RLIMIT_CPU)[0],
        "files": resource.getrlimit(resource.RLIMIT_FSIZE)[0],
    }
    shape = {"field": "", "when": None, "covers": "unclear", "intact": True}
    signatures = [{"who": f"{name}={value}", **shape} for name, value in told.items()]
    print(json.dumps({"readable": True, "encrypted": False, "links": [], "signatures": signatures}))  # noqa: T201
