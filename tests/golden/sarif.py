#!/usr/bin/env python3
"""SARIF of `validate` against the standard's own JSON Schema, with a stock validator.

The schema comes from the Go module registry, inside of a module that carries it unchanged; nothing of it is kept here.
Every golden topology goes through, so every diagnostic does. What the schema cannot say, and uploads to code scanning
ask for, is checked by hand: at least one location each, encoded URIs, places that are inside of the file."""

import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
HOME = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / "support")]
from cases import all_cases  # noqa: E402

MODULE = "github.com/owenrumney/go-sarif/v3@v3.3.1"


def fetch_schema():
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"}
    if shutil.which("go") is None:
        sys.exit(f"the schema comes from the Go module {MODULE}, and there is no `go`: ./run.sh says what to install")
    done = subprocess.run(["go", "mod", "download", "-json", MODULE], capture_output=True, text=True, env=env, cwd="/")
    if done.returncode != 0:
        sys.exit(f"the schema could not be had from {MODULE}: {done.stdout}{done.stderr}")
    source = (pathlib.Path(json.loads(done.stdout)["Dir"]) / "pkg/report/v210/sarif/schema.go").read_text()
    text = source[source.index("`") + 1:source.rindex("`")].replace('` + "`" + `', "`")
    schema = json.loads(text)
    if "sarif-schema-2.1.0" not in schema["id"]:
        sys.exit(f"this is another schema: {schema['id']}")
    return schema


def regions_of(log):
    for run in log["runs"]:
        for result in run["results"]:
            for place in result["locations"] + result.get("relatedLocations", []):
                yield result, place["physicalLocation"]


def check_by_hand(log, folder):
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    prints = [result["partialFingerprints"]["tidelabDiagnostic/v1"] for result in run["results"]]
    if len(set(prints)) != len(prints):
        yield "two results have one fingerprint"
    for rule in run["tool"]["driver"]["rules"]:
        if not rule.get("shortDescription", {}).get("text") or not rule.get("help", {}).get("text"):
            yield f"rule {rule['id']} has no description"
    for result in run["results"]:
        if rules[result["ruleIndex"]] != result["ruleId"]:
            yield f"{result['ruleId']} points at the rule {rules[result['ruleIndex']]}"
        if not result["locations"]:
            yield f"{result['ruleId']} has no location"
    for result, place in regions_of(log):
        uri = place["artifactLocation"]["uri"]
        if not re.fullmatch(r"(?:file://)?(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri):
            yield f"`{uri}` is not an encoded URI"
        path = folder / urllib.parse.unquote(uri)
        region = place.get("region")
        if region is None or not path.is_file():
            continue
        lines = path.read_bytes().decode("utf-8-sig", "surrogateescape").split("\n")
        units = len(lines[region["startLine"] - 1].encode("utf-16-le", "surrogatepass")) // 2
        if not 1 <= region["startColumn"] <= region["endColumn"] <= units + 1:
            yield f"{result['ruleId']}: columns {region['startColumn']} to {region['endColumn']} of a line with {units}"


def runs_of(cases, scratch):
    """Folder, arguments and what is piped in. Plain cases go together: one log may be of many files, and the program reads
    its playbooks once for them."""
    plain, out = [], []
    for case in cases:
        if not case.command.startswith("validate ") or case.code == "64":
            continue
        folder = scratch / case.name
        folder.mkdir(parents=True)
        case.lay_out(folder)
        if case.command == "validate lab.yaml":
            plain.append(f"{case.name}/lab.yaml")
            continue
        argv = [word.replace("$HOME", str(HOME)) for word in shlex.split(case.command)]
        while "--format" in argv:
            del argv[argv.index("--format"):argv.index("--format") + 2]
        piped = {"input": case.files["stdin"]} if "stdin" in case.files else {"stdin": subprocess.DEVNULL}
        out.append((folder, argv, piped))
    for at in range(0, len(plain), 20):
        out.append((scratch, ["validate", *plain[at:at + 20]], {"stdin": subprocess.DEVNULL}))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    binary = str(pathlib.Path(parser.parse_args().binary).resolve())
    validator = jsonschema.Draft4Validator(fetch_schema())
    scratch = tempfile.TemporaryDirectory(prefix="tidelab-sarif-")
    runs = runs_of(all_cases(), pathlib.Path(scratch.name))

    def look(run):
        folder, argv, piped = run
        done = subprocess.run([binary, *argv, "--format", "sarif"], cwd=folder, env={**os.environ, "TIDELAB_HOME": str(HOME)}, capture_output=True, **piped)
        if done.returncode not in (0, 65):
            return run, 0, [f"exit code {done.returncode}: {done.stderr.decode(errors='replace')}"]
        log = json.loads(done.stdout)
        faults = [f"{'/'.join(map(str, each.absolute_path))}: {each.message[:300]}" for each in validator.iter_errors(log)]
        return run, len(log["runs"][0]["results"]), faults + list(check_by_hand(log, folder))

    results = failed = 0
    with ThreadPoolExecutor(2) as pool:
        for (folder, argv, _), count, faults in pool.map(look, runs):
            results += count
            failed += bool(faults)
            for fault in faults:
                print(f"FAILED in {folder}, {shlex.join(argv)}: {fault}")
    print(f"{len(runs)} logs with {results} results, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
