#!/usr/bin/env python3
"""Two builds of tidelab side by side: a lab of toys for each on the same four hosts (two with systemd), and by turns, after one run each,
the second `up`, `status`, `preflight`, `logs`. Of each: the medians, their ratio, and the remote commands.

    against.py OTHER [--runs 15] [--user toy]     (OTHER: the other build's program; ours is $TIDELAB, or build/release/tidelab)

Wall time of the whole process, as a user has it; both run on the same hosts in the same minutes, so what else the machine does meets both.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "hosts")]
from lab import BINARY, Hosts, must  # noqa: E402
from supervision import HOME, Toys  # noqa: E402

HOSTS = [(f"r{i}", f"192.168.12.{i}", init) for i, init in ((21, "systemd"), (22, "shell"), (23, "systemd"), (24, "shell"))]


class Lab(Toys):
    """Of one of the two programs; its toys have ports of their own."""

    def __init__(self, hosts, name, binary, user, port):
        self.binary = binary
        super().__init__(hosts, user, addresses=[address for _, address, _ in HOSTS], lab=name, deploy=f"/opt/{name}")
        self.instances = [(address, p) for address in {a for a, _ in self.instances} for p in (port, port + 1)]
        self.write()

    def run(self, command, *more):
        argv = self.hosts.argv(command, self.file, *more)
        argv[argv.index(str(BINARY))] = str(self.binary)
        began = time.monotonic()
        ran = subprocess.run(argv, capture_output=True, text=True, env=self.hosts.environment(), stdin=subprocess.DEVNULL)
        took = time.monotonic() - began
        must(ran.returncode == 0, f"{self.lab}: {command} ended with {ran.returncode}", ran.stdout[-3000:] + ran.stderr[-3000:])
        return took, ran.stdout


def commands_of(text):
    try:
        return json.loads(text[text.index("{"):]).get("traffic", {}).get("remote_commands", "–")
    except ValueError:
        return "–"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("other")
    arguments.add_argument("--runs", type=int, default=15)
    arguments.add_argument("--user", default="toy")
    given = arguments.parse_args()
    with Hosts(HOSTS, home=HOME) as hosts:
        labs = [Lab(hosts, "ours", BINARY, given.user, 7001), Lab(hosts, "other", pathlib.Path(given.other).resolve(), given.user, 7101)]
        for lab in labs:
            lab.run("up")
        print(f"{'':12} {'ours':>8} {'other':>8} {'ratio':>7}   remote commands")
        for command, more in (("up", ("--format", "json")), ("status", ("--format", "json")), ("preflight", ("--format", "json")), ("logs", ())):
            times = {lab: [] for lab in labs}
            for run in range(given.runs + 1):
                for lab in labs if run % 2 else labs[::-1]:
                    took, said = lab.run(command, *more)
                    lab.sent = commands_of(said)
                    if run:
                        times[lab].append(took)
            ours, other = (statistics.median(times[lab]) for lab in labs)
            print(f"{command:12} {ours:7.3f}s {other:7.3f}s {ours / other:7.3f}   {labs[0].sent} and {labs[1].sent}", flush=True)
        for lab in reversed(labs):  # the first one made the account
            lab.run("down")


if __name__ == "__main__":
    main()
