# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs host QPCs and compares them with reference values, in a process that
can import no other implementation.

    python -m oracles.host_worker REQUEST.json

The request: {"library": libqeff_runtime.so, "jobs": [{"package": DIR,
"reference": NPZ, "rows": [[33], [7, 100, 1], ...], "steps": 40,
"threads": 2, "mode": "generate" | "calls", "adapter": NAME}]}. `rows` lists
the batches by prompt length; "generate" uses the runtime's generation, "calls" feeds its
functions by the schedule of the tests. Prints a JSON list, one result per
batch, as batches.check_batch gives it; "save" stores the logits.
"""

from __future__ import annotations

from . import blocking

blocking.install()

import json  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402

from . import batches, schedule  # noqa: E402
from .host_session import Session  # noqa: E402


def run_batch(session, mode, prompts, steps, forced):
    if mode == "generate":
        return session.generate(prompts, steps, forced)
    session.reset()
    return schedule.generate(
        session.run, prompts, session.batch, session.chunk, session.context,
        steps, forced,
    )


def main(path: str) -> int:
    request = json.loads(Path(path).read_text())
    results = []
    for job in request["jobs"]:
        with np.load(job["reference"]) as reference:
            session = Session(
                request["library"], job["package"], job.get("threads", 0)
            )
            session.use_adapter(job.get("adapter"))

            def generate(prompts, steps, forced):
                return run_batch(session, job["mode"], prompts, steps, forced)

            for lengths in job["rows"]:
                results.append(
                    batches.check_batch(
                        generate, reference, lengths, job["steps"]
                    )
                )
                if "save" in job:
                    rows = batches.row_logits(
                        generate, reference, lengths, job["steps"]
                    )
                    np.savez(job["save"], **rows)
            session.close()
    blocking.check()
    print(json.dumps(results))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
