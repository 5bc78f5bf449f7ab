#!/usr/bin/env python3
"""Inputs that no folder can hold: huge and endless files, pipes, hostile texts at the size limit. Each ends soon, with a
diagnostic or a good topology, and within bounded memory."""

import argparse
import fcntl
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

HOME = pathlib.Path(__file__).resolve().parent.parent.parent
GOOD = "component_versions: {kafka: 4.1.0}\nkafka_servers:\n  - host: 10.0.0.1\n    jre: 17.0.9\n"
MIB = 1 << 20


def repeated(text, size):
    """In pieces: the memory of this process would be counted as that of what it starts."""
    piece = text * max(1, 65536 // len(text))
    for _ in range(size // len(piece)):
        yield piece
    yield piece[:size % len(piece)]


def hostile():
    """Name, text, the code that must come back (None: a good topology)."""
    yield "a huge list in brackets", repeated("[", 100 * MIB), "Y004"
    yield "a huge mapping", repeated("a: b\n", 100 * MIB), "Y004"
    yield "a huge binary", repeated("\0", 100 * MIB), "Y004"
    yield "brackets up to the limit", repeated("[", 8 * MIB - 1), "Y004"
    yield "one scalar up to the limit", chain(["a: "], repeated("x", 7 * MIB)), "Y004"
    yield "an open quote", chain(['a: "'], repeated("x ", 7 * MIB)), "Y004"
    yield "a flow list", chain(["["], repeated("a,", 7 * MIB), ["]"]), "Y004"
    yield "keys without end", (f"k{i}: v\n" for i in range(600_000)), "Y004"
    yield "one key again and again", repeated("a: b\n", 7 * MIB), "Y002"
    yield "empty items", repeated("-\n", 7 * MIB), "Y004"
    yield "comments behind a good topology", chain([GOOD], repeated("# nothing\n", MIB)), None
    yield "tens of thousands of settings", chain([GOOD, "    config:\n"], (f"      a.b{i}: {i}\n" for i in range(50_000))), None
    yield "tens of thousands of settings of all", chain(["server_configs:\n  kafka:\n"], (f"    a.b{i}: {i}\n" for i in range(50_000)), [GOOD]), None
    yield "instances that are none", chain(["kafka_servers:\n"], repeated("- x\n", MIB // 4)), "Y010"
    yield "keys of an instance that are none", chain([GOOD], (f"    k{i}: 1\n" for i in range(10_000))), "T001"
    yield "the longest name", chain([GOOD + "    "], repeated("k", 1024), [": 1\n"]), "T001"
    yield "a name longer than YAML has it", chain([GOOD + "    "], repeated("k", MIB), [": 1\n"]), "Y001"


class Runner:
    def __init__(self, binary):
        self.binary = binary
        # Sanitizers keep freed memory and shadow the rest, and are some ten times slower.
        self.sanitized = b"__asan_init" in pathlib.Path(binary).read_bytes()
        self.most_mb, self.most_seconds = (3000, 50) if self.sanitized else (700, 10)
        self.passed = self.failed = 0

    def run(self, name, argv, code, prepare=None):
        began = time.monotonic()
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen([self.binary, *argv], stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                       env={"PATH": "/usr/bin:/bin", "TIDELAB_HOME": str(HOME), "LC_ALL": "C.UTF-8"})
            # Of the clock on the wall, a busy machine takes more.
            timer = threading.Timer(10 * self.most_seconds, process.kill)
            timer.start()
            if prepare:
                prepare()
            _, status, usage = os.wait4(process.pid, 0)
            timer.cancel()
            out.seek(0)
            said = out.read(2000).decode(errors="replace")
        took, memory, busy = time.monotonic() - began, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime
        told = re.search(r"error\[([A-Z]\d{3})\]", said)
        good = os.waitstatus_to_exitcode(status) == (65 if code else 0) and (told[1] if told else None) == code and \
            memory < self.most_mb and busy < self.most_seconds
        print(f"{'passed' if good else 'FAILED'} {name}: {told[1] if told else 'ok'}, {took:.1f} s ({busy:.1f} s of processor), {memory:.0f} MB, "
              f"exit {os.waitstatus_to_exitcode(status)}", flush=True)
        if not good:
            print(said)
        self.passed += good
        self.failed += not good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    runner = Runner(str(pathlib.Path(parser.parse_args().binary).resolve()))
    with tempfile.TemporaryDirectory(prefix="tidelab-inputs-") as scratch:
        scratch = pathlib.Path(scratch)
        def write_and_run(row):
            number, (name, text, code) = row
            path = scratch / f"lab{number}.yaml"
            with path.open("w") as out:
                out.writelines(text)
            runner.run(name, ["validate", str(path)], code)
            path.unlink()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(write_and_run, enumerate(hostile())))
        runner.run("an endless device", ["validate", "/dev/zero"], "Y004")
        runner.run("an empty device", ["validate", "/dev/null"], "T018")
        runner.run("a directory", ["validate", str(scratch)], "U001")
        pipe = scratch / "pipe.yaml"
        os.mkfifo(pipe)
        # Opened for both, so that writing never waits for a reader; the reader ends when this end is closed.
        end = os.open(pipe, os.O_RDWR)
        os.write(end, GOOD.encode())

        def close_when_read():
            until = time.monotonic() + runner.most_seconds
            while time.monotonic() < until and struct.unpack("i", fcntl.ioctl(end, termios.FIONREAD, b"\0" * 4))[0] > 0:
                time.sleep(0.01)
            os.close(end)

        runner.run("a pipe with a writer", ["validate", str(pipe)], None, close_when_read)
        runner.run("a pipe without a writer", ["validate", str(pipe)], "U001")
    print(f"{runner.passed} passed, {runner.failed} failed")
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
