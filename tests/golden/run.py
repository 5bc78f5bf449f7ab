#!/usr/bin/env python3
"""Golden cases: what a person types, and every byte of what comes back.

A case is a folder with `command` (one line: arguments of tidelab, as a shell would split them) and the files
that it names (a folder `state` holds records of labs that are up; `stdin` is what is piped in, `env` more variables); `stdout`, `stderr` and `code` say what must come back. Only the version of the program is
normalised. `--accept` writes what came back into the cases, and is never a pass: a person reads the difference first."""

import argparse
import difflib
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
HOME = HERE.parent.parent
EXPECTED = ("stdout", "stderr", "code")
VERSION = re.compile(r"tidelab \d+\.\d+\.\d+\S* \([^)\n]*\)")


def normalise(raw):
    # Bytes that are no text stay visible and comparable.
    return VERSION.sub("tidelab VERSION", raw.decode("utf-8", "backslashreplace"))


def run_case(case, binary):
    """What came back, by name of the file that should say so."""
    with tempfile.TemporaryDirectory(prefix="tidelab-golden-") as scratch:
        scratch = pathlib.Path(scratch)
        work = scratch / "case"
        shutil.copytree(case, work, ignore=shutil.ignore_patterns(*EXPECTED, "command", "stdin", "env"))
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(scratch / "home"), "TIDELAB_HOME": str(HOME),
               "XDG_STATE_HOME": str(work / "state" if (work / "state").is_dir() else scratch / "state"), "XDG_CACHE_HOME": str(scratch / "cache")}
        if (case / "env").exists():
            env.update(line.split("=", 1) for line in (case / "env").read_text().split())
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LLVM_PROFILE_FILE"):
            if name in os.environ:
                env[name] = os.environ[name]
        argv = [binary] + [each.replace("$HOME", str(HOME)) for each in shlex.split((case / "command").read_text())]
        try:
            piped = {"input": (case / "stdin").read_bytes()} if (case / "stdin").exists() else {"stdin": subprocess.DEVNULL}
            done = subprocess.run(argv, cwd=work, env=env, capture_output=True, timeout=120, **piped)
        except subprocess.TimeoutExpired:
            return {"stdout": "", "stderr": "the golden runner gave up after 120 s\n", "code": "none\n"}
        return {"stdout": normalise(done.stdout).replace(str(HOME), "$HOME"), "stderr": normalise(done.stderr).replace(str(HOME), "$HOME"),
                "code": f"{done.returncode}\n"}


def expected_of(case):
    return {name: (case / name).read_text() if (case / name).exists() else None for name in EXPECTED}


def complaint(case, expected, found):
    lines = [f"FAILED {case.relative_to(HERE)}: tidelab {(case / 'command').read_text().strip()}"]
    for name in EXPECTED:
        if expected[name] is None:
            lines.append(f"  there is no file `{name}`; run with --accept and read it")
        elif expected[name] != found[name]:
            diff = difflib.unified_diff(expected[name].splitlines(), found[name].splitlines(), f"{name} expected", f"{name} found", lineterm="")
            lines += ["  " + each for each in diff]
            if expected[name].splitlines() == found[name].splitlines():
                lines.append(f"  {name}: only the end of the last line differs")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description="runs the golden cases")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--accept", action="store_true", help="write what came back into the cases; never a pass")
    parser.add_argument("only", nargs="*", help="only cases whose path begins with one of these")
    args = parser.parse_args()
    cases = sorted(each.parent for each in HERE.rglob("command"))
    cases = [c for c in cases if not args.only or any(str(c.relative_to(HERE)).startswith(o) for o in args.only)]
    binary = str(pathlib.Path(args.binary).resolve())
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda case: run_case(case, binary), cases))
    passed = failed = changed = 0
    for case, found in zip(cases, results):
        expected = expected_of(case)
        if expected == found:
            passed += 1
            continue
        failed += 1
        if args.accept:
            changed += 1
            for name in EXPECTED:
                (case / name).write_text(found[name])
            print(f"accepted {case.relative_to(HERE)}")
        else:
            print(complaint(case, expected, found))
    print(f"{passed} passed, {failed} failed")
    if args.accept:
        print(f"--accept: {changed} cases rewritten; read the difference, then run without it. This run is not a pass.")
        return 1
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
