"""Two controllers that know nothing of each other bring up one lab at the same moment, on hosts where it never was: one
of them gets all hosts, the other says who has them, and has changed nothing."""
import re
import signal
import subprocess

from lab import Hosts, must, until
from supervision import HOME, ONE, STATE, TWO, Toys, one_of_each

STATES = ("state", "state-of-another")
# In place of a tool of the host: the calls with these words are counted, and the first of them waits until it is let go.
FIRST_WAITS = """#!/bin/sh
case " $* " in *"{words}"*)
  echo . >> /run/calls
  if /usr/bin/mkdir /run/first 2>/dev/null; then while [ ! -e /run/go ]; do sleep 0.02; done; fi ;;
esac
exec /usr/bin/{tool} "$@"
"""
# In place of useradd: whoever comes that far has the lab, and goes on when it is let go.
WAITS = """#!/bin/sh
while [ ! -e /run/go ]; do sleep 0.02; done
exec /usr/sbin/useradd "$@"
"""


def start(hosts, toys, state):
    return subprocess.Popen(hosts.argv("up", toys.file), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL,
                            env=hosts.environment() | {"XDG_STATE_HOME": str(hosts.folder / state)})


def one_wins(runs):
    """Gives the one that won, by its place; the other was refused as a lab's lock refuses."""
    said = [process.communicate(timeout=120)[0] for process in runs]
    codes = [process.returncode for process in runs]
    must(sorted(codes) == [0, 3], f"two at once ended with {codes}", "\n=====\n".join(said))
    won = codes.index(0)
    lost = said[1 - won]
    holder = re.escape(f"(pid {runs[won].pid})")
    must(re.search(rf"in use by `tidelab up` of \S+ {holder}, since 20\d\d-\d\d-\d\d [\d:]+ UTC, from 192\.168\.12\.1\b", lost), "it does not say who has the lab", lost)
    raw = re.search(r"^.*\b(mv|mkdir|rm|chmod|stat|sh|flock): .*$", lost, re.MULTILINE)
    must(not raw, "it shows what a tool complained of", lost)
    return won


def goes_after_all(hosts, toys):
    one_of_each(toys)
    hosts.good("down", toys.file, "--take-over")
    hosts.nothing_left()


def the_first_is_stopped(tool, words, there, winner):
    """The first run is stopped at that call of a tool, before it has claimed the lab, until what the second did is there on the host."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        toys = Toys(hosts, "toy", addresses=(ONE,))
        hosts.fetch(toys.file)
        hosts.prepare("one", "mkdir -p /usr/local/bin")
        hosts.in_place_of("one", tool, FIRST_WAITS.format(tool=tool, words=words))
        runs = [start(hosts, toys, STATES[0])]
        until(lambda: hosts.inside("one", "ls -d /run/first", code=None) == "/run/first", 60, "the first run is where it is stopped")
        runs.append(start(hosts, toys, STATES[1]))
        until(lambda: hosts.inside("one", f"{there} > /dev/null && echo so", code=None) == "so", 60, "the second run is where the first may go on")
        if winner == 1:  # it shall still be at work when the first one goes on
            runs[1].send_signal(signal.SIGSTOP)
        hosts.inside("one", f"rm /usr/local/bin/{tool} && touch /run/go")
        if winner == 1:
            until(lambda: runs[0].poll() is not None, 60, "the end of the first run")
            runs[1].send_signal(signal.SIGCONT)
        must(one_wins(runs) == winner, "it is the other one that has it")
        goes_after_all(hosts, toys)


def the_first_makes_it_and_the_second_waits():
    the_first_is_stopped("mkdir", f".{STATE.rsplit('/', 1)[1]}.new", "pgrep -x flock", winner=0)


def the_second_makes_it_before_the_first():
    the_first_is_stopped("flock", " -w 20 8 ", f"grep . {STATE}/lock", winner=1)


def two_first_ups_at_once():
    """On two hosts, as it falls."""
    with Hosts([("one", ONE, "shell"), ("two", TWO, "systemd")], home=HOME) as hosts:
        toys = Toys(hosts, "toy")
        hosts.fetch(toys.file)
        for name in hosts.net.hosts:
            hosts.in_place_of(name, "useradd", WAITS)
        runs = [start(hosts, toys, state) for state in STATES]
        until(lambda: any(run.poll() is not None for run in runs), 60, "one of them gave up")
        for name in hosts.net.hosts:
            hosts.inside(name, "touch /run/go")
        won = one_wins(runs)
        print(f"won: {STATES[won]}", flush=True)
        for name in hosts.net.hosts:
            hosts.inside(name, "rm -r /usr/local/bin /run/go")
        goes_after_all(hosts, toys)


def each_has_a_host_of_a_lab_that_is_there():
    """The first one has the first host, the second one the other: the second gives up, and the first goes on."""
    with Hosts([("one", ONE, "shell"), ("two", TWO, "shell")], home=HOME) as hosts:
        toys = Toys(hosts, "toy")
        hosts.fetch(toys.file)
        toys.up()
        hosts.in_place_of("two", "flock", FIRST_WAITS.format(tool="flock", words=""))
        first = start(hosts, toys, STATES[0])
        until(lambda: hosts.inside("two", "ls -d /run/first", code=None) == "/run/first", 60, "the first one is before its claim of host two")
        before = hosts.inside("two", f"cat {STATE}/lock")
        second = start(hosts, toys, STATES[1])
        until(lambda: hosts.inside("two", f"cat {STATE}/lock") != before, 60, "the second one has host two")
        second.send_signal(signal.SIGSTOP)
        hosts.inside("two", "touch /run/go")
        until(lambda: int(hosts.inside("two", "wc -l < /run/calls")) > 3, 60, "the first one asks again")
        second.send_signal(signal.SIGCONT)
        must(one_wins([first, second]) == 0, "it is the second one that has it")
        hosts.inside("two", "rm -r /usr/local/bin /run/calls /run/first /run/go")
        goes_after_all(hosts, toys)


TESTS = [each_has_a_host_of_a_lab_that_is_there, the_first_makes_it_and_the_second_waits, the_second_makes_it_before_the_first, two_first_ups_at_once]
