#!/usr/bin/env python3
"""Several hosts, over ssh: run.py [NAME…]. Toys first, for what happens to services on a host; then the reference lab
on four hosts. The last line is `N passed, M failed`."""
import subprocess
import sys
import time
import traceback

import supervision
from lab import Wrong


def main(names):
    tests = supervision.TESTS
    passed = failed = 0
    for test in [t for t in tests if not names or t.__name__ in names]:
        began = time.monotonic()
        try:
            test()
            passed += 1
            verdict = "passed"
        except (Wrong, subprocess.SubprocessError, OSError, KeyError, ValueError) as error:
            failed += 1
            verdict = "FAILED"
            print("".join(traceback.format_exception(error))[-8000:], flush=True)
        print(f"{verdict}  {test.__name__}  {time.monotonic() - began:.0f} s", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
