#!/usr/bin/env python3
"""Several hosts, over ssh: run.py [NAME…]. Toys first, for what happens to services on a host; then the reference lab
on four hosts. The last line is `N passed, M failed`."""
import os
import re
import signal
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import access
import archive
import attacks
import controllers
import distributions
import homes
import hostile
import interruption
import odd_hosts
import oddities
import official
import preflight
import reference
import shrinking
import supervision
from lab import Hosts, Wrong

BESIDE = 3  # with more, two cores are what is waited for
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


ROOMS = (preflight, supervision, archive, access, interruption, controllers, oddities, odd_hosts, homes, hostile, attacks, official, shrinking, distributions)


def here(names):
    """In this process, in order."""
    results = [told(test) for room in ROOMS for test in room.TESTS if test.__name__ in names]
    steps = [step.__name__ for step in reference.STEPS]
    if any(name in steps for name in names):
        try:
            results += four_hosts([name for name in names if name in steps])
        except FAULTS as error:
            print("".join(traceback.format_exception(error))[-8000:], flush=True)
            results.append(False)
    return results


def side_by_side():
    """Each test has hosts, networks and directories of its own, and most of its time is waiting: so some run at once, each in a
    process of its own, beside the lab on four hosts, whose steps belong together."""
    jobs = [[step.__name__ for step in reference.STEPS], *([test.__name__] for room in ROOMS for test in room.TESTS)]
    running, results = set(), []

    def run(names):
        child = subprocess.Popen([sys.executable, __file__, *names], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        running.add(child)
        try:
            said, _ = child.communicate()
        finally:
            running.discard(child)
        counts = re.search(r"^(\d+) passed, (\d+) failed\n\Z", said, re.M)
        print(said[: counts.start()] if counts else f"{said}FAILED  {' '.join(names)} did not come to its end: {child.returncode}", end="" if counts else "\n", flush=True)
        return (int(counts[1]), int(counts[2])) if counts else (0, 1)

    def stop(*_):
        for child in list(running):
            child.terminate()
        for child in list(running):
            child.wait()
        os._exit(143)

    signal.signal(signal.SIGTERM, stop)
    with ThreadPoolExecutor(BESIDE) as pool:
        results = list(pool.map(run, jobs))
    return [True] * sum(good for good, _ in results) + [False] * sum(bad for _, bad in results)


def main(names):
    results = here(names) if names else side_by_side()
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the hosts go, too
    sys.exit(main(sys.argv[1:]))
