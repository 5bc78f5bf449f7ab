#!/usr/bin/env python3
"""`up` of a lab from a warm cache beside the critical path of the same run.

The critical path is the longest chain of start-to-end durations of steps along the needs of the plan, read from the
run's own journal: what `up` would take if nothing but the components' own times counted. Method: down, then N times
(up, second up, down); the tool's own CPU time and peak memory are read from /proc while it runs.

usage: tests/bench/up.py [TOPOLOGY] [N]
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("TIDELAB", str(ROOT / "build" / "release" / "tidelab"))
STATE = pathlib.Path(os.environ.get("XDG_STATE_HOME", pathlib.Path.home() / ".local" / "state")) / "tidelab"


def own_costs(pid):
    """CPU seconds and peak memory of the process alone; what it starts on this machine (tar, a Java client) is not its own."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    peak = [line.split()[1] for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(peak[0]) / 1024 if peak else 0


def run(*args):
    began = time.monotonic()
    process = subprocess.Popen([BINARY, *args], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    cpu = memory = 0
    while process.poll() is None:
        try:
            now, peak = own_costs(process.pid)
            cpu, memory = max(cpu, now), max(memory, peak)
        except (OSError, IndexError):
            pass  # it has just ended
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            pass
    if process.returncode != 0:
        sys.exit(f"`tidelab {' '.join(args)}` failed")
    return time.monotonic() - began, cpu, memory


def critical_path(journal):
    """The longest chain of steps, each from when it was begun and all that it needs had ended, and the end of the run."""
    needs, begun, ended, end = {}, {}, {}, 0
    for line in journal.read_text().splitlines():
        event = json.loads(line)
        end = event["at_us"]
        if event["event"] == "opened":
            behind = event["gates"]
            needs = {step["id"]: [*step["blocked_by"], *(need for gate in step["gates"] for need in behind[gate])] for step in event["steps"]}
        elif event["event"] == "started":
            begun[event["step"]] = event["at_us"]
        elif event["event"] == "ended":
            ended[event["step"]] = event["at_us"]
    longest = {}

    def took(step):  # those that go along in one command are begun together
        own = max([begun.get(step, ended[step]), *(ended[need] for need in needs[step])])
        return max(0, ended[step] - own)

    def chain(step):
        if step not in longest:
            longest[step] = took(step) + max((chain(need) for need in needs[step]), default=0)
        return longest[step]
    return max(chain(step) for step in needs) / 1e6, end / 1e6


def main():
    topology = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "topologies" / "one_host.yaml")
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    journal = STATE / pathlib.Path(topology).stem / "up.jsonl"
    print("| run | up s | in the plan s | critical path s | ratio | second up s | down s | tool's CPU s | tool's peak MB |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    ratios = []
    for number in range(1, rounds + 1):
        wall, cpu, memory = run("up", topology, "--source", "assembled")
        path, whole = critical_path(journal)
        again, _, _ = run("up", topology, "--source", "assembled")
        gone, _, _ = run("down", topology, "--yes")
        ratios.append(whole / path)
        print(f"| {number} | {wall:.1f} | {whole:.1f} | {path:.1f} | {whole / path:.2f} | {again:.2f} | {gone:.1f} | {cpu:.1f} | {memory:.0f} |", flush=True)
    print(f"\nmedian ratio {statistics.median(ratios):.2f}; load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
