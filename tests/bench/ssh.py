#!/usr/bin/env python3
"""ssh: connect and run `true`, and 100 MB with checksum, on N sshds of this machine at once, beside a bare libssh2 program, asyncssh and ssh.

    ssh.py BUILD [--hosts 16] [--runs 5] [--copy-hosts 4] [--python PYTHON]   (PYTHON: one that has asyncssh)

All peers take turns within each round, so that what else the machine does falls on all alike. Wall times are medians; CPU is user + system of
the client and its children, from the kernel's account of the process (wait4).
"""
import argparse
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "ssh"))
from lab import Sshd  # noqa: E402

ASYNCSSH = """
import asyncio, asyncssh, sys
key, known, ports = sys.argv[1], sys.argv[2], sys.argv[3:]
async def one(port):
    async with asyncssh.connect('127.0.0.1', int(port), username='root', client_keys=[key], known_hosts=known, config=None, agent_path=None) as c:
        assert (await c.run('true')).exit_status == 0
async def all():
    await asyncio.gather(*(one(p) for p in ports))
asyncio.run(all())
"""


def cost(argv, env=None):
    """Wall and CPU seconds of a command that must succeed."""
    start = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{argv[0]} ended with {process.returncode}: {said.decode(errors='replace')[-2000:]}")
    return wall, usage.ru_utime + usage.ru_stime, said.decode()


def rounds(jobs, runs, check=None):
    seen = {name: [] for name in jobs}
    for _ in range(runs):
        for name, argv in jobs.items():
            wall, cpu, said = cost(argv)
            if check:
                check(name, said)
            seen[name].append((wall, cpu))
    return {name: (statistics.median(w for w, _ in all), statistics.median(c for _, c in all)) for name, all in seen.items()}


def table(title, rows, base):
    print(f"\n{title}\n\n| client | wall s | client CPU s | wall against {base} |\n|---|--:|--:|--:|")
    for name, (wall, cpu) in rows.items():
        print(f"| {name} | {wall:.2f} | {cpu:.3f} | {wall / rows[base][0]:.2f} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--hosts", type=int, default=16)
    parser.add_argument("--copy-hosts", type=int, default=4)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--python")
    given = parser.parse_args()
    build = Path(given.build).resolve() / "tests/bench"
    root = Path(tempfile.mkdtemp(prefix="tidelab-bench-", dir="/var/tmp"))
    sshds = []
    try:
        key = root / "id"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        for number in range(given.hosts):
            folder = root / str(number)
            folder.mkdir()
            sshds.append(Sshd(folder, f"AuthorizedKeysFile {key}.pub"))
        known = root / "known_hosts"
        known.write_text("".join(s.known_hosts.read_text() for s in sshds))
        ports = [str(s.port) for s in sshds]
        plain = ["-F", "none", "-i", str(key), "-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes", "-l", "root"]
        load = os.getloadavg()[0]
        jobs = {"bare libssh2, one thread": [build / "bare_libssh2", "root", key, *ports],
                "tidelab, builtin": [build / "host_bench", "builtin", "true", "root", key, known, *ports],
                "tidelab, system": [build / "host_bench", "system", "true", "root", key, known, *ports],
                "ssh by xargs -P": ["sh", "-c", f"printf '%s\\n' {' '.join(ports)} | xargs -P {given.hosts} -I P ssh {' '.join(plain)} -p P 127.0.0.1 true"]}
        if given.python:
            jobs["asyncssh"] = [given.python, "-c", ASYNCSSH, key, known, *ports]
        table(f"connect + `true`, {given.hosts} sshds, {given.runs} rounds, load {load:.1f} at the start", rounds(jobs, given.runs), "bare libssh2, one thread")

        data = root / "data"
        data.write_bytes(os.urandom(100_000_000))
        want = hashlib.sha256(data.read_bytes()).hexdigest()
        some = ports[:given.copy_hosts]
        into = root / "into"
        into.mkdir()
        script = f"cat >{into}/P.part && openssl dgst -sha256 -r <{into}/P.part && mv {into}/P.part {into}/P"
        jobs = {"ssh cat": ["sh", "-c", f"printf '%s\\n' {' '.join(some)} | xargs -P 16 -I P sh -c 'ssh {' '.join(plain)} -p P 127.0.0.1 \"{script}\" <{data}'"],
                "tidelab, builtin": [build / "host_bench", "builtin", "copy", "root", key, known, data, into, *some],
                "tidelab, system": [build / "host_bench", "system", "copy", "root", key, known, data, into, *some]}

        def whole(name, said):
            got = [line.split()[0] for line in said.splitlines() if line]
            if got != [want] * len(some):
                raise SystemExit(f"{name}: what arrived is not what was sent: {said}")

        table(f"100 MB with checksum to {len(some)} sshds, {given.runs} rounds, load {os.getloadavg()[0]:.1f} at the start", rounds(jobs, given.runs, whole), "ssh cat")
    finally:
        for sshd in sshds:
            sshd.close()
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
