"""What operators meet and nobody plans for: each time the tool says what it is about, and the next `up` converges, with one
process for each toy."""
import signal
import subprocess

from interruption import journal, start
from lab import Hosts, must, until
from supervision import HOME, ONE, STATE, TWO, Toys, one_of_each, one_toy


def settled(toys):
    """After an `up`: one process, and nothing to do."""
    one_of_each(toys)
    must(toys.up()["made"] == 0, "up did not converge")


def gone(hosts, toys):
    hosts.good("down", toys.file)
    hosts.nothing_left()


def a_directory_that_hands_its_group_down():
    """What is made in it belongs to its group and has a bit that nobody asked for; that is no difference."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", "mkdir /opt/shared && chown root:staff /opt/shared && chmod 2755 /opt/shared")
        toys = one_toy(hosts, deploy="/opt/shared/toys")
        toys.up()
        must(hosts.inside("one", "stat -c %a /opt/shared/toys/toy-7001/log") == "2750", "the bit is not handed down, so nothing is tested")
        settled(toys)
        gone(hosts, toys)


def an_account_that_cannot_be_made():
    """Another tool holds the accounts for too long; `up` says so, makes nothing of the account's, and so does `down`."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        toys = one_toy(hosts)
        hold = "sleep 600 > /dev/null 2>&1 & printf %s $! > /etc/passwd.lock"
        hosts.inside("one", hold)
        refused = hosts.tidelab("up", toys.file)
        must(refused.code == 3 and "the account toy cannot be made: useradd: cannot lock /etc/passwd; try again later." in refused.out, f"up ended with {refused.code}", refused.out)
        must(hosts.inside("one", "ls -d /opt/toys", code=None) == "ls: cannot access '/opt/toys': No such file or directory", "something was made for an account that is not there")
        # Held for a moment only, it is waited for. That useradd was refused is noted, since it is there for some milliseconds only.
        wrapper = '#!/bin/sh\n/usr/sbin/useradd "$@" || { code=$?; touch /run/refused; exit "$code"; }\n'
        hosts.in_place_of("one", "useradd", wrapper)
        process = start(hosts, "up", toys.file)
        until(lambda: hosts.inside("one", "ls /run/refused 2> /dev/null", code=None), 30, "useradd was refused")
        hosts.inside("one", "rm /etc/passwd.lock")
        said, _ = process.communicate(timeout=60)
        must(process.returncode == 0, f"up ended with {process.returncode}", said)
        hosts.inside("one", "rm -r /usr/local/bin /run/refused; rmdir /usr/local", code=None)
        settled(toys)
        hosts.inside("one", hold)
        kept = hosts.tidelab("down", toys.file)
        must(kept.code == 3 and "the account toy cannot be removed: userdel: cannot lock /etc/passwd; try again later." in kept.out, f"down ended with {kept.code}", kept.out)
        hosts.inside("one", "rm /etc/passwd.lock; pkill -x sleep -f 'sleep 600'", code=None)
        gone(hosts, toys)


def a_disk_that_fills_up_within_a_line():
    """Of the line that says what was just made, only the beginning has room: it is not made, and the list is whole."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        hosts.prepare("one", "mkdir -p /usr/local/bin /var/lib/tidelab && mount -t tmpfs -o size=24m tmpfs /var/lib/tidelab")
        toys = one_toy(hosts)
        toys.up()
        fill = "dd if=/dev/zero of=/var/lib/tidelab/filler bs=4k 2> /dev/null"
        wrapper = f"#!/bin/sh\ncase $* in */toy-7002) {fill} ;; esac\nexec /usr/bin/mkdir \"$@\"\n"
        hosts.in_place_of("one", "mkdir", wrapper)
        # So that the page of the list ends 20 bytes behind the line which comes before the directory.
        before = len("parent /opt/toys/a/toy-7002\n") + 20 + len("parent /\n")
        hosts.inside("one", f"n=$(wc -c < {STATE}/owned) && printf 'parent /%0*d\n' $((4096 - n - {before})) 0 >> {STATE}/owned")
        toys.instances.append((ONE, 7002))
        toys.write()
        refused = hosts.tidelab("up", toys.file)
        must(refused.code == 3 and "No space left on device: /var/lib/tidelab" in refused.out, f"up ended with {refused.code}", refused.out)
        hosts.inside("one", "test -e /var/lib/tidelab/filler && test ! -e /opt/toys/a/toy-7002")
        must(hosts.inside("one", f"tail -n 1 {STATE}/owned") == "parent /opt/toys/a/toy-7002", "the list is not whole", hosts.inside("one", f"tail -n 3 {STATE}/owned | cut -c 1-80"))
        hosts.inside("one", "rm /var/lib/tidelab/filler /usr/local/bin/mkdir")
        toys.up()
        settled(toys)
        hosts.inside("one", fill, code=None)
        hosts.good("down", toys.file)
        hosts.inside("one", "rm /var/lib/tidelab/filler")
        hosts.nothing_left()


def a_clock_set_back_and_no_room_for_temporary_files():
    """The host's clock is a day behind what it was when the service started; meanwhile nobody can write in /tmp."""
    with Hosts([("one", ONE, "shell"), ("two", TWO, "systemd")], home=HOME) as hosts:
        toys = Toys(hosts, "toy")
        hosts.fetch(toys.file)
        for name in hosts.net.hosts:
            hosts.prepare(name, "mount -t tmpfs -o ro tmpfs /tmp && mkdir -p /usr/local/bin")
        toys.up()
        before = toys.pids()
        for name in hosts.net.hosts:
            hosts.in_place_of(name, "date", '#!/bin/sh\nexec /bin/date -d "-1 day" "$@"\n')
        must(toys.up()["made"] == 0 and toys.pids() == before, "a clock that was set back changes something")
        nodes = hosts.nodes(toys.file)
        must(all(0 <= node["up_seconds"] < 600 for node in nodes.values()), "they run for longer, or less, than they do", str(nodes))
        toys.greetings[ONE, 7001] = toys.greetings[TWO, 7001] = "evening"
        toys.write()
        must(toys.up()["made"] == 4, "a change is not what it was")
        one_of_each(toys)
        must(all(0 <= node["up_seconds"] < 600 for node in hosts.nodes(toys.file).values()), "one of them runs for longer, or less, than it does")
        for name in hosts.net.hosts:
            hosts.inside(name, "rm /usr/local/bin/date")
        gone(hosts, toys)


def a_keeper_that_was_killed():
    """Its service lives on, and no command takes it for gone."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        toys = one_toy(hosts)
        for first in ("status", "stop", "down"):  # tests over ssh have `up`
            toys.up()
            alive = toys.pids()[ONE, 7001]
            hosts.inside("one", f"kill -9 $(cut -d' ' -f1 {STATE}/run/toy-7001/own/supervisor)")
            hosts.good(first, toys.file)
            must((toys.pids()[ONE, 7001] == alive) == (first == "status"), f"after `{first}` it is another one, or the same")
            if first == "status":
                node = hosts.nodes(toys.file)[f"{ONE}:7001"]
                must(node["ready"] and str(node["pid"]) == alive, "status does not see it", str(node))
            if first != "down":
                toys.up()
                settled(toys)
        hosts.nothing_left()


def a_connection_that_ends_while_it_goes():
    """The sshd of the connection is killed in the middle of `down`, which says so; the next one finishes it."""
    for init in ("shell", "systemd"):
        with Hosts([("one", ONE, init)], home=HOME) as hosts:
            toys = one_toy(hosts)
            toys.up()
            # The removal is stopped at its last act, so that it is surely under way when the connection ends.
            hosts.in_place_of("one", "userdel", "#!/bin/sh\n: > /run/removes; sleep 100\n")
            process = start(hosts, "down", toys.file, "--yes")
            until(lambda: process.poll() is not None or hosts.inside("one", "ls /run/removes", code=None) == "/run/removes", 60, "the removal of the account")
            hosts.inside("one", "pkill -9 -f '[s]shd: root'; rm -r /usr/local/bin /run/removes; rmdir /usr/local", code=None)
            said, _ = process.communicate(timeout=60)
            must(process.returncode == 3 and "broke while" in said and ONE in said, f"`down` ended with {process.returncode}", said)
            must("toy" in hosts.inside("one", "id toy; ls -d " + STATE), "there is nothing left to go on with")
            gone(hosts, toys)


def something_else_in_place_of_the_record():
    """What has the name of the lab's record and is none is somebody's: `up` and `down` say what it is, and leave it."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        toys = one_toy(hosts)
        for theirs, told in ((f"echo mine > {STATE}", "is no directory"), (f"ln -s /srv {STATE}", "it is a link"), (f"mkdir {STATE} && echo mine > {STATE}/run", "no list of a lab in it, but run"),
                             (f"mkdir {STATE} && echo mine > {STATE}/owned", "owned is no list of a lab"), (f"mkdir -p {STATE}/owned", "no list of a lab in it, but owned")):
            hosts.prepare("one", f"rm -rf /var/lib/tidelab && mkdir -p /var/lib/tidelab && {theirs}")
            for command in ("up", "down"):
                ran = hosts.tidelab(command, toys.file)
                must(ran.code == 3 and told in ran.out, f"`{theirs}`: {command} ended with {ran.code}", ran.out)
            hosts.nothing_left()
        hosts.prepare("one", "rm -rf /var/lib/tidelab")
        hosts.inside("one", f"mkdir -p {STATE} && touch {STATE}/lock.guard")  # one that was only begun
        toys.up()
        settled(toys)
        gone(hosts, toys)


def a_manager_that_was_stopped():
    """The systemd of an account that lingers does not come back by itself: `up` and `start` start it, `stop` and `down` do without."""
    with Hosts([("one", ONE, "systemd")], home=HOME) as hosts:
        toys = one_toy(hosts, mode="user")
        toys.up()
        host = hosts.net.host("one")
        stop = "systemctl stop user@$(id -u toy)"
        hosts.inside("one", stop)
        must(hosts.nodes(toys.file)[f"{ONE}:7001"]["state"] == "down", "it is not seen to be down")
        toys.up()
        settled(toys)
        hosts.inside("one", stop)
        hosts.good("stop", toys.file)
        host.kill()
        host.start()
        host.wait()
        must(toys.pids()[ONE, 7001] is None, "what was stopped is back after a power cut")
        hosts.good("start", toys.file)
        settled(toys)
        hosts.inside("one", stop)
        gone(hosts, toys)


def a_reboot_while_it_is_waited_for():
    """The service runs, and its answers do not come through; then the host reboots. `up` ends by itself, and the next one finds all well."""
    with Hosts([("one", ONE, "systemd")], home=HOME) as hosts:
        toys = one_toy(hosts)
        hosts.fetch(toys.file)
        host = hosts.net.host("one")

        def mute(verb):
            subprocess.run(["ip", "-n", host.namespace, "rule", verb, "pref", "10", "ipproto", "tcp", "sport", "7001", "blackhole"], check=True)

        mute("add")
        process = start(hosts, "up", toys.file)
        until(lambda: process.poll() is not None or any('"event":"started","step":8' in line for line in journal(hosts)), 60, "the wait for readiness")
        host.stop()
        mute("delete")
        host.start()
        host.wait()
        said, _ = process.communicate(timeout=60)
        must(process.returncode == 0 or (process.returncode == 3 and ONE in said), f"`up` ended with {process.returncode}", said)
        toys.up()
        settled(toys)
        gone(hosts, toys)


TESTS = [a_directory_that_hands_its_group_down, an_account_that_cannot_be_made, a_disk_that_fills_up_within_a_line, a_clock_set_back_and_no_room_for_temporary_files, a_keeper_that_was_killed, a_connection_that_ends_while_it_goes,
         something_else_in_place_of_the_record, a_manager_that_was_stopped, a_reboot_while_it_is_waited_for]
