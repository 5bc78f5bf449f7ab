#!/usr/bin/env python3
"""Holds the agent's scripts (src/agent) to what every sh understands: shellcheck over all of it as one program, as hosts get it, so
that a variable that no file sets is seen; every file read by each shell that is here; each part of the layout that live code cuts
(functions, texts) at a line's beginning; and no component's name. One line a violation, then `N scripts, M violations`."""

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

# Why each is not told. 1007: `a= b=c` empties a. 2015: `A && B || C` where B may fail, too. 2094: awk reads a file twice, before the
# other one writes. 2010, 2012: `ls -l` of /proc. 2030, 2031: `p` is local to a subshell, as it is meant. 3045: every sh here has
# `ulimit -S`; where not, the fact is missing.
NOT_TOLD = "SC1007,SC2015,SC2094,SC2010,SC2012,SC2030,SC2031,SC3045"
SHELLS = ["dash", "bash", "busybox", "ksh"]
# What C++ puts before: see agent::script() and agent::looks_function().
GIVEN = ["S", "O", "U", "M", "up_first"]
# What C++ asks of it: see agent::unless_settled().
TAKEN = ["in_place", "unsure"]
# A function begins and ends at a line's beginning, or stands on one line; other lines at a line's beginning are assignments, settings or
# remarks: as src/agent/parts.hpp reads it.
BEGINS = re.compile(r"[A-Za-z_0-9]+\(\) [({]")


def shells():
    for name in SHELLS:
        if not shutil.which(name):
            sys.exit(f"{name} is missing: install it")
        yield [name, "sh"] if name == "busybox" else [name]


def layout(path, lines):
    inside = None
    for number, line in enumerate(lines, 1):
        if inside:
            if line[:1] in "})" and line[:1]:
                inside = None
            elif line and BEGINS.match(line):
                yield number, f"{inside} has no end before this"
        elif BEGINS.match(line):
            if "; }" not in line:
                inside = line.split("(")[0]
        elif line and not re.match(r"#|[A-Za-z_]+=|set -|umask |'$", line):
            yield number, "neither a function, a remark nor a setting: what is needed goes with each command"
    if inside:
        yield len(lines), f"{inside} has no end at a line's beginning"


def whole(scripts):
    """All functions as one program, and of each of its lines where it came from."""
    text, places = [], []
    texts = [p.stem for p in scripts if p.parent.name == "as_account"]
    for name in GIVEN + texts:
        text.append(f"{name}=x; export {name}")
        places.append(None)
    for path in scripts:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            text.append(line)
            places.append((path, number))
    text.append(": " + " ".join(f'"${name}"' for name in TAKEN))
    places.append(None)
    return "\n".join(text) + "\n", places


def shellcheck(text, name):
    command = ["shellcheck", "-s", "sh", "-e", NOT_TOLD, "-f", "json", "-"]
    out = subprocess.run(command, input=text, capture_output=True, text=True)
    if out.returncode not in (0, 1):
        sys.exit(f"shellcheck on {name}: {out.stderr}")
    return json.loads(out.stdout)


def violations(root):
    folder = root / "src" / "agent"
    functions = [folder / "begin.sh"] + sorted(p for p in folder.glob("*.sh") if p.name != "begin.sh") + sorted(folder.glob("as_account/*.sh"))
    programs = sorted(folder.glob("programs/*.sh"))
    if len(functions) < 10 or len(programs) < 3:
        sys.exit(f"{folder} holds {len(functions)} scripts and {len(programs)} programs: where are they?")
    for path in functions + programs:
        lines = path.read_text().splitlines()
        if not lines or not lines[0].startswith("# "):
            yield path, 1, "its first line says what it is for"
        if path in functions:
            yield from ((path, number, what) for number, what in layout(path, lines))
        for shell in shells():
            read = subprocess.run(shell + ["-n", str(path)], capture_output=True, text=True)
            if read.returncode:
                yield path, 1, f"{shell[0]} cannot read it: {read.stderr.strip()}"
    text, places = whole(functions)
    for each in shellcheck(text, "the agent"):
        path, number = places[each["line"] - 1] or (folder, 0)
        yield path, number, f"SC{each['code']}: {each['message']}"
    for path in programs:
        for each in shellcheck(path.read_text(), path.name):
            yield path, each["line"], f"SC{each['code']}: {each['message']}"
    names = {}
    for path in functions:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if BEGINS.match(line):
                name = line.split("(")[0]
                if name in names:
                    yield path, number, f"{name} is in {names[name]}, too"
                names[name] = path.name


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, type=Path)
    root = parser.parse_args().root.resolve()
    count = 0
    for path, number, what in violations(root):
        count += 1
        print(f"{path.relative_to(root)}:{number}: {what}")
    print(f"{len(list((root / 'src/agent').rglob('*.sh')))} scripts, {count} violations")
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
