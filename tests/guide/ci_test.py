#!/usr/bin/env python3
"""ci_test.py BINARY: the examples for CI services say only what tidelab takes, and keep the report also of a job that failed."""
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import yaml

BINARY, FOLDER = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(__file__).resolve().parents[2] / "docs/ci"
FOUND = []


def check(good, what):
    if not good:
        FOUND.append(what)


def commands_of(lines):
    return [line.strip() for line in lines if re.match(r"\s*tidelab ", line)]


def are_taken(where, commands, scratch):
    """As typed, with `--help` behind: who reads that has understood all options before it; then what can be done without a lab."""
    kinds = [command.split()[1] for command in commands]
    check(kinds == ["validate", "smoke"], f"{where} runs {kinds}")
    for command in commands:
        words = shlex.split(command)[1:]
        flags = subprocess.run([BINARY, "complete", words[0], "-"], capture_output=True, text=True).stdout.splitlines()
        flags = {line.split("\t")[0] for line in flags}
        check({word for word in words if word.startswith("-")} <= flags, f"{where}: {command}: an option that there is not")
        done = subprocess.run([BINARY, *words, "--help"], capture_output=True, text=True, cwd=scratch)
        check(done.returncode == 0, f"{where}: {command}: {done.stderr}")
        if words[0] == "validate":
            done = subprocess.run([BINARY, *words], capture_output=True, text=True, cwd=scratch)
            check(done.returncode == 0, f"{where}: {command}: {done.stderr}")
        check(words[0] != "smoke" or words[-2:] == ["--report", "out"], f"{where}: {command}: the report is elsewhere")


with tempfile.TemporaryDirectory(prefix="tidelab-ci-") as scratch:
    template = subprocess.run([BINARY, "template", "one_host"], capture_output=True, text=True, check=True).stdout
    (pathlib.Path(scratch) / "lab.yaml").write_text(template)

    github = yaml.safe_load((FOLDER / "github.yml").read_text())
    (job,) = github["jobs"].values()
    lines = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
    are_taken("github.yml", commands_of(lines), scratch)
    kept = [step for step in job["steps"] if step.get("uses", "").startswith("actions/upload-artifact@")]
    check([(step.get("if"), step["with"]["path"]) for step in kept] == [("always()", "out")], "github.yml keeps no report of a job that failed")
    check(job["steps"].index(kept[0]) == len(job["steps"]) - 1, "github.yml keeps the report before there is one")

    (job,) = yaml.safe_load((FOLDER / "gitlab.yml").read_text()).values()
    are_taken("gitlab.yml", commands_of(job["script"]), scratch)
    for each in ("before_script", "script", "after_script"):
        done = subprocess.run(["sh", "-n"], input="\n".join(job[each]), capture_output=True, text=True)
        check(done.returncode == 0, f"gitlab.yml: {each}: {done.stderr}")
    kept = job["artifacts"]
    check((kept["when"], kept["paths"], kept["reports"]["junit"]) == ("always", ["out"], "out/junit.xml"), "gitlab.yml keeps no report of a job that failed")

    jenkins = (FOLDER / "Jenkinsfile").read_text()
    are_taken("Jenkinsfile", commands_of(re.findall(r"^\s*sh '([^']*)'$", jenkins, re.M)), scratch)
    always = re.search(r"\bpost \{\s*always \{(.*?)\}", jenkins, re.S)
    check(always and "'out/junit.xml'" in always[1] and "'out/**'" in always[1], "Jenkinsfile keeps no report of a job that failed")
    check(jenkins.count("{") == jenkins.count("}") and jenkins.count("(") == jenkins.count(")"), "Jenkinsfile: braces do not match")

for each in FOUND:
    print(each)
print(f"3 examples, {len(FOUND)} faults")
sys.exit(1 if FOUND else 0)
