"""topologies/four_hosts.yaml to the letter: addresses, ports, directories, versions, what a person does by hand there,
one runtime for each JVM, a changed runtime, a power cut, and an end without residue. Two hosts run systemd, two do not."""
import os
import random
import signal
import subprocess
import sys
import time

from lab import ROOT, must, until

sys.path.append(str(ROOT / "tests/bench"))
from up import critical_path  # noqa: E402

FILE = ROOT / "topologies/four_hosts.yaml"
ASSEMBLED = ("--source", "assembled")
HOSTS = [("r21", "192.168.12.21", "systemd"), ("r22", "192.168.12.22", "shell"), ("r23", "192.168.12.23", "systemd"), ("r24", "192.168.12.24", "shell")]
PORTS = {"r21": {12379, 12380, 12160, 12180, 14000, 12080, 18300}, "r22": {9092}, "r23": {8081, 6123, 6124, 6126}, "r24": {2181}}
# Directory, and what is in it that a person of the article looks for.
TREES = {"r21": ("/opt/tidb-c1", ["pd-12379/bin/pd-server", "tikv-12160/bin/tikv-server", "tidb-14000/bin/tidb-server", "cdc-18300/bin/cdc"]),
         "r22": ("/opt/kafka", ["bin/kafka-topics.sh", "config/server.properties", "libs/kafka_2.13-2.7.0.jar", "jre/bin/java"]),
         "r23": ("/opt/flink", ["bin/sql-client.sh", "bin/flink", "conf/flink-conf.yaml", "lib/flink-dist_2.11-1.12.1.jar", "jre/bin/java"]),
         "r24": ("/opt/zookeeper", ["bin/zkServer.sh", "conf/zoo.cfg", "lib/zookeeper-3.6.2.jar", "jre/bin/java"])}
JVMS = {"192.168.12.22:9092": ("r22", "/opt/kafka"), "192.168.12.23:8081": ("r23", "/opt/flink"), "192.168.12.23:6126": ("r23", "/opt/flink"),
        "192.168.12.24:2181": ("r24", "/opt/zookeeper")}


took_to_come_up = 40.0  # s; measured by it_comes_up


def green(hosts):
    ran = hosts.tidelab("verify", FILE, "--format", "json", timeout=400)
    report = ran.json()
    bad = [f"{r['verdict']}: {r['title']}: {r['note']} {r['actual']}" for r in report["hops"] if r["verdict"] != "pass"]
    must(ran.code == 0 and report["hops"] and not bad, f"verify ended with {ran.code}: {report['sentence']}", "\n".join(bad))
    return report


def up(hosts, file=FILE):
    return hosts.report("up", file, *ASSEMBLED, timeout=900)


def it_comes_up(hosts):
    began = time.monotonic()
    report = up(hosts)
    wall = time.monotonic() - began
    longest, end = critical_path(hosts.folder / "state/tidelab/four_hosts/up.jsonl")
    print(f"up: {wall:.1f} s, in the plan {end:.1f} s, critical path {longest:.1f} s, {report['traffic']}", flush=True)
    global took_to_come_up
    took_to_come_up = wall
    must(end <= 1.15 * longest, f"{end:.1f} s in the plan, and its longest chain of steps takes {longest:.1f} s")
    print(green(hosts)["sentence"], flush=True)


def a_second_up_changes_nothing(hosts):
    before = hosts.nodes(FILE)
    report = up(hosts)
    must(report["counts"]["steps"]["made"] == 0, f"made: {report['counts']}")
    must({n: r["pid"] for n, r in before.items()} == {n: r["pid"] for n, r in hosts.nodes(FILE).items()}, "a pid changed")
    traffic = report["traffic"]
    print(f"a second up: {report['sentence']}, {traffic}", flush=True)
    must(traffic["connections"] == len(HOSTS), f"not one connection for each host: {traffic}")
    # A look ends what an earlier run left and sees everything; the rest are questions of waits about processes.
    must(traffic["remote_commands"] <= 4 * len(HOSTS), f"too many remote commands: {traffic}")


def everything_is_where_the_article_has_it(hosts):
    for name, (top, files) in TREES.items():
        address = hosts.net.host(name).address
        said = hosts.inside(name, "ss -Hltn")
        sockets = [line.split()[3].rpartition(":") for line in said.splitlines()]
        # A JVM shows an IPv4 address as one of IPv6; two of Flink's are open to 127.0.0.1, too (docs/components.md).
        open_ports = {int(port) for where, _, port in sockets if address in where or (name == "r23" and where == "*")}
        missing = PORTS[name] - open_ports
        must(not missing, f"{name} does not listen at {address} on {missing}", said)
        for each in files:
            hosts.inside(name, f"test -e {top}/{each} || {{ ls {top} {top}/lib* ; exit 1; }}")
        owner = hosts.inside(name, f"stat -c %U {top}")
        must(owner == "tidb" or name == "r21", f"{top} belongs to {owner}")
    for node in hosts.nodes(FILE).values():
        name = next(n for n, h in hosts.net.hosts.items() if h.address == node["host"])
        who = hosts.inside(name, f"ps -o user= -p {node['pid']}")
        must(who == "tidb", f"{node['role']} runs as {who}")


def each_jvm_runs_its_own_runtime(hosts, versions=None):
    nodes = hosts.nodes(FILE)
    for node, (name, top) in JVMS.items():
        exe = hosts.inside(name, f"readlink /proc/{nodes[node]['pid']}/exe")
        must(exe == f"{top}/jre/bin/java", f"{node} runs {exe}")
        said = hosts.inside(name, f"{exe} -XX:-UsePerfData -version")
        wanted = (versions or {}).get(node, "11.0.13")
        must(wanted in said, f"the runtime of {node} is not {wanted}", said)


def a_person_logs_in(hosts):
    """The components' own scripts, run by hand as root and as tidb, find their own Java, though another one is first in PATH."""
    for name in ("r22", "r23", "r24"):
        hosts.in_place_of(name, "java", "#!/bin/sh\necho a foreign java >&2\nexit 9\n")
    said = hosts.login("r24", "/opt/zookeeper/bin/zkServer.sh status")
    must("Mode: standalone" in said, "zkServer.sh status", said)
    said = hosts.login("r24", "echo 'ls /brokers/ids' | /opt/zookeeper/bin/zkCli.sh -server 192.168.12.24:2181")
    must("[1]" in said, "zkCli.sh does not see the broker", said)
    said = hosts.login("r22", "/opt/kafka/bin/kafka-topics.sh --bootstrap-server 192.168.12.22:9092 --describe --topic ticdc-test")
    must("PartitionCount: 1" in said and "max.message.bytes=12800000" in said, "kafka-topics.sh --describe", said)
    said = hosts.login("r22", "/opt/kafka/bin/kafka-console-consumer.sh --bootstrap-server 192.168.12.22:9092 --topic ticdc-test --from-beginning --max-messages 1 --timeout-ms 20000")
    must('"database"' in said, "kafka-console-consumer.sh", said)
    said = hosts.login("r23", "/opt/flink/bin/sql-client.sh --help")
    must("embedded" in said, "sql-client.sh --help", said)
    said = hosts.login("r23", "cd /tmp && runuser -u tidb -- /opt/flink/bin/flink list")
    must("tidelab:four_hosts:ticdc-test:" in said and "RUNNING" in said, "flink list", said)
    said = hosts.login("r21", "/opt/tidb-c1/cdc-18300/bin/cdc cli changefeed list --server=http://192.168.12.21:18300")
    must('"ticdc-kafka"' in said, "cdc cli changefeed list", said)
    for name in ("r22", "r23", "r24"):
        hosts.inside(name, "rm -r /usr/local/bin /tmp/hsperfdata_root")  # and what a person's own Java left


def with_another_runtime(hosts):
    """The topology with Java 17 for the broker."""
    text = FILE.read_text()
    new = text.replace("deploy_dir: /opt/kafka\n    jre: 11.0.13", "deploy_dir: /opt/kafka\n    jre: 17.0.9")
    must(new != text, "the topology is not as this test knows it")
    changed = hosts.folder / "four_hosts.yaml"
    changed.write_text(new)
    return changed


def another_runtime_restarts_its_component_alone(hosts):
    before = hosts.nodes(FILE)
    hosts.good("up", with_another_runtime(hosts), *ASSEMBLED, timeout=600)
    after = hosts.nodes(FILE)
    restarted = {n for n in before if before[n]["pid"] != after[n]["pid"]}
    must(restarted == {"192.168.12.22:9092"}, f"restarted: {restarted}")
    each_jvm_runs_its_own_runtime(hosts, {"192.168.12.22:9092": "17.0.9"})
    green(hosts)
    up(hosts)  # and back
    each_jvm_runs_its_own_runtime(hosts)


def a_power_cut(hosts):
    """With systemd a host brings its services back by itself; without, `up` does. Either way the way is whole again."""
    for name in ("r23", "r24"):
        host = hosts.net.host(name)
        before = {n: r["pid"] for n, r in hosts.nodes(FILE).items() if r["host"] == host.address}
        must(before, f"nothing runs on {name}, so nothing is tested")
        host.kill()
        host.start()
        host.wait()
        if host.init == "systemd":
            def back(host=host):
                mine = [r for r in hosts.nodes(FILE).values() if r["host"] == host.address]
                return all(r["state"] == "running" for r in mine) and len(mine) == len(before)
            until(back, 30, f"the services of {name} are back")
        else:
            must(not hosts.inside(name, "pgrep -f '[/]opt/'", code=None), f"something runs on {name} after its boot")
    up(hosts)
    green(hosts)


def data_of_a_lab_that_comes_again(hosts):
    """What was written before `down --keep-data` is there after the next `up`, and the way goes on from there."""
    def offset():
        said = hosts.login("r22", "/opt/kafka/bin/kafka-run-class.sh kafka.tools.GetOffsetShell --broker-list 192.168.12.22:9092 --topic ticdc-test")
        return int(said.splitlines()[-1].rpartition(":")[2])
    before = offset()
    must(before > 0, "no message is in the topic")
    hosts.good("down", FILE, "--keep-data")
    said = hosts.tidelab("status", FILE).out
    must("data are still on the hosts" in said, "status does not say that data are kept", said)
    up(hosts)
    must(offset() >= before, f"the topic had {before} messages, and now {offset()}")
    green(hosts)
    hosts.inside("r22", "rm -r /tmp/hsperfdata_root")  # of our own Java


def it_goes_without_residue(hosts):
    began = time.monotonic()
    report = hosts.report("down", FILE)
    print(f"down: {time.monotonic() - began:.1f} s, {report['traffic']}", flush=True)
    hosts.nothing_left()


def killed_at_five_random_points(hosts):
    """kill -9 while it comes up, at moments that the seed says; each time the next `up` brings the lab up whole, with one
    process for each service, and `down` leaves nothing."""
    seed = int(os.environ.get("TIDELAB_SEED", time.time_ns() % 1_000_000))
    print(f"TIDELAB_SEED={seed}", flush=True)
    moments = random.Random(seed)
    journal = hosts.folder / "state/tidelab/four_hosts/up.jsonl"
    in_time = 0
    for number in range(1, 6):
        after = moments.uniform(0.02, 0.9) * took_to_come_up
        journal.unlink(missing_ok=True)
        process = subprocess.Popen(hosts.argv("up", FILE, *ASSEMBLED), stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, env=hosts.environment(), stdin=subprocess.DEVNULL)
        try:
            process.wait(timeout=after)
        except subprocess.TimeoutExpired:
            process.kill()
            in_time += process.wait() == -signal.SIGKILL
        stood = sum('"event":"ended"' in line for line in journal.read_text().splitlines()) if journal.exists() else 0
        report = up(hosts)
        print(f"kill {number} after {after:.1f} s, {stood} steps had ended; then {report['sentence']}", flush=True)
        must(up(hosts)["counts"]["steps"]["made"] == 0, "up did not converge")
        for node in hosts.nodes(FILE).values():
            name = next(n for n, h in hosts.net.hosts.items() if h.address == node["host"])
            # The programs of a service share its tree; there is one of each, with its children.
            same = hosts.inside(name, f"for p in /proc/[0-9]*; do [ \"$(tr '\\0' ' ' 2>/dev/null < $p/cmdline)\" = \"$(tr '\\0' ' ' < /proc/{node['pid']}/cmdline)\" ] && echo ${{p#/proc/}}; done; true")
            must(same.split() == [str(node["pid"])], f"{node['role']} on {name} runs more than once", same)
        if number == 5:
            green(hosts)
        hosts.good("down", FILE)
        hosts.nothing_left()
    must(in_time > 1, f"of five runs {in_time} were killed before their end")


STEPS = [it_comes_up, a_second_up_changes_nothing, everything_is_where_the_article_has_it, each_jvm_runs_its_own_runtime, a_person_logs_in,
         another_runtime_restarts_its_component_alone, a_power_cut, data_of_a_lab_that_comes_again,
         it_goes_without_residue,
         killed_at_five_random_points]
