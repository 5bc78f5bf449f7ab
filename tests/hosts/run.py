#!/usr/bin/env python3
"""Several hosts, over ssh: run.py [NAME…]. Toys first, for what happens to services on a host; then the reference lab
on four hosts. The last line is `N passed, M failed`."""
import signal
import subprocess
import sys
import time
import traceback

import access
import archive
import controllers
import homes
import hostile
import interruption
import odd_hosts
import oddities
import official
import preflight
import reference
import supervision
from lab import Hosts, Wrong

FAULTS = (Wrong, subprocess.SubprocessError, OSError, KeyError, ValueError)


def told(test, *arguments):
    """Whether it held; says so, and why not."""
    began = time.monotonic()
    try:
        test(*arguments)
        verdict = "passed"
    except FAULTS as error:
        verdict = "FAILED"
        print("".join(traceback.format_exception(error))[-8000:], flush=True)
    print(f"{verdict}  {test.__name__}  {time.monotonic() - began:.0f} s", flush=True)
    return verdict == "passed"


def four_hosts(names):
    """On one lab, in order; the archives come first, since the controller's namespace has no way out."""
    results = []
    with Hosts(reference.HOSTS) as hosts:
        for file in (reference.FILE, reference.with_another_runtime(hosts)):
            hosts.fetch(file, *reference.ASSEMBLED)
        for step in reference.STEPS:
            if not names or step.__name__ in names:
                results.append(told(step, hosts))
    return results


def main(names):
    rooms = (preflight, supervision, archive, access, interruption, controllers, oddities, odd_hosts, homes, hostile, official)
    results = [told(test) for room in rooms for test in room.TESTS if not names or test.__name__ in names]
    if not names or any(step.__name__ in names for step in reference.STEPS):
        try:
            results += four_hosts(names)
        except FAULTS as error:
            print("".join(traceback.format_exception(error))[-8000:], flush=True)
            results.append(False)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the hosts go, too
    sys.exit(main(sys.argv[1:]))
