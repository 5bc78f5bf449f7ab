#!/usr/bin/env python3
"""PD, TiKV (stand-in), TiDB and TiCDC on three hosts with systemd: tidelab beside TiUP, with the same topology file and the same programs.

    tiup.py --tiup DIR [--runs 3]         (DIR: with the programs `tiup` and `tiup-cluster`, v1.15.2)

TiUP's programs are built from its Go module, in a copy of it since its go.mod has replacements:
    go mod download -json github.com/pingcap/tiup@v1.15.2; cp -r its Dir to a place; go build -o DIR/tiup . && go build -o DIR/tiup-cluster ./components/cluster
Before: cmake --preset release && cmake --build --preset release, and one `tidelab fetch` of any lab with these components. TiUP gets a mirror of its own
(`tiup mirror init`, `publish`) with the very archives that tidelab takes from its cache, all under one version number, and has them in its own cache
before the first round. In each round, on fresh hosts' files: TiUP deploy, start, destroy; tidelab up, again, down. Both come as root by key, wait in their own
way until the servers are ready, and are asked no questions. Remote commands are what the hosts' sshds count (LogLevel VERBOSE). See bench.py
for what is measured.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess

import bench
import netlab
from bench import BINARY, Field, load
from netlab import Wrong

VERSION = "v8.4.0"
PROGRAMS = {"pd": "pd-server", "tikv": "tikv-server", "tidb": "tidb-server", "cdc": "cdc"}
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))


def topology(field):
    one, two, three = field.addresses
    path = field.folder / "peers.yaml"
    path.write_text(f"""global:
  user: tidb
  ssh_port: 22
  deploy_dir: /opt/deploy
  data_dir: /opt/data
pd_servers:
  - host: {one}
    ignore_exporter: true
tikv_servers:
  - host: {two}
    ignore_exporter: true
tidb_servers:
  - host: {three}
    ignore_exporter: true
cdc_servers:
  - host: {three}
    ignore_exporter: true
""")
    return path


def archives(file):
    """component → archive, as tidelab's cache has them; all are fetched, where the machine gets them from."""
    done = subprocess.run([BINARY, "fetch", file, "--source", "assembled"], capture_output=True, text=True)
    if done.returncode != 0:
        raise Wrong(f"the archives cannot be had: {done.stderr[-2000:]}")
    newest = {}
    for name in PROGRAMS:
        found = sorted((CACHE / "tidelab/archives" / name).rglob("*.tar.gz"), key=lambda p: p.stat().st_mtime)
        if not found:
            raise Wrong(f"no archive of {name} below {CACHE}/tidelab/archives")
        newest[name] = found[-1]
    return newest


class TiUP:
    def __init__(self, field, programs, file):
        self.field, self.programs, self.file = field, pathlib.Path(programs).resolve(), file
        self.home = field.folder / "tiup"
        self.env = {"TIUP_HOME": str(self.home), "TIUP_COMPONENT_DATA_DIR": str(self.home / "storage/cluster"), "TIUP_TELEMETRY_STATUS": "disable"}

    def cost(self, *words):
        return self.field.cost([self.programs / "tiup-cluster", *words], self.env)

    def prepare(self, found):
        mirror = self.field.folder / "mirror"
        for folder in (self.home / "bin", self.home / "storage/cluster"):
            folder.mkdir(parents=True)
        self.say("init", mirror)
        shutil.copy(mirror / "root.json", self.home / "bin/root.json")
        self.say("set", mirror)
        self.say("genkey")
        self.say("grant", "bench")
        for name, archive in found.items():
            self.say("publish", name, VERSION, archive, PROGRAMS[name], "--os", "linux", "--arch", "amd64", "--desc", name)

    def say(self, *words):
        done = subprocess.run([str(w) for w in (self.programs / "tiup", "mirror", *words)], capture_output=True, text=True, env=self.field.environment(self.env))
        if done.returncode != 0:
            raise Wrong(f"`tiup mirror {words[0]}` failed: {done.stdout[-1000:]}{done.stderr[-2000:]}")

    def deploy(self):
        return self.cost("deploy", "peers", VERSION, self.file, "--user", "root", "-i", self.field.key, "-y")

    def start(self):
        return self.cost("start", "peers", "-y")

    def destroy(self):
        return self.cost("destroy", "peers", "-y")


def commands(field):
    """How many remote commands the hosts' sshds have begun."""
    return sum(int(said) for said in field.everywhere("journalctl -t sshd --no-pager | grep -c 'Starting session:' || true"))


def run():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tiup", required=True)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    seen = {}
    with Field(3, "systemd") as field:
        field.everywhere("echo 'LogLevel VERBOSE' >> /etc/ssh/sshd_config && systemctl restart ssh")
        for host in field.net.hosts.values():
            netlab.until(host.greets, 20, "sshd answers again")
        file = topology(field)
        tiup = TiUP(field, given.tiup, file)
        tiup.prepare(archives(file))
        ours = {"XDG_CACHE_HOME": str(CACHE)}

        def measure(name, job):
            before = commands(field)
            cost = job()
            seen.setdefault(name, []).append((cost, commands(field) - before))
            return cost

        for _ in range(given.runs):
            measure("TiUP deploy", tiup.deploy)
            measure("TiUP start", tiup.start)
            measure("TiUP destroy", tiup.destroy)
            measure("tidelab up", lambda: field.cost(field.tidelab("up", file, "--source", "assembled"), ours))
            again = measure("tidelab up, again", lambda: field.cost(field.tidelab("up", file, "--source", "assembled", "--format", "json"), ours))
            if json.loads(again.out)["counts"]["steps"]["made"] != 0:
                raise Wrong("the second `up` found something to change")
            measure("tidelab down", lambda: field.cost(field.tidelab("down", file, "--yes"), ours))
    print(f"medians of {given.runs} rounds, {load()} at the end\n\n| | wall s | client CPU s | remote commands, all three hosts |\n|---|--:|--:|--:|")
    wall = {}
    for name, all in seen.items():
        wall[name] = statistics.median(cost.wall for cost, _ in all)
        print(f"| {name} | {wall[name]:.1f} | {statistics.median(cost.cpu for cost, _ in all):.2f} | {statistics.median(count for _, count in all):.0f} |")
    print(f"\n`up` / (deploy + start): {wall['tidelab up'] / (wall['TiUP deploy'] + wall['TiUP start']):.2f}; `down` / destroy: {wall['tidelab down'] / wall['TiUP destroy']:.2f}")


if __name__ == "__main__":
    bench.main(run)
