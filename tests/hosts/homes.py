"""A topology that names no directory: everything is below the account's home, which tidelab makes with the account, or
which was there before, with what somebody has in it."""
from host_records import state_of
from lab import Hosts, must
from supervision import HOME, ONE, TWO, Toys, one_of_each

NAMES = {"one": ONE, "two": TWO}


def no_directory_is_named(inits, there):
    """`there`: the host where the account was before, with files of its own, also where the lab will be."""
    with Hosts([(name, NAMES[name], init) for name, init in inits.items()], home=HOME) as hosts:
        hosts.prepare(there, "useradd --create-home --shell /bin/bash toy && runuser -u toy -- sh -c 'cd && mkdir work deploy deploy/toy-7001 && echo mine | tee work/file deploy/note deploy/toy-7001/mine > .mine'")
        toys = Toys(hosts, "toy", addresses=list(NAMES.values()))
        toys.file.write_text("\n".join(line for line in toys.file.read_text().splitlines() if "deploy_dir" not in line) + "\n")
        toys.up()
        one_of_each(toys)
        must(toys.greet(ONE, 7001)[3] == "uid " + hosts.inside("one", "id -u toy"), "it runs under another account")
        must({node["dir"] for node in hosts.nodes(toys.file).values()} == {"/home/toy/deploy/toy-7001", "/home/toy/deploy/toy-7002"}, "it is somewhere else")
        for name in NAMES:
            state = state_of("/home/toy/deploy")
            owners = hosts.inside(name, f"stat -c '%U %n' /home/toy /home/toy/deploy {state}")
            must(owners.split() == ["toy", "/home/toy", "toy", "/home/toy/deploy", "root", state], f"directories of {name} are somebody else's", owners)
        pids = toys.pids()
        must(toys.up()["made"] == 0 and toys.pids() == pids, "a second up changed something")
        # One that changes something is let in, too.
        toys.greetings[ONE, 7001] = "evening"
        toys.write()
        toys.file.write_text("\n".join(line for line in toys.file.read_text().splitlines() if "deploy_dir" not in line) + "\n")
        must(toys.up()["made"] > 0 and toys.greet(ONE, 7001)[2] == "greeting=evening", "a change was not made")
        hosts.good("status", toys.file)
        hosts.good("down", toys.file)
        hosts.nothing_left()


def a_home_on_a_host_without_systemd():
    no_directory_is_named({"one": "shell", "two": "systemd"}, there="two")


def a_home_on_a_host_with_systemd():
    no_directory_is_named({"one": "systemd", "two": "shell"}, there="two")


TESTS = [a_home_on_a_host_without_systemd, a_home_on_a_host_with_systemd]
