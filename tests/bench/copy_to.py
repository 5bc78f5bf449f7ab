#!/usr/bin/env python3
"""100 MB with a checksum to N hosts at once, with and without a round trip: tidelab's two doors, ssh.

    copy_to.py [--hosts 4] [--runs 7] [--delay 20] [--megabytes 100]

Before: cmake --preset release && cmake --build --preset release --target bench_tools. tidelab's doors do what a step that
places a file does: the checksum goes along, and what arrives with another one is not put in place. `ssh` streams the file into `cat > FILE.part && CHECKSUM
FILE.part && mv FILE.part FILE`, with the checksum that people know, sha256sum, and with the one that tidelab takes where it can be had, OpenSSL's; what
comes back is compared. After each round every host must have the file. See bench.py for what is measured.
"""
import argparse
import hashlib
import os

import bench
from bench import BUILD, Field, delayed, load, rounds, table
from netlab import Wrong


def run():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", type=int, default=4)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--delay", type=float, default=20)
    parser.add_argument("--megabytes", type=int, default=100)
    given = parser.parse_args()
    doors = BUILD / "tests/bench/host_bench"
    with Field(given.hosts) as field:
        data = field.folder / "data"
        data.write_bytes(os.urandom(given.megabytes * 1_000_000))
        want = hashlib.sha256(data.read_bytes()).hexdigest()
        access, names = ["root", field.key, field.known_hosts], " ".join(field.net.hosts)
        copy = lambda door: [doors, door, "copy", *access, data, want, "/tmp/in", *field.addresses]  # noqa: E731

        def by_ssh(checksum):
            script = f"cat >/tmp/in.part && {checksum} </tmp/in.part && mv /tmp/in.part /tmp/in"
            return ["sh", "-c", f"printf '%s\\n' {names} | xargs -P 16 -I H sh -c 'ssh -F {field.ssh_config} -o BatchMode=yes H \"{script}\" <{data}'"]

        argvs = {"tidelab, builtin": copy("builtin"), "ssh cat, sha256sum": by_ssh("sha256sum"), "ssh cat, openssl": by_ssh("openssl dgst -sha256 -r"),
                 "tidelab, system": copy("system")}

        def whole(name, cost):
            got = [line.split()[0] for line in cost.out.splitlines() if line]
            if name.startswith("ssh") and got != [want] * given.hosts:
                raise Wrong(f"{name}: what arrived is not what was sent: {cost.out[-1000:]}")
            field.everywhere("[ $(stat -c %s /tmp/in) = {size} ] && rm /tmp/in".format(size=given.megabytes * 1_000_000))

        jobs = {name: lambda argv=argv: field.cost(argv) for name, argv in argvs.items()}
        for delay in (0, given.delay):
            with delayed(field, delay):
                title = f"{given.megabytes} MB to {given.hosts} hosts, {delay:g} ms round trip, {given.runs} rounds, {load()} at the start"
                table(title, rounds(given.runs, jobs, whole), "tidelab, builtin")


if __name__ == "__main__":
    bench.main(run)
