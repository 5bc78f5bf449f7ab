#!/usr/bin/env python3
"""Connect and run `true` on N hosts at once: a bare libssh2 program, tidelab's two doors, asyncssh, and ssh by xargs.

    connect.py [--hosts 16] [--runs 9] [--python PYTHON]      (PYTHON: one that has asyncssh)

Before: cmake --preset release && cmake --build --preset release --target bench_tools. See bench.py for what is measured. All verify host keys but
bare libssh2. What a client takes to start (nothing but its help) is in the table, since on 16 hosts it is a good part of it.
"""
import argparse

import bench
from bench import BUILD, Field, load, rounds, table

ASYNCSSH = """
import asyncio, asyncssh, sys
key, known, hosts = sys.argv[1], sys.argv[2], sys.argv[3:]
async def one(host):
    async with asyncssh.connect(host, username='root', client_keys=[key], known_hosts=known, config=None, agent_path=None) as c:
        assert (await c.run('true')).exit_status == 0
async def all():
    await asyncio.gather(*(one(h) for h in hosts))
if hosts: asyncio.run(all())
"""


def run():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", type=int, default=16)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--python")
    given = parser.parse_args()
    doors = BUILD / "tests/bench/host_bench"
    with Field(given.hosts) as field:
        hosts, access = field.addresses, [field.key, field.known_hosts]
        words = " ".join(hosts)
        argvs = {"bare libssh2": [BUILD / "tests/bench/bare_libssh2", "root", field.key, *hosts],
                 "tidelab, builtin": [doors, "builtin", "true", "root", *access, *hosts],
                 "tidelab, system": [doors, "system", "true", "root", *access, *hosts],
                 "(start of tidelab's)": [doors, "builtin", "true", "root", *access],
                 "ssh by xargs -P": ["sh", "-c", f"printf '%s\\n' {words} | xargs -P {given.hosts} -I H ssh -F {field.ssh_config} -o BatchMode=yes H true"]}
        if given.python:
            argvs["asyncssh"] = [given.python, "-c", ASYNCSSH, *access, *hosts]
            argvs["(start of asyncssh)"] = [given.python, "-c", ASYNCSSH, *access]
        jobs = {name: lambda argv=argv: field.cost(argv) for name, argv in argvs.items()}
        title = f"connect + `true`, {given.hosts} hosts, {given.runs} rounds, {load()} at the start"
        table(title, rounds(given.runs, jobs), "tidelab, builtin")


if __name__ == "__main__":
    bench.main(run)
