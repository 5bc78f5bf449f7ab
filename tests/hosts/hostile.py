"""`down` on hosts of an operator: whatever the topology, an account or somebody's editor says, only what the lab made goes."""
import re

from lab import USER_TOOLS, Hosts, Wrong, changes, listing, must
from supervision import HOME, ONE, STATE, one_toy

TOY = "/opt/toys/a/toy-7001"


def lab_beside(hosts, theirs):
    """A lab that is up on a host where `theirs` was there before."""
    hosts.prepare("one", theirs)
    toys = one_toy(hosts)
    toys.up()
    return toys


def untouched(hosts, below=("/opt/", "/var/lib/tidelab", "/home/toy", "/var/spool/mail/toy", "/var/mail/toy")):
    """Nothing outside the lab differs from before."""
    kept = USER_TOOLS | {"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid"}
    left = [c for c in changes(hosts.before["one"], listing(hosts.net.host("one"))) if not c[2:].split("  ")[0].startswith(below) and c[2:].split("  ")[0] not in kept]
    must(not left, "something outside the lab has changed", "\n".join(left))


def a_list_that_was_edited():
    """Everything in it that no `down` may remove is told, and stays; the lab itself goes."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        toys = lab_beside(hosts, "useradd --create-home --comment somebody else && mkdir -p /opt/theirs /srv/x && echo mine > /opt/theirs/file && echo mine > /srv/x/file")
        hosts.inside("one", f"cp -p {STATE}/owned /run/owned.kept")
        for entry in ("dir /", "dir /opt", "dir /etc", "dir /etc/ssh", "dir /home", "dir /home/else", "dir /root", "dir /opt/theirs", "dir /opt/toys/a/../../theirs", "dir /srv/x/", "file /etc/passwd",
                      "file /opt/theirs/file", "user else", "user root", "linger root", "unit /etc/passwd", "parent /opt", "dir /usr/share", "dir relative", "dir", "born 0 /opt/theirs"):
            hosts.inside("one", f"printf '%s\\n' '{entry}' >> {STATE}/owned")
        ran = hosts.tidelab("down", toys.file)
        must(ran.code == 3, f"`down` ended with {ran.code}", ran.out)
        for told in ("/opt/theirs", "/etc/ssh", "/home/else", "/srv/x"):
            must(f"file {told}" in ran.out, f"{told} is not told", ran.out)
        must("/opt/theirs is not the one that was made for this lab" in ran.out, "why it stays is not told", ran.out)
        untouched(hosts)
        must(hosts.inside("one", "cat /opt/theirs/file /srv/x/file") == "mine\nmine", "somebody's files are gone")
        hosts.inside("one", f"cat /run/owned.kept > {STATE}/owned && rm /run/owned.kept")
        hosts.good("down", toys.file)
        hosts.nothing_left()


def a_list_that_others_can_write():
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        toys = one_toy(hosts)
        toys.up()
        must(hosts.inside("one", f"stat -c '%U %a' {STATE} {STATE}/owned") == "root 711\nroot 600", "the list is not root's alone")
        hosts.inside("one", f"chown toy {STATE}/owned")
        ran = hosts.tidelab("down", toys.file)
        must(ran.code == 3 and "is not followed" in ran.out, f"a list that its account can write was followed ({ran.code})", ran.out)
        hosts.inside("one", f"chown root {STATE}/owned")
        hosts.good("down", toys.file)
        hosts.nothing_left()


def links_that_an_account_put_there(init="shell"):
    """The account that runs a component owns its directories, and puts links into them that lead to what is root's."""
    with Hosts([("one", ONE, init)], home=HOME) as hosts:
        toys = lab_beside(hosts, "echo mine > /opt/theirs")
        as_toy = "runuser -u toy -- sh -c"
        # Root's next acts would go to /etc: a changed configuration, a log that is not there, what is unpacked, what is removed.
        hosts.inside("one", f"{as_toy} 'cd {TOY} && mv conf conf.old && ln -s /etc conf && mv log/toy.log log/old && ln -s /etc/evil-log log/toy.log && ln -s /etc data/etc && mv bin bin.old && ln -s /etc bin'")
        hosts.inside("one", f"ln /opt/theirs {TOY}/data/hard")
        toys.greetings[ONE, 7001] = "evening"
        toys.write()
        ran = hosts.tidelab("up", toys.file)  # it writes there as the account, which may not
        for name in ("note", "toy.properties"):
            must(ran.code == 3 and re.search(rf"cannot create {TOY}/conf/{name}\S*: Permission denied", ran.out), f"`up` ended with {ran.code}", ran.out[-3000:])
        untouched(hosts, ("/opt/", "/var/lib/tidelab", "/home/toy", "/var/spool/mail/toy", "/var/mail/toy", "/etc/systemd/system"))
        for name in ("toy.properties", "note", "evil-log", "toy.py"):
            hosts.inside("one", f"test ! -e /etc/{name}")
        hosts.inside("one", "touch /etc/note /etc/toy.properties /etc/toy.py")  # names that `down` knows
        ran = hosts.tidelab("down", toys.file)
        must(ran.code == 0, f"`down` ended with {ran.code}", ran.out[-3000:])
        hosts.inside("one", "rm /etc/note /etc/toy.properties /etc/toy.py")
        hosts.nothing_left()


def links_on_a_host_with_systemd():
    links_that_an_account_put_there("systemd")


def mounts_inside():
    """What is mounted in a directory of the lab is somebody's: the directory stays, and it is told why."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        toys = lab_beside(hosts, "mkdir -p /srv/x && echo mine > /srv/x/file")
        hosts.inside("one", f"mkdir {TOY}/data/m && mount --bind /srv/x {TOY}/data/m")
        ran = hosts.tidelab("down", toys.file)
        must(ran.code == 3 and "is a mount, or holds one" in ran.out, f"`down` ended with {ran.code}", ran.out)
        must(hosts.inside("one", "cat /srv/x/file") == "mine", "it removed what was mounted")
        hosts.inside("one", f"umount {TOY}/data/m")
        hosts.good("down", toys.file)
        hosts.nothing_left()


def what_was_there_before():
    """A tree behind a link, and one with files of others: what has the same names is refused, all else stays as it is."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        toys = lab_beside(hosts, f"mkdir -p /srv/real /opt/toys/a && echo mine > /srv/real/precious && ln -s /srv/real {TOY}")
        hosts.good("down", toys.file)
        hosts.nothing_left()
        hosts.prepare("one", "mkdir -p /srv/real/conf && echo mine > /srv/real/conf/note")
        ran = hosts.tidelab("up", toys.file)
        must(ran.code == 3 and "is there already, and not of this lab" in ran.out, f"`up` ended with {ran.code}", ran.out)
        must(hosts.inside("one", "cat /srv/real/conf/note") == "mine", "a file of others was overwritten")
        hosts.good("down", toys.file)
        hosts.nothing_left()
        hosts.prepare("one", "rm -r /srv/real/conf && mkdir /srv/real/bin && echo mine > /srv/real/bin/toy.py")
        ran = hosts.tidelab("up", toys.file)
        must(ran.code == 3 and "bin/toy.py is there already" in ran.out, f"`up` ended with {ran.code}", ran.out)
        hosts.good("down", toys.file)
        hosts.nothing_left()


def hostile_topologies():
    """Directories that no lab should have are refused, and what was there stays, to the byte."""
    common = "error[T014]: `deploy_dir` cannot be `{}`".format
    for deploy, codes, told in (("/", (65, 65), common("/")), ("/opt", (65, 65), common("/opt")), ("/root", (65, 65), common("/root")), ("/opt/../", (65, 65), common("/")),
                                ("/etc", (65, 65), common("/etc")), ("/usr", (65, 65), common("/usr")), ("//opt//x/..", (65, 65), common("/opt")), ("/tmp", (65, 65), common("/tmp")),
                                ("/home/else", (3, 0), "others than root and toy can change /home/else (else:else, mode 755)")):
        with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
            hosts.prepare("one", "useradd --create-home --comment somebody else && echo mine > /home/else/file && echo mine > /opt/file && cd /root && echo mine > file")
            toys = one_toy(hosts, deploy="/opt/toys/a")
            toys.file.write_text(toys.file.read_text() + f"    deploy_dir: {deploy}\n")
            ran = hosts.tidelab("up", toys.file)
            again = hosts.tidelab("down", toys.file)
            must((ran.code, again.code) == codes and told in ran.out, f"{deploy}: up {ran.code}, down {again.code}", ran.out[-2000:] + again.out[-2000:])
            try:
                hosts.nothing_left()
            except Wrong as wrong:
                raise Wrong(f"{deploy}: {wrong}") from wrong


def data_that_is_kept():
    """`--keep-data` leaves the data, tells so, and the lab's next `up` has them; the next plain `down` removes them."""
    for init in ("shell", "systemd"):
        with Hosts([("one", ONE, init)], home=HOME) as hosts:
            toys = one_toy(hosts)
            toys.up()
            hosts.inside("one", f"runuser -u toy -- sh -c 'echo a row > {TOY}/data/rows'")
            said = hosts.good("down", toys.file, "--keep-data", "--keep-logs").out
            must("kept: data and logs" in said, "what is kept is not told", said)
            files = hosts.inside("one", f"cd /opt/toys/a && find . -type f | sort").splitlines()
            must("./toy-7001/data/rows" in files and "./toy-7001/log/toy.log" in files, "they are not kept", files)
            must(not [f for f in files if re.search(r"bin|conf|VERSION|/run/|unpacked", f)], "more is kept than that", files)
            must(hosts.inside("one", "pgrep -cf '[t]oy.py'", code=None) == "0", "it still runs")
            toys.up()
            must(hosts.inside("one", f"cat {TOY}/data/rows") == "a row", "the row is gone")
            must(hosts.report("up", toys.file)["counts"]["steps"]["made"] == 0, "a second up changed something")
            hosts.good("down", toys.file, "--keep-data")
            hosts.good("down", toys.file)
            hosts.nothing_left()


TESTS = [a_list_that_was_edited, a_list_that_others_can_write, links_that_an_account_put_there, links_on_a_host_with_systemd, mounts_inside, what_was_there_before,
         hostile_topologies, data_that_is_kept]
