#!/usr/bin/env python3
"""Test hosts on one machine: each with its own address, sshd, files, processes and init.

  netlab.py STATE up NAME=ADDRESS[,systemd|shell]…   make the hosts (of one /24) and wait for their sshd
  netlab.py STATE ctl COMMAND…                       run where the hosts can be reached: the controller's namespace
  netlab.py STATE exec HOST COMMAND…                 run inside a host, without ssh
  netlab.py STATE kill HOST | start HOST             power cut, and power back: same files, keys and address
  netlab.py STATE stop HOST                          an orderly power-off (systemd), then the same
  netlab.py STATE wait                               until systemd says that the hosts are up
  netlab.py STATE cut HOST | heal HOST               pull its network cable, plug it in
  netlab.py STATE delay MS PROGRAM | undelay         a round trip to every host takes so much longer (PROGRAM: delay.cpp, built)
  netlab.py STATE status                             a line for each host
  netlab.py STATE down                               everything is gone

A host is a set of namespaces (guest.sh). All cables end at a bridge in the controller's network namespace, and no
interface joins that one to the machine's own: no packet of a lab leaves it, and its addresses exist in it alone.
/mnt is one directory for all hosts of a lab, as a file server gives one.
STATE is a directory that this makes: with id_ed25519, known_hosts and ssh_config for clients. Needs root, and the
packages systemd, dbus, libpam-systemd and dbus-user-session installed (not running) for hosts with systemd; for
`delay` iptables, and a kernel with netfilter's queues.
"""
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import lay

# Packets that come in go by way of a program; without it, straight on.
QUEUE = "iptables -t raw -{} PREROUTING -i eth0 -j NFQUEUE --queue-num 1 --queue-bypass"
# Without an address of its own the bridge takes one of its cables', and what a host sends over a cable that was cut would arrive
# at the controller all the same: half a cut.
BRIDGE = "02:00:00:00:00:01"
GUEST = pathlib.Path(__file__).resolve().with_name("guest.sh")


class Wrong(Exception):
    """Something that a person should read."""


def run(*argv, **more):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)
    if done.returncode != 0:
        raise Wrong(f"`{' '.join(str(a) for a in argv)}` ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise Wrong(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.02)
    return value


def start_time(pid):
    """Tells a process from a later one with the same pid; None when it is gone or only waits to be reaped."""
    try:
        words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if words[0] == "Z" else int(words[19])


class NotedProcess:
    """One that outlives whoever started it, known by a file with its pid and when it began."""

    def __init__(self, file):
        self.file = file

    def note(self, pid):
        self.file.write_text(f"{pid} {start_time(pid)}\n")

    def pid(self):
        """None when it is gone, or was never noted."""
        try:
            pid, began = map(int, self.file.read_text().split())
        except (OSError, ValueError):
            return None
        return pid if start_time(pid) == began else None

    def forget(self):
        self.file.unlink(missing_ok=True)


class Host:
    def __init__(self, lab, name, address, init, root=""):
        self.lab, self.name, self.address, self.init = lab, name, address, init
        self.root = root  # files of another system; empty: those of the machine
        self.starter = None  # where this process started it
        self.init_process = NotedProcess(lab.state / f"{name}.pid")
        self.data = lab.state / "data" / name
        self.base = lab.state / "data/.base"
        self.cgroup = lab.cgroups / name
        self.namespace = f"{lab.prefix}-{name}"
        self.cable = f"c{address.rpartition('.')[2]}"  # its end at the bridge

    def pid(self):
        """Of the host's init, as the machine sees it; None when the host is off."""
        return self.init_process.pid()

    def start(self):
        if self.pid():
            return
        self.clear_cgroup()
        self.cgroup.mkdir()
        environment = {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "NAME": self.name, "ADDRESS": self.address, "INIT": self.init,
                       "DATA": str(self.data), "LOWER": self.root or f"{self.base}:/", "CGROUP": str(self.cgroup)}
        log = self.lab.state / f"{self.name}.log"
        with open(log, "w") as out:
            starter = self.starter = subprocess.Popen(["nsenter", f"--net=/run/netns/{self.namespace}", "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork",
                                        "--mount-proc", "sh", str(GUEST)], env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                       start_new_session=True)

        def init():
            if starter.poll() is not None:
                raise Wrong(f"{self.name} did not start: {log.read_text().strip()}")
            children = pathlib.Path(f"/proc/{starter.pid}/task/{starter.pid}/children").read_text().split()
            return children and int(children[0])

        self.init_process.note(until(init, 10, f"{self.name} has a pid 1"))
        until(lambda: self.greets() or init() and False, 60, lambda: f"sshd of {self.name} answers\n{log.read_text()}")

    def greets(self):
        """The first line of its sshd, seen from the controller's namespace."""
        with in_namespace(f"/run/netns/{self.lab.prefix}-ctl"), contextlib.suppress(OSError):
            with socket.create_connection((self.address, 22), 2) as s:
                return s.recv(100).decode(errors="replace").strip()
        return ""

    def wait(self, seconds=60):
        """Until systemd has brought up all that it was asked for."""
        if self.init == "systemd":
            state = subprocess.run(self.inside("timeout", str(seconds), "systemctl", "is-system-running", "--wait"), capture_output=True, text=True).stdout.strip()
            if state != "running":
                failed = subprocess.run(self.inside("systemctl", "--failed", "--no-legend", "--plain"), capture_output=True, text=True).stdout
                raise Wrong(f"{self.name} is {state or 'not answering'}: {failed.strip()}")

    def kill(self):
        """A power cut: every process of the host ends at once, its files stay as they are."""
        if pid := self.pid():
            os.kill(pid, signal.SIGKILL)  # the kernel ends all others of the pid namespace with its init
            until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), 20, f"pid 1 of {self.name} is gone")
        if self.starter:
            self.starter.wait()
            self.starter = None
        self.init_process.forget()
        self.clear_cgroup()

    def stop(self):
        if self.init == "systemd" and (pid := self.pid()):
            os.kill(pid, signal.SIGRTMIN + 4)  # systemd's signal for poweroff.target
            until(lambda: self.pid() is None, 90, f"{self.name} powers off")
        self.kill()

    def clear_cgroup(self):
        if not self.cgroup.exists():
            return
        (self.cgroup / "cgroup.kill").write_text("1")

        def gone():
            for top, _, _ in os.walk(self.cgroup, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(top)
            return not self.cgroup.exists()

        until(gone, 20, f"the cgroup of {self.name} is empty")

    def inside(self, *argv):
        pid = self.pid()
        if pid is None:
            raise Wrong(f"{self.name} is off")
        return ["nsenter", "-t", str(pid), "-m", "-u", "-i", "-n", "-p", "-C", "--", *argv]

    def beneath(self, inside):
        """Where the machine sees what a path of the host's root was before the host changed it."""
        return (self.etc_below().parent if inside.startswith("/etc/") else pathlib.Path(self.root or "/")) / inside.lstrip("/")

    def etc_below(self):
        return pathlib.Path(self.root, "etc") if self.root else self.base / "etc"

    def path(self, inside):
        """Where the machine sees a file of one of the host's own directories: /opt, /home, /tmp …"""
        return self.data / "own" / inside.lstrip("/")


class Lab:
    """The hosts of one state directory."""

    def __init__(self, state):
        self.state = pathlib.Path(state).absolute()
        self.prefix = "nl" + hashlib.sha256(str(self.state).encode()).hexdigest()[:6]  # so that labs do not share names
        self.cgroups = self.state / "cgroup" / self.prefix
        self.delayer = NotedProcess(self.state / "delay.pid")
        self.hosts = {}
        with contextlib.suppress(OSError):
            for name, *more in json.loads((self.state / "lab.json").read_text()):
                self.hosts[name] = Host(self, name, *more)

    def host(self, name):
        if name not in self.hosts:
            raise Wrong(f"there is no host {name}; there are {', '.join(self.hosts) or 'none'}")
        return self.hosts[name]

    def up(self, wanted):
        """wanted: (name, address, systemd | shell) for each host, and perhaps the directory of another system's files."""
        if os.geteuid() != 0:
            raise Wrong("namespaces and mounts need root")
        if self.state.exists():
            raise Wrong(f"{self.state} is there already: `down` first")
        nets = {address.rpartition(".")[0] for _, address, *_ in wanted}
        if len(nets) != 1:
            raise Wrong("the hosts must be of one /24")
        self.net = nets.pop()
        self.state.mkdir(mode=0o711, parents=True)
        (self.state / "lab.json").write_text(json.dumps(wanted))
        self.hosts = {name: Host(self, name, *more) for name, *more in wanted}
        try:
            self.build()
            for host in self.hosts.values():
                host.start()
        except BaseException:
            self.down()
            raise

    def build(self):
        for name, fs, options in (("data", "tmpfs", "mode=711,nr_inodes=0"), ("cgroup", "cgroup2", "rw")):
            (self.state / name).mkdir()
            run("mount", "-t", fs, "-o", options, self.prefix, self.state / name)
        self.cgroups.mkdir()
        lay.lay_base(self)
        lay.lay_keys(self)
        for host in self.hosts.values():
            lay.lay_host(host)
        control = f"{self.prefix}-ctl"
        run("ip", "netns", "add", control)
        for command in ("link set lo up", f"link add br0 address {BRIDGE} type bridge forward_delay 0 stp_state 0", f"address add {self.net}.1/24 dev br0", "link set br0 up"):
            run("ip", "-n", control, *command.split())
        # Where bridged frames are passed through the machine's packet filter, they are not to be.
        for switch in pathlib.Path("/proc/sys/net/bridge").glob("bridge-nf-call-*"):
            run(*self.ctl("sh", "-c", f"echo 0 > {switch}"))
        for host in self.hosts.values():
            run("ip", "netns", "add", host.namespace)
            run("ip", "-n", control, "link", "add", host.cable, "type", "veth", "peer", "name", "eth0", "netns", host.namespace)
            run("ip", "-n", control, "link", "set", host.cable, "master", "br0", "up")

    def ctl(self, *argv):
        return ["nsenter", f"--net=/run/netns/{self.prefix}-ctl", "--", *argv]

    def cut(self, name):
        """From now on packets to and from the host are lost, without a word to anybody."""
        run("ip", "-n", f"{self.prefix}-ctl", "link", "set", self.host(name).cable, "nomaster")

    def heal(self, name):
        """Returns when a host that is on is reached: for some seconds the kernel still answers that there is no way to it."""
        host = self.host(name)
        run("ip", "-n", f"{self.prefix}-ctl", "link", "set", host.cable, "master", "br0")
        until(lambda: host.pid() is None or host.greets(), 20, f"{name} is reached again")

    def delay(self, milliseconds, program):
        """Packets to each host are held for that time, until undelay(); those from a host are not."""
        self.undelay()
        for host in self.hosts.values():
            run("nsenter", f"--net=/run/netns/{host.namespace}", "--", *QUEUE.format("A").split())
        said = self.state / "delay.log"
        with open(said, "w") as out:
            started = subprocess.Popen([program, str(milliseconds), *(f"/run/netns/{host.namespace}" for host in self.hosts.values())],
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        self.delayer.note(started.pid)
        until(lambda: started.poll() is not None or "ready" in said.read_text(), 10, "packets are held")
        if started.poll() is not None:
            raise Wrong(f"packets are not held: {said.read_text().strip()}")

    def undelay(self):
        """What was held is lost, and sent again."""
        if not self.delayer.file.exists():
            return
        for host in self.hosts.values():
            run("nsenter", f"--net=/run/netns/{host.namespace}", "--", *QUEUE.format("D").split())
        if pid := self.delayer.pid():
            os.kill(pid, signal.SIGTERM)
            until(lambda: self.delayer.pid() is None, 10, "packets are let through again")
        self.delayer.forget()

    def down(self):
        """Also after an end that was not clean, and when there is nothing."""
        self.undelay()
        for host in self.hosts.values():
            host.kill()
        control = f"{self.prefix}-ctl"
        made = [n for n in [control, *(h.namespace for h in self.hosts.values())] if pathlib.Path(f"/run/netns/{n}").exists()]
        if control in made:
            for pid in run("ip", "netns", "pids", control).split():  # whatever still runs there would keep the namespace
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
        for name in made:
            run("ip", "netns", "delete", name)
        if self.cgroups.exists():
            self.cgroups.rmdir()
        for name in ("cgroup", "data"):
            if os.path.ismount(self.state / name):
                until(lambda path=self.state / name: subprocess.run(["umount", path], capture_output=True).returncode == 0, 20, f"{name} is unmounted")
        if self.state.exists():
            shutil.rmtree(self.state)
        self.hosts = {}


@contextlib.contextmanager
def in_namespace(path):
    """This thread's network is that of the namespace meanwhile."""
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as home, open(path) as there:
        if libc.setns(there.fileno(), 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {path}")
        try:
            yield
        finally:
            libc.setns(home.fileno(), 0x40000000)


def read_host(text):
    name, _, rest = text.partition("=")
    address, _, init = rest.partition(",")
    try:
        socket.inet_aton(address)
    except OSError:
        raise Wrong(f"`{text}` is not NAME=ADDRESS[,systemd|shell]") from None
    if not name.isalnum() or init not in ("", "systemd", "shell"):
        raise Wrong(f"`{text}` is not NAME=ADDRESS[,systemd|shell]")
    return name, address, init or "systemd"


def main(argv):
    if len(argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 64
    lab, verb, rest = Lab(argv[0]), argv[1], argv[2:]
    if verb not in ("up", "down") and not lab.hosts:
        raise Wrong(f"there is no lab at {lab.state}")
    if verb == "up":
        lab.up([read_host(each) for each in rest])
    elif verb == "down":
        lab.down()
    elif verb == "ctl":
        os.execvp("nsenter", lab.ctl(*rest))
    elif verb == "exec":
        os.execvp("nsenter", lab.host(rest[0]).inside(*rest[1:]))
    elif verb in ("kill", "start", "stop"):
        getattr(lab.host(rest[0]), verb)()
    elif verb in ("cut", "heal"):
        getattr(lab, verb)(rest[0])
    elif verb == "delay":
        lab.delay(float(rest[0]), rest[1])
    elif verb == "undelay":
        lab.undelay()
    elif verb == "wait":
        for host in lab.hosts.values():
            host.wait()
    elif verb == "status":
        for host in lab.hosts.values():
            print(host.name, host.address, host.init, host.pid() or "off", host.greets())
    else:
        print(__doc__.strip(), file=sys.stderr)
        return 64
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Wrong as wrong:
        print(f"netlab: {wrong}", file=sys.stderr)
        sys.exit(1)
