"""What `tidelab preflight` finds on hosts where something is wrong, each time by what a person would see; and that `up`
stops before its first change for the same reasons, and says nothing of a lab that runs."""
import json
import subprocess
import xml.etree.ElementTree as ET

from lab import ROOT, Hosts, changes, listing, must, until

HOME = ROOT / "tests/hosts/home"
ADDRESS = {"one": "192.168.12.21", "two": "192.168.12.22", "three": "192.168.12.23", "four": "192.168.12.24"}
FAKE_MEMINFO = "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\nSwapTotal: 1048576 kB\n"


def topology(hosts, names, lab="toys", deploy="/opt/toys", user="toy", **extra):
    lines = ["global:", f"  user: {user}", f"  deploy_dir: {deploy}", *(f"  {k}: {v}" for k, v in extra.items()), "toy_servers:"]
    for name in names:
        lines += [f"  - host: {ADDRESS[name]}", "    port: 7001"]
    file = hosts.folder / f"{lab}.yaml"
    file.write_text("\n".join(lines) + "\n")
    return file


class Seen:
    """The rows of a preflight, by host and check."""

    def __init__(self, hosts, file, *more, code):
        ran = hosts.tidelab("preflight", file, "--format", "json", *more)
        must(ran.code == code, f"preflight ended with {ran.code}, not {code}", ran.out)
        self.json = ran.json()
        must(self.json["exit_code"] == code, "the JSON says another exit code", ran.out)
        self.text = ran.out

    def rows(self, name, check):
        return [r for r in self.json["rows"] if r["host"] == ADDRESS[name] and r["check"] == check]

    def one(self, name, check, result, *words):
        rows = self.rows(name, check)
        fits = [r for r in rows if r["result"] == result and all(w in r["found"] + " → " + r["fix"] for w in words)]
        must(fits, f"no row {check} of {name} is a {result} with {words}", self.text)
        return fits[0]

    def well(self, *names):
        for name in names:
            bad = [r for r in self.json["rows"] if r["host"] == ADDRESS[name] and r["result"] != "ok"]
            must(not bad, f"{name} is well, and these rows are not", str(bad))
            must(self.rows(name, "clock"), f"{name} has no row about its clock", self.text)


def shells(*names, user="root"):
    return Hosts([(name, ADDRESS[name], "shell") for name in names], home=HOME, user=user)


def report_of(hosts, command, form, lab="toys"):
    """Made again from the journal of the last run."""
    journal = hosts.folder / "state/tidelab" / lab / f"{command}.jsonl"
    return subprocess.run([*hosts.tool(), "report", str(journal), "--format", form], capture_output=True, text=True, check=True, timeout=60).stdout


def listener(hosts, name, port, user="lab"):
    program = f"import socket, time; s = socket.create_server(('0.0.0.0', {port})); time.sleep(600)"
    process = subprocess.Popen(hosts.net.host(name).inside("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "python3", "-c", program), stdin=subprocess.DEVNULL)
    until(lambda: hosts.inside(name, "grep -c ':1B59 00000000:0000 0A' /proc/net/tcp", code=None) == "1", 10, "the listener")
    return process


def each_fault_on_a_host_of_its_own():
    """A held port, a command that is missing and a full disk, a clock that is wrong, a host without power: one run tells them all."""
    with shells("one", "two", "three", "four") as hosts:
        file = topology(hosts, ("one", "two", "three", "four"))
        hosts.fetch(file)
        Seen(hosts, file, code=0).well("one", "two", "three", "four")
        held = listener(hosts, "one", 7001)
        hosts.inside("two", "chmod a-x /usr/bin/setsid; mkdir /opt/toys; mount -t tmpfs -o size=16k tmpfs /opt/toys")
        hosts.in_place_of("three", "date", '#!/bin/sh\nexec /bin/date -d "+1 hour" "$@"\n')
        hosts.net.host("four").kill()
        before = {name: listing(hosts.net.host(name)) for name in ("one", "two", "three")}
        seen = Seen(hosts, file, code=1)
        pid = hosts.inside("one", "pgrep -f '[s]ocket.create_server'").split()[0]
        seen.one("one", "ports", "failure", f"7001 of toy_servers 1 is in use by `python3 -c import socket", f"pid {pid} of lab", "another port")
        seen.one("two", "commands", "failure", "there is no `setsid`, which tidelab runs")
        seen.one("two", "disk", "failure", "16 KB free at /opt/toys (tmpfs)", "needed")
        seen.one("three", "clock", "failure", "ahead of", "NTP")
        must(all(r["result"] == "ok" for r in seen.rows("one", "clock")), "a clock that is right is blamed", seen.text)
        seen.one("four", "reachable", "unknown", ADDRESS["four"])
        must(len([r for r in seen.json["rows"] if r["host"] == ADDRESS["four"]]) == 1, "more than one row about a host that does not answer", seen.text)
        suites = ET.fromstring(hosts.tidelab("preflight", file, "--format", "junit").out.strip())
        counts = {s.get("name"): (s.get("failures"), s.get("errors")) for s in suites.iter("testsuite")}
        must(counts == {ADDRESS["one"]: ("1", "0"), ADDRESS["two"]: ("2", "0"), ADDRESS["three"]: ("1", "0"), ADDRESS["four"]: ("0", "1")}, f"JUnit counts {counts}")
        # `up` stops for the same reasons, and touches nothing.
        ran = hosts.tidelab("up", file)
        must(ran.code == 3 and "nothing was changed" in ran.out, f"up ended with {ran.code}", ran.out)
        for word in (f"pid {pid} of lab", "there is no `setsid`", "16 KB free", "ahead of", ADDRESS["four"]):
            must(word in ran.out, f"up does not say `{word}`", ran.out)
        for name, was in before.items():
            must(not changes(was, listing(hosts.net.host(name))), f"files of {name} changed", "\n".join(changes(was, listing(hosts.net.host(name)))))
        held.terminate()
        held.wait()


def rights_and_directories():
    """An account without sudo, a directory that is read-only, one that the account may not enter, one that is a file."""
    with shells("one", "two", user="lab") as hosts:
        file = topology(hosts, ("one", "two"))
        hosts.fetch(file)
        hosts.inside("one", "rm -f /etc/sudoers.d/*; sed -i '/^lab/d' /etc/sudoers")
        hosts.inside("two", "mkdir /srv/ro && mount -t tmpfs -o ro tmpfs /srv/ro; mkdir -m 700 /srv/closed; touch /srv/file; mkdir /srv/team; chown root:staff /srv/team; chmod 2775 /srv/team; ln -s team /srv/link; mkdir -m 1777 /srv/all; mkdir -m 777 /srv/wild; mkdir -p /srv/ann/sub; chown daemon /srv/ann")
        seen = Seen(hosts, file, code=1)
        seen.one("one", "rights", "failure", "sudo refused root access on", "--ask-sudo-password")
        must(seen.rows("one", "reachable")[0]["result"] == "ok" and seen.rows("one", "memory"), "without sudo nothing else is seen", seen.text)
        seen.well("two")
        seen = Seen(hosts, topology(hosts, ("two",), deploy="/srv/ro"), code=1)
        seen.one("two", "directories", "failure", "/srv/ro is read-only")
        seen = Seen(hosts, topology(hosts, ("two",), deploy="/srv/closed/in"), code=1)
        seen.one("two", "directories", "failure", "toy may not enter /srv/closed", "chmod o+x /srv/closed")
        seen = Seen(hosts, topology(hosts, ("two",), deploy="/srv/file/in"), code=1)
        seen.one("two", "directories", "failure", "/srv/file is no directory")
        for deploy in ("/srv/team/in", "/srv/link/in"):  # the account is still to be made; who is in the group could exchange what root makes
            seen = Seen(hosts, topology(hosts, ("two",), deploy=deploy), code=1)
            seen.one("two", "directories", "failure", "others than root and toy can change /srv/team (root:staff, mode 2775), so what runs there as toy could be theirs", "chmod go-w /srv/team")
        seen = Seen(hosts, topology(hosts, ("two",), deploy="/srv/ann/sub/in"), code=1)
        seen.one("two", "directories", "failure", "others than root and toy can change /srv/ann (daemon:root, mode 755)", "chown root /srv/ann")
        Seen(hosts, topology(hosts, ("two",), deploy="/srv/all/in"), code=0).well("two")
        seen = Seen(hosts, topology(hosts, ("two",), deploy="/srv/wild/in"), code=1)
        seen.one("two", "directories", "failure", "so what runs there as toy could be theirs", "chmod go-w /srv/wild")
        hosts.inside("two", "groupadd toy")
        seen = Seen(hosts, topology(hosts, ("two",)), code=1)
        seen.one("two", "account", "failure", "a group toy is", "useradd --create-home -g toy toy")
        hosts.inside("two", "groupdel toy")
        seen = Seen(hosts, topology(hosts, ("two",), deploy="/opt/mine", user="lab"), code=1)
        seen.one("two", "directories", "failure", "lab may not write in /opt")


def what_is_of_a_lab_and_what_is_not():
    """A lab that runs is well; to another one it is in the way, by name."""
    with shells("one") as hosts:
        file = topology(hosts, ("one",))
        hosts.fetch(file)
        must("tidelab: warnings" not in hosts.good("up", file).out, "the first up warns of something")
        again = hosts.good("up", file)
        must("nothing to change" in again.out and "warning" not in again.out, "a second up complains", again.out)
        seen = Seen(hosts, file, code=0)
        seen.well("one")
        seen.one("one", "ports", "ok", "held by this lab")
        seen.one("one", "disk", "ok", "nothing more is needed")
        seen.one("one", "memory", "ok", "nothing more is needed")
        other = topology(hosts, ("one",), lab="second")
        ran = hosts.tidelab("preflight", other)  # the record of our own machine knows it, too
        must(ran.code == 65 and "toys" in ran.out, f"preflight of a second lab ended with {ran.code}", ran.out)
        hosts.inside("one", "true")
        state = hosts.folder / "state"
        state.rename(hosts.folder / "state-of-another")
        seen = Seen(hosts, other, code=1)
        seen.one("one", "leftovers", "failure", "/opt/toys/toy-7001 is of the lab toys", "tidelab down toys")
        seen.one("one", "ports", "failure", "7001 of toy_servers 1 is in use", "toy.py")
        (hosts.folder / "state-of-another").rename(state)
        hosts.good("down", file, "--yes")
        hosts.nothing_left()
        hosts.inside("one", "mkdir -p /opt/toys/toy-7001/conf && touch /opt/toys/toy-7001/conf/old")
        seen = Seen(hosts, file, code=0)
        row = seen.one("one", "leftovers", "warning", "/opt/toys/toy-7001 has something in it")
        Seen(hosts, file, "--strict", code=1)
        # `up` goes on, and whoever reads its report later sees what it was warned of.
        hosts.good("up", file)
        kept = {key: row[key] for key in ("host", "check", "result", "found", "fix", "evidence")}
        must(json.loads(report_of(hosts, "up", "json"))["warnings"] == [kept], "the report has other warnings", report_of(hosts, "up", "json"))
        must(row["found"] in report_of(hosts, "up", "text").split("\nwarnings\n")[1], "the text does not have the warning", report_of(hosts, "up", "text"))
        hosts.good("up", file)
        must(json.loads(report_of(hosts, "up", "json"))["warnings"] == [], "a second up, which changes nothing, warns", report_of(hosts, "up", "json"))
        hosts.good("down", file, "--yes")


def fix_sets_what_is_safe_and_says_how_to_undo_it():
    with shells("one") as hosts:
        file = topology(hosts, ("one",))
        hosts.fetch(file)
        # The knobs are the whole machine's, and not to be touched: in place of them this host has stand-ins, files with what
        # the kernel's would say, which do not put brackets around what is written to them.
        hosts.inside("one", f"printf '{FAKE_MEMINFO}' > /tmp/meminfo; echo 60 > /tmp/swappiness; echo '[always] madvise never' > /tmp/pages"
                     " && mount --bind /tmp/meminfo /proc/meminfo && mount --bind /tmp/swappiness /proc/sys/vm/swappiness"
                     " && mount --bind /tmp/pages /sys/kernel/mm/transparent_hugepage/enabled")
        seen = Seen(hosts, file, code=0)
        must(seen.one("one", "swap", "warning", "vm.swappiness is 60", "--fix")["can_fix"], "it cannot be fixed", seen.text)
        seen.one("one", "huge pages", "warning", "--fix")
        seen = Seen(hosts, file, "--fix", code=0)
        undo = [seen.one("one", "swap", "fixed", "was 60, and is 1 until the next boot", "undo: `echo 60 > /proc/sys/vm/swappiness`")["fix"],
                seen.one("one", "huge pages", "fixed", "was always, and is madvise", "undo: `echo always > ")["fix"]]
        must(hosts.inside("one", "cat /tmp/swappiness /tmp/pages") == "1\nmadvise", "it is not what it says")
        Seen(hosts, file, "--strict", code=0).well("one")
        for each in undo:
            hosts.inside("one", each.split("`")[1])
        must(hosts.inside("one", "cat /tmp/swappiness /tmp/pages") == "60\nalways", "what it says does not undo it")
        # Where one cannot be set, its warning stays and says why; the other is set all the same, and says so.
        hosts.inside("one", "mount -o remount,bind,ro /sys/kernel/mm/transparent_hugepage/enabled")
        seen = Seen(hosts, file, "--fix", code=0)
        row = seen.one("one", "huge pages", "warning", "for everybody")
        must("Read-only" in row["evidence"], "it does not say why", seen.text)
        seen.one("one", "swap", "fixed", "was 60, and is 1")


def the_processor_of_each_host_decides():
    """What `uname` says chooses the archives, before anything is got or changed; what is written is kept, and told where it is wrong."""
    with shells("one", "two") as hosts:
        hosts.cache = hosts.folder / "cache"
        file = topology(hosts, ("one", "two"))
        hosts.in_place_of("two", "uname", '#!/bin/sh\n/bin/uname "$@" | sed s/x86_64/aarch64/\n')
        seen = Seen(hosts, file, code=0)
        seen.one("one", "arch", "ok", "amd64")
        seen.one("two", "arch", "ok", "arm64")
        wrong = topology(hosts, ("one", "two"), lab="wrong", arch="amd64")
        Seen(hosts, wrong, code=1).one("two", "arch", "failure", "is arm64, and the programs of toy_servers 2 are for amd64", "`arch: arm64`")
        ran = hosts.tidelab("up", wrong)
        must(ran.code == 3 and "nothing was changed" in ran.out, f"up ended with {ran.code}", ran.out)
        ran = hosts.good("up", file)
        got = sorted(p.name for p in hosts.cache.rglob("toy-*.tar.gz"))
        must(got == ["toy-1.0.0-amd64.tar.gz", "toy-1.0.0-arm64.tar.gz"], f"the archives are {got}", ran.out)
        must("nothing to change" in hosts.good("up", file).out, "a second up changed something")
        # What was found is written down; who finds nothing there, as in the record of an older release, asks again.
        about = hosts.folder / "state/tidelab/toys/about.json"
        record = json.loads(about.read_text())
        must(record["processors"] == {ADDRESS["one"]: "amd64", ADDRESS["two"]: "arm64"}, "the record has other processors", about.read_text())
        must("toy 1.0.0 arm64" in hosts.good("plan", file).out, "a plan does not know what is written down")
        for known in (record, {k: v for k, v in record.items() if k != "processors"}):
            about.write_text(json.dumps(known))
            ran = hosts.good("plan", file, "--diff")
            must(ran.out.endswith("is as it should be\n"), "plan --diff finds changes that up would not make", ran.out)
            hosts.good("restart", file)
            must("nothing to change" in hosts.good("up", file).out, "up changes what restart started")
        must(json.loads(about.read_text())["processors"] == record["processors"], "the record does not say again what was found")
        # Another machine stands there now: what it says goes before what is written down.
        hosts.good("stop", file)
        hosts.inside("two", "rm /usr/local/bin/uname")
        ran = hosts.good("plan", file, "--diff")
        must("toy 1.0.0" in ran.out and "arm64" not in ran.out, "plan --diff takes what was written down", ran.out)
        hosts.good("up", file)
        must(hosts.inside("two", "cat /opt/toys/toy-7001/VERSION").endswith("-amd64.tar.gz"), "it has the archive of the machine before")
        must(json.loads(about.read_text())["processors"][ADDRESS["two"]] == "amd64", "the record keeps the machine before")
        hosts.good("down", file)
        # A host may say anything, and names of files are made of it.
        hosts.in_place_of("two", "uname", '#!/bin/sh\necho Linux ../../../evil\n')
        Seen(hosts, file, code=1).one("two", "arch", "failure", "the programs of toy_servers 2 are for amd64")
        ran = hosts.tidelab("up", file)
        must(ran.code == 3 and "nothing was changed" in ran.out, f"up ended with {ran.code}", ran.out)
        must(not list(hosts.folder.rglob("*evil*")), "what a host said is a name here")
        hosts.inside("two", "rm -r /usr/local/bin")
        hosts.nothing_left()


def what_is_wrong_stops_nobody_who_has_nothing_to_change():
    """The preflight of a lab that runs says what `up` will do: where its archives are not at hand, it stops for what is wrong."""
    with shells("one") as hosts:
        hosts.cache = hosts.folder / "cache"
        file = topology(hosts, ("one",))
        hosts.good("up", file)
        hosts.inside("one", "chmod a-x /usr/bin/gzip")
        seen = hosts.tidelab("preflight", file)
        must(seen.code == 1 and "there is no `gzip`" in seen.out, f"preflight ended with {seen.code}", seen.out)
        must(seen.out.endswith("nothing is to be changed on any host, so `tidelab up` would not stop\n"), "it does not say what up would do", seen.out)
        must("nothing to change" in hosts.good("up", file).out, "up changed something")
        for cache in (hosts.folder / "empty", hosts.cache):
            hosts.cache = cache
            seen = hosts.tidelab("preflight", file)
            must(seen.out.endswith("`tidelab up` would stop before its first change\n"), "it does not say that up would stop", seen.out)
            must(hosts.tidelab("up", file).code == 3, "up did not stop")
            hosts.good("stop", file)
        hosts.inside("one", "chmod a+x /usr/bin/gzip")
        hosts.good("down", file)
        hosts.nothing_left()


TESTS = [the_processor_of_each_host_decides, what_is_wrong_stops_nobody_who_has_nothing_to_change, each_fault_on_a_host_of_its_own, rights_and_directories, what_is_of_a_lab_and_what_is_not,
         fix_sets_what_is_safe_and_says_how_to_undo_it]
