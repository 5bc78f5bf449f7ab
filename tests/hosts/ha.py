#!/usr/bin/env python3
"""The template of a lab that survives the loss of a host, on three hosts, over ssh: ha.py [NAME…]. It comes up, loses a host by a
power cut and by its network, grows, is restarted one member at a time, gives up a host for good, and goes without residue, while rows
travel. TiKV is one store, since the stand-in has no replication. A second JobManager takes over from the first, by a directory that all
hosts share. The last line is `N passed, M failed`."""
import re
import signal
import subprocess
import sys

import yaml

from lab import BINARY, Hosts, must, until
from beside import Writer  # on the way that lab.py has made
from run import FAULTS, told

ASSEMBLED = ("--source", "assembled")
ONE, TWO, THREE = "192.168.12.21", "192.168.12.22", "192.168.12.23"
HOSTS = [("one", ONE, "systemd"), ("two", TWO, "shell"), ("three", THREE, "systemd")]
ON_TWO = ("ZooKeeper", "Kafka broker", "Flink JobManager", "Flink TaskManager", "PD", "TiDB", "TiCDC")


def from_template(hosts):
    """The lab as `template` prints it, with the releases that can be had here, one TiKV, and a second JobManager as its comment says."""
    text = subprocess.run([str(BINARY), "template", "high_availability", "--hosts", ",".join((ONE, TWO, THREE))], stdout=subprocess.PIPE, text=True, check=True).stdout
    for old, new in (("pd: v8.5.3", "pd: v8.1.0-alpha"), ("tikv: v8.5.3", "tikv: v8.4.0-alpha"), ("tidb: v8.5.3", "tidb: v8.4.0-alpha"), ("cdc: v8.5.3", "cdc: v8.4.0-alpha"),
                     ("replication.max-replicas: 3", "replication.max-replicas: 1"),
                     (f"tikv_servers:\n  - host: {ONE}\n  - host: {TWO}\n  - host: {THREE}\n", f"tikv_servers:\n  - host: {ONE}\n"),
                     (f"flink_jobmanagers:\n  - host: {THREE}\n    jre: 11.0.13\n",
                      f"flink_jobmanagers:\n  - &jobmanager {{host: {THREE}, jre: 11.0.13, ha_dir: /mnt/flink, ha_dir_shared: true}}\n  - {{<<: *jobmanager, host: {TWO}}}\n"),
                     (f"tidb_servers:\n  - host: {ONE}\n  - host: {TWO}\n",
                      f"tidb_servers:\n  - &tidb {{host: {ONE}, init_sql: [set global tidb_ddl_enable_fast_reorg = OFF, set global tidb_enable_dist_task = OFF]}}\n  - {{<<: *tidb, host: {TWO}}}\n")):
        must(old in text, f"the template has no {old!r}", text)
        text = text.replace(old, new)
    file = hosts.folder / "ha.yaml"
    file.write_text(text)
    return file


def sql(hosts, host, statement):
    ran = subprocess.run(hosts.net.ctl("mysql", "-h", host, "-P", "4000", "-u", "root", "-N", "-B", "--connect-timeout=3", "-e", statement), capture_output=True, text=True, timeout=30)
    ran.check_returncode()
    return ran.stdout


def writer(hosts, token):
    sql(hosts, ONE, "delete from test.tidelab_check where id > 2000000000")  # of a step that failed
    return Writer(lambda host, statement: sql(hosts, host, statement), (ONE, TWO), token)


def must_have_arrived(hosts, written):
    must(len(written.acknowledged) > 20, f"{len(written.acknowledged)} rows were written")
    until(written.all_arrived, 90, "every acknowledged row is in the sink")
    sql(hosts, ONE, f"delete from test.tidelab_check where token = '{written.token}'")


def verify(hosts):
    ran = hosts.tidelab("verify", "ha", "--format", "json", timeout=400)
    report = ran.json()
    return ran.code, report, [f"{r['verdict']}: {r['title']}: {r['note']} {r['actual']}" for r in report["hops"] if r["verdict"] != "pass"]


def green(hosts):
    code, report, bad = verify(hosts)
    must(code == 0 and report["hops"] and not bad, f"verify ended with {code}: {report['sentence']}", "\n".join(bad))
    print(report["sentence"], flush=True)


def it_comes_up_from_its_template(hosts):
    report = hosts.report("up", from_template(hosts), *ASSEMBLED, timeout=900)
    print(report["sentence"], report["traffic"], flush=True)
    green(hosts)
    leaders = [row["leads"] for row in hosts.nodes("ha").values() if row["leads"]]
    must(sorted(leaders) == ["controller", "leader", "leader", "leader", "owner"], f"leaders are {leaders}")


def names_host_two(sentence):
    """And all that is on it, with what is left of each group."""
    must(f"host {TWO} cannot be reached" in sentence, "the host is not named", sentence)
    missing = [title for title in ON_TWO if not re.search(rf"{title} {TWO}:\d+ \(\d of \d are healthy, ", sentence)]
    must(not missing, f"not named: {missing}", sentence)
    must(sentence.endswith(f"next: bring {TWO} back, then `tidelab up ha`"), "it is not said what to do", sentence)


def serves_on_without_host_two(hosts):
    """It takes the others a moment to find out; what is said at that moment names the host, too."""
    def serves():
        code, report, _ = verify(hosts)
        print(report["sentence"], flush=True)
        names_host_two(report["sentence"])
        return code == 0
    until(serves, 150, "rows travel without the host that is gone")


def jobmanager_leads_on(hosts, address):
    return hosts.nodes("ha")[f"{address}:8081"]["leads"] == "leader"


def a_host_without_power(hosts):
    """The JobManager that leads goes with it."""
    host = hosts.net.host("two")
    if not jobmanager_leads_on(hosts, TWO):
        hosts.good("restart", "ha", "--node", f"{THREE}:8081", *ASSEMBLED, timeout=300)
    must(jobmanager_leads_on(hosts, TWO), "the JobManager of host two does not lead")
    with writer(hosts, "power") as written:
        host.kill()
        try:
            serves_on_without_host_two(hosts)
        finally:
            host.start()
            host.wait()
        hosts.good("up", "ha", *ASSEMBLED, timeout=400)
    must_have_arrived(hosts, written)
    green(hosts)


def a_host_that_is_cut_off(hosts):
    """Packets to it are lost without a word: the others find out by their own clocks."""
    with writer(hosts, "network") as written:
        hosts.net.cut("two")
        try:
            serves_on_without_host_two(hosts)
        finally:
            hosts.net.heal("two")
        hosts.good("up", "ha", *ASSEMBLED, timeout=400)
    must_have_arrived(hosts, written)
    green(hosts)


def it_grows(hosts):
    """A TiDB and a TiCDC more: nobody else is restarted."""
    file = hosts.folder / "ha.yaml"
    text = file.read_text()
    text = text.replace(f"*tidb, host: {TWO}}}\n", f"*tidb, host: {TWO}}}\n  - {{<<: *tidb, host: {THREE}}}\n").replace("cdc_servers:\n", f"cdc_servers:\n  - host: {ONE}\n")
    file.write_text(text)
    before = {node: row["pid"] for node, row in hosts.nodes("ha").items()}
    with writer(hosts, "growth") as written:
        report = hosts.report("up", file, *ASSEMBLED, timeout=400)
    after = {node: row["pid"] for node, row in hosts.nodes("ha").items()}
    must({node: after.get(node) for node in before} == before, f"restarted: {before}, {after}")
    must(report["counts"]["steps"]["restarted"] == 0 and len(after) == len(before) + 2, f"{report['counts']}, {after}")
    must_have_arrived(hosts, written)
    green(hosts)


def it_is_restarted_one_member_at_a_time(hosts):
    with writer(hosts, "rolled") as written:
        out = hosts.good("restart", "ha", "--rolling", "--role", "kafka", "--role", "pd", *ASSEMBLED, timeout=500).out
    for title in ("the controller, so it comes last (3 of 3)", "the leader, so it comes last (3 of 3)"):
        must(title in out, "who leads did not come last", out)
    must_have_arrived(hosts, written)
    green(hosts)


def without_host_two(text):
    """The topology with nothing on it, no more replicas than brokers, and a JobManager alone, which takes over from nobody."""
    topology = yaml.safe_load(text)
    for section, members in topology.items():
        if isinstance(members, list) and section != "pipelines":
            topology[section] = [each for each in members if each["host"] != TWO]
    topology["flink_jobmanagers"] = [{"host": THREE, "jre": "11.0.13"}]
    for pipeline in topology["pipelines"]:
        pipeline["replication_factor"] = 2
    return yaml.safe_dump(topology, sort_keys=False)


def a_host_that_is_lost_for_good(hosts):
    """It stands in the middle of each section, so those behind it keep their ids. Without `--lost` nothing is touched."""
    file = hosts.folder / "ha.yaml"
    before = {node: row["pid"] for node, row in hosts.nodes("ha").items()}
    with writer(hosts, "lost") as written:
        hosts.net.host("two").kill()
        file.write_text(without_host_two(file.read_text()))
        refused = hosts.tidelab("up", file, "--prune", *ASSEMBLED, timeout=200)
        must(refused.code == 3 and f"--lost {TWO}" in refused.out, f"`up --prune` ended with {refused.code}", refused.out)
        out = hosts.good("up", file, "--prune", "--lost", TWO, *ASSEMBLED, timeout=500).out
        must(f"{TWO} is given up: nothing is asked of it" in out and f"Kafka broker {TWO}:9092" in out, "it is not told what may come back", out)
        must("7 of 21 nodes are taken away" in out, "another number of nodes is told", out)
    must_have_arrived(hosts, written)
    green(hosts)
    after = {node: row["pid"] for node, row in hosts.nodes("ha").items()}
    must(set(after) == {node for node in before if TWO not in node}, f"nodes are {sorted(after)}")
    ids = hosts.inside("three", "cat /opt/tidelab/zookeeper-2181/data/myid; grep ^broker.id= /opt/tidelab/kafka-9092/config/server.properties")
    must(ids.split() == ["3", "broker.id=3"], "others got other ids", ids)


def it_goes_without_residue(hosts):
    hosts.good("down", "ha")
    given_up = [name for name, host in hosts.net.hosts.items() if host.pid() is None]  # with what is on it
    hosts.nothing_left(but=given_up)


STEPS = [it_comes_up_from_its_template, a_host_without_power, a_host_that_is_cut_off, it_grows, it_is_restarted_one_member_at_a_time, a_host_that_is_lost_for_good, it_goes_without_residue]


def main(names):
    results = []
    try:
        with Hosts(HOSTS) as hosts:
            hosts.fetch(from_template(hosts), *ASSEMBLED)
            results = [told(step, hosts) for step in STEPS if not names or step.__name__ in names]
    except FAULTS as error:
        print(f"FAILED  {error}")
        results.append(False)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the hosts go, too
    sys.exit(main(sys.argv[1:]))
