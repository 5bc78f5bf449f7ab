#!/usr/bin/env python3
"""Golden cases: what a person types, and every byte of what comes back.

A case is a file, NAME.case, as tests/support/cases.py describes it. Only the version of the program is normalised. `--accept` writes
what came back into the cases, and is never a pass: a person reads the difference first."""

import argparse
import difflib
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
HOME = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / "support")]
from cases import OUTPUT, all_cases  # noqa: E402

VERSION = re.compile(r"tidelab \d+\.\d+\.\d+\S* \([^)\n]*\)")


def normalise(raw):
    # Bytes that are no text stay visible and comparable.
    return VERSION.sub("tidelab VERSION", raw.decode("utf-8", "backslashreplace"))


def run_case(case, binary):
    """What came back: the code, and both outputs."""
    with tempfile.TemporaryDirectory(prefix="tidelab-golden-") as scratch:
        scratch = pathlib.Path(scratch)
        work = scratch / "case"
        work.mkdir()
        case.lay_out(work)
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(scratch / "home"), "TIDELAB_HOME": str(HOME),
               "XDG_STATE_HOME": str(work / "state" if (work / "state").is_dir() else scratch / "state"), "XDG_CACHE_HOME": str(scratch / "cache")}
        env.update(line.split("=", 1) for line in case.files.get("env", b"").decode().split())
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LLVM_PROFILE_FILE"):
            if name in os.environ:
                env[name] = os.environ[name]
        argv = [binary] + [each.replace("$HOME", str(HOME)) for each in shlex.split(case.command)]
        piped = {"input": case.files["stdin"]} if "stdin" in case.files else {"stdin": subprocess.DEVNULL}
        try:
            done = subprocess.run(argv, cwd=work, env=env, capture_output=True, timeout=120, **piped)
        except subprocess.TimeoutExpired:
            return "none", {"stdout": "", "stderr": "the golden runner gave up after 120 s\n"}
        return str(done.returncode), {name: normalise(getattr(done, name)).replace(str(HOME), "$HOME") for name in OUTPUT}


def complaint(case, code, said):
    lines = [f"FAILED {case.name}: tidelab {case.command}"]
    if case.code is None:
        lines.append("  it does not say what must come back; run with --accept and read it")
    elif case.code != code:
        lines.append(f"  exit {case.code} expected, {code} found")
    for name in OUTPUT:
        if case.code is not None and case.said[name] != said[name]:
            before, now = case.said[name].splitlines(), said[name].splitlines()
            lines += ["  " + each for each in difflib.unified_diff(before, now, f"{name} expected", f"{name} found", lineterm="")]
            if before == now:
                lines.append(f"  {name}: only the end of the last line differs")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description="runs the golden cases")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--accept", action="store_true", help="write what came back into the cases; never a pass")
    parser.add_argument("only", nargs="*", help="only cases whose path begins with one of these")
    args = parser.parse_args()
    cases = [each for each in all_cases() if not args.only or any(each.name.startswith(one) for one in args.only)]
    binary = str(pathlib.Path(args.binary).resolve())
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda case: run_case(case, binary), cases))
    passed = failed = changed = 0
    for case, (code, said) in zip(cases, results):
        if (case.code, case.said) == (code, said):
            passed += 1
            continue
        failed += 1
        if args.accept:
            changed += 1
            case.code, case.said = code, said
            case.write()
            print(f"accepted {case.name}")
        else:
            print(complaint(case, code, said))
    print(f"{passed} passed, {failed} failed")
    if args.accept:
        print(f"--accept: {changed} cases rewritten; read the difference, then run without it. This run is not a pass.")
        return 1
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
