#!/usr/bin/env python3
"""Many hosts at once: `up`, a second `up` and `down` of the plain playbook on 64 hosts without systemd, then on 16 with it; wall, CPU, peak memory.

    many.py [--runs 3] [--hosts 64] [--systemd-hosts 16]

Before: cmake --preset release && cmake --build --preset release. Peak memory is the tool's own (ru_maxrss). See bench.py for what is measured.
"""
import argparse

import bench
from again import HOME, found_all_so, topology
from bench import Field, load, middle


def run():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--hosts", type=int, default=64)
    parser.add_argument("--systemd-hosts", type=int, default=16)
    given = parser.parse_args()
    print("| hosts | pid 1 | command | wall s | tool's CPU s | hosts CPU s | peak MB |\n|--:|---|---|--:|--:|--:|--:|")
    for count, init in ((given.hosts, "shell"), (given.systemd_hosts, "systemd")):
        with Field(count, init) as field:
            file = topology(field)
            seen = {"up": [], "up, again": [], "down": []}
            for _ in range(given.runs):
                seen["up"].append(field.cost(field.tidelab("up", file, home=HOME)))
                seen["up, again"].append(field.cost(field.tidelab("up", file, "--format", "json", home=HOME)))
                found_all_so("tidelab", seen["up, again"][-1])
                seen["down"].append(field.cost(field.tidelab("down", file, "--yes", home=HOME)))
            for name, costs in seen.items():
                cost = middle(costs)
                print(f"| {count} | {init} | {name} | {cost.wall:.2f} | {cost.cpu:.2f} | {cost.hosts_cpu:.2f} | {cost.peak_mb:.0f} |", flush=True)
    print(f"\nmedians of {given.runs} rounds, peak the largest; {load()} at the end")


if __name__ == "__main__":
    bench.main(run)
