"""Hosts with other Debians than the machine's, from the oldest ssh and systemd to the newest: what a small server has, made by debootstrap
from where apt takes its packages, once for a checkout."""
import os
import pathlib
import shutil
import subprocess

from lab import ROOT, Hosts
from supervision import HOME, ONE, TWO, life

ROOTS = pathlib.Path(os.environ.get("TIDELAB_BUILD", ROOT / "build")).resolve() / "roots"
INCLUDED = "systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,procps,python3"


def root_of(suite):
    root, unfinished = ROOTS / suite, ROOTS / f"{suite}.unfinished"
    if not root.exists():
        targets = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"], stdout=subprocess.PIPE, text=True, check=True)
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["debootstrap", "--variant=minbase", f"--include={INCLUDED}", suite, unfinished, targets.stdout.split()[0]],
                       stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True)
        unfinished.rename(root)
    return str(root)


def lives_on(suite):
    with Hosts([("one", ONE, "systemd", root_of(suite)), ("two", TWO, "shell", root_of(suite))], home=HOME) as hosts:
        print(suite, hosts.net.host("one").greets(), hosts.inside("one", "systemctl --version | head -n 1"), flush=True)
        life(hosts, "toy", "", boots=True)


def hosts_with_debian_11():
    lives_on("bullseye")


def hosts_with_debian_13():
    lives_on("trixie")


TESTS = [hosts_with_debian_11, hosts_with_debian_13]
