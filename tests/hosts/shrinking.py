"""Members that are gone from the topology are taken away, and nothing else: on hosts where others stay, and on hosts that
nobody is left on; also when that is interrupted."""
import re
import shutil
import subprocess

from interruption import journal
from lab import ROOT, Hosts, must
from supervision import HOME, ONE, STATE, TWO, Toys, one_of_each

# Toys that vote. Who leaves waits for an answer of those that stay; the one that is greeted so is their chief.
VOTES = """
serves_with: majority
leave:
  - title: the others answer
    wait: {for: {tcp: {address: '${others toy_servers "{host}:{port}" ","}', send: "?\\n", expect: {/answer: {contains: uid}}}}, within: 20s}
left:
  - title: nobody answers
    wait: {for: {exec: {argv: [python3, -c, "import socket; print(socket.socket().connect_ex(('${host}', ${port})))"], expect: {/stdout: {lacks: "0\\n"}}}}, within: 20s}
leads:
  - {title: chief, tcp: {address: "${host}:${port}", send: "?\\n", expect: {/answer: {contains: "greeting=chief"}}}}
"""
FIVE = [(ONE, 7001), (ONE, 7002), (ONE, 7003), (TWO, 7001), (TWO, 7002)]


def voters(hosts, user="toy"):
    home = hosts.folder / "home"
    shutil.copytree(HOME, home)
    playbook = home / "playbooks/toy/playbook.yaml"
    playbook.write_text(playbook.read_text() + VOTES)
    hosts.home = home
    toys = Toys(hosts, user)
    toys.instances = list(FIVE)
    toys.greetings[TWO, 7001] = "chief"
    toys.write()
    toys.up()
    one_of_each(toys)
    return toys


def without(toys, *gone):
    toys.instances = [each for each in FIVE if each not in gone]
    toys.write()


def traces(hosts, name, port):
    """What a host has of a toy: processes, files, units, lines of the list."""
    state = STATE if hosts.user == "root" else "/opt/toys/a/.tidelab-toys"
    return hosts.inside(name, f"pgrep -af '[t]oy.py .* {port} '; ls -d /opt/toys/a/toy-{port} {state}/run/toy-{port} /etc/systemd/system/*toy-{port}* /home/*/.config/systemd/user/*toy-{port}* 2>/dev/null; grep -n toy-{port} {state}/owned", code=None)


def one_leaves_a_host_where_others_stay():
    for name, address in (("one", ONE), ("two", TWO)):
        with Hosts([("one", ONE, "systemd"), ("two", TWO, "shell")], home=HOME) as hosts:
            toys = voters(hosts)
            before = toys.pids()
            without(toys, (address, 7002))
            refused = hosts.tidelab("up", toys.file)
            must(refused.code == 65 and "only with `up --prune`: the others answer, then it is stopped and removed" in refused.out, f"without --prune it ended with {refused.code}", refused.out)
            must(toys.greet(address, 7002), "it was touched without --prune", refused.out)
            told = hosts.tidelab("plan", toys.file, "--diff")
            must(f"order: {address}:7002, before all else" in told.out, "plan does not tell it", told.out)
            ran = hosts.good("up", toys.file, "--prune")
            print(ran.out, flush=True)
            must(traces(hosts, name, 7002) == "", "something of it is left", traces(hosts, name, 7002))
            must(toys.pids() == {i: pid for i, pid in before.items() if i != (address, 7002)}, "others were touched", ran.out)
            again = hosts.good("up", toys.file, "--prune")
            must("nothing to change" in again.out, "a second time changed something", again.out)
            hosts.good("verify", toys.file)
            hosts.good("down", toys.file)
            hosts.nothing_left()


def a_host_that_nobody_is_left_on():
    with Hosts([("one", ONE, "systemd"), ("two", TWO, "shell")], home=HOME) as hosts:
        toys = voters(hosts)
        before = toys.pids()
        without(toys, (TWO, 7001), (TWO, 7002))
        ran = hosts.good("up", toys.file, "--prune")
        must(ran.out.index(f"Toy {TWO}:7002 leaves") < ran.out.index(f"Toy {TWO}:7001 is the chief, so it comes last"), "the chief did not come last", ran.out)
        must(toys.pids() == {i: pid for i, pid in before.items() if i[0] == ONE}, "others were touched", ran.out)
        hosts.nothing_left(but=("one",))
        hosts.good("down", toys.file)
        hosts.nothing_left()


def for_a_login_without_rights():
    """Nobody is root: units are the account's own, and so is the list."""
    with Hosts([("one", ONE, "systemd"), ("two", TWO, "shell")], home=HOME, user="lab") as hosts:
        for name in hosts.net.hosts:
            hosts.prepare(name, "mkdir /opt/toys && chown lab:lab /opt/toys")
        toys = voters(hosts, "lab")
        must(traces(hosts, "one", 7002).count("toy-7002") > 6 and traces(hosts, "two", 7002).count("toy-7002") > 5, "it looks in other places", traces(hosts, "one", 7002))
        before = toys.pids()
        without(toys, (ONE, 7002), (TWO, 7002))
        hosts.good("up", toys.file, "--prune")
        for name in ("one", "two"):
            must(traces(hosts, name, 7002) == "", f"something of it is left on {name}", traces(hosts, name, 7002))
        must(toys.pids() == {i: pid for i, pid in before.items() if i[1] != 7002 or i == (ONE, 7003)}, "others were touched")
        hosts.good("down", toys.file)
        hosts.nothing_left()


def no_majority_and_two_changes_at_once():
    with Hosts([("one", ONE, "systemd"), ("two", TWO, "shell")], home=HOME) as hosts:
        toys = voters(hosts)
        before = toys.pids()
        without(toys, *FIVE[2:])
        refused = hosts.tidelab("up", toys.file, "--prune")
        must(refused.code == 65 and "of 5 that vote 2 would stay, which is no majority: let at most 2 leave at a time" in refused.out, f"it ended with {refused.code}", refused.out)
        without(toys, (TWO, 7002))
        toys.instances.append((ONE, 7004))
        toys.write()
        refused = hosts.tidelab("up", toys.file, "--prune")
        must(refused.code == 65 and "a group that votes is changed in one way at a time" in refused.out, f"it ended with {refused.code}", refused.out)
        without(toys, (TWO, 7002))

        # One that stays is down: nobody goes before it is back.
        hosts.good("stop", toys.file, "--node", f"{ONE}:7001")
        stopped = hosts.tidelab("up", toys.file, "--prune")
        must(stopped.code == 3 and f"is not taken away, since another loss could stop its group: Toy {ONE}:7001" in stopped.out, f"it ended with {stopped.code}", stopped.out)
        must(toys.greet(TWO, 7002), "it was taken away all the same", stopped.out)
        hosts.good("start", toys.file)

        # Its host is cut off: nothing is touched.
        hosts.net.cut("two")
        dark = hosts.tidelab("up", toys.file, "--prune")
        must(dark.code == 3 and "nothing was changed" in dark.out, f"with a host that is cut off it ended with {dark.code}", dark.out)
        hosts.net.heal("two")
        must({i: pid for i, pid in toys.pids().items() if i != (ONE, 7001)} == {i: pid for i, pid in before.items() if i not in ((ONE, 7001), (TWO, 7002))}, "something was touched", dark.out)
        hosts.good("up", toys.file, "--prune")
        must(traces(hosts, "two", 7002) == "", "something of it is left", traces(hosts, "two", 7002))
        hosts.good("down", toys.file)
        hosts.nothing_left()


def killed_while_members_leave():
    """At any line of its journal: the next one takes it up again."""
    with Hosts([("one", ONE, "systemd"), ("two", TWO, "shell")], home=HOME) as hosts:
        toys = voters(hosts)
        in_time = 0
        for lines in (2, 4, 6, 9, 12, 15):
            without(toys, (ONE, 7002), (TWO, 7002))
            for old in (hosts.folder / "state").rglob("prune.jsonl"):
                old.unlink()
            process = subprocess.Popen(hosts.argv("up", toys.file, "--prune"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=hosts.environment(), stdin=subprocess.DEVNULL)
            while process.poll() is None and len(journal(hosts, "prune")) < lines:
                pass
            process.kill()
            said, _ = process.communicate(timeout=60)
            in_time += process.returncode == -9
            must(process.returncode == -9 or process.returncode == 0, f"it ended with {process.returncode}", said)
            ran = hosts.good("up", toys.file, "--prune")
            print(f"killed at line {lines}: {process.returncode}, then: " + "; ".join(re.findall(r".* taken away: .*|nothing to change.*|the lab is up.*", ran.out)), flush=True)
            for name in ("one", "two"):
                must(traces(hosts, name, 7002) == "", f"killed at line {lines}, something is left on {name}", traces(hosts, name, 7002) + said + ran.out)
            one_of_each(toys)
            must(toys.up()["made"] == 0, f"killed at line {lines}, it did not converge")
            without(toys)
            hosts.good("down", toys.file)
            hosts.nothing_left()
            toys.up()
        must(in_time > 3, f"it was killed in time to matter {in_time} times of 6")
        hosts.good("down", toys.file)
        hosts.nothing_left()


# A driver of placement of three stores. One that is removed loses three regions each time it is asked about, and is then a tombstone.
DRIVER = """
import http.server, json, sys
stores = {i: {"address": a, "state": "Up", "regions": 10} for i, a in enumerate(sys.argv[2:], 1)}
class Answers(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words): print(self.command, self.path, json.dumps([s["state"] for s in stores.values()]), flush=True)
    def say(self, what):
        body = json.dumps(what).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def do_GET(self):
        for s in stores.values():
            if s["state"] == "Offline":
                s["regions"] -= 3
                if s["regions"] <= 0: s["state"] = "Tombstone"
        if self.path.endswith("/health"): return self.say([{"name": "pd", "health": True}])
        self.say({"stores": [{"store": {"id": i, "address": s["address"], "state_name": s["state"]}, "status": {"region_count": s["regions"]}} for i, s in stores.items() if s["state"] != "Tombstone"]})
    def do_DELETE(self):
        if self.path.endswith("/remove-tombstone"):
            for i in [i for i, s in stores.items() if s["state"] == "Tombstone"]: del stores[i]
        else: stores[int(self.path.rsplit("/", 1)[1])]["state"] = "Offline"
        self.say("done")
host, port = sys.argv[1].rsplit(":", 1)
http.server.ThreadingHTTPServer((host, int(port)), Answers).serve_forever()
"""
STORE = """
import http.server, sys
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers(); self.wfile.write(b"{}")
host, port = sys.argv[1].rsplit(":", 1)
http.server.HTTPServer((host, int(port)), Answers).serve_forever()
"""


def played_by(folder, name, program, words, *without):
    """The playbook of a component as it is, but what it installs and starts: a program of a few lines."""
    text = (ROOT / "playbooks" / name / "playbook.yaml").read_text()
    parts = re.split(r"^(?=[a-z_]+:)", text, flags=re.M)
    kept = [part for part in parts if part.split(":")[0] not in ("install", "start", "artifacts", "host", "settings", "rules", *without)]
    content = "".join(f"        {line}\n" for line in program.strip().splitlines())
    made = f"""
install:
  - dir: {{path: "${{deploy_dir}}"}}
  - dir: {{path: "${{data_dir}}", holds: data}}
  - file:
      path: ${{deploy_dir}}/play.py
      content: |
{content}start:
  - service: {{name: "{name}-${{{words[0]}}}", argv: [python3, "${{deploy_dir}}/play.py", {words[1]}], log: "${{deploy_dir}}/log.txt"}}
"""
    (folder / "playbooks" / name).mkdir(parents=True)
    (folder / "playbooks" / name / "playbook.yaml").write_text("".join(kept) + made)


def a_store_is_emptied_before_it_goes():
    """The steps of TiKV's playbook, against a driver of placement of this test."""
    with Hosts([("one", ONE, "systemd"), ("two", TWO, "shell")], home=HOME) as hosts:
        home = hosts.folder / "home"
        stores = f'"{ONE}:20160", "{TWO}:20160", "{TWO}:20161"'
        played_by(home, "pd", DRIVER, ("client_port", f'"${{host}}:${{client_port}}", {stores}'))
        played_by(home, "tikv", STORE, ("port", '"${host}:${status_port}"'))
        shutil.copy(ROOT / "playbooks/common.yaml", home / "playbooks")
        (home / "checks").mkdir()
        hosts.home = home
        file = hosts.folder / "stores.yaml"
        head = f"global: {{user: toy, deploy_dir: /opt/stores}}\nserver_configs: {{pd: {{replication.max-replicas: 2}}}}\npd_servers: [{{host: {ONE}, name: pd}}]\ntikv_servers:\n"
        three = [f"  - {{host: {ONE}}}\n", f"  - {{host: {TWO}}}\n", f"  - {{host: {TWO}, port: 20161, status_port: 20181}}\n"]
        file.write_text(head + "".join(three))
        hosts.good("up", file)
        file.write_text(head + three[0])
        refused = hosts.tidelab("up", file, "--prune")
        must(refused.code == 65 and "1 would stay, and PD keeps 2 replicas of each region" in refused.out, f"it ended with {refused.code}", refused.out)
        file.write_text(head + three[0] + three[2])
        ran = hosts.good("up", file, "--prune")
        asked = [line for line in hosts.inside("one", "cat /opt/stores/pd-2379/log.txt").splitlines() if "DELETE" in line]
        must([line.split()[1] for line in asked] == ["/pd/api/v1/store/2", "/pd/api/v1/stores/remove-tombstone"], "other requests", "\n".join(asked))
        must('["Up", "Up"]' in asked[1], "its store was not forgotten", asked[1])
        must("its regions are moved off" in ran.out, "it was not told", ran.out)
        must(hosts.inside("two", "pgrep -cf '[p]lay.py'") == "1" and hosts.inside("two", "ls /opt/stores") == "tikv-20161", "something else is left", hosts.inside("two", "ls /opt/stores; pgrep -af play.py"))
        hosts.good("down", file)
        hosts.nothing_left()


TESTS = [a_store_is_emptied_before_it_goes, one_leaves_a_host_where_others_stay, a_host_that_nobody_is_left_on, for_a_login_without_rights, no_majority_and_two_changes_at_once, killed_while_members_leave]
