#!/usr/bin/env python3
"""version_test.py BINARY: the version stands in CMakeLists.txt; the program prints it, the newest heading of the CHANGELOG has it, and
so has the tag of a commit that is a release, whose heading then has a date."""
import pathlib
import re
import subprocess
import sys

BINARY, ROOT = sys.argv[1], pathlib.Path(__file__).resolve().parents[2]
version = re.search(r"^project\(tidelab VERSION (\d+\.\d+\.\d+) ", (ROOT / "CMakeLists.txt").read_text(), re.M)[1]
printed = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True).stdout
page = subprocess.run([BINARY, "help", "--format", "man"], capture_output=True, text=True, check=True).stdout
heading = re.search(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.M)[1]
git = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "tag", "--points-at", "HEAD", "v*"], cwd=ROOT, capture_output=True, text=True)
found = []
if not printed.startswith(f"tidelab {version} ("):
    found.append(f"--version prints {printed!r}")
if f'"tidelab {version}"' not in page.splitlines()[0]:
    found.append(f"the manual begins with {page.splitlines()[0]!r}")
if not re.fullmatch(rf"{re.escape(version)} – (unreleased|\d{{4}}-\d\d-\d\d)", heading):
    found.append(f"the newest heading of CHANGELOG.md is {heading!r}")
for tag in git.stdout.split():
    if tag != f"v{version}":
        found.append(f"this commit has the tag {tag}")
    elif heading.endswith("unreleased"):
        found.append(f"this commit is the release {tag}, and CHANGELOG.md does not say when")
for each in found:
    print(f"CMakeLists.txt says {version}, and {each}")
print(f"{version}, {len(found)} faults")
sys.exit(1 if found else 0)
