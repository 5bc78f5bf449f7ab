#!/usr/bin/env python3
"""The JSON Schema of topologies, held against a validator of other people: every topology that `tidelab validate` takes must
fit it, and every mistake that a schema can see must be refused at its place. Also: docs/topology.md is what the playbooks say."""

import argparse
import copy
import os
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import jsonschema
    import yaml
except ImportError:
    # CMake may have found another Python than the distribution's, which has the packages.
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    sys.exit("this needs jsonschema and PyYAML: apt-get install python3-jsonschema python3-yaml")

HOME = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(HOME / "tests" / "support")]
from cases import all_cases  # noqa: E402


class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: `yes` is a text, 12:30 is no number, 2020-01-01 is no date."""


Loader.yaml_implicit_resolvers = {}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"), list("-+.0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])


class Run:
    def __init__(self, binary):
        self.binary, self.passed, self.failed = binary, 0, 0
        self.env = {"PATH": os.environ["PATH"], "TIDELAB_HOME": str(HOME), "HOME": "/nonexistent"}
        self.env.update({name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ})

    def tidelab(self, *argv, stdin=None):
        return subprocess.run([self.binary, *argv], input=stdin, capture_output=True, text=True, errors="replace", env=self.env, timeout=60)

    def check(self, good, what):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        if not good:
            print(f"FAILED {what}")


def told(validator, value):
    return "; ".join(f"{'/'.join(map(str, e.absolute_path))}: {e.message[:120]}" for e in validator.iter_errors(value))


def right_ones(run):
    """Name and text of every topology in the tree that the tool itself takes."""
    with tempfile.TemporaryDirectory(prefix="tidelab-schema-") as scratch:
        scratch = pathlib.Path(scratch)
        for case in all_cases():
            case.lay_out(scratch / case.name)
        for path in sorted(HOME.glob("topologies/*.yaml")) + sorted(scratch.glob("*/*/*.yaml")):
            if run.tidelab("validate", str(path)).returncode == 0:
                yield str(path.relative_to(scratch if scratch in path.parents else HOME)), path.read_text()
    yield "words in any case, and what is empty", """
global: {arch: X86_64, enable_tls: No, group: "", data_dir: , ssh_type: BUILTIN}
pd_servers: [{host: a, manage_host: "", ignore_exporter: Off, data_dir: ""}]
tikv_servers: [{host: a}]
"""
    for line in run.tidelab("template").stdout.splitlines():
        name = line.split()[0]
        yield f"template {name}", run.tidelab("template", name).stdout


# What is done to the one-host topology, and where the validator must see it.
def no_such_section(t): t["kafka_server"] = []
def no_such_key(t): t["kafka_servers"][0]["prot"] = 1
def no_such_global(t): t["global"]["usr"] = "x"
def no_such_component(t): t["component_versions"]["kafak"] = "2.7.0"
def no_host(t): del t["pd_servers"][0]["host"]
def no_jre(t): del t["kafka_servers"][0]["jre"]
def port_is_text(t): t["tidb_servers"][0]["port"] = "4000"
def port_too_large(t): t["tidb_servers"][0]["port"] = 65536
def port_is_zero(t): t["tidb_servers"][0]["port"] = 0
def port_is_fraction(t): t["tidb_servers"][0]["port"] = 4000.5
def port_in_host(t): t["tidb_servers"][0]["host"] = "10.0.0.1:22"
def blank_in_host(t): t["tidb_servers"][0]["host"] = "10.0.0.1 "
def dash_before_host(t): t["tidb_servers"][0]["host"] = "-oProxyCommand=x"
def section_is_mapping(t): t["tidb_servers"] = {"host": "10.0.0.1"}
def instance_is_text(t): t["tidb_servers"] = ["10.0.0.1"]
def not_an_ssh_type(t): t["global"]["ssh_type"] = "telnet"
def id_is_text(t): t["kafka_servers"][0]["id"] = "one"
def config_is_list(t): t["kafka_servers"][0]["config"] = ["a"]
def configs_of_nobody(t): t["server_configs"]["kafak"] = {}
def list_of_mappings(t): t["tidb_servers"][0]["init_sql"] = [{"a": 1}]
def bad_user(t): t["global"]["user"] = "Some One"
def not_an_arch(t): t["global"]["arch"] = "sparc"
def not_a_truth(t): t["global"]["enable_tls"] = "maybe"
def tls_is_number(t): t["global"]["enable_tls"] = 1
def pipeline_with_host(t): t["pipelines"][0]["host"] = "10.0.0.1"


WRONG = [
    (no_such_section, ""), (no_such_key, "kafka_servers/0"), (no_such_global, "global"), (no_such_component, "component_versions"), (no_host, "pd_servers/0"),
    (no_jre, "kafka_servers/0"), (port_is_text, "tidb_servers/0/port"), (port_too_large, "tidb_servers/0/port"), (port_is_zero, "tidb_servers/0/port"),
    (port_is_fraction, "tidb_servers/0/port"), (port_in_host, "tidb_servers/0/host"), (blank_in_host, "tidb_servers/0/host"),
    (dash_before_host, "tidb_servers/0/host"), (section_is_mapping, "tidb_servers"), (instance_is_text, "tidb_servers/0"), (not_an_ssh_type, "global/ssh_type"),
    (id_is_text, "kafka_servers/0/id"), (config_is_list, "kafka_servers/0/config"), (configs_of_nobody, "server_configs"),
    (list_of_mappings, "tidb_servers/0/init_sql/0"), (pipeline_with_host, "pipelines/0"),
    (bad_user, "global/user"), (not_an_arch, "global/arch"), (not_a_truth, "global/enable_tls"), (tls_is_number, "global/enable_tls"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    run = Run(str(pathlib.Path(parser.parse_args().binary).resolve()))

    made = run.tidelab("schema")
    schema = yaml.safe_load(made.stdout)  # JSON is YAML
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    run.check(made.returncode == 0 and schema["additionalProperties"] is False, "tidelab schema")

    count = 0
    for name, text in right_ones(run):
        count += 1
        complaint = told(validator, yaml.load(text, Loader=Loader))
        run.check(not complaint, f"{name} is right, and the schema refuses it: {complaint}")
    run.check(count >= 8, f"only {count} right topologies were found")

    one_host = yaml.load((HOME / "topologies" / "one_host.yaml").read_text(), Loader=Loader)
    for spoil, place in WRONG:
        spoiled = copy.deepcopy(one_host)
        spoil(spoiled)
        places = {"/".join(map(str, e.absolute_path)) for e in validator.iter_errors(spoiled)}
        run.check(places == {place}, f"{spoil.__name__}: refused at {sorted(places)}, expected at `{place}`")
        # The tool itself must see the same mistake.
        text = yaml.safe_dump(spoiled)
        run.check(run.tidelab("validate", "-", stdin=text).returncode == 65, f"{spoil.__name__}: tidelab validate takes it")

    # Whatever the tool refuses by key or by type, the schema refuses too.
    for kind in ("T001", "Y010", "Y011"):
        refused = [case for case in all_cases(f"{kind}/") if case.code == "65" and "lab.yaml" in case.files]
        run.check(refused, f"there is no case of {kind} that is refused")
        for case in refused:
            run.check(told(validator, yaml.load(case.files["lab.yaml"].decode(), Loader=Loader)), f"{case.name} is wrong, and the schema takes it")

    page = run.tidelab("schema", "--format", "markdown")
    stored = (HOME / "docs" / "topology.md").read_text() if (HOME / "docs" / "topology.md").exists() else ""
    run.check(page.returncode == 0 and page.stdout == stored,
              "docs/topology.md is not what the playbooks say; renew it: build/release/tidelab schema --format markdown > docs/topology.md")

    print(f"{run.passed} passed, {run.failed} failed")
    return 0 if run.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
