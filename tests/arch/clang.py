#!/usr/bin/env python3
"""clang's view of every file that a build compiles: a second compiler refuses what the first lets pass (a lambda that captures a
structured binding), and the sanitizers' fuzz build would be the first to say so. Each file is compiled alone, as a build for working
on it would, where the build of the tests takes many together and would not miss an include. The flags are those of such a build: it
is configured here, and its compile_commands.json read. One line a file that is refused, then `N files, M refused`; exit 1 on any."""

import argparse
import json
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def flags_of(command):
    """The arguments without the compilers in front and what says where the object goes."""
    words = iter(shlex.split(command))
    out = []
    for word in words:
        if word in ("-o", "-MF", "-MT", "-MQ"):
            next(words)
        elif out or word.startswith("-"):
            out.append(word)
    return [word for word in out if word not in ("-c", "-MD", "-MMD")]


def refusal(clang, entry):
    command = [clang, "-fsyntax-only", "-Wno-unknown-warning-option", *flags_of(entry["command"])]
    out = subprocess.run(command, cwd=entry["directory"], capture_output=True, text=True)
    if out.returncode == 0:
        return None
    return next((line for line in out.stderr.splitlines() if "error:" in line), f"{entry['file']}: {out.stderr[:200]}")


def configure(root, build):
    made = subprocess.run(["cmake", "-S", root, "-B", build, "--preset", "dev", "-DCMAKE_UNITY_BUILD=OFF"], capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(f"{root} cannot be configured:\n{made.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", help="sources; without them, the build was configured")
    parser.add_argument("--build", required=True, help="where compile_commands.json is, or is made")
    parser.add_argument("--clang", default="clang++-14")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.root:
        configure(options.root, options.build)
    entries = json.loads((Path(options.build) / "compile_commands.json").read_text())
    if options.root:
        # What the build makes is not there yet, and nobody wrote it.
        entries = [each for each in entries if not Path(each["directory"], each["file"]).resolve().is_relative_to(Path(options.build).resolve())]
    if not entries:
        sys.exit(f"{options.build} compiles nothing: nothing was checked")
    with ThreadPoolExecutor(options.jobs) as pool:
        refused = [said for said in pool.map(lambda entry: refusal(options.clang, entry), entries) if said]
    print(*refused, f"{len(entries)} files, {len(refused)} refused", sep="\n")
    sys.exit(1 if refused else 0)


if __name__ == "__main__":
    main()
