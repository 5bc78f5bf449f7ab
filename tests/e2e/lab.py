"""A lab of real components, driven through the tidelab binary as a user drives it."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

from ports import free_port  # on the way that run.py has made

ROOT = pathlib.Path(__file__).resolve().parents[2]
STATE = pathlib.Path(os.environ.get("XDG_STATE_HOME", pathlib.Path.home() / ".local" / "state")) / "tidelab"
BINARY = pathlib.Path(os.environ.get("TIDELAB", ROOT / "build" / "release" / "tidelab"))


class Wrong(Exception):
    """A claim of a test that does not hold."""


def must(condition, text, evidence=""):
    if not condition:
        raise Wrong(f"{text}\n{evidence}")


class Ran:
    def __init__(self, code, out):
        self.code, self.out = code, out

    def json(self):
        try:
            return json.loads(self.out[self.out.index("{"):])
        except ValueError as error:
            raise Wrong(f"no JSON in the output: {error}\n{self.out[-3000:]}") from error


def tidelab(*args, timeout=600, env=None):
    """Runs tidelab to its end and gives its exit code and what it printed."""
    args += ("--yes",) if args[0] == "down" else ()
    ran = subprocess.run([str(BINARY), *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, text=True,
                         env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL)
    return Ran(ran.returncode, ran.stdout)


def good(*args, **kw):
    ran = tidelab(*args, **kw)
    must(ran.code == 0, f"`tidelab {' '.join(args)}` ended with {ran.code}", ran.out[-6000:])
    return ran


def until(condition, seconds, text):
    """Waits for a condition; the pause is between looks, never in place of one."""
    end = time.monotonic() + seconds
    while True:
        if condition():
            return
        must(time.monotonic() < end, f"not within {seconds} s: {text}")
        time.sleep(0.1)


def listening(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def http(method, url, body=None):
    request = urllib.request.Request(url, method=method, data=None if body is None else body.encode(), headers={"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        return json.loads(answer.read() or b"{}")


def nodes(lab):
    """Status by role: {"Kafka broker": {...}}."""
    ran = tidelab("status", lab, "--format", "json")
    return {row["role"]: row for row in ran.json()["nodes"]}


def verify(topology, *flags):
    """Exit code and the rows of the report."""
    ran = tidelab("verify", topology, "--format", "json", *flags, timeout=400)
    must(ran.code in (0, 1, 2), f"verify ended with {ran.code}", ran.out[-4000:])
    return ran.code, ran.json()


def failing(report):
    return [row for row in rows(report) if row["verdict"] == "fail"]


def rows(report):
    return report["hops"]


def processes_below(directory):
    """Processes whose program, arguments or working directory lie below a directory."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            here = f"{words} {os.readlink(entry / 'cwd')}"
        except OSError:
            continue
        if directory in here and "tests/e2e" not in words:
            found.append(f"{entry.name} {words}")
    return found


def nothing_left(directory, ports):
    must(not pathlib.Path(directory).exists(), f"{directory} is still there")
    left = processes_below(directory + "/")
    must(not left, "processes are left", "\n".join(left))
    for port in ports:
        must(not listening(port), f"port {port} is still open")


class Sshd:
    """A real sshd on loopback with keys of its own; this machine's own files are not touched."""

    def __enter__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tidelab-sshd-"))
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.dir / name)], check=True)
        shutil.copy(self.dir / "user.pub", self.dir / "authorized_keys")
        self.port = free_port()
        key = (self.dir / "host.pub").read_text().split()
        (self.dir / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {key[0]} {key[1]}\n")
        (self.dir / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.dir}/host\nAuthorizedKeysFile {self.dir}/authorized_keys\n"
            f"PidFile {self.dir}/pid\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\n")
        os.makedirs("/run/sshd", exist_ok=True)
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(self.dir / "config")],
                                        stderr=open(self.dir / "log", "w"), stdin=subprocess.DEVNULL)
        until(lambda: listening(self.port), 10, "sshd answers")
        return self

    def flags(self):
        return ["--ssh", "--ssh-port", str(self.port), "--ssh-user", "root", "--identity", str(self.dir / "user"),
                "--known-hosts", str(self.dir / "known_hosts")]

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        shutil.rmtree(self.dir)
