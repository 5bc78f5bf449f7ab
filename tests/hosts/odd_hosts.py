"""Hosts as they are found: a login that sends output elsewhere, a key with a command of its own, directories that were
there before. Each time `up` brings the lab up, the next one changes nothing, and `down` leaves what was there; or the lab
is refused before anything is made."""
import shlex

from lab import Hosts, must
from supervision import HOME, ONE, Toys, one_of_each, one_toy

RC = "~/.bashrc"


def comes_and_goes(hosts, toys):
    toys.up()
    one_of_each(toys)
    pids = toys.pids()
    again = toys.up()
    must(again["made"] == 0 and toys.pids() == pids, f"a second up changed something: {again}")
    hosts.good("down", toys.file)
    hosts.nothing_left()


def logins_of_their_own():
    """What a login's rc file may do to a command: both outputs in one, none at all, no way to the system's commands,
    another reading of options."""
    for line in ("exec 2>&1", "exec 2> /dev/null", "PATH=/usr/bin:/bin", "export POSIXLY_CORRECT=1"):
        with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
            hosts.prepare("one", f"echo {shlex.quote(line)} > {RC}")
            toys = one_toy(hosts)
            toys.up()
            once = hosts.tidelab("exec", toys.file, "--", "sh", "-c", "echo ran >> /tmp/count; exit 4")
            must(hosts.inside("one", "cat /tmp/count; rm /tmp/count") == "ran", f"`{line}`: it ran more than once, or not", once.out)
            must("4" in once.out and once.code != 0, f"`{line}`: its exit code is lost", f"{once.code}\n{once.out}")
            comes_and_goes(hosts, toys)


def a_key_with_a_command():
    """sshd keeps what was asked for in a variable, which a service must not inherit: it has the mark of a run in it."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", "printf '#!/bin/sh\\nexec sh -c \"$SSH_ORIGINAL_COMMAND\"\\n' > /opt/wrap && chmod 755 /opt/wrap && "
                      "sed -i 's,^ssh-,command=\"/opt/wrap\" ssh-,' ~/.ssh/authorized_keys && grep -q opt/wrap ~/.ssh/authorized_keys")
        comes_and_goes(hosts, one_toy(hosts))


def a_directory_within_that_was_there():
    """An archive puts a file into a directory that was there: root's, beside somebody's; root's, which is empty; the account's."""
    bin = "/opt/toys/a/toy-7001/bin"
    for before in (f"mkdir -p {bin} && echo mine > {bin}/mine", f"mkdir -p {bin}", f"useradd --create-home toy && mkdir -p {bin} && chown toy {bin}"):
        with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
            hosts.prepare("one", before)
            comes_and_goes(hosts, one_toy(hosts))


def a_path_that_is_written_in_an_odd_way():
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        for deploy in ("/opt//toys/a", "//opt/./x/../toys/a/"):
            comes_and_goes(hosts, one_toy(hosts, deploy=deploy))


# Entries of an access list: what it is about, what it allows, whose. Everybody's group may do all, as `setfacl -d -m g::rwx` has it.
DEFAULT_ACL = """
import os, struct
entries = [(1, 7), (4, 7), (32, 5)]
os.makedirs('/opt/toys')
os.setxattr('/opt/toys', 'system.posix_acl_default', struct.pack('<I', 2) + b''.join(struct.pack('<HHI', tag, may, 0xffffffff) for tag, may in entries))
"""


def a_directory_that_hands_rights_down():
    """A default ACL says that the group can write in whatever is made there, also in what tidelab makes for itself."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", f"python3 -c {shlex.quote(DEFAULT_ACL)}")
        hosts.inside("one", "mkdir /opt/toys/probe && test $(stat -c %a /opt/toys/probe) = 775 && rmdir /opt/toys/probe")
        comes_and_goes(hosts, one_toy(hosts))


def a_program_that_ends_at_once():
    """Only root finds it: the keeper starts, and the log says with which code the program ends."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", f"mkdir ~/bin && cp /usr/bin/python3 ~/bin && mount --bind /dev/null $(readlink -f /usr/bin/python3) && echo PATH=~/bin:/usr/bin:/bin > {RC}")
        toys = one_toy(hosts)
        refused = hosts.tidelab("up", toys.file)
        must(refused.code == 3 and "its keeper did not start" not in refused.out and "the process ended with 12" in refused.out, f"up ended with {refused.code}", refused.out)
        hosts.inside("one", "umount $(readlink -f /usr/bin/python3)")
        comes_and_goes(hosts, toys)


def a_masked_unit():
    with Hosts([("one", ONE, "systemd")], home=HOME) as hosts:
        hosts.prepare("one", "ln -s /dev/null /etc/systemd/system/tidelab-toys.toy-7001.service")
        toys = one_toy(hosts)
        refused = hosts.tidelab("up", toys.file)
        must(refused.code == 3 and "is masked: `systemctl unmask tidelab-toys.toy-7001.service`" in refused.out, f"up ended with {refused.code}", refused.out)
        hosts.good("down", toys.file)
        hosts.inside("one", "test -L /etc/systemd/system/tidelab-toys.toy-7001.service")


def places_that_cannot_be_written():
    with Hosts([("one", ONE, "systemd")], home=HOME) as hosts:
        toys = Toys(hosts, "toy", addresses=(ONE,))
        for place, text in (("/etc/systemd/system", "/etc/systemd/system cannot be written, so no unit can be made"), ("/etc", "/etc cannot be written, so the account toy cannot be made")):
            hosts.prepare("one", f"mount --bind {place} {place} && mount -o remount,bind,ro {place}")
            refused = hosts.tidelab("up", toys.file)
            must(refused.code == 3 and text in refused.out and "nothing was changed" in refused.out, f"up ended with {refused.code}", refused.out)
            hosts.nothing_left()
            hosts.inside("one", f"umount {place}")


def accounts_whose_manager_cannot_run():
    for made, text in (("useradd --no-create-home --home-dir /nonexistent toy", "toy may not write in its home, /nonexistent"), ("useradd --create-home --expiredate 1 toy", "toy has expired")):
        with Hosts([("one", ONE, "systemd")], home=HOME) as hosts:
            hosts.prepare("one", made)
            refused = hosts.tidelab("up", Toys(hosts, "toy", "user", addresses=(ONE,)).file)
            must(refused.code == 3 and text in refused.out and "nothing was changed" in refused.out, f"up ended with {refused.code}", refused.out)
            hosts.nothing_left()


TESTS = [logins_of_their_own, a_key_with_a_command, a_directory_within_that_was_there, a_path_that_is_written_in_an_odd_way,
         a_directory_that_hands_rights_down, a_program_that_ends_at_once, a_masked_unit, places_that_cannot_be_written, accounts_whose_manager_cannot_run]
