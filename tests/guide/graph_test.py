#!/usr/bin/env python3
"""`tidelab graph` drawn for real: the SVG is one, nothing that a topology says gets lost or breaks out of its label, and
thirty hosts still make a picture that a page can hold."""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

HOME = pathlib.Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"
FLOW = ["insert", "changefeed ticdc-kafka", "topic ticdc-test", "source table", "sink table test.tidelab_check_sink"]

HOSTILE = 'a"]; evil [label="<b>&amp;\\ {|}'


def thirty_hosts():
    host = iter(f"10.0.0.{i}" for i in range(1, 31))
    sections = {"zookeeper_servers": 5, "kafka_servers": 6, "flink_jobmanagers": 1, "flink_taskmanagers": 6, "pd_servers": 3, "tikv_servers": 5,
                "tidb_servers": 2, "cdc_servers": 2}
    out = "global: {deploy_dir: /srv/lab}\n"
    for section, count in sections.items():
        java = ", jre: 11.0.13" if section.split("_")[0] in ("zookeeper", "kafka", "flink") else ""
        out += f"{section}:\n" + "".join(f"  - {{host: {next(host)}{java}}}\n" for _ in range(count))
    return out + "pipelines:\n  - {name: p, topic: ticdc-test, changefeed: ticdc-kafka}\n"


class Run:
    def __init__(self, binary):
        self.binary, self.passed, self.failed = binary, 0, 0
        self.env = {"PATH": "/usr/bin:/bin", "TIDELAB_HOME": str(HOME), "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}

    def tidelab(self, *argv, stdin=None, **more):
        return subprocess.run([self.binary, *argv], input=stdin, capture_output=True, text=True, env={**self.env, **more}, timeout=120)

    def check(self, good, what):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        if not good:
            print(f"FAILED {what}")

    def draw(self, name, topology):
        """The texts of the picture, its size in points, and the DOT that it was made from."""
        made = self.tidelab("graph", "-", stdin=topology)
        self.check(made.returncode == 0 and not made.stderr, f"{name}: code {made.returncode}, {made.stderr}")
        try:
            root = tree.fromstring(made.stdout)
        except tree.ParseError as error:
            self.check(False, f"{name}: no XML: {error}")
            return [], (0, 0), ""
        texts = ["".join(e.itertext()) for e in root.iter(SVG + "text")]
        size = tuple(float(root.get(side).removesuffix("pt")) for side in ("width", "height"))
        sizes = {float(e.get("font-size")) for e in root.iter(SVG + "text") if e.get("font-size")}
        self.check(sizes and min(sizes) >= 9.5, f"{name}: a font of {min(sizes, default=0)} points")
        return texts, size, self.tidelab("graph", "-", "--format", "dot", stdin=topology).stdout

    def check_texts(self, name, texts, wanted):
        for each in wanted:
            self.check(any(each in text for text in texts), f"{name}: `{each}` is not in the picture")


def hosts_of(topology):
    return set(re.findall(r"- host: ([0-9A-Za-z.:]+)", topology))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    run = Run(str(pathlib.Path(parser.parse_args().binary).resolve()))

    for name in ("one_host", "reference", "high_availability"):
        topology = run.tidelab("template", name).stdout
        texts, size, dot = run.draw(name, topology)
        run.check_texts(name, texts, FLOW + sorted(hosts_of(topology)) + ["TiDB", "Kafka broker", "jre 11.0.13", "client 2379" if name != "reference" else "client 12379"])
        run.check(dot.count("subgraph cluster_") == len(hosts_of(topology)), f"{name}: not one box a host")

    texts, size, dot = run.draw("thirty hosts", thirty_hosts())
    run.check_texts("thirty hosts", texts, FLOW + [f"10.0.0.{i}" for i in range(1, 31)])
    run.check(max(size) < 2600, f"thirty hosts: {size} points")
    # Arrows of a hop meet in its label: as many as instances, not as pairs of them.
    run.check(0 < dot.count("penwidth=2") <= 40, f"thirty hosts: {dot.count('penwidth=2')} thick arrows")

    hostile = (HOME / "topologies" / "one_host.yaml").read_text().replace("topic: ticdc-test", "topic: ticdc-test\n    sink_table: 'test." + HOSTILE + "'")
    texts, _, dot = run.draw("hostile", hostile)
    run.check_texts("hostile", texts, ["sink table test." + HOSTILE])
    run.check(re.search(r"^\s*evil", dot, re.M) is None, "hostile: a text became a statement")

    addresses = ["--hosts", "fd00::21,fd00::22,fd00::23,::24"]
    texts, _, _ = run.draw("IPv6", run.tidelab("template", "reference", *addresses).stdout)
    run.check_texts("IPv6", texts, ["fd00::21", "fd00::23", "::24"])

    with tempfile.TemporaryDirectory() as nothing:
        made = run.tidelab("graph", str(HOME / "topologies" / "one_host.yaml"), PATH=nothing)
        run.check(made.returncode == 2 and "graphviz" in made.stderr and not made.stdout, f"without dot: {made.returncode} {made.stderr}")
        run.check(run.tidelab("graph", str(HOME / "topologies" / "one_host.yaml"), "--format", "dot", PATH=nothing).returncode == 0, "DOT needs no dot")

    print(f"{run.passed} passed, {run.failed} failed")
    return 0 if run.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
