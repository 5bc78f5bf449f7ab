#!/usr/bin/env python3
"""`validate` of generated topologies: time, peak memory, and how both grow with the number of instances.

A topology of N instances has seven sections on N/8 hosts (at least 3): three PDs, three JobManagers, N/20 brokers (an odd
number), N/20 TaskManagers, N/20 captures, N/5 TiDBs and TiKVs for the rest; every fourth instance writes ports or directories of its
own, so that both defaults and written values are there. It is clean, so every rule looks at everything. Each size is
validated as often as fits into the time for a size, at least three times; what is told is the median of wall time and
of processor time (which other programs on the machine disturb less), and the largest peak memory. `start` is a
topology of one instance: reading the playbooks and checks.

usage: tests/bench/validate.py [--binary FILE] [--keep DIR] [--seconds 3] [SIZE…]
"""
import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def make_topology(count):
    sections = {"pd_servers": 3, "flink_jobmanagers": 3, "kafka_servers": max(1, count // 20) | 1, "flink_taskmanagers": max(1, count // 20),
                "cdc_servers": max(1, count // 20), "tidb_servers": max(1, count // 5)}
    if count < 10:
        sections = {"pd_servers": count}
    else:
        sections["pd_servers"] = sections["flink_jobmanagers"] = 3 if count >= 100 else 1
        sections["tikv_servers"] = count - sum(sections.values())
    hosts = max(3, count // 8)
    out = ["component_versions: {kafka: 4.1.0, flink: 1.20.3, pd: v8.1.0, tikv: v8.4.0, tidb: v8.4.0, cdc: v8.4.0}", "global:", "  user: tidb", "  deploy_dir: /srv/lab", "server_configs: {pd: {replication.location-labels: [host]}}"]
    jre = {"kafka_servers": "17.0.9", "flink_jobmanagers": "17.0.9", "flink_taskmanagers": "17.0.9"}
    first_port = {"pd_servers": 12379, "flink_jobmanagers": 18081, "kafka_servers": 19092, "flink_taskmanagers": 16125, "cdc_servers": 18300,
                  "tidb_servers": 14000, "tikv_servers": 20160}
    second_port = {"pd_servers": "peer_port", "kafka_servers": "controller_port", "tidb_servers": "status_port", "tikv_servers": "status_port"}
    named = {"pd_servers": "client_port"}
    for section, members in sections.items():
        out.append(f"{section}:")
        for i in range(members):
            host, nth = i % hosts, i // hosts
            out.append(f"  - host: 10.{host >> 16 & 255}.{host >> 8 & 255}.{host & 255}")
            if section in jre:
                out.append(f"    jre: {jre[section]}")
            if section == "tikv_servers":
                out.append(f"    config: {{server.labels: {{host: h{host}}}}}")
            if nth > 0 or i % 4 == 0:
                if "flink_taskmanagers" != section:
                    out.append(f"    {named.get(section, 'port')}: {first_port[section] + 40 * nth}")
                if section in second_port:
                    out.append(f"    {second_port[section]}: {first_port[section] + 40 * nth + 20}")
                out.append(f"    deploy_dir: /srv/lab/{section}-{nth}")
    return "\n".join(out) + "\n"


def run_once(binary, path):
    began = time.monotonic()
    pid = os.posix_spawn(binary, [binary, "validate", "--strict", path], {**os.environ, "TIDELAB_HOME": str(ROOT)},
                         file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"`{binary} validate {path}` failed: the generated topology must be clean")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(binary, path, seconds):
    runs, until = [], time.monotonic() + seconds
    while len(runs) < 3 or time.monotonic() < until:
        runs.append(run_once(binary, path))
    wall, cpu, memory = zip(*runs)
    return len(runs), statistics.median(wall), statistics.median(cpu), max(memory)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("TIDELAB", str(ROOT / "build" / "release" / "tidelab")))
    parser.add_argument("--keep", help="directory for the generated topologies")
    parser.add_argument("--seconds", type=float, default=3, help="time for each size")
    parser.add_argument("sizes", nargs="*", type=int, default=[10, 100, 1000, 10000])
    args = parser.parse_args()
    print("| instances | file KB | runs | wall ms | CPU ms | peak MB | wall ratio | CPU above start: ratio |\n|--:|--:|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(args.keep or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        before = start = None
        for size in [1] + sorted(args.sizes):
            path = folder / f"{size}.yaml"
            path.write_text(make_topology(size))
            runs, wall, cpu, memory = measure(args.binary, str(path), args.seconds)
            above = cpu - (start or 0)
            ratios = f"{wall / before[0]:.2f} | {above / before[1]:.2f}" if before else "– | –"
            print(f"| {size if start is not None else 'start'} | {path.stat().st_size / 1024:.0f} | {runs} | {wall * 1e3:.1f} | {cpu * 1e3:.1f} | {memory:.0f} | {ratios} |", flush=True)
            if start is None:
                start = cpu
            else:
                before = (wall, max(above, 1e-4))
    print(f"\nload average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
