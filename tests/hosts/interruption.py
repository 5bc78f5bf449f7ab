"""What interrupts a run on real hosts: a cut link, a power cut and a full disk, at several points of a lab of toys. Each
time the tool ends by itself and says what happened where, and the next `up` converges: one process for each toy."""
import re
import signal
import subprocess

from lab import Hosts, must
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


def interrupted(hosts, toys, lines, happens, seconds=180):
    """An `up` to which something happens at that line; what it said, or None when it was done before it mattered."""
    process = start(hosts, "up", toys.file)
    reach(hosts, process, lines)
    happens()
    said, _ = process.communicate(timeout=seconds)
    must(process.returncode in (0, 3), f"interrupted at line {lines}, it ended with {process.returncode}", said)
    return said if process.returncode == 3 else None


def converges(toys, lines):
    toys.up()
    one_of_each(toys)
    must(toys.up()["made"] == 0, f"interrupted at line {lines}, up did not converge")


def each_point(hosts, toys, happens, points=(2, 14, 22)):
    """`happens()` to host one while a run is under way, and then the host is to be made whole again; what was said of it is looked at."""
    # What had begun on the host broke; what had not was tried once more, over a connection that could not be made.
    reasons = (f"the connection to root@{ONE}:22 broke", f"cannot reach root@{ONE}:22")
    in_time = 0
    for lines in points:
        said = interrupted(hosts, toys, lines, happens)
        if said is not None:
            in_time += 1
            must(any(reason in said for reason in reasons), f"at line {lines} another reason was told", said)
        yield
        converges(toys, lines)
        hosts.good("down", toys.file)
        hosts.nothing_left()
    must(in_time > 1, f"it happened in time to matter {in_time} times of {len(points)}")


def a_cut_link():
    with Hosts(HOSTS, home=HOME) as hosts:
        toys = Toys(hosts, "toy")
        for _ in each_point(hosts, toys, lambda: hosts.net.cut("one")):
            hosts.net.heal("one")


def a_power_cut_halfway():
    with Hosts(HOSTS, home=HOME) as hosts:
        toys = Toys(hosts, "toy")
        host = hosts.net.host("one")
        for _ in each_point(hosts, toys, host.kill):
            host.start()
            host.wait()


def a_full_disk():
    """The disk of one host is full from the beginning, or fills while the lab comes up, or is full when it goes."""
    with Hosts(HOSTS, home=HOME) as hosts:
        toys = Toys(hosts, "toy")

        def fill():
            hosts.inside("two", "dd if=/dev/zero of=/opt/toys/filler bs=4k 2>&1", code=None)

        hosts.inside("two", "mkdir -p /opt/toys && mount -t tmpfs -o size=24m tmpfs /opt/toys")
        fill()
        refused = hosts.tidelab("up", toys.file)
        must(refused.code == 3 and "nothing was changed" in refused.out, f"up on a full disk ended with {refused.code}", refused.out)
        must(TWO in refused.out and "/opt/toys" in refused.out, "it does not say what is full", refused.out)
        must(hosts.inside("two", "ls -A /opt/toys") == "filler", "something was made all the same")
        failed = 0
        for lines in (2, 3, 6, 10, 14):
            hosts.inside("two", "rm -f /opt/toys/filler")
            said = interrupted(hosts, toys, lines, fill)
            if said is not None:
                failed += 1
                must("No space left on device" in said and TWO in said, "it does not say what is full", said)
            hosts.inside("two", "rm /opt/toys/filler")
            converges(toys, lines)
            fill()  # a lab can be taken away from a full disk
            hosts.good("down", toys.file)
            must(hosts.inside("two", "ls -A /opt/toys") == "filler", f"after a disk that was full at line {lines}, something is left", hosts.inside("two", "find /opt/toys"))
        print(f"the disk was full in time to matter {failed} times of 5", flush=True)
        must(failed > 0, "the disk was never full in time to matter")
        hosts.inside("two", "umount /opt/toys && rmdir /opt/toys")
        hosts.nothing_left()


def killed_by_a_signal_in_order():
    """Ctrl-C stops in order and says what stands; what it says is so."""
    with Hosts(HOSTS, home=HOME) as hosts:
        toys = Toys(hosts, "toy")
        process = start(hosts, "up", toys.file)
        reach(hosts, process, 22)  # what one host was told to make is made by then
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        must(process.returncode == 130, f"it ended with {process.returncode}", said)
        stands = re.search(r"^interrupted: (\d+) of (\d+) things are as they should be", said, re.M)
        must(stands, "it does not say what stands", said)
        stood, wanted = int(stands[1]), int(stands[2])
        must(0 < stood < wanted, f"{stood} of {wanted} stand, so nothing is tested", said)
        went = toys.up()
        # A command that was under way may have made more than is known of.
        must(went["held"] >= stood and went["made"] > 0 and went["held"] + went["made"] == wanted, f"{stood} of {wanted} were said to stand, and then it was {went}", said)
        one_of_each(toys)
        must(toys.up()["made"] == 0, "up did not converge")
        hosts.good("down", toys.file)
        hosts.nothing_left()


TESTS = [a_cut_link, a_power_cut_halfway, a_full_disk, killed_by_a_signal_in_order]
