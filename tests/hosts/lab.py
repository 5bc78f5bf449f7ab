"""A lab of tidelab on namespace hosts: the tool runs in the controller's namespace and comes over ssh as a user does."""
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/netlab"), str(ROOT / "tests/support")]
import netlab  # noqa: E402
from files import changes, listing  # noqa: E402
from netlab import Wrong, until  # noqa: E402
from terminal import Terminal  # noqa: E402

BINARY = pathlib.Path(os.environ.get("TIDELAB", ROOT / "build/release/tidelab"))


# What useradd and userdel keep on any host that they ever worked on: a lock, and the files as they were before; those of Debian 11 also
# write when an account was last logged in to.
USER_TOOLS = {"/etc/.pwd.lock", "/var/log/lastlog", *(f"/etc/{name}-" for name in ("passwd", "shadow", "group", "gshadow", "subuid", "subgid"))}


def must(condition, text, evidence=""):
    if not condition:
        raise Wrong(f"{text}\n{evidence}")


class Ran:
    def __init__(self, argv, code, out):
        self.argv, self.code, self.out = argv, code, out

    def json(self):
        try:
            return json.loads(self.out[self.out.index("{"):])
        except ValueError as error:
            raise Wrong(f"no JSON in the output: {error}\n{self.out[-3000:]}") from error


class Hosts:
    """Hosts of one test, and the state and home directories of the tool, which go with them."""

    def __init__(self, hosts, home=None, user="root"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tidelab-hosts-", dir="/run"))
        self.home, self.user = home, user
        self.net = netlab.Lab(self.folder / "net")
        self.identity, self.cache = self.folder / "net/id_ed25519", None
        self.wanted = hosts

    def __enter__(self):
        try:
            self.net.up(self.wanted)
            for host in self.net.hosts.values():
                host.wait()
            self.before = {name: listing(host) for name, host in self.net.hosts.items()}
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.net.down()
        subprocess.run(["rm", "-rf", str(self.folder)], check=True)

    def argv(self, command, target, *more, yes=True):
        argv = [*self.tool(), command, str(target), *more, *(["--yes"] if command == "down" and yes else [])]
        argv += ["--ssh-user", self.user, "--identity", str(self.identity), "--known-hosts", str(self.folder / "net/known_hosts")]
        return self.net.ctl(*argv)

    def environment(self):
        cache = {"XDG_CACHE_HOME": str(self.cache)} if self.cache else {}
        return {k: v for k, v in os.environ.items() if k != "SSH_AUTH_SOCK"} | {"XDG_STATE_HOME": str(self.folder / "state")} | cache

    def tool(self):
        return [str(BINARY), *(["--home", str(self.home)] if self.home else [])]

    def tidelab(self, command, target, *more, timeout=600, said=""):
        """Without a terminal. `said`: what it reads on stdin."""
        argv = self.argv(command, target, *more)
        ran = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout, env=self.environment(), input=said, start_new_session=True)
        return Ran(argv, ran.returncode, ran.stdout)

    def on_terminal(self, command, target, *more):
        return Terminal(self.argv(command, target, *more), self.environment())

    def good(self, command, target, *more, **kw):
        ran = self.tidelab(command, target, *more, **kw)
        must(ran.code == 0, f"`tidelab {command}` ended with {ran.code}", ran.out[-8000:])
        return ran

    def fetch(self, file, *more):
        """The archives, got from where the machine gets them."""
        ran = subprocess.run([*self.tool(), "fetch", str(file), *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1500, stdin=subprocess.DEVNULL)
        must(ran.returncode == 0, f"`tidelab fetch` ended with {ran.returncode}", ran.stdout[-4000:])

    def report(self, command, target, *more, **kw):
        return self.good(command, target, *more, "--format", "json", **kw).json()

    def nodes(self, target):
        return {row["node"]: row for row in self.tidelab("status", target, "--format", "json").json()["nodes"]}

    def inside(self, name, command, code=0):
        """A command in a host, without ssh; its output."""
        ran = subprocess.run(self.net.host(name).inside("sh", "-c", command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, stdin=subprocess.DEVNULL)
        must(code is None or ran.returncode == code, f"`{command}` in {name} ended with {ran.returncode}", ran.stdout)
        return ran.stdout.strip()

    def prepare(self, name, command):
        """The same; what is there then is what was there before the lab."""
        self.inside(name, command)
        self.before[name] = listing(self.net.host(name))

    def in_place_of(self, name, tool, text):
        """A tool of the host is another program now: a script, of this text."""
        self.inside(name, f"mkdir -p /usr/local/bin && printf %s {shlex.quote(text)} > /usr/local/bin/{tool} && chmod 755 /usr/local/bin/{tool}")

    def login(self, name, command, user="root", code=0):
        """What a person who logs in gets: a login shell over ssh."""
        argv = self.net.ctl("ssh", "-F", str(self.folder / "net/ssh_config"), f"{user}@{name}", "bash -lc " + shlex.quote(command))
        ran = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, stdin=subprocess.DEVNULL)
        must(code is None or ran.returncode == code, f"`{command}` as {user} on {name} ended with {ran.returncode}", ran.stdout)
        return ran.stdout.strip()

    def of_labs(self, name, ours):
        return [line for line in self.inside(name, "ps -eo pid,user,args --no-headers").splitlines() if any(each in line for each in ours)]

    def nothing_left(self, kept=USER_TOOLS, but=()):
        """Files as before, but for those named; no process, no unit of any lab, no failed unit. `but`: hosts that are not looked at."""
        for name, host in self.net.hosts.items():
            if name in but:
                continue
            left = [c for c in changes(self.before[name], listing(host)) if c[2:].split("  ")[0] not in kept]
            must(not left, f"files of {name} are not as before", "\n".join(left))
            if host.init == "systemd":
                units = self.inside(name, "systemctl list-units --all --plain --no-legend 'tidelab-*'; systemctl --failed --plain --no-legend", code=None)
                must(not units, f"units are left on {name}", units)
            ours = ("/opt/", "/home/", "tidelab", "toy.py", "wait.py")
            # The shell of the last command ends behind the answer that was waited for.
            until(lambda: not self.of_labs(name, ours), 10, lambda: f"processes are left on {name}\n" + "\n".join(self.of_labs(name, ours)))
