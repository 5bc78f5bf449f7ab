"""Services kept running on hosts with systemd, by the system's manager or an account's own, and on hosts without: the
same lab of toys each time, over ssh, through crashes, changes, power cuts and an end without residue."""
import random
import subprocess

from lab import ROOT, Hosts, must, until
from host_records import state_of  # on the way that lab.py has made

HOME = ROOT / "tests/hosts/home"
ONE, TWO = "192.168.12.21", "192.168.12.22"
STATE = state_of("/opt/toys/a")


class Toys:
    def __init__(self, hosts, user, mode="", addresses=(ONE, TWO), lab="toys", deploy="/opt/toys/a", version="1.0.0"):
        self.hosts, self.user, self.mode, self.lab, self.deploy = hosts, user, mode, lab, deploy
        self.instances = [(address, port) for address in addresses for port in (7001, 7002)]
        self.greetings, self.version = {}, version
        self.file = hosts.folder / f"{lab}.yaml"
        self.write()

    def write(self):
        lines = ["global:", f"  user: {self.user}", f"  deploy_dir: {self.deploy}", *([f"  systemd_mode: {self.mode}"] if self.mode else []),
                 *([f"component_versions: {{toy: {self.version}}}"] if self.version != "1.0.0" else []), "toy_servers:"]
        for address, port in self.instances:
            lines += [f"  - host: {address}", f"    port: {port}", f"    config: {{greeting: {self.greetings.get((address, port), 'hello')}}}"]
        self.file.write_text("\n".join(lines) + "\n")

    def greet(self, address, port):
        """pid, text, configuration and account of the toy as it says them itself; None when nobody answers."""
        ask = f"import socket; s = socket.create_connection(('{address}', {port}), 2); s.sendall(b'?'); print(s.makefile().read().strip())"
        done = subprocess.run(self.hosts.net.ctl("python3", "-c", ask), capture_output=True, text=True, timeout=20)
        return done.stdout.strip().split("|") if done.returncode == 0 and "|" in done.stdout else None

    def pids(self):
        return {i: (self.greet(*i) or [None])[0] for i in self.instances}

    def up(self):
        return self.hosts.report("up", self.file)["counts"]["steps"]


def one_toy(hosts, **more):
    """A lab of a single toy on host one; its record there is STATE."""
    toys = Toys(hosts, "toy", addresses=(ONE,), **more)
    toys.instances = [(ONE, 7001)]
    toys.write()
    return toys


def one_of_each(toys):
    """Exactly one process for each toy, which is the one that answers."""
    for name, host in toys.hosts.net.hosts.items():
        wanted = sum(address == host.address for address, _ in toys.instances)
        found = toys.hosts.inside(name, "pgrep -cf '[t]oy.py " + host.address.replace(".", "[.]") + "'", code=None)
        must(int(found) == wanted, f"{found} toys on {name}, not {wanted}", toys.hosts.inside(name, "ps axf"))
    must(all(toys.pids().values()), f"a toy does not answer: {toys.pids()}")


def life(hosts, user, mode, boots):
    """boots: whether a power cut and a start are enough for the services to be back."""
    toys = Toys(hosts, user, mode, version="2.0.0")  # of which each knows all
    made = toys.up()
    must(made["made"] > 0, f"nothing was made: {made}")
    one_of_each(toys)
    greeting = toys.greet(ONE, 7001)
    must(greeting[1:3] == ["two words & 'quotes'", "greeting=hello"], f"the toy says {greeting}")
    before = toys.pids()
    again = toys.up()
    must(again["made"] == 0 and toys.pids() == before, f"a second up changed something: {again}")

    # A crash: another process, counted, and nothing for `up` to do.
    hosts.inside("one", f"kill -9 $(pgrep -f '[t]oy.py {ONE} 7001')")
    until(lambda: (toys.pids()[ONE, 7001] or before[ONE, 7001]) != before[ONE, 7001], 20, "the toy is back")
    must(hosts.nodes(toys.file)[f"{ONE}:7001"]["restarts"] == 1, "the restart is not counted")
    must(toys.up()["made"] == 0, "up found something to do after a crash")

    # A change restarts what it is about.
    before = toys.pids()
    toys.greetings[ONE, 7002] = "evening"
    toys.write()
    must(toys.up()["restarted"] == 1, "it is not told that one service was restarted")
    changed = {i for i, pid in toys.pids().items() if pid != before[i]}
    must(changed == {(ONE, 7002)}, f"restarted: {changed}")
    must(toys.greet(ONE, 7002)[2] == "greeting=evening", "it runs with the older configuration")
    one_of_each(toys)

    # Newcomers join one after the other, and nobody else is restarted, though all name all.
    before = toys.pids()
    toys.instances += [(address, 7003) for address in {address for address, _ in toys.instances}]
    toys.write()
    out = hosts.good("up", toys.file).out
    must({i: pid for i, pid in toys.pids().items() if i in before} == before, f"restarted: {before} before, {toys.pids()} now", out)
    must("restarted)" not in out, "it is told that some were restarted", out)
    must(" joins (2 of 2)" in out, "they did not join one after the other", out)
    arguments = hosts.inside("one", f"tr '\\0' ' ' < /proc/{toys.pids()[ONE, 7003]}/cmdline")
    must("--join=" in arguments and f"{ONE}:7003" in arguments and f"{ONE}:7003" not in arguments.split("--join=")[1], f"it was started with {arguments}")
    must("--first" in hosts.inside("one", f"tr '\\0' ' ' < /proc/{before[ONE, 7001]}/cmdline"), "one of the first was not started as such")
    must(toys.up()["made"] == 0, "up found something to do after newcomers had joined")
    one_of_each(toys)

    # A power cut.
    host = hosts.net.host("one")
    host.kill()
    host.start()
    host.wait()
    if boots:
        until(lambda: all(toys.pids().values()), 20, lambda: f"all are back: {toys.pids()}")
        must(toys.up()["made"] == 0, "up found something to do after the boot")
    else:
        must(toys.pids()[ONE, 7001] is None, "a host without systemd started a service at boot")
        must(toys.up()["made"] == 3, "up did not start the three again")
    one_of_each(toys)

    # What was stopped stays so, also over a power cut.
    hosts.good("stop", toys.file, "--node", f"{ONE}:7001")
    must(toys.greet(ONE, 7001) is None and toys.greet(ONE, 7002), "stop stopped another, or nothing")
    host.kill()
    host.start()
    host.wait()
    must(hosts.nodes(toys.file)[f"{ONE}:7001"]["state"] == "down", "a stopped service is back after a power cut")
    hosts.good("start", toys.file)
    one_of_each(toys)
    hosts.good("verify", toys.file)
    hosts.good("down", toys.file)
    hosts.nothing_left()


def units_of_the_system():
    with Hosts([("one", ONE, "systemd"), ("two", TWO, "systemd")], home=HOME) as hosts:
        life(hosts, "toy", "", boots=True)


def units_of_an_account_that_is_made():
    with Hosts([("one", ONE, "systemd"), ("two", TWO, "systemd")], home=HOME) as hosts:
        life(hosts, "toy", "user", boots=True)


def units_of_a_login_without_rights():
    """Nobody is root here: the login owns files and units, and its manager lingers."""
    with Hosts([("one", ONE, "systemd"), ("two", TWO, "systemd")], home=HOME, user="lab") as hosts:
        for name in hosts.net.hosts:
            hosts.prepare(name, "mkdir /opt/toys && chown lab:lab /opt/toys")
        life(hosts, "lab", "", boots=True)
        for name in hosts.net.hosts:
            must(hosts.inside(name, "ls /var/lib/systemd/linger") == "", "the login still lingers")


def without_systemd():
    with Hosts([("one", ONE, "shell"), ("two", TWO, "shell")], home=HOME) as hosts:
        life(hosts, "toy", "", boots=False)


def labs_beside_each_other():
    """Two labs on one host do not touch each other's units; two of one name are told, and the second changes nothing."""
    with Hosts([("one", ONE, "systemd")], home=HOME) as hosts:
        first = Toys(hosts, "toy", addresses=(ONE,))
        first.up()
        second = Toys(hosts, "toy", addresses=(ONE,), lab="toys-b", deploy="/opt/toys/b")
        second.instances = [(ONE, 7003)]
        second.write()
        second.up()
        pids = first.pids()
        hosts.good("down", second.file)
        must(first.pids() == pids, "taking one lab down touched the other")
        (hosts.folder / "else").mkdir()
        same = Toys(hosts, "toy", addresses=(ONE,), lab="else/toys", deploy="/opt/toys/c")
        same.instances = [(ONE, 7001)]
        same.write()
        refused = hosts.tidelab("up", same.file)
        must(refused.code == 65 and "lab toys is up, and cannot apply these changes" in refused.out, f"another lab of the same name: up ended with {refused.code}", refused.out)
        must(first.pids() == pids, "another lab of the same name took over", refused.out)


def words_arrive_byte_for_byte():
    """What a topology says reaches the program unchanged through a unit file, or is refused before anything is done."""
    random.seed(5)
    pieces = ["$HOME", "${HOME}", "$$", "%h", "%%", "%", '"', "'", "\\", "\\x41", "\\n", "\n", "\t", " ", "  ", ";", "#", "-", "--", "@", "+", "!", ":", "=", "é", "→", "𝄞",
              "`id`", "$(id)", "&", "|", "<", ">", "*", "?", "~", "a", "B7", "{", "}", "[", "]", "\\\n", "\r", "\x01", "\x7f", "\u0085"]
    cases = [[""], [";"], ["-"], ["$"], ["%"], ["\\"], ['"'], ["a b"], ["\\;"], ["two\nlines"], ["trailing\\"], ["tab\t"], ["#no comment"], ["%i%n%H"], ["$MAINPID", "${x}", "$$$$"]]
    cases += [["".join(random.choices(pieces, k=random.randint(1, 9))) for _ in range(random.randint(1, 4))] for _ in range(12)]
    dirs = ["plain", "with blanks", "per%cent", "dol$lar", "quo\"te's", "back\\slash", "é→", "semi;colon", "hash#"]
    lines = ["global: {user: toy, deploy_dir: /opt/toys}", "words_servers:"]
    wanted = {}
    for port, words in enumerate(cases, 7100):
        env = {"A": words[0], "B_2": "".join(reversed(words)), "EMPTY": ""}
        where = f"/opt/toys/{dirs[port % len(dirs)]}-{port}"
        wanted[port] = (where, words, env)
        lines += [f"  - host: {ONE}", f"    port: {port}", f"    deploy_dir: {quoted(where)}", f"    words: {json_list(words)}", f"    env: {{{', '.join(f'{k}: {quoted(v)}' for k, v in env.items())}}}"]
    with Hosts([("one", ONE, "systemd")], home=HOME) as hosts:
        file = hosts.folder / "words.yaml"
        file.write_text("\n".join(lines) + "\n")
        hosts.good("up", file)
        warned = hosts.inside("one", "systemd-analyze verify /etc/systemd/system/tidelab-*.service 2>&1", code=None)
        must(not warned, "systemd-analyze has something to say of the units", warned)
        nodes = hosts.nodes(file)
        for port, (where, words, env) in wanted.items():
            pid = nodes[f"{ONE}:{port}"]["pid"]
            raw = subprocess_bytes(hosts.net.host("one").inside("cat", f"/proc/{pid}/cmdline"))
            must(raw.split(b"\0")[:-1] == [w.encode() for w in ["/usr/bin/python3", where + "/wait.py", *words]], f"the words of {port} arrived as", repr(raw))
            raw = subprocess_bytes(hosts.net.host("one").inside("cat", f"/proc/{pid}/environ"))
            found = dict(pair.split(b"=", 1) for pair in raw.split(b"\0") if b"=" in pair)
            must({k: v.encode() for k, v in env.items()} == {k: found.get(k.encode()) for k in env}, f"the environment of {port} is {env}, and arrived as", repr(found))
            here = subprocess_bytes(hosts.net.host("one").inside("readlink", f"/proc/{pid}/cwd")).decode().rstrip("\n")
            must(here == where, f"{port} runs in {here}, not in {where}")
        must(hosts.report("up", file)["counts"]["steps"]["made"] == 0, "a second up changed something")
        hosts.good("down", file)
        hosts.nothing_left()


def subprocess_bytes(argv):
    return subprocess.run(argv, capture_output=True, check=True).stdout


def quoted(text):
    """YAML's double quotes, which can say everything."""
    return '"' + "".join(c if c.isalnum() and ord(c) < 128 or c in " /.-" else f"\\U{ord(c):08x}" for c in text) + '"'


def json_list(words):
    return "[" + ", ".join(map(quoted, words)) + "]"


TESTS = [units_of_the_system, units_of_an_account_that_is_made, units_of_a_login_without_rights, without_systemd, labs_beside_each_other, words_arrive_byte_for_byte]
