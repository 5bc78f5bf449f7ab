"""What the account that runs services, or another one on the host, may try where root works for the lab: each time nothing of
root's changes hands or is shown, and what is asked of the host has its answer within moments."""
import subprocess
import time

from archive import Archive
from hostile import lab_beside, untouched
from lab import Hosts, must
from supervision import HOME, ONE, STATE, Toys, one_toy

TOY = "/opt/toys/a/toy-7001"
OWN = f"{STATE}/run/toy-7001/own"
SECRET = "what only root may read"
LAB_DIRS = ("/opt/", "/var/lib/tidelab", "/home/", "/var/spool/mail/toy", "/var/mail/toy", "/usr/local", "/etc/systemd/system", "/var/spool/mail/else", "/var/mail/else", "/run/")
MOMENTS = 60  # seconds; without bounds these took 120 and more, each

# In place of a tool of the host: at the first word about a directory that is the account's, it is exchanged for a link.
EXCHANGES = """#!/bin/sh
case "$*" in *{about}*)
  if [ -d {dir} ] && [ ! -L {dir} ]; then /sbin/runuser -u toy -- sh -c 'mv {dir} {dir}.x$$ && ln -s {to} {dir}'; fi ;;
esac
exec {tool} "$@"
"""


def as_toy(hosts, command, code=0):
    return hosts.inside("one", f"runuser -u toy -- sh -c '{command}'", code)


def in_time(hosts, what, *argv, codes=(0,)):
    began = time.monotonic()
    ran = hosts.tidelab(*argv)
    took = time.monotonic() - began
    must(ran.code in codes, f"{what}: {argv[0]} ended with {ran.code}", ran.out[-3000:])
    must(took < MOMENTS, f"{what}: {argv[0]} took {took:.0f} s", ran.out[-3000:])
    must(SECRET not in ran.out, f"{what}: {argv[0]} shows what is root's", ran.out[-3000:])
    return ran


def ways_exchanged_while_root_works(init, tools):
    """Between any two acts of root's the account may put a link in place of a directory of its own; it leads to what is root's."""
    with Hosts([("one", ONE, init)], home=HOME) as hosts:
        hosts.prepare("one", "mkdir -p /usr/local/bin; useradd --create-home --comment else else; echo mine > /var/log/mine")
        for tool in tools:
            toys = one_toy(hosts)
            toys.file.write_text(toys.file.read_text() + f"    log_dir: {TOY}/data/log\n    data_dir: {TOY}/data\n")
            path = hosts.inside("one", f"command -v {tool}")
            hosts.in_place_of("one", tool, EXCHANGES.format(about="/data/log", dir=f"{TOY}/data", to="/var", tool=path))
            hosts.tidelab("up", toys.file)  # whether it can is not what is asked
            must(hosts.inside("one", "stat -c %U /var/log /var/log/mine") == "root\nroot", f"what is root's was given away, with {tool} exchanging", "")
            hosts.inside("one", f"rm /usr/local/bin/{tool}")
            hosts.in_place_of("one", "rm", EXCHANGES.format(about="toy", dir=f"{TOY}/data", to="/var", tool="/bin/rm"))
            hosts.tidelab("down", toys.file)
            hosts.inside("one", "/bin/rm /usr/local/bin/rm")
            must(hosts.inside("one", "cat /var/log/mine") == "mine", f"what is root's was removed, with {tool} exchanging")
            untouched(hosts, LAB_DIRS)
            hosts.good("down", toys.file)


def ways_exchanged_without_systemd():
    ways_exchanged_while_root_works("shell", ("stat", "mkdir", "chown", "chmod", "mv", "readlink", "tar"))


def ways_exchanged_with_systemd():
    ways_exchanged_while_root_works("systemd", ("stat", "chown"))


def what_a_keeper_says_is_data(shell):
    """What the account may write beside its services: root neither runs it, nor waits for it, nor ends whom it names."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", f"mkdir -p /usr/local/bin && ln -s $(command -v {shell}) /usr/local/bin/sh && echo '{SECRET}' > /srv/secret && chmod 600 /srv/secret")
        toys = one_toy(hosts)
        toys.up()
        for path in (f"{STATE}/owned", f"{STATE}/run/toy-7001/unit", f"{STATE}/run/toy-7001/applied", f"{STATE}/unpacked/x", f"{STATE}/lock", f"{STATE}/lock.guard"):
            as_toy(hosts, f"echo system /srv/secret > {path}", code=2 if shell != "bash" else None)
            must(not hosts.inside("one", f"grep -l srv/secret {path}", code=None).startswith("/"), f"the account can write {path}")
        numbers = hosts.inside("one", f"cat {OWN}/child")
        for file in ("supervisor", "child", "ended"):
            for what, content in (("pid 1", "1 $(cut -d\" \" -f22 /proc/1/stat) 0 0"), ("a command", "x[$(touch /srv/run)] x[$(touch /srv/run)] x[$(touch /srv/run)] 1"), ("octal", "08 09 08 09"),
                                  ("no number", f"{numbers.split()[0]} {numbers.split()[1]} many since"), ("much", "9" * 400), ("nothing", ""), ("JSON", '\\",\\"x\\":\\"')):
                as_toy(hosts, f"rm -rf {OWN}/{file}")
                quoted = content if "$(cut" in content else content.replace("$", "\\$")
                as_toy(hosts, f'echo "{quoted}" > {OWN}/{file}')
                ran = in_time(hosts, f"{what} in {file}", "status", toys.file, "--format", "json", codes=(0, 1, 2))
                must(ran.json()["nodes"][0]["node"] == f"{ONE}:7001", f"{what} in {file}: the status has no such node", ran.out)
                must(hosts.inside("one", "ls /srv/run", code=None).startswith("ls: cannot"), f"{what} in {file}: root ran it")
            for what, make in (("a pipe", "mkfifo"), ("a device", "ln -s /dev/zero"), ("a file of root's", "ln -s /srv/secret"), ("a directory", "mkdir")):
                as_toy(hosts, f"rm -rf {OWN}/{file}; {make} {OWN}/{file}")
                in_time(hosts, f"{what} for {file}", "status", toys.file, codes=(0, 1, 2))
            as_toy(hosts, f"rm -rf {OWN}/{file}")
        as_toy(hosts, f"ln -s /srv/secret {OWN}/x; mkdir -p {OWN}/deep && ln -s /root {OWN}/deep/root")
        archive = Archive(hosts, toys.file)
        must(not [name for name, content in archive.files.items() if SECRET.encode() in content], "the archive has what is root's")
        hosts.good("down", toys.file)
        must(hosts.inside("one", "cat /srv/secret; pgrep -xc sh | grep -c .") == f"{SECRET}\n1", "what is root's is gone")
        hosts.inside("one", "pkill -f '[t]oy.py'", code=None)  # the keepers' files named nobody any more
        hosts.good("down", toys.file)
        hosts.nothing_left()


def what_a_keeper_says_is_data_for_dash():
    what_a_keeper_says_is_data("dash")


def what_a_keeper_says_is_data_for_bash():
    what_a_keeper_says_is_data("bash")


def files_that_are_none(init="shell"):
    """In place of its configuration, its log and its unit the account puts pipes, devices, links and what takes ever to read."""
    with Hosts([("one", ONE, init)], home=HOME) as hosts:
        toys = lab_beside(hosts, f"echo '{SECRET}' > /srv/secret && chmod 600 /srv/secret")
        conf, log = f"{TOY}/conf/toy.properties", f"{TOY}/log/toy.log"
        for what, make in (("a pipe", "mkfifo"), ("a device", "ln -s /dev/zero"), ("a file of root's", "ln -s /srv/secret"), ("a terabyte", "truncate -s 1T")):
            as_toy(hosts, f"rm -f {conf} && {make} {conf}")
            must(in_time(hosts, f"{what} for a configuration", "up", toys.file, "--format", "json").json()["counts"]["steps"]["made"] > 0, f"{what} is taken for a configuration")
            must(hosts.inside("one", f"stat -c '%F %U %a' {conf}") == "regular file toy 600", f"{what} is there instead of a configuration")
            as_toy(hosts, f"mv {log} {log}.kept; {make} {log}")
            in_time(hosts, f"{what} for a log", "logs", toys.file, codes=(0, 2))
            archive = Archive(hosts, toys.file, code=None)
            must(not [name for name, content in archive.files.items() if SECRET.encode() in content], f"{what} for a log: the archive has what is root's")
            report = hosts.folder / "report"
            in_time(hosts, f"{what} for a log", "smoke", toys.file, "--keep", "--report", report, codes=(0, 1, 2, 3))
            must(subprocess.run(["grep", "-rl", SECRET, report, hosts.folder / "state"], capture_output=True).returncode == 1, f"{what} for a log: the report shows what is root's")
            as_toy(hosts, f"rm -f {log}; mv {log}.kept {log}")
        hosts.good("down", toys.file)
        hosts.nothing_left()


def locks_of_others():
    """Any user may lock what he can open: not what the lab is held by, and not what its first `up` waits for."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", "useradd --create-home --comment else else")
        hosts.inside("one", "runuser -u else -- sh -c 'setsid flock / sleep 600 > /dev/null 2>&1 &'")
        toys = one_toy(hosts)
        in_time(hosts, "a lock on /", "up", toys.file)
        for path in (f"{STATE}/lock.guard", f"{STATE}/lock", f"{STATE}/owned"):
            must("denied" in hosts.inside("one", f"runuser -u else -- flock -n {path} true 2>&1", code=None), f"others can lock {path}")
        # Where root itself holds it, that is told.
        hosts.inside("one", f"setsid flock {STATE}/lock.guard sleep 600 > /dev/null 2>&1 &")
        toys.greetings[ONE, 7001] = "evening"
        toys.write()
        ran = in_time(hosts, "a lock on the guard", "up", toys.file, codes=(3,))
        must("lock.guard is locked by process" in ran.out, "who holds the lock is not told", ran.out)
        hosts.inside("one", "pkill -x sleep")
        hosts.good("down", toys.file)
        hosts.inside("one", "pkill -x sleep", code=None)
        hosts.nothing_left()


def places_that_others_made():
    """Below a directory of another user nothing is run, whoever the lab is run as; and it is said whose it is."""
    for login, user in (("root", "root"), ("lab", "lab"), ("root", "toy")):
        with Hosts([("one", ONE, "shell")], home=HOME, user=login) as hosts:
            hosts.prepare("one", "useradd --create-home --comment else else; install -d -o else -m 755 /srv/theirs; install -d -o lab -m 755 /srv/theirs/lab; install -d -m 1777 /srv/all; install -d -o else /srv/all/toys; install -d -m 777 /srv/open")
            for deploy, told in (("/srv/theirs/lab/x", "/srv/theirs"), ("/srv/all/toys/a", "/srv/all/toys"), ("/srv/open/a", "/srv/open")):
                toys = Toys(hosts, user, addresses=(ONE,), deploy=deploy)
                seen = hosts.tidelab("preflight", toys.file)
                must(seen.code == 1 and f"can change {told} (" in seen.out, f"preflight for {user} in {deploy} ended with {seen.code}", seen.out)
                ran = hosts.tidelab("up", toys.file)
                must(ran.code == 3 and told in ran.out, f"up for {user} in {deploy} ended with {ran.code}", ran.out)
                hosts.nothing_left()


def in_a_home(hosts):
    """A lab of a toy that names no directory: all of it is below the home of its account."""
    toys = one_toy(hosts)
    toys.file.write_text("\n".join(line for line in toys.file.read_text().splitlines() if "deploy_dir" not in line) + "\n")
    return toys


def names_that_are_lines_of_a_list():
    """What the account's own links lead to may have line ends in its name; no line of root's list comes of it."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", "useradd --create-home --shell /bin/bash toy; mkdir /opt/theirs; echo mine > /opt/theirs/file")
        hosts.inside("one", """runuser -l toy -c 'd=$(printf "a\\ndir /opt/theirs\\nborn $(stat -c %W /opt/theirs) /opt/theirs\\nparent /x"); mkdir -p "$d"; ln -s "$HOME/$d" "$HOME/deploy"'""")
        toys = in_a_home(hosts)
        ran = hosts.tidelab("up", toys.file)
        must(ran.code == 3 and "has a line end in its name" in ran.out, f"up ended with {ran.code}", ran.out)
        must("/opt/theirs" not in hosts.inside("one", "grep -r theirs /var/lib/tidelab/*/owned", code=None), "the list has a line of the account's")
        hosts.tidelab("down", toys.file)
        must(hosts.inside("one", "cat /opt/theirs/file") == "mine", "what is root's is gone")


def a_place_that_is_exchanged_while_it_is_noted():
    """The account leads root's look at what it made to a directory of root's: that is not taken away for it."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", "mkdir -p /usr/local/bin /srv/toy-7001; echo mine > /srv/toy-7001/file; useradd --create-home --shell /bin/bash toy; runuser -u toy -- mkdir /home/toy/real /home/toy/other")
        for tool in ("readlink", "stat"):
            path = hosts.inside("one", f"command -v {tool}")
            hosts.in_place_of("one", tool, f"""#!/bin/sh
case "$*" in */home/toy/deploy*) /sbin/runuser -u toy -- /bin/sh -c 'rm -f /home/toy/deploy; ln -s /srv /home/toy/deploy' ;; esac
{path} "$@"; code=$?
case "$*" in */home/toy/deploy*) /sbin/runuser -u toy -- /bin/sh -c 'rm -f /home/toy/deploy; ln -s /home/toy/real /home/toy/deploy' ;; esac
exit $code
""")
            as_toy(hosts, "rm -rf /home/toy/deploy; ln -s /home/toy/real /home/toy/deploy")
            toys = in_a_home(hosts)
            hosts.tidelab("up", toys.file)
            hosts.inside("one", f"rm /usr/local/bin/{tool}")
            as_toy(hosts, "rm -f /home/toy/deploy; ln -s /srv /home/toy/deploy")
            hosts.tidelab("down", toys.file)
            must(hosts.inside("one", "cat /srv/toy-7001/file") == "mine", f"what is root's is gone, with {tool} exchanging")
            as_toy(hosts, "rm -rf /home/toy/deploy /home/toy/real; mkdir /home/toy/real")
            hosts.tidelab("down", toys.file)


def marks_of_others():
    """Any user's process may carry the lab's mark in its environment; no run waits for that, or ends it."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", "useradd --create-home --comment else else")
        toys = one_toy(hosts)
        toys.up()
        hosts.inside("one", f"setsid runuser -u else -- env TIDELAB_RUN={STATE}:abc-1 python3 -c 'import subprocess; subprocess.run([\"sleep\", \"1000\"])' > /dev/null 2>&1 &")
        toys.greetings[ONE, 7001] = "evening"
        toys.write()
        for command in ("up", "stop", "down"):
            in_time(hosts, "a mark of another user", command, toys.file)
        must(hosts.inside("one", "pgrep -u else -cx sleep") == "1", "another user's process was ended")
        hosts.inside("one", "pkill -u else")
        hosts.nothing_left()


def what_only_root_knows():
    """What is in the environment of root's login is in none of the account's processes."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.inside("one", "echo 'export TOKEN=what-only-root-knows' >> ~root/.bashrc; sed -i 1i'export TOKEN=what-only-root-knows' ~root/.bashrc")
        toys = one_toy(hosts)
        toys.up()
        must(hosts.login("one", "echo $TOKEN") == "what-only-root-knows", "root's login has no such variable, so nothing is tested")
        must(as_toy(hosts, "cat /proc/[0-9]*/environ 2> /dev/null | grep -ac only-root", code=None) == "0", "the account's processes have it")
        hosts.good("down", toys.file)


TESTS = [names_that_are_lines_of_a_list, a_place_that_is_exchanged_while_it_is_noted, marks_of_others, what_only_root_knows, ways_exchanged_without_systemd, ways_exchanged_with_systemd, what_a_keeper_says_is_data_for_dash, what_a_keeper_says_is_data_for_bash, files_that_are_none, locks_of_others, places_that_others_made]
