#!/usr/bin/env python3
"""A download with its digest: `tidelab fetch` beside `curl -o FILE URL && sha256sum FILE`, from one server on loopback.

The server is a process of its own that sends a file with sendfile, so it costs neither of the two much. The topology names the archive by
url and sha256. Rounds take turns, the one that begins changes with each; each starts without a cache, and removes what it got. What is
told is the median of wall time and of processor time of the two, and tidelab's speed as a part of the other's.

usage: tests/bench/download.py [--binary FILE] [--megabytes 400] [--rounds 7]
"""
import argparse
import hashlib
import http.server
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def serve(path, tell):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            with open(path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                self.send_response(200)
                self.send_header("Content-Length", str(size))
                self.send_header("ETag", '"1"')
                self.end_headers()
                self.wfile.flush()
                sent = 0
                while sent < size:
                    sent += os.sendfile(self.connection.fileno(), file.fileno(), sent, size - sent)

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    os.write(tell, f"{server.server_address[1]}\n".encode())
    server.serve_forever()


def timed(run):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=str(ROOT / "build/release/tidelab"))
    parser.add_argument("--megabytes", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tidelab-bench-"))
    server = 0
    try:
        data, block = folder / "data", os.urandom(1 << 20)
        with open(data, "wb") as file:
            for _ in range(asked.megabytes):
                file.write(block)
        digest = hashlib.file_digest(open(data, "rb"), "sha256").hexdigest()
        listen, tell = os.pipe()
        server = os.fork()
        if server == 0:
            serve(data, tell)
        url = f"http://127.0.0.1:{int(os.read(listen, 20))}/archive.tar.gz"
        # What else the topology takes comes from a file of one byte.
        (folder / "small").write_bytes(b"x")
        small = hashlib.sha256(b"x").hexdigest()
        (folder / "lab.yaml").write_text(f'archives: {{zookeeper: {{url: "{url}", sha256: {digest}}}, jre: {{url: {folder}/small, sha256: {small}}}}}\n'
                                         "zookeeper_servers: [{host: 127.0.0.1}]\n")

        def tidelab():
            cache = folder / "cache"
            subprocess.run([asked.binary, "fetch", folder / "lab.yaml"], env=os.environ | {"XDG_CACHE_HOME": str(cache), "TIDELAB_HOME": str(ROOT)}, check=True, stdout=subprocess.DEVNULL)

        def curl():
            got = folder / "got"
            subprocess.run(f"curl -sf -o {got} {url} && sha256sum {got}", shell=True, check=True, stdout=subprocess.DEVNULL)

        seen = {tidelab: [], curl: []}
        for number in range(asked.rounds):
            for run in (tidelab, curl) if number % 2 else (curl, tidelab):
                seen[run].append(timed(run))
                shutil.rmtree(folder / "cache", ignore_errors=True)
                (folder / "got").unlink(missing_ok=True)
        wall = {run: statistics.median(w for w, _ in times) for run, times in seen.items()}
        cpu = {run: statistics.median(c for _, c in times) for run, times in seen.items()}
        for run, name in ((tidelab, "tidelab fetch"), (curl, "curl and sha256sum")):
            print(f"{name:<20} {wall[run]:6.2f} s wall {cpu[run]:6.2f} s CPU  {asked.megabytes / wall[run]:7.0f} MB/s")
        print(f"tidelab has {wall[curl] / wall[tidelab]:.2f} of the other's speed")
    finally:
        if server:
            os.kill(server, 9)
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
