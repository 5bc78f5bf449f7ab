"""What the account that runs services, or another one on the host, may try where root works for the lab: each time nothing of
root's changes hands or is shown, and what is asked of the host has its answer within moments."""
import re
import shutil
import signal
import subprocess
import time

from archive import Archive
from hostile import lab_beside, untouched
from interruption import journal, start
from lab import Hosts, must, until
from supervision import HOME, ONE, STATE, Toys, one_toy

TOY = "/opt/toys/a/toy-7001"
OWN = f"{STATE}/run/toy-7001/own"
SECRET = "what only root may read"
LAB_DIRS = ("/opt/", "/var/lib/tidelab", "/home/", "/var/spool/mail/toy", "/var/mail/toy", "/usr/local", "/etc/systemd/system", "/var/spool/mail/else", "/var/mail/else", "/run/")
MOMENTS = 60  # seconds; without bounds these took 120 and more, each

# In place of a tool of the host: at the first word about a directory that is the account's, it is exchanged for a link,
# whether it is root or the account that runs the tool.
EXCHANGES = """#!/bin/sh
case "$*" in *{about}*)
  if [ -d {dir} ] && [ ! -L {dir} ]; then
    as=; [ "$(id -u)" != 0 ] || as='/sbin/runuser -u toy --'
    $as /bin/sh -c '/bin/mv {dir} {dir}.x$$ && /bin/ln -s {to} {dir} && echo so > /run/exchanged'
  fi ;;
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


def up_to_its_wait(hosts, toys):
    """All that `up` does on the host; whether the toy then answers is not waited for."""
    process = start(hosts, "up", toys.file)
    until(lambda: process.poll() is not None or any('"event":"started","step":8' in line for line in journal(hosts)), 60, "the wait for the toy")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


def ways_exchanged_while_root_works(init, tools):
    """Between any two acts of root's the account may put a link in place of a directory of its own; it leads to what is root's."""
    with Hosts([("one", ONE, init)], home=HOME) as hosts:
        hosts.prepare("one", "mkdir -p /usr/local/bin; useradd --create-home --comment else else; echo mine > /var/log/mine")
        for tool in tools:
            toys = one_toy(hosts)
            toys.file.write_text(toys.file.read_text() + f"    log_dir: {TOY}/data/log\n    data_dir: {TOY}/data\n")
            path = hosts.inside("one", f"command -v {tool}")
            about = "/data/log" if tool in ("stat", "mkdir") else "/toy-7001"  # the others are not run there
            hosts.inside("one", ": > /run/exchanged; chmod 666 /run/exchanged")
            hosts.in_place_of("one", tool, EXCHANGES.format(about=about, dir=f"{TOY}/data", to="/var", tool=path))
            up_to_its_wait(hosts, toys)  # whether it can is not what is asked
            must(hosts.inside("one", "cat /run/exchanged; : > /run/exchanged") == "so", f"{tool} was not run there, so nothing is tested")
            must(hosts.inside("one", "stat -c %U /var/log /var/log/mine") == "root\nroot", f"what is root's was given away, with {tool} exchanging", "")
            hosts.inside("one", f"rm /usr/local/bin/{tool} {TOY}/data && mv {TOY}/data.x* {TOY}/data")
            hosts.in_place_of("one", "rm", EXCHANGES.format(about="toy", dir=f"{TOY}/data", to="/var", tool="/bin/rm"))
            hosts.tidelab("down", toys.file)
            must(hosts.inside("one", "/bin/rm /usr/local/bin/rm; cat /run/exchanged") == "so", "rm was not run there, so nothing is tested")
            must(hosts.inside("one", "cat /var/log/mine") == "mine", f"what is root's was removed, with {tool} exchanging")
            untouched(hosts, LAB_DIRS)
            hosts.good("down", toys.file)


def ways_exchanged_without_systemd():
    ways_exchanged_while_root_works("shell", ("stat", "mkdir", "chown", "chmod", "mv", "tar"))


def ways_exchanged_with_systemd():
    ways_exchanged_while_root_works("systemd", ("stat", "mv"))


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
        for file, code in (("supervisor", 0), ("child", 1), ("ended", 1)):  # without a child it is said not to run
            for what, content in (("pid 1", "1 $(cut -d\" \" -f22 /proc/1/stat) 0 0"), ("a command", "x[$(touch /srv/run)] x[$(touch /srv/run)] x[$(touch /srv/run)] 1"), ("octal", "08 09 08 09"),
                                  ("no number", f"{numbers.split()[0]} {numbers.split()[1]} many since"), ("much", "9" * 400), ("nothing", ""), ("JSON", '\\",\\"x\\":\\"')):
                as_toy(hosts, f"rm -rf {OWN}/{file}")
                quoted = content if "$(cut" in content else content.replace("$", "\\$")
                as_toy(hosts, f'echo "{quoted}" > {OWN}/{file}')
                ran = in_time(hosts, f"{what} in {file}", "status", toys.file, "--format", "json", codes=(code,))
                must(ran.json()["nodes"][0]["node"] == f"{ONE}:7001", f"{what} in {file}: the status has no such node", ran.out)
                must(hosts.inside("one", "ls /srv/run", code=None).startswith("ls: cannot"), f"{what} in {file}: root ran it")
            for what, make in (("a pipe", "mkfifo"), ("a device", "ln -s /dev/zero"), ("a file of root's", "ln -s /srv/secret"), ("a directory", "mkdir")):
                as_toy(hosts, f"rm -rf {OWN}/{file}; {make} {OWN}/{file}")
                in_time(hosts, f"{what} for {file}", "status", toys.file, codes=(code,))
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
            in_time(hosts, f"{what} for a log", "logs", toys.file, codes=(2,))
            archive = Archive(hosts, toys.file)
            must(not [name for name, content in archive.files.items() if SECRET.encode() in content], f"{what} for a log: the archive has what is root's")
            report = hosts.folder / "report"
            in_time(hosts, f"{what} for a log", "smoke", toys.file, "--keep", "--report", report)
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
        noted = hosts.inside("one", "cat /var/lib/tidelab/*/owned")
        must(noted.startswith("parent ") and "theirs" not in noted, "the list has a line of the account's, or none", noted)
        hosts.tidelab("down", toys.file)
        must(hosts.inside("one", "cat /opt/theirs/file") == "mine", "what is root's is gone")


def a_place_that_is_exchanged_while_it_is_noted():
    """The account leads root's look at what it made to a directory of root's: that is not taken away for it."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", "mkdir -p /usr/local/bin /srv/toy-7001; echo mine > /srv/toy-7001/file; useradd --create-home --shell /bin/bash toy; runuser -u toy -- mkdir /home/toy/real /home/toy/other")
        for tool in ("readlink", "stat"):
            path = hosts.inside("one", f"command -v {tool}")
            hosts.in_place_of("one", tool, f"""#!/bin/sh
case "$*" in */home/toy/deploy*) /sbin/runuser -u toy -- /bin/sh -c 'rm -f /home/toy/deploy; ln -s /srv /home/toy/deploy' && echo so >> /run/exchanged ;; esac
{path} "$@"; code=$?
case "$*" in */home/toy/deploy*) /sbin/runuser -u toy -- /bin/sh -c 'rm -f /home/toy/deploy; ln -s /home/toy/real /home/toy/deploy' ;; esac
exit $code
""")
            as_toy(hosts, "rm -rf /home/toy/deploy; ln -s /home/toy/real /home/toy/deploy")
            toys = in_a_home(hosts)
            hosts.tidelab("up", toys.file)
            must(hosts.inside("one", f"rm /usr/local/bin/{tool}; cat /run/exchanged; rm -f /run/exchanged", code=None).startswith("so"), f"{tool} was not run there, so nothing is tested")
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
        # sudo acts as root while it asks; whoever called it wrote its environment.
        hosts.inside("one", f"setsid runuser -u else -- env TIDELAB_RUN={STATE}:abc-2 sh -c 'sleep 1000 | sudo -S -p x true' > /dev/null 2>&1 &")
        until(lambda: hosts.inside("one", "pgrep -U else -u root -x sudo", code=None), 10, "sudo asks")
        toys.greetings[ONE, 7001] = "evening"
        toys.write()
        for command in ("up", "stop", "down"):
            in_time(hosts, "a mark of another user", command, toys.file)
        must(hosts.inside("one", "pgrep -U else -cx 'sleep|sudo'") == "3", "another user's process was ended", hosts.inside("one", "ps axf"))
        hosts.inside("one", "pkill -U else")
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



# In place of tar: run by the account it looks into all that its processes have open, and writes anew what is root's.
LOOKS_FOR_LISTS = """#!/usr/bin/python3
import ctypes, os, sys
if os.getuid():
    said = os.open('/tmp/open', os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            numbers = os.listdir('/proc/' + pid + '/fd')
        except OSError:
            continue  # another account's
        for number in numbers:
            try:
                to = os.readlink('/proc/' + pid + '/fd/' + number)
                flags = int(open('/proc/' + pid + '/fdinfo/' + number).read().split()[3], 8)
            except OSError:
                continue
            os.write(said, f"{to if to[0] == '/' else to.partition(':')[0]} {flags & 3}\\n".encode())
            if to.startswith('/var/lib/tidelab/') and flags & 3:
                file = ctypes.CDLL(None).syscall(438, os.pidfd_open(int(pid)), int(number), 0)
                start = open(to).readline() if os.access(to, os.R_OK) else 'x\\n'
                os.ftruncate(file, 0)
                os.write(file, (start + '/opt/theirs\\nfile\\n').encode())
os.execv('/bin/tar', ['tar', *sys.argv[1:]])
"""


def a_list_of_an_archive_that_is_open():
    """While the account unpacks, none of its processes has a file of root's open for writing: so it says names, and writes no list."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", "mkdir -p /usr/local/bin /opt/theirs && echo mine > /opt/theirs/file")
        hosts.in_place_of("one", "tar", LOOKS_FOR_LISTS)
        toys = one_toy(hosts)
        ran = hosts.tidelab("up", toys.file)  # whether it can is not what is asked
        hosts.inside("one", "rm /usr/local/bin/tar")
        seen = set(hosts.inside("one", "sort -u /tmp/open; rm /tmp/open").splitlines())
        must("pipe 1" in seen, "the account's tar did not come to look, or saw nothing", f"{seen}\n{ran.out}")
        theirs = [line for line in seen if line[0] == "/" and not line.endswith(" 0") and not line.startswith(("/dev/null ", "/tmp/open ", f"{OWN}/", f"{TOY}/"))]
        must(not theirs, "the account has files of root's open for writing", "\n".join(theirs))
        must(hosts.inside("one", f"cat {STATE}/unpacked/* | tail -n +2 | sort").splitlines() == [TOY, "VERSION", "bin/", "bin/toy.py"], "the list is another")
        hosts.good("down", toys.file)
        must(hosts.inside("one", "cat /opt/theirs/file") == "mine", "what is root's is gone")
        hosts.nothing_left()


def home_of_another_toy(hosts, playbook="", assemble=""):
    """The toys of this test have these lines in their playbook, and these commands make their archive, too."""
    hosts.home, hosts.cache = hosts.folder / "home", hosts.folder / "cache"
    shutil.copytree(HOME, hosts.home)
    toy = hosts.home / "playbooks/toy"
    (toy / "playbook.yaml").write_text((toy / "playbook.yaml").read_text() + playbook)
    (toy / "assemble").write_text((toy / "assemble").read_text().replace("\ntar ", f"\n{assemble}\ntar "))


# In place of a tool of the host: at the first word about a directory it is exchanged for a link, by whoever may.
EXCHANGED_BY = """#!/bin/sh
case "$*" in *{about}*)
  if [ -d {dir} ] && [ ! -L {dir} ]; then
    echo asked >> /run/asked
    /sbin/runuser -u {who} -- sh -c 'mv {dir} {dir}.x && ln -s /srv/roots {dir}' 2> /dev/null
  fi ;;
esac
exec {tool} "$@"
"""


def joined_while_it_is_exchanged(rows):
    """Each row: the lab's user, who exchanges, how the directory that was there before became his, and the tools that are exchanged.
    The archive has directories in it that are there."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        home_of_another_toy(hosts, assemble='mkdir -p "toy-$1/lib/sub/deep"; echo x > "toy-$1/lib/sub/planted"; echo x > "toy-$1/lib/sub/deep/planted"')
        hosts.prepare("one", "mkdir -p /usr/local/bin /srv/roots /opt/toys/a; useradd --create-home --comment else else; useradd --create-home --comment toy toy")
        for user, who, given, tools in rows:
            for tool in tools:
                at = f"`{given}`, with {tool} exchanging"
                hosts.inside("one", f"mkdir -p {TOY}/lib/sub && {given.format(lib=f'{TOY}/lib')}")
                before = hosts.inside("one", f"stat -c '%U:%G %a %n' {TOY} {TOY}/lib {TOY}/lib/sub")
                path = hosts.inside("one", f"command -v {tool}")
                hosts.in_place_of("one", tool, EXCHANGED_BY.format(about="/lib/sub", dir=f"{TOY}/lib/sub", who=who, tool=path))
                toys = Toys(hosts, user, addresses=(ONE,))
                toys.instances = [(ONE, 7001)]
                toys.write()
                ran = hosts.tidelab("up", toys.file)  # whether it can is not what is asked
                hosts.inside("one", f"rm /usr/local/bin/{tool}")
                asked = hosts.inside("one", "cat /run/asked; rm -f /run/asked", code=None).startswith("asked")
                must(asked or ran.code or tool != "mv", f"{at}: nobody exchanged it, so nothing is tested", ran.out)
                must(hosts.inside("one", "find /srv/roots -printf '%u %m %p\n'") == "root 755 /srv/roots", f"{at}: a directory of root's is another, or has another's file", hosts.inside("one", "ls -laR /srv/roots"))
                hosts.good("down", toys.file)
                left = hosts.inside("one", f"stat -c '%U:%G %a %n' {TOY} {TOY}/lib {TOY}/lib/sub", code=None)
                must(left == before or ran.code, f"{at}: what was there before is another", f"{before}\n{left}")
                hosts.inside("one", f"rm -r {TOY}")
        hosts.inside("one", "mkdir -p /opt/toys/a")
        hosts.nothing_left()


def joined_into_a_directory_of_the_account():
    """It is the account's again afterwards; meanwhile the account can exchange nothing in it."""
    joined_while_it_is_exchanged([("toy", "toy", "chown -R toy: {lib}", ("mv", "stat"))])


def joined_into_a_directory_that_others_can_write():
    """Root's own, and open to others; and where services run as root, another user's."""
    joined_while_it_is_exchanged([("toy", "toy", "chmod 777 {lib} && chown toy: {lib}/sub", ("mv", "stat")),
                                  ("toy", "toy", "chgrp toy {lib} && chmod 775 {lib} && chown toy: {lib}/sub", ("mv",)),
                                  ("root", "else", "chown -R else: {lib}", ("mv",))])


def programs_run_by_name(hosts, names, runs):
    """What `exec --as-login` runs is never what the account put among the lab's tools; `runs` are its words."""
    home_of_another_toy(hosts, playbook='\ntools: {path: ["${deploy_dir}/bin"]}\n')
    hosts.prepare("one", ": > /tmp/ran; chmod 666 /tmp/ran")
    toys = one_toy(hosts)
    toys.up()
    for name in names:
        as_toy(hosts, f'printf "#!/bin/sh\\n/usr/bin/id -un >> /tmp/ran\\n" > {TOY}/bin/{name} && chmod 755 {TOY}/bin/{name}')
    hosts.good("exec", toys.file, "--", names[0])
    must(hosts.inside("one", "cat /tmp/ran; : > /tmp/ran") == "toy", "as the account it does not run, so nothing is tested")
    for words in runs:
        ran = hosts.tidelab("exec", toys.file, "--as-login", *words)
        must("it ended with 127" in ran.out, f"`{words[-1]}` was found", ran.out)
        must(hosts.inside("one", "cat /tmp/ran") == "", f"the account's program ran as {hosts.inside('one', 'cat /tmp/ran')} for `{words[-1]}`", ran.out)
    hosts.good("down", toys.file)
    hosts.nothing_left()


def a_program_of_the_account_by_name():
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        programs_run_by_name(hosts, ("hello", "ls"), [("--", "hello"), ("--sh", "hello"), ("--node", f"{ONE}:7001", "--", "hello")])


def a_name_that_is_not_there():
    """What it may be called is looked for among the lab's tools; nothing of these is run for that."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        programs_run_by_name(hosts, ("hello", "ls", "sh", "test"), [("--", "helo")])


ROOTS = "find /srv/roots -printf '%u %m %p\\n' | sort; cat /srv/roots/mine /srv/roots/log/mine"


def leaves_links_and_is_gone(hosts, toys, there, log="log"):
    """The lab comes up; its account leads what is there to what is root's, and is gone while its service runs. Gives `down`, which is looked at."""
    hosts.prepare("one", "mkdir -p /usr/local/bin /srv/roots/log && echo mine | tee /srv/roots/mine > /srv/roots/log/mine")
    toys.up()
    as_toy(hosts, f"cd {there} && ln -s /srv/roots data/roots && ln -s /srv/roots {log}/roots && ln -s /srv/roots/mine {log}/mine && mkdir data/deep && ln -s /srv/roots data/deep/x && mv bin b && ln -s /srv/roots bin && rm -r conf && ln -s /srv/roots conf")
    before = hosts.inside("one", ROOTS)
    hosts.inside("one", "userdel -f toy; ! id toy && rm -rf /var/mail/toy")
    must(hosts.inside("one", "pgrep -cf '[t]oy.py'") == "1", "nothing of it runs, so nothing is tested")

    def went(how, *more, code=0):
        ran = hosts.tidelab("down", toys.file, *more)
        must(ran.code == code, f"{how}: down ended with {ran.code}", ran.out)
        must(hosts.inside("one", ROOTS) == before, f"{how}: what is root's is not as it was", hosts.inside("one", "ls -laR /srv/roots"))
        must(hosts.inside("one", "pgrep -cf '[t]oy.py'", code=None) == "0", f"{how}: it still runs")
        return ran.out

    return went


# In place of rm: whoever has the numbers of the account, which may be gone, exchanges a directory at that moment.
EXCHANGED_BY_NUMBER = """#!/bin/sh
case "$*" in *{about}*)
  if [ -d {dir} ] && [ ! -L {dir} ]; then
    as=; [ "$(id -u)" != 0 ] || as='setpriv --reuid={id} --regid={id} --clear-groups'
    $as /bin/sh -c 'mv {dir} {dir}.x && ln -s /srv/roots {dir} && : > /tmp/exchanged'
  fi ;;
esac
exec /bin/rm "$@"
"""


def an_account_that_is_gone():
    """`userdel -f` before `down`: what it left is taken away with the numbers that it had, and no link of it is followed."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        toys = one_toy(hosts)
        toys.file.write_text(toys.file.read_text() + f"    log_dir: {TOY}/of/toy/log\n")
        went = leaves_links_and_is_gone(hosts, toys, TOY, "of/toy/log")
        number = hosts.inside("one", f"stat -c %u {TOY}")
        hosts.inside("one", f"setpriv --reuid={number} --regid={number} --clear-groups touch {TOY}/of/toy/mine")
        hosts.in_place_of("one", "rm", EXCHANGED_BY_NUMBER.format(about="/toy/mine", dir=f"{TOY}/of/toy", id=number))
        went("the logs stay", "--keep-logs")
        hosts.inside("one", "/bin/rm /usr/local/bin/rm /tmp/exchanged")
        kept = hosts.inside("one", f"cd {TOY} && find . -mindepth 1 | sort").splitlines()
        must(kept == ["./of", "./of/toy", "./of/toy.x", *(f"./of/toy.x/{name}" for name in ("log", "log/mine", "log/roots", "log/toy.log", "mine"))], "other things stay than the logs", kept)
        hosts.inside("one", f"rm {TOY}/of/toy && mv {TOY}/of/toy.x {TOY}/of/toy && mkdir {TOY}/of/root && touch {TOY}/of/root/file")  # below what root made, so root takes it away
        went("all goes")
        hosts.inside("one", "rm -r /home/toy")
        hosts.nothing_left()


def what_its_account_could_not_remove():
    """What the account made only the account takes away. What it could not is told, and is not forgotten: the next `down` goes on."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        there = "/home/toy/deploy/toy-7001"
        went = leaves_links_and_is_gone(hosts, in_a_home(hosts), there)
        hosts.inside("one", f"mkdir {there}/data/of-root && touch {there}/data/of-root/file")
        for _ in range(2):
            said = went("a file of root's is in it", code=3)
            must(f"file {there}\n" in said and "still there" in said, "what is left is not told", said)
            hosts.inside("one", f"test -f {there}/data/of-root/file")
        hosts.inside("one", f"rm -r {there}/data/of-root")
        went("without it")
        hosts.inside("one", "test ! -e /home/toy/deploy && rm -r /home/toy")
        hosts.nothing_left()


def a_directory_that_root_took_back():
    """Where the operator gave a directory of the lab to root, what lies in it is the account's all the same, and root follows it nowhere."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", "mkdir -p /usr/local/bin /srv/roots/log; echo mine > /srv/roots/mine")
        toys = one_toy(hosts)
        toys.file.write_text(toys.file.read_text() + f"    log_dir: {TOY}/of/toy/log\n    data_dir: {TOY}/data\n")
        toys.up()
        hosts.inside("one", f"chown root {TOY}")
        as_toy(hosts, f"touch {TOY}/of/toy/mine")
        exchanges = EXCHANGED_BY.format(about="/toy/mine", dir=f"{TOY}/of/toy", who="toy", tool="/bin/rm")
        keeps = '[ "$(id -u)" = 0 ] || case "$*" in */toy/mine*) echo kept >> /tmp/kept; exit ;; esac # the account does not remove it'
        hosts.in_place_of("one", "rm", exchanges.replace("\n", f"\n{keeps}\n", 1))
        ran = hosts.tidelab("down", toys.file, "--keep-logs")
        hosts.inside("one", f"/bin/rm /tmp/kept /usr/local/bin/rm; /bin/rm -f /run/asked; if [ -L {TOY}/of/toy ]; then /bin/rm {TOY}/of/toy && mv {TOY}/of/toy.x {TOY}/of/toy; fi")
        must(hosts.inside("one", "cat /srv/roots/mine", code=None) == "mine", "what is root's was removed", ran.out)
        hosts.good("down", toys.file)
        hosts.nothing_left()


def a_part_goes_while_ways_are_exchanged():
    """`up --prune`: nothing of root's goes with an instance, whatever its account leads its directories to, and whenever; nor what
    is somebody's by now."""
    gone = "/opt/toys/a/toy-7002"
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", "mkdir -p /usr/local/bin /srv/roots/log; echo mine | tee /srv/roots/mine > /srv/roots/log/mine; useradd --create-home --comment else else")
        toys = Toys(hosts, "toy", addresses=(ONE,))
        before = hosts.inside("one", ROOTS)

        def write(*ports):
            toys.instances = [(ONE, port) for port in ports]
            toys.write()

        for tool in ("rm", "stat"):
            write(7001, 7002)
            toys.file.write_text(toys.file.read_text() + f"    log_dir: {gone}/data/log\n    data_dir: {gone}/data\n")
            toys.up()
            path = hosts.inside("one", f"command -v {tool}")
            hosts.in_place_of("one", tool, EXCHANGED_BY.format(about="toy-7002", dir=f"{gone}/data", who="toy", tool=path))
            write(7001)
            ran = in_time(hosts, f"{tool} exchanges", "up", toys.file, "--prune", codes=(0, 3))
            must(hosts.inside("one", f"/bin/rm /usr/local/bin/{tool}; cat /run/asked; /bin/rm -f /run/asked", code=None).startswith("asked"), f"{tool} was not run there, so nothing is tested", ran.out)
            must(hosts.inside("one", ROOTS) == before, f"with {tool} exchanging, what is root's is not as it was", hosts.inside("one", "ls -laR /srv/roots"))
            in_time(hosts, f"after {tool}", "up", toys.file, "--prune")
            must(hosts.inside("one", f"ls {gone}", code=2).startswith("ls: cannot"), f"after {tool} something of it is left", ran.out)

        write(7001, 7002)
        toys.up()
        born = hosts.inside("one", f"stat -c %W {gone}; mv {gone} /opt/moved")
        until(lambda: hosts.inside("one", f"rm -rf {gone}; mkdir {gone}; stat -c %W {gone}") != born, 10, "another second")  # as exact as births are
        hosts.inside("one", f"echo mine > {gone}/mine; chown -R else: {gone}")
        write(7001)
        for _ in range(2):
            ran = in_time(hosts, "somebody's directory", "up", toys.file, "--prune", codes=(3,))
            must(f"file {gone} is not the one that was made for this lab, so it stays" in ran.out, "why it stays is not told", ran.out)
            must(hosts.inside("one", f"cat {gone}/mine") == "mine", "what is somebody's was removed")
        hosts.inside("one", f"rm -r {gone} /opt/moved")
        in_time(hosts, "without it", "up", toys.file, "--prune")
        hosts.good("down", toys.file)
        hosts.nothing_left()


def records_of_an_earlier_release():
    """One that anybody else could have written neither stops `up` nor is followed; where it is root's, it is another release's to take away."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        toys = one_toy(hosts)
        begin = "useradd --create-home --comment else else; useradd --create-home --comment toy toy; mkdir -p /opt/theirs && echo mine > /opt/theirs/file; rm -rf /opt/toys /srv/real"
        record = "mkdir -p {0} && printf '%s\n' 'dir /opt/theirs' \"born $(stat -c %W /opt/theirs) /opt/theirs\" 'file /opt/theirs/file' 'user else' > {0}/owned"
        old = "/opt/toys/a/.tidelab-toys"
        for what, make in (("the account's", f"{record.format(old)} && chown -R toy: /opt/toys/a"), ("another's, in a directory for all", f"{record.format(old)} && chown -R else: {old} && chmod 1777 /opt/toys/a"),
                           ("the account's, in a directory of root's", f"{record.format(old)} && chown -R toy: {old}"), ("root's list in the account's directory", f"{record.format(old)} && chown toy: {old}"),
                           ("a link of another's to what root has", f"mkdir -p /opt/toys/a && {record.format('/srv/real')} && chmod 1777 /opt/toys/a && ln -s /srv/real {old} && chown -h else: {old}")):
            hosts.prepare("one", f"{begin}; {make}")
            in_time(hosts, what, "up", toys.file)
            in_time(hosts, what, "down", toys.file)
            must(hosts.inside("one", f"cat /opt/theirs/file; id -un else; wc -l < {old}/owned") == "mine\nelse\n4", f"{what}: it was followed, or removed")
            hosts.nothing_left()
        hosts.prepare("one", f"{begin}; {record.format(old)}")
        for command in ("up", "down"):
            ran = in_time(hosts, "root's", command, toys.file, codes=(3,))
            must(f"this lab was made by an earlier release, whose record is {old}: take it away with that release" in ran.out, f"root's: {command} says something else", ran.out)
        hosts.nothing_left()


def locks_on_what_every_host_has():
    """Where the lab is not there yet, runs take turns at /root, or at / where others can open that, too: who holds it is told after 20 s."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", "mkdir -p /usr/local/bin; useradd --create-home --comment else else")
        toys = one_toy(hosts)
        # It is not waited for so long here; how long it would be is noted.
        hosts.in_place_of("one", "flock", '#!/bin/sh\necho "$*" >> /run/flock\ncase "$*" in "-E 75 -w 20 8") exec /usr/bin/flock -E 75 -w 1 8 ;; esac\nexec /usr/bin/flock "$@"\n')
        for mode, place in (("700", "/root"), ("550", "/root"), ("750", "/root"), ("755", "/"), ("711", "/")):
            hosts.inside("one", f"chmod {mode} /root; rm -f /run/flock")
            hosts.inside("one", f"setsid runuser -u else -- sh -c 'for p in / /root; do flock $p sleep 600 & done' > /dev/null 2>&1 &")
            until(lambda: hosts.inside("one", "pgrep -u else -cx sleep", code=None) in ("1", "2"), 10, "the lock of another")
            ran = in_time(hosts, f"/root has mode {mode}", "up", toys.file, codes=(3,) if place == "/" else (0,))
            must("-E 75 -w 20 8" in hosts.inside("one", "cat /run/flock"), "it waits in another way, or for another time", hosts.inside("one", "cat /run/flock"))
            if place == "/":
                pid = hosts.inside("one", "pgrep -u else -fx '.*flock / sleep 600'")
                must(re.search(rf" / is locked by process {pid} \(\S*flock / sleep 600 *\), and has been for 20 s", ran.out), f"/root has mode {mode}: who holds it is not told", ran.out)
                must(hosts.inside("one", f"ls {STATE} /opt/toys 2> /dev/null", code=None) == "", "something was made all the same")
            hosts.inside("one", "pkill -u else")
            hosts.good("down", toys.file)
        hosts.inside("one", "chmod 700 /root; rm /usr/local/bin/flock /run/flock")
        hosts.nothing_left()

TESTS = [a_part_goes_while_ways_are_exchanged, a_list_of_an_archive_that_is_open, joined_into_a_directory_of_the_account, joined_into_a_directory_that_others_can_write, a_program_of_the_account_by_name,
         a_name_that_is_not_there, an_account_that_is_gone, what_its_account_could_not_remove, a_directory_that_root_took_back, records_of_an_earlier_release, locks_on_what_every_host_has, names_that_are_lines_of_a_list, a_place_that_is_exchanged_while_it_is_noted, marks_of_others, what_only_root_knows, ways_exchanged_without_systemd, ways_exchanged_with_systemd, what_a_keeper_says_is_data_for_dash, what_a_keeper_says_is_data_for_bash, files_that_are_none, locks_of_others, places_that_others_made]
