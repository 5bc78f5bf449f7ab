"""What the tests over ssh stand on: an sshd of their own, a lab of toys, and eyes for what is left on the machine."""
import hashlib
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support")]
from host_records import state_of  # noqa: E402
from ports import free_port, free_ports  # noqa: E402
from terminal import Terminal  # noqa: E402

USER = os.environ.get("TIDELAB_TEST_ACCOUNT", "tidelab-test")  # two checkouts may test at once


class of_each_client:
    """Makes two tests of one that takes the type of client: `test_x` becomes `test_x_builtin` and `test_x_system`, each to be asked for by its name."""

    def __init__(self, test):
        self.test = test

    def __set_name__(self, owner, name):
        delattr(owner, name)
        for ssh_type in ("builtin", "system"):
            setattr(owner, f"{name}_{ssh_type}", lambda case, ssh_type=ssh_type: self.test(case, ssh_type))


def soon(condition, seconds=20, what="it"):
    """The condition's first true value; a condition that never holds is a failure."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not become true within {seconds} s")


def greet(port):
    """What the toy at this port says: pid, text, config, uid; None when nobody answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as s:
            s.sendall(b"?\n")
            words = s.makefile().read().strip().split("|")
            return {"pid": int(words[0]), "text": words[1], "config": words[2], "uid": int(words[3].split()[1])}
    except (OSError, ValueError, IndexError):
        return None


def snapshot(top):
    """Each path below: kind, mode, owner, content."""
    out = {}
    for path in sorted(Path(top).rglob("*")):
        about = path.lstat()
        what = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(about.st_mode) else os.readlink(path) if path.is_symlink() else "dir"
        out[str(path.relative_to(top))] = (stat.filemode(about.st_mode), about.st_uid, about.st_gid, what)
    return out


def processes(text):
    """pid → command line of what runs and has `text` in it, the caller's own kind left out."""
    out = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            line = b" ".join(words).decode(errors="replace")
            if text in line and int(entry.name) != os.getpid() and not words[0].endswith((b"tidelab", b"sshd")):
                out[int(entry.name)] = line
        except OSError:
            pass
    return out


def acts(pid):
    """Whether a process is there and more than the remains of one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] not in "ZX"
    except OSError:
        return False


def user_exists():
    try:
        return bool(pwd.getpwnam(USER))
    except KeyError:
        return False


class Sshd:
    """On 127.0.0.1 at a free port, with keys of its own."""

    def __init__(self, folder, extra=""):
        self.folder, self.port = Path(folder), free_port()
        self.identity, self.known_hosts = self.folder / "id", self.folder / "known_hosts"
        for name in ("host", "id"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True)
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        (self.folder / "config").write_text(
            f"{extra}\nPort {self.port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/host\nAuthorizedKeysFile {self.folder}/id.pub\nPidFile none\nUsePAM no\n"
            f"StrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n")  # the first line of a kind counts
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} " + (self.folder / "host.pub").read_text())
        with open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", self.folder / "config"], stderr=log)
        soon(self.answers, what="sshd")

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("sshd ended: " + (self.folder / "log").read_text())
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as s:
                return s.recv(4) == b"SSH-"
        except OSError:
            return False

    def close(self):
        self.process.terminate()
        self.process.wait()


class Lab:
    """A lab of toys in directories of its own: nothing of the user's is read or written."""
    home = HERE / "home"

    def __init__(self, tool, ssh=True, toys=2, sshd="", login="root", ssh_type="builtin"):
        self.login, self.ssh_type = login, ssh_type
        self.tool, self.ssh, self.user = tool, ssh, USER if ssh else pwd.getpwuid(os.getuid()).pw_name
        self.root = Path(tempfile.mkdtemp(prefix="tidelab-ssh-", dir="/var/tmp"))
        self.root.chmod(0o755)
        self.base = self.root / "lab"
        self.base.mkdir(mode=0o755)
        for name in ("keys", "state", "cache", "home"):
            (self.root / name).mkdir(mode=0o700)
        self.sshd = Sshd(self.root / "keys", sshd) if ssh else None
        self.ports = free_ports(toys)
        self.greetings = {}
        self.file = self.root / "toys.yaml"
        self.write()
        self.before = snapshot(self.base)

    def write(self):
        lines = ["global:", f"  user: {self.user}", f"  ssh_type: {self.ssh_type if self.ssh else 'none'}", f"  deploy_dir: {self.base}/a/b", "toy_servers:"]
        for port in self.ports:
            lines += ["  - host: 127.0.0.1", f"    port: {port}"]
            if port in self.greetings:
                lines += [f"    config: {{greeting: {self.greetings[port]}}}"]
        self.file.write_text("\n".join(lines) + "\n")

    def argv(self, command, *more, known_hosts=None, yes=True):
        argv = [self.tool, "--home", str(self.home), command, str(self.file), *(["--yes"] if command == "down" and yes else [])]
        if self.ssh:
            argv += ["--ssh-port", str(self.sshd.port), "--ssh-user", self.login, "--identity", str(self.sshd.identity), "--known-hosts",
                     str(known_hosts or self.sshd.known_hosts)]
        return [*argv, *more]

    def environment(self):
        keep = {k: v for k, v in os.environ.items() if k not in ("SSH_AUTH_SOCK", "SSH_CONNECTION")}
        return keep | {"HOME": str(self.root / "home"), "XDG_STATE_HOME": str(self.root / "state"), "XDG_CACHE_HOME": str(self.root / "cache")}

    def start(self, command, *more):
        return subprocess.Popen(self.argv(command, *more), env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)

    def us(self):
        """Who we are, as the tool tells it to hosts."""
        return f"{pwd.getpwuid(os.geteuid()).pw_name}@{socket.gethostname()}"

    def run_any(self, command, *more, said="", **options):
        """Whatever it comes to, without a terminal. `said`: what the tool reads on stdin."""
        return subprocess.run(self.argv(command, *more, **options), env=self.environment(), capture_output=True, text=True, input=said, timeout=180, start_new_session=True)

    def on_terminal(self, command, *more, **options):
        return Terminal(self.argv(command, *more, **options), self.environment())

    def run(self, command, *more, code=0, **options):
        done = self.run_any(command, *more, **options)
        if done.returncode != code:
            raise AssertionError(f"{command}: exit {done.returncode}, not {code}\n{done.stdout}\n{done.stderr}\n{self.logs()}")
        return done

    def up(self):
        """Brings it up and returns the report."""
        return json.loads(self.run("up", "--format", "json").stdout)

    def logs(self):
        return "\n".join(f"{p}:\n{p.read_text(errors='replace')}" for p in self.base.rglob("*.log"))

    def journal(self, command):
        path = self.root / "state" / "tidelab" / "toys" / f"{command}.jsonl"
        return path.read_text().splitlines() if path.exists() else []

    def run_dir(self, port):
        return self.state() / "run" / f"toy-{port}"

    def processes(self):
        return processes(str(self.base)) | processes(str(self.state()))

    def state(self):
        return Path(state_of(self.base / "a/b") if self.ssh else self.base / "a/b/.tidelab-toys")

    def pid_of(self, kind, port):
        try:
            return int((self.run_dir(port) / "own" / kind).read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def pids(self):
        return {port: (greet(port) or {}).get("pid") for port in self.ports}

    def assert_one_each(self):
        for port in self.ports:
            said = soon(lambda p=port: greet(p), what=f"toy {port}")
            toys = [pid for pid, line in processes(f"toy.py 127.0.0.1 {port} ").items()]
            assert toys == [said["pid"]], (toys, said)
            keepers = [pid for pid, line in processes(str(self.run_dir(port))).items() if "runuser" not in line]
            assert keepers == [self.pid_of("supervisor", port)], (keepers, processes(str(self.base)))

    def assert_nothing_left(self):
        after = snapshot(self.base)
        assert after == self.before, {k: (self.before.get(k), after.get(k)) for k in self.before.keys() | after.keys() if self.before.get(k) != after.get(k)}
        # The shell around the last command may outlive what it said by a moment.
        try:
            soon(lambda: not self.processes(), what="the end of the last process")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.processes()}") from error
        assert not self.state().exists(), f"{self.state()} is still there"
        for port in self.ports:
            assert greet(port) is None, port
        assert not self.ssh or not user_exists(), f"the account {USER} is still there"

    def close(self):
        """Whatever the test came to, its processes and its account go."""
        for _ in range(20):
            if not (left := self.processes()):
                break
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
        if self.sshd:
            self.sshd.close()
            if user_exists():
                subprocess.run(["userdel", "-r", USER], capture_output=True)
        if self.state().parent == Path("/var/lib/tidelab"):
            shutil.rmtree(self.state(), ignore_errors=True)
            try:
                self.state().parent.rmdir()
            except OSError:
                pass  # of others, or gone
        shutil.rmtree(self.root, ignore_errors=True)
