"""What interrupts a run on real hosts: a cut link, a power cut and a full disk, at several points of a lab of toys. Each
time the tool ends by itself and says what happened where, and the next `up` converges: one process for each toy."""
import signal
import subprocess

from lab import Hosts, must, until
from supervision import HOME, ONE, TWO, Toys, one_of_each

HOSTS = [("one", ONE, "systemd"), ("two", TWO, "shell")]


def journal(hosts, command="up", lab="toys"):
    path = hosts.folder / f"state/tidelab/{lab}/{command}.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def start(hosts, command, file, *more):
    for old in (hosts.folder / "state").rglob(f"{command}.jsonl"):
        old.unlink()
    return subprocess.Popen(hosts.argv(command, file, *more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=hosts.environment(), stdin=subprocess.DEVNULL)


def reach(hosts, process, lines):
    """Waits until the run has written so many lines of its journal, or has ended; at once, so that it is stopped there."""
    while process.poll() is None and len(journal(hosts)) < lines:
        pass


def each_point(hosts, toys, happens, points=(2, 14, 22)):
    """`happens(lines)` interrupts a run on host one, and gives what it said and its exit code."""
    for lines in points:
        process = start(hosts, "up", toys.file)
        reach(hosts, process, lines)
        happens()
        said, _ = process.communicate(timeout=180)
        must(process.returncode in (0, 3), f"interrupted at line {lines}, it ended with {process.returncode}", said)
        if process.returncode == 3:
            must(ONE in said, "it does not say which host", said)
        yield lines, said
        toys.up()
        one_of_each(toys)
        must(toys.up()["made"] == 0, f"interrupted at line {lines}, up did not converge")
        hosts.good("down", toys.file)
        hosts.nothing_left()


def a_cut_link():
    with Hosts(HOSTS, home=HOME) as hosts:
        toys = Toys(hosts, "toy")
        failed = 0
        for lines, said in each_point(hosts, toys, lambda: hosts.net.cut("one")):
            failed += "unreachable" in said or "no answer" in said or "timed out" in said or "connection" in said
            hosts.net.heal("one")
        must(failed > 0, "the link was never cut in time to matter")


def a_power_cut_halfway():
    with Hosts(HOSTS, home=HOME) as hosts:
        toys = Toys(hosts, "toy")
        host = hosts.net.host("one")
        for lines, said in each_point(hosts, toys, host.kill):
            host.start()
            host.wait()


def a_full_disk():
    """The disk of one host is full before, or fills while something is unpacked. What is half written is never trusted."""
    with Hosts(HOSTS, home=HOME) as hosts:
        toys = Toys(hosts, "toy")
        for room in (0, 8, 24):  # KiB: not even a directory; an archive that does not fit; all but the last files
            hosts.inside("two", f"mkdir -p /opt/toys && mount -t tmpfs -o size=256k,nr_inodes=400 tmpfs /opt/toys && dd if=/dev/zero of=/opt/toys/filler bs=1k count={256 - room} 2>&1")
            refused = hosts.tidelab("up", toys.file)
            must(refused.code == 3, f"up with {room} KiB of room ended with {refused.code}", refused.out)
            must("No space left on device" in refused.out and TWO in refused.out, "it does not say what is full", refused.out)
            hosts.inside("two", "rm /opt/toys/filler")
            toys.up()
            one_of_each(toys)
            must(toys.up()["made"] == 0, f"after a disk with {room} KiB of room, up did not converge")
            # A full disk is also what a lab may have to be taken away from.
            hosts.inside("two", "dd if=/dev/zero of=/opt/toys/filler bs=1k 2>&1", code=None)
            hosts.good("down", toys.file)
            hosts.inside("two", "rm /opt/toys/filler; umount /opt/toys && rmdir /opt/toys")
            hosts.nothing_left()


def killed_by_a_signal_in_order():
    """Ctrl-C stops in order and says what stands; what it says is so."""
    with Hosts(HOSTS, home=HOME) as hosts:
        toys = Toys(hosts, "toy")
        process = start(hosts, "up", toys.file)
        reach(hosts, process, 14)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        must(process.returncode == 130, f"it ended with {process.returncode}", said)
        must("interrupted" in said, "it does not say so", said)
        until(lambda: toys.up()["made"] >= 0, 60, "the next up")
        one_of_each(toys)
        hosts.good("down", toys.file)
        hosts.nothing_left()


TESTS = [a_cut_link, a_power_cut_halfway, killed_by_a_signal_in_order]
