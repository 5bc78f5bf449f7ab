"""What the benchmarks over ssh share: namespace hosts of their own, what a client cost, and tables.

The hosts are those of tests/netlab. Wall time is the client's, from its start to its end; `client CPU` is user + system of the client and the
children that it waited for, as the kernel gives it at the end; `hosts CPU` is what all processes of all hosts took meanwhile, from their cgroups.
Peers take turns within each round, so that what else the machine does falls on all of them alike. A benchmark fails only when something could not
be measured; how long it took is printed, and never judged.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/netlab"))
import netlab  # noqa: E402

BUILD = pathlib.Path(os.environ.get("TIDELAB_RELEASE", ROOT / "build/release"))
BINARY = BUILD / "tidelab"


class Cost:
    """What one run of a client took, in seconds, and what it said."""

    def __init__(self, wall, cpu, hosts_cpu, peak_mb, out):
        self.wall, self.cpu, self.hosts_cpu, self.peak_mb, self.out = wall, cpu, hosts_cpu, peak_mb, out


class Field:
    """N hosts and a folder for clients; all of it goes with the `with`."""

    def __init__(self, count, init="shell"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tidelab-bench-", dir="/run"))
        self.net = netlab.Lab(self.folder / "net")
        self.wanted = [(f"n{i}", f"10.77.0.{i + 1}", init) for i in range(1, count + 1)]
        self.addresses = [address for _, address, _ in self.wanted]
        self.key, self.known_hosts, self.ssh_config = (self.folder / "net" / name for name in ("id_ed25519", "known_hosts", "ssh_config"))

    def __enter__(self):
        try:
            self.net.up(self.wanted)
            for host in self.net.hosts.values():
                host.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.net.down()
        shutil.rmtree(self.folder)

    def hosts_cpu(self):
        """Seconds of all processes that ever ran on a host."""
        stats = (dict(line.split() for line in (host.cgroup / "cpu.stat").read_text().splitlines()) for host in self.net.hosts.values())
        return sum(int(stat["usage_usec"]) for stat in stats) / 1e6

    def cost(self, argv, env=None, stdin=None, may_fail=False):
        """Runs a client in the controller's namespace; it must end well."""
        before = self.hosts_cpu()
        with tempfile.TemporaryFile() as said, netlab.in_namespace(f"/run/netns/{self.net.prefix}-ctl"):
            start = time.monotonic()
            process = subprocess.Popen([str(a) for a in argv], stdin=stdin or subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, env=self.environment(env))
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            out = said.read().decode(errors="replace")
        if process.returncode != 0 and not may_fail:
            raise netlab.Wrong(f"{argv[0]} ended with {process.returncode}: {out[-3000:]}")
        return Cost(wall, usage.ru_utime + usage.ru_stime, self.hosts_cpu() - before, usage.ru_maxrss / 1024, out)

    def environment(self, more):
        own = {"HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state"), "XDG_CACHE_HOME": str(self.folder / "cache")}
        return {k: v for k, v in os.environ.items() if k != "SSH_AUTH_SOCK"} | own | (more or {})

    def tidelab(self, command, file, *more, home=None):
        """argv of the tool, as root by key, host keys verified."""
        words = [BINARY, *(["--home", home] if home else []), command, file, *more]
        return [*words, "--ssh-user", "root", "--identity", self.key, "--known-hosts", self.known_hosts, "--ssh-config", "none"]

    def everywhere(self, command):
        """A command in each host, without ssh: to prepare and to inspect."""
        outs = []
        for host in self.net.hosts.values():
            outs.append(netlab.run(*host.inside("sh", "-c", command)))
        return outs


def rounds(runs, jobs, check=None):
    """jobs: name → a function that runs it once and gives its Cost. All of them in turn, `runs` times."""
    seen = {name: [] for name in jobs}
    for _ in range(runs):
        for name, job in jobs.items():
            cost = job()
            if check:
                check(name, cost)
            seen[name].append(cost)
    return {name: middle(costs) for name, costs in seen.items()}


def middle(costs):
    pick = lambda what: statistics.median(getattr(cost, what) for cost in costs)  # noqa: E731
    return Cost(pick("wall"), pick("cpu"), pick("hosts_cpu"), max(cost.peak_mb for cost in costs), costs[-1].out)


def table(title, rows, ours):
    """`ours`: the row that all are compared with."""
    base = rows[ours]
    print(f"\n{title}\n\n| client | wall s | client CPU s | hosts CPU s | wall / {ours} | client CPU / {ours} |\n|---|--:|--:|--:|--:|--:|")
    for name, cost in rows.items():
        print(f"| {name} | {cost.wall:.3f} | {cost.cpu:.3f} | {cost.hosts_cpu:.3f} | {cost.wall / base.wall:.2f} | {cost.cpu / base.cpu:.2f} |")
    sys.stdout.flush()


def load():
    return f"load {os.getloadavg()[0]:.1f}"


def main(run):
    """Ends with 1 and a sentence when something could not be measured."""
    if os.geteuid() != 0:
        sys.exit("namespaces and mounts need root")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the hosts go, too
    try:
        run()
    except (netlab.Wrong, OSError, subprocess.SubprocessError) as wrong:
        sys.exit(f"not measured: {wrong}")


@contextlib.contextmanager
def delayed(field, milliseconds):
    """Round trips to all hosts take so much longer meanwhile."""
    if milliseconds:
        field.net.delay(milliseconds, BUILD / "tests/bench/delay")
    try:
        yield
    finally:
        if milliseconds:
            field.net.undelay()
