#!/usr/bin/env python3
"""The hosts that other tests stand on: that they are apart from each other and from the machine, outlive a power cut,
and leave nothing."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import netlab
from files import changes, listing

MINE = pathlib.Path(__file__).resolve().with_name("netlab.py")


def machine():
    """What a lab could leave on the machine: namespaces, mounts, cgroups, and what runs in namespaces of its own."""
    spaces = {os.readlink("/proc/self/ns/" + kind) for kind in ("net", "pid", "mnt")}
    foreign = set()
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if {os.readlink(entry / "ns" / kind) for kind in ("net", "pid", "mnt")} != spaces:
                foreign.add((entry.name, netlab.start_time(entry.name)))
        except OSError:
            pass
    mounts = sorted(line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines())
    names = sorted(p.name for p in pathlib.Path("/run/netns").glob("*"))
    groups = sorted({p.name for p in pathlib.Path("/sys/fs/cgroup").glob("**/nl*") if p.is_dir()})
    limits = [pathlib.Path("/proc/sys/fs", name).read_text() for name in ("nr_open", "file-max")]
    return {"processes": foreign, "mounts": mounts, "namespaces": names, "cgroups": groups, "limits": limits, "host name": os.uname().nodename}


class Hosts(unittest.TestCase):
    """One lab for all: a host with systemd and one without."""

    @classmethod
    def setUpClass(cls):
        # The first named namespace of a machine makes `ip` mount /run/netns for good, whoever asked for it.
        for word in ("add", "del"):
            subprocess.run(["ip", "netns", word, "netlab-first"], check=True)
        cls.before = machine()
        cls.folder = tempfile.mkdtemp(prefix="netlab-", dir="/run")
        cls.lab = netlab.Lab(cls.folder + "/lab")
        cls.lab.up([("one", "192.168.12.21", "systemd"), ("two", "192.168.12.22", "shell")])
        cls.one, cls.two = cls.lab.hosts.values()
        cls.one.wait()

    @classmethod
    def tearDownClass(cls):
        cls.lab.down()
        os.rmdir(cls.folder)
        after = machine()
        after["processes"] &= {p for p in after["processes"] if p not in cls.before["processes"]}
        cls.before["processes"] = set()
        if after != cls.before:
            raise AssertionError(f"a lab left something: {[(k, v, after[k]) for k, v in cls.before.items() if v != after[k]]}")

    def ssh(self, host, command, user="root"):
        done = subprocess.run(self.lab.ctl("ssh", "-F", str(self.lab.state / "ssh_config"), "-o", "ConnectTimeout=3", f"{user}@{host.name}", command),
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        return done.returncode, (done.stdout + done.stderr).strip()

    def test_each_is_a_host_of_its_own(self):
        for host, init in ((self.one, "systemd"), (self.two, "sh")):
            self.assertEqual(self.ssh(host, "hostname; cat /proc/1/comm; id -un"), (0, f"{host.name}\n{init}\nroot"))
            self.assertEqual(self.ssh(host, "id -un; ls /opt /srv /home", user="lab"), (0, "lab\n/home:\nlab\n\n/opt:\n\n/srv:"))
        self.ssh(self.one, "echo mine | tee /opt/mine > /etc/mine; hostname renamed")
        self.assertEqual(self.ssh(self.two, "ls /opt /etc/mine; hostname")[1], "/opt:\ntwo\nls: cannot access '/etc/mine': No such file or directory")
        self.assertFalse(pathlib.Path("/etc/mine").exists())
        self.assertFalse(pathlib.Path("/opt/mine").exists())
        self.assertEqual((self.one.path("/opt/mine")).read_text(), "mine\n")
        self.ssh(self.one, "hostname one")

    def test_what_changes_in_the_machines_etc_does_not_show(self):
        """As accounts do there, which other tests make."""
        with tempfile.NamedTemporaryFile(dir="/etc", prefix="netlab-") as new:
            self.assertEqual(self.ssh(self.two, f"test ! -e {new.name} && grep -c ^root: /etc/gshadow"), (0, "1"))

    def test_nothing_leaves(self):
        """Neither the machine's addresses nor any other network can be reached, and the machine cannot reach in."""
        for where in (self.lab.ctl(), self.one.inside()):
            said = subprocess.run([*where, "ip", "-o", "route"], capture_output=True, text=True).stdout
            self.assertEqual({line.split()[0] for line in said.splitlines()}, {"192.168.12.0/24"})
        self.assertNotIn("192.168.12.", subprocess.run(["ip", "-o", "address"], capture_output=True, text=True).stdout)

    def test_power_cut(self):
        for host in (self.one, self.two):
            self.ssh(host, "echo kept > /opt/kept; sync; (trap '' TERM; exec setsid sleep 1000) > /dev/null 2>&1 &")
            before = listing(host)
            host.kill()
            self.assertIsNone(host.pid())
            self.assertEqual(host.greets(), "")
            self.assertFalse(host.cgroup.exists())
            host.start()
            host.wait()
            self.assertEqual(self.ssh(host, "cat /opt/kept; pgrep -x sleep | wc -l"), (0, "kept\n" + ("0" if host is self.one else "1")))
            self.assertEqual(changes(before, listing(host)), [])

    def test_one_directory_is_shared(self):
        self.ssh(self.one, "echo mine > /mnt/file")
        self.assertEqual(self.ssh(self.two, "cat /mnt/file && rm /mnt/file && ls -A /mnt"), (0, "mine"))

    def test_orderly_stop(self):
        self.one.stop()
        self.assertIsNone(self.one.pid())
        self.one.start()
        self.one.wait()

    def test_a_cut_cable(self):
        self.lab.cut("two")
        self.assertEqual(self.ssh(self.two, "true")[0], 255)
        self.assertEqual(self.ssh(self.one, "true")[0], 0)
        self.lab.heal("two")
        self.assertEqual(self.ssh(self.two, "true")[0], 0)

    def test_listing_sees_each_change(self):
        before = listing(self.two)
        self.ssh(self.two, "mkdir /opt/d; ln -s /etc /opt/d/l; chmod 700 /srv; echo x >> /etc/passwd; rm /etc/os-release /usr/lib/os-release; : > /usr/bin/new")
        seen = [line[:2] + line[2:].split("  ")[0] for line in changes(before, listing(self.two))]
        self.assertEqual(seen, ["+ /etc/os-release", "+ /opt/d", "+ /opt/d/l", "+ /usr/bin/new", "+ /usr/lib/os-release", "~ /etc/passwd", "~ /srv"])

    def test_user_units_of_a_login(self):
        self.assertEqual(self.ssh(self.one, "systemctl --user is-active default.target; loginctl enable-linger && ls /var/lib/systemd/linger", user="lab"), (0, "active\nlab"))


class Refusals(unittest.TestCase):
    def wrong(self, *argv):
        done = subprocess.run([sys.executable, str(MINE), *argv], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stdout)
        return done.stderr

    def test_words(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn("is not NAME=ADDRESS", self.wrong(folder + "/x", "up", "a=b"))
            self.assertIn("of one /24", self.wrong(folder + "/x", "up", "a=10.0.0.2", "b=10.0.1.2"))
            self.assertIn("is there already", self.wrong(folder, "up", "a=10.0.0.2"))
            self.assertIn("there is no lab", self.wrong(folder + "/x", "status"))
            self.assertEqual(os.listdir(folder), [])

    def test_down_without_a_lab_is_no_error(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(subprocess.run([sys.executable, str(MINE), folder + "/x", "down"]).returncode, 0)

    def test_down_after_an_end_that_was_not_clean(self):
        """The process that made the lab is gone; another one takes it down from its state directory."""
        before = machine()
        with tempfile.TemporaryDirectory(dir="/run") as folder:
            subprocess.run([sys.executable, str(MINE), folder + "/x", "up", "a=10.9.0.2,shell"], check=True)
            stray = subprocess.Popen(netlab.Lab(folder + "/x").ctl("sleep", "1000"))
            subprocess.run([sys.executable, str(MINE), folder + "/x", "down"], check=True)
            self.assertEqual(stray.wait(), -9)
        after = machine()
        self.assertEqual({k: v for k, v in before.items() if k != "processes"}, {k: v for k, v in after.items() if k != "processes"})
        self.assertEqual(after["processes"] - before["processes"], set())


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("namespaces and mounts need root")
    unittest.main(verbosity=2)
