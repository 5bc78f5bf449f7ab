#!/usr/bin/env python3
"""End to end with real components: run.py e2e | groups | sabotage | strange [NAME…].

e2e       both version lines up, verified, changed, broken in small ways, and gone without residue
groups    three of everything that votes: any single member is stopped, rows travel, and the member is named
strange   what people do to a lab by hand: drift, strangers, tables, passwords
sabotage  one thing of the reference line is broken at a time: each part of verify's sentence must be true at that moment;
          `tidelab up` alone must repair it

A test is a function; they run in the order written, on one lab for each level. The last line is `N passed, N failed`.
"""
import atexit
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
from beside import Beside, Writer  # noqa: E402
from controllers import groups_controllers_join_are_lost_and_leave  # noqa: E402,F401
from lab import (BINARY, ROOT, STATE, Sshd, Wrong, failing, good, http, listening, must, nodes, nothing_left, rows, tidelab, until, verify)  # noqa: E402

REFERENCE = str(ROOT / "topologies" / "one_host.yaml")
RECENT = str(ROOT / "topologies" / "one_host_recent.yaml")
ASSEMBLED = ("--source", "assembled")
PORTS = (12181, 19092, 18081, 12379, 12160, 14000, 18300, 18083)
REFERENCE_DIR = "/var/tmp/tidelab/one_host"
RECENT_DIR = "/var/tmp/tidelab/one_host_recent"
CDC = "http://127.0.0.1:18300/api/v2/changefeeds/ticdc-kafka"


def copied(text, source):
    """A topology of this text, under the name of the lab that `source` is of."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tidelab-e2e-"))
    atexit.register(shutil.rmtree, folder)
    path = folder / pathlib.Path(source).name
    path.write_text(text)
    return str(path)


def changed_topology(old, new, source=REFERENCE):
    """A copy of a topology with one text replaced, under the lab's own name."""
    text = pathlib.Path(source).read_text()
    must(old in text, f"{source} has no {old!r}")
    return copied(text.replace(old, new, 1), source)


def green(topology):
    code, report = verify(topology)
    bad = [f"{r['verdict']}: {r['title']}: {r['note']} {r['actual']}" for r in rows(report) if r["verdict"] != "pass"]
    must(code == 0 and not bad, f"verify ended with {code}: {report['sentence']}", "\n".join(bad))
    must(len(brought(report)) >= 3, "not all of insert, update and delete came back to TiDB", report["sentence"])
    return report


def brought(report):
    """What of the row came back to TiDB."""
    return [r for r in rows(report) if r["check"] == "row" and "brought" in r["title"] and r["verdict"] == "pass"]


JOBS = "http://127.0.0.1:18081/jobs"


def running_jobs(jobs):
    """The ids of those whose tasks run; none where nobody leads."""
    try:
        ids = [each["id"] for each in http("GET", jobs)["jobs"] if each["status"] == "RUNNING"]
        return [each for each in ids if http("GET", f"{jobs}/{each}")["status-counts"]["RUNNING"] > 0]
    except OSError:
        return []


def sink_does_not_go_back(lose, jobs=JOBS, port=14000):
    """The job goes on from its checkpoint, and is not submitted anew. Without one it would write 300 versions of a row again."""
    def in_sink(row):
        return sql(f"select note from test.tidelab_check_sink where id = {row}", port=port)
    sql("insert into test.tidelab_check values (1, 'by hand', '000')", *[f"update test.tidelab_check set note = '{i:03}' where id = 1" for i in range(1, 301)], port=port)
    until(lambda: in_sink(1) == "300\n", 60, "the newest version of the row is in the sink")
    written, [job] = time.time() * 1000, running_jobs(jobs)
    until(lambda: (newest := http("GET", f"{jobs}/{job}/checkpoints")["latest"]["completed"]) and newest["trigger_timestamp"] > written, 30, "there is a checkpoint behind it")
    lose()
    seen = set()
    sql("insert into test.tidelab_check values (2, 'by hand', 'lost')", port=port)
    until(lambda: seen.add(in_sink(1)) or (in_sink(2) and running_jobs(jobs)), 120, "the job runs again")
    sql("insert into test.tidelab_check values (3, 'by hand', 'back')", port=port)  # behind whatever is written again
    until(lambda: seen.add(in_sink(1)) or in_sink(3), 60, "what is written then is in the sink")
    must(seen == {"300\n"}, f"the sink went back: {sorted(seen)}")
    must(running_jobs(jobs) == [job], "it is another job, or one more")
    sql("delete from test.tidelab_check", port=port)
    until(lambda: sql("select count(*) from test.tidelab_check_sink", port=port) == "0\n", 30, "the sink follows")


def kill_taskmanager(topology):
    before = nodes(topology)["Flink TaskManager"]["pid"]
    os.kill(before, signal.SIGKILL)
    until(lambda: nodes(topology)["Flink TaskManager"]["pid"] not in (None, 0, before), 30, "its keeper starts it again")


# ---- e2e, the recent line

def recent_smoke_with_report():
    with tempfile.TemporaryDirectory() as folder:
        ran = good("smoke", RECENT, *ASSEMBLED, "--keep", "--report", folder, timeout=1500)
        must("all 12 hops passed" in ran.out, "smoke does not say that all hops passed", ran.out[-3000:])
        must("stand-in, not TiKV" in ran.out, "the stand-in is not named as one", ran.out[-3000:])
        have = {p.name for p in pathlib.Path(folder).iterdir()}
        must({"report.json", "junit.xml", "report.html", "logs"} <= have, f"--report wrote {have}")
        logs = list((pathlib.Path(folder) / "logs").iterdir())
        must(len(logs) >= 6 and all(p.stat().st_size > 0 for p in logs), f"logs: {[p.name for p in logs]}")


def recent_second_up_changes_nothing():
    before = nodes(RECENT)
    ran = good("up", RECENT, *ASSEMBLED)
    must("nothing to change" in ran.out, "the second up does not say so", ran.out[-2000:])
    after = nodes(RECENT)
    must({r: n["pid"] for r, n in before.items()} == {r: n["pid"] for r, n in after.items()}, "a pid changed")


def recent_twenty_greens():
    for _ in range(20):
        green(RECENT)


def recent_runs_each_jvm_on_its_own_jre():
    with_jre = {role: node for role, node in nodes(RECENT).items() if node["jre"]}
    must({"Kafka broker", "Flink JobManager", "Flink TaskManager"} <= set(with_jre), f"a JRE is said of {list(with_jre)}")
    for role, node in with_jre.items():
        real = os.readlink(f"/proc/{node['pid']}/exe")
        must(real == node["dir"] + "/jre/bin/java", f"{role} runs {real}")


def recent_taskmanager_killed():
    sink_does_not_go_back(lambda: kill_taskmanager(RECENT))


def recent_flink_2_writes_into_a_topic():
    """A lab that is up gets Flink 2, for which there is no JDBC connector: rows are followed into the topic that its job writes."""
    two = changed_topology("flink: 1.20.3", "flink: 2.2.1", RECENT)
    before = nodes(RECENT)
    good("up", two, *ASSEMBLED, timeout=900)
    after = nodes(RECENT)
    changed = {role for role in before if before[role]["pid"] != after[role]["pid"]}
    must(changed == {"Flink JobManager", "Flink TaskManager"}, f"restarted were {changed}")
    code, report = verify(two)
    bad = [f"{r['verdict']}: {r['title']}: {r['note']} {r['actual']}" for r in rows(report) if r["verdict"] != "pass"]
    must(code == 0 and not bad, f"verify ended with {code}: {report['sentence']}", "\n".join(bad))
    last = {r["title"] for r in rows(report) if r["check"] == "row" and r["travels"] and "Flink" in r["title"]}
    must(last == {f"Flink has written the {each} into topic ticdc-test-sink" for each in ("insert", "update", "delete")}, f"behind Flink was looked for {last}")


def recent_down_leaves_nothing():
    good("down", RECENT)
    nothing_left(RECENT_DIR, PORTS)
    ran = tidelab("verify", "one_host_recent")
    must(ran.code == 65, "verify of a lab that is gone", ran.out)


# ---- e2e, the reference line

def reference_up_survives_kill_9():
    """Killed at three moments, `up` converges from each. Not killed at all it takes half a minute."""
    in_time = 0
    for seconds in (2, 5, 9):
        process = subprocess.Popen([str(BINARY), "up", REFERENCE, *ASSEMBLED], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            in_time += process.wait() == -signal.SIGKILL
    must(in_time > 1, f"of three runs {in_time} were killed before their end")
    good("up", REFERENCE, *ASSEMBLED, timeout=900)
    there = nodes(REFERENCE)
    must({"ZooKeeper", "Kafka broker", "PD", "TiKV", "TiDB", "TiCDC"} <= set(there), f"the lab has {list(there)}")
    for role, node in there.items():
        same = subprocess.run(["pgrep", "-cf", f"^{re.escape(node['exe'])} .*{re.escape(node['dir'])}"], capture_output=True, text=True).stdout.strip()
        wanted = "2" if "Flink" in role else "1"  # JobManager and TaskManager share a tree
        must(same == wanted, f"{role}: {same} processes of {node['exe']}")


def reference_verify_is_green():
    green(REFERENCE)


def reference_interrupt_ends_cleanly():
    process = subprocess.Popen([str(BINARY), "verify", REFERENCE], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        pass
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    must(process.returncode == 130, f"exit code {process.returncode}", out)
    must("interrupted" in out, "it does not say so", out)


def reference_second_run_is_refused_while_one_works():
    process = subprocess.Popen([str(BINARY), "verify", REFERENCE], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
    try:
        lock = STATE / "one_host" / "lock"
        until(lambda: f"pid {process.pid}," in lock.read_text(), 20, "the first run holds the lock")
        ran = tidelab("verify", REFERENCE)
        must("is in use by" in ran.out and f"pid {process.pid}," in ran.out and ran.code == 2, "the second run is not refused", ran.out)
    finally:
        process.communicate(timeout=200)


def reference_kill_9_of_a_service_is_repaired_by_its_keeper():
    for role in ("Kafka broker", "TiDB"):
        node = nodes(REFERENCE)[role]
        os.kill(node["pid"], signal.SIGKILL)
        until(lambda: (n := nodes(REFERENCE)[role])["state"] == "running" and n["pid"] != node["pid"], 60, f"{role} is back")
        must(nodes(REFERENCE)[role]["restarts"] >= 1, "the restart is not counted")
    good("up", REFERENCE, *ASSEMBLED)
    green(REFERENCE)


def reference_jre_change_restarts_that_component_only():
    before = nodes(REFERENCE)
    other = changed_topology("    port: 19092\n    jre: 11.0.13", "    port: 19092\n    jre: 17.0.9")
    good("up", other, *ASSEMBLED)
    after = nodes(REFERENCE)
    for role in before:
        changed = before[role]["pid"] != after[role]["pid"]
        must(changed == (role == "Kafka broker"), f"{role} {'was' if changed else 'was not'} restarted")
    said = subprocess.run([after["Kafka broker"]["exe"], "-version"], capture_output=True, text=True).stderr
    must("17.0.9" in said, "the broker's Java", said)
    green(REFERENCE)


def reference_port_in_use_is_told_before_anything_changes():
    good("down", REFERENCE)
    nothing_left(REFERENCE_DIR, PORTS)
    import socket
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 12379))
        holder.listen()
        ran = tidelab("up", REFERENCE, *ASSEMBLED)
    must(ran.code == 3 and "12379 of pd_servers 1 is in use at 127.0.0.1 by" in ran.out and f"pid {os.getpid()} of " in ran.out, f"exit code {ran.code}", ran.out)
    must(not pathlib.Path(REFERENCE_DIR).exists(), "something was changed")


def reference_smoke_over_ssh():
    with Sshd() as sshd:
        ran = good("smoke", REFERENCE, *ASSEMBLED, *sshd.flags(), timeout=900)
        must("all 12 hops passed" in ran.out, "not all hops passed", ran.out[-3000:])
    nothing_left(REFERENCE_DIR, PORTS)
    must(subprocess.run(["id", "tidb"], capture_output=True).returncode != 0, "the user that up made is still there")


# ---- sabotage, on the reference line

def sabotage_begins_green():
    good("up", REFERENCE, *ASSEMBLED, timeout=1500)
    green(REFERENCE)


def told(seen, explanation, next_step="", code=1, lab=REFERENCE, flags=()):
    """verify ends with this code, and the three parts of its sentence match."""
    ended, report = verify(lab, *flags)
    said = "\n".join(f"{r['verdict']:8} {r['check']}: {r['title']}: {r['words']} {r['note']}" for r in rows(report) if r["verdict"] != "pass") + "\n" + report["sentence"]
    must(ended == code, f"verify ended with {ended}", said)
    for part, pattern in (("seen", seen), ("explanation", explanation), ("next", next_step)):
        must(re.search(pattern, report[part]), f"`{part}` does not match {pattern!r}", said)
    return report


def behind(report):
    """Nothing that was not seen may be called seen."""
    must(not brought(report), "a row was seen behind the broken hop", report["sentence"])
    lost = [r for r in rows(report) if r["travels"] and r["watched_us"]]
    must(lost, "no row was waited for in vain", report["sentence"])
    must(all(r["watched_us"] >= 29_000_000 for r in lost), "a hop gave up early", str([r["watched_us"] for r in lost]))


def repaired():
    good("up", REFERENCE, *ASSEMBLED, timeout=600)


TRAVEL = r"^rows travel: .*all 12 hops passed"
ANOTHER = r"; another row reached Flink \(article: ticdc-test\)$"  # that of t1, which goes through another job
LOST_IN_FLINK = r"^the row was seen in TiDB and in Kafka; it was not seen in Flink within 30 s"
LOST_IN_KAFKA = r"^the row was seen in TiDB; it was not seen in Kafka within 30 s and in Flink within 30 s$"
UNLOOKED_IN_KAFKA = r"^the row was seen in TiDB; it was not seen in Flink within 30 s; it could not be looked for in Kafka \("


class Paused:
    """A process that is stopped for as long as this lasts, and goes on then."""

    def __init__(self, role, lab=REFERENCE):
        self.pid = nodes(lab)[role]["pid"]

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGCONT)


def sql(*statements, port=14000, password=None):
    secret = [] if password is None else [f"--password={password}"]
    return subprocess.run(["mariadb", "-h127.0.0.1", f"-P{port}", "-uroot", *secret, "-N", "-B", "-e", ";".join(statements)], check=True, capture_output=True, text=True).stdout


def kafka_tool(name, *arguments):
    kafka = nodes(REFERENCE)["Kafka broker"]["dir"]
    subprocess.run([f"{kafka}/bin/{name}", "--bootstrap-server", "127.0.0.1:19092", *arguments], check=True, capture_output=True,
                   env={**os.environ, "JAVA_HOME": kafka + "/jre", "KAFKA_HEAP_OPTS": "-Xmx64m"})


def state_of_changefeed(name="ticdc-kafka"):
    """None: TiCDC does not (yet) know it."""
    try:
        return http("GET", CDC.replace("ticdc-kafka", name))["state"]
    except urllib.error.HTTPError:
        return None


def sabotage_pause_zookeeper():
    """ZooKeeper is the cause, not Kafka, and rows travel without it."""
    with Paused("ZooKeeper"):
        told(TRAVEL, r"^ZooKeeper 127.0.0.1:12181: ", r"127.0.0.1:12181")


def sabotage_pause_pd():
    """A write was tried, and nobody knows how it ended."""
    with Paused("PD"):
        told(r"^a row was sent to TiDB, which has not acknowledged it .*; whether it is committed is not known$", r"^PD 127.0.0.1:12379: ")


def sabotage_pause_tikv():
    # TiDB waits, or refuses once the lease of its schema has run out: whichever comes first, the report says which.
    with Paused("TiKV"):
        told(r"^a row (was sent to TiDB, which has not acknowledged it |could not be written to TiDB: server says 8027: )", r"^TiKV 127.0.0.1:12160: ")


def sabotage_pause_tidb():
    """Without a connection nothing was sent, and nothing else is said."""
    with Paused("TiDB"):
        told(r"^a row could not be written to TiDB: cannot be asked", r"^TiDB 127.0.0.1:14000: ")


def sabotage_stop_ticdc():
    good("stop", REFERENCE, "--node", "127.0.0.1:18300")
    behind(told(LOST_IN_KAFKA, r"^TiCDC 127.0.0.1:18300: ", r"127.0.0.1:18300"))
    repaired()


def sabotage_pause_the_changefeed():
    cdc = nodes(REFERENCE)["TiCDC"]["dir"] + "/bin/cdc"
    subprocess.run([cdc, "cli", "changefeed", "pause", "-c", "ticdc-kafka", "--server=http://127.0.0.1:18300"], check=True, capture_output=True)
    until(lambda: state_of_changefeed() == "stopped", 20, "the changefeed stops")
    behind(told(LOST_IN_KAFKA, r'"changefeed ticdc-kafka is normal" is false \(its state is stopped\)', r"^tidelab up one_host$"))
    repaired()


def sabotage_stop_the_broker():
    good("stop", REFERENCE, "--node", "127.0.0.1:19092")
    behind(told(UNLOOKED_IN_KAFKA, r"^Kafka broker 127.0.0.1:19092: ", r"127.0.0.1:19092"))
    repaired()


def sabotage_drop_the_topic():
    """Also what `up` cannot mend: then it is no advice."""
    kafka_tool("kafka-topics.sh", "--alter", "--topic", "ticdc-test", "--partitions", "3")
    told(TRAVEL, r'^"topic ticdc-test exists with its configuration" is false .*/partitions = 3', r"^remove the topic, or change the topology$")
    kafka_tool("kafka-topics.sh", "--delete", "--topic", "ticdc-test")
    # TiCDC may make it anew while verify looks, so how far a row comes is open; that it went is not.
    told(r"it could not be looked for in Kafka \(", r"topic ticdc-test exists with its configuration|changefeed ticdc-kafka")
    repaired()


def sabotage_stop_the_taskmanager():
    good("stop", REFERENCE, "--role", "flink_taskmanagers")
    behind(told(LOST_IN_FLINK, r"^Flink TaskManager 127.0.0.1:16126: ", r"127.0.0.1:16126"))
    repaired()


def sabotage_kill_the_taskmanager():
    sink_does_not_go_back(lambda: kill_taskmanager(REFERENCE))
    green(REFERENCE)


def sabotage_wrong_canal_json_option():
    other = changed_topology("    changefeed: ticdc-kafka", "    changefeed: ticdc-kafka\n    flink_source: >-\n"
                             "      CREATE TABLE tidelab_check (id BIGINT, token STRING, note STRING, PRIMARY KEY (id) NOT ENFORCED) WITH\n"
                             "      ('connector' = 'kafka', 'topic' = 'ticdc-test', 'properties.bootstrap.servers' = '127.0.0.1:19092',\n"
                             "      'properties.group.id' = 'tidelab', 'scan.startup.mode' = 'earliest-offset', 'format' = 'canal-json',\n"
                             "      'canal-json.ignore-parse-errors' = 'true', 'canal-json.database.include' = 'another')")
    good("up", other, *ASSEMBLED)
    told(LOST_IN_FLINK, r"^every other claim holds$")  # and no cause is invented
    repaired()


def sabotage_wrong_password_in_the_sink():
    """Refused between Flink and TiDB: in the job's own words."""
    other = changed_topology("    changefeed: ticdc-kafka", "    changefeed: ticdc-kafka\n    flink_sink: >-\n"
                             "      CREATE TABLE tidelab_check_sink (id BIGINT, token STRING, note STRING, PRIMARY KEY (id) NOT ENFORCED) WITH\n"
                             "      ('connector' = 'jdbc', 'url' = 'jdbc:mysql://127.0.0.1:14000/test?useSSL=false', 'table-name' = 'tidelab_check_sink',\n"
                             "      'username' = 'root', 'password' = 'wrong', 'sink.buffer-flush.max-rows' = '1')")
    ran = tidelab("up", other, *ASSEMBLED)
    must(ran.code == 3 and "Access denied for user" in ran.out, f"up ended with {ran.code}", ran.out[-3000:])
    told(LOST_IN_FLINK + ANOTHER, r"Access denied for user")
    repaired()


def sabotage_topic_changed_by_hand():
    """Drift is a finding of its own: rows travel."""
    kafka_tool("kafka-configs.sh", "--alter", "--entity-type", "topics", "--entity-name", "ticdc-test", "--add-config", "max.message.bytes=1048588")
    told(TRAVEL, r'^"topic ticdc-test exists with its configuration" is false .*max.message.bytes', r"^tidelab up one_host$")
    repaired()


def sabotage_wrong_sink_address():
    http("POST", CDC + "/pause")
    until(lambda: state_of_changefeed() == "stopped", 20, "the changefeed stops")
    http("PUT", CDC, '{"sink_uri":"kafka://127.0.0.1:19092/elsewhere?protocol=canal-json&partition-num=1&replication-factor=1",'
                     '"replica_config":{"check_gc_safe_point":true,"filter":{"rules":["test.t1","test.tidelab_check"]}}}')
    http("POST", CDC + "/resume", "{}")
    behind(told(LOST_IN_KAFKA, r"changefeed ticdc-kafka matches the topology"))
    repaired()


def sabotage_message_too_large():
    """TiCDC says why in its own words; `up` is not done as long as it fails again."""
    sql("create table if not exists test.big (id int primary key, a mediumblob)")
    other = changed_topology("    changefeed: ticdc-kafka", "    changefeed: ticdc-kafka\n    tables: [test.t1, test.tidelab_check, test.big]")
    good("up", other, *ASSEMBLED)
    sql("set session tidb_txn_entry_size_limit = 100000000", "insert into test.big values (1, repeat('x', 15000000))")
    until(lambda: state_of_changefeed() in ("warning", "failed"), 60, "the changefeed fails")
    # It begins again from its checkpoint each time, and may send what is small before it fails.
    told(r"^rows travel: |" + LOST_IN_KAFKA, r"CDC:ErrMessageTooLarge", r"max.message.bytes")
    ran = tidelab("up", other, *ASSEMBLED)
    must(ran.code == 3 and "CDC:ErrMessageTooLarge" in ran.out and "max.message.bytes" in ran.out, f"up ended with {ran.code}", ran.out[-3000:])
    http("DELETE", CDC)
    sql("drop table test.big")


def sabotage_changefeed_made_anew():
    """What the one that was made anew leaves out is told, by `up` and by verify."""
    if "ticdc-kafka" in str(http("GET", CDC.rsplit("/", 1)[0])):
        http("DELETE", CDC)
    sql("insert into test.tidelab_check values (1, 'by hand', 'a'), (2, 'by hand', 'b'), (3, 'by hand', 'c'), (4, 'by hand', 'd')")
    ran = good("up", REFERENCE, *ASSEMBLED, timeout=600)
    must("sends what is committed from now on" in ran.out and "4 rows" in ran.out, "up does not say what is left out", ran.out[-3000:])
    told(TRAVEL, r"hold the same rows\" is false \(4 rows .*from 1 to 4")
    sql("update test.tidelab_check set note = concat(note, ' ')")
    until(lambda: sql("select count(*) from test.tidelab_check_sink").strip() == "4", 30, "the rows are in the sink")
    sql("delete from test.tidelab_check")
    green(REFERENCE)


def sabotage_second_changefeed():
    http("POST", CDC.rsplit("/", 1)[0], '{"changefeed_id":"second","sink_uri":"kafka://127.0.0.1:19092/ticdc-test?protocol=canal-json",'
                                        '"replica_config":{"filter":{"rules":["test.t1","test.tidelab_check"]}}}')
    until(lambda: state_of_changefeed("second") == "normal", 30, "the second changefeed runs")
    report = told(TRAVEL, r"no other changefeed writes to topic ticdc-test\" is false \(changefeed second writes to topic ticdc-test, too")
    once = [r for r in rows(report) if "came once" in r["title"]]
    must(once[0]["verdict"] == "warn", "that the message came twice is not told", str(once))
    http("DELETE", CDC.replace("ticdc-kafka", "second"))


def sabotage_sink_table_dropped():
    sql("drop table test.tidelab_check_sink")
    told(r"it could not be looked for in Flink \(server says 1146", r"the tables of the pipeline are there\" is false \(in database test there is no table tidelab_check_sink", r"^tidelab up one_host$")
    repaired()


def sabotage_table_that_ticdc_skips():
    sql("create table if not exists test.without_key (a int)")
    other = changed_topology("    changefeed: ticdc-kafka", "    changefeed: ticdc-kafka\n    tables: [test.t1, test.tidelab_check, test.without_key]")
    good("up", other, *ASSEMBLED)
    told(TRAVEL, r"without_key")
    sql("drop table test.without_key")
    repaired()
    green(REFERENCE)


def sabotage_password_of_root_changed():
    """Permanent at the first answer, with the field to write."""
    sql("alter user root@'%' identified by 'another'")
    try:
        began = time.monotonic()
        ran = tidelab("up", REFERENCE, *ASSEMBLED)
        must(ran.code == 3 and "1045" in ran.out and "`sql_password`" in ran.out, f"up ended with {ran.code}", ran.out[-3000:])
        must(time.monotonic() - began < 60, "up asked again and again")
        told(r"^a row could not be written to TiDB: .*1045", r"^TiDB 127.0.0.1:14000: .*1045", r"`sql_password`")
    finally:
        sql("alter user root@'%' identified by ''", password="another")
    green(REFERENCE)


def sabotage_ends_clean():
    good("down", REFERENCE)
    nothing_left(REFERENCE_DIR, PORTS)


# ---- groups: any single member is lost, and the others serve

GROUPS = str(ROOT / "tests" / "e2e" / "groups.yaml")


# Those of the lab that are not there at first. Both TiDBs are: the job's sink goes on with those that it was submitted with.
NEWCOMERS = (29094, 22381, 22383, 28301)


def smaller_groups():
    """A copy of the lab of groups without those that are to join."""
    lines = pathlib.Path(GROUPS).read_text().splitlines(True)
    smaller = [line for line in lines if not any(f"port: {port}" in line for port in NEWCOMERS)]
    must(len(smaller) == len(lines) - len(NEWCOMERS), "not each newcomer has a line")
    return copied("".join(smaller), GROUPS)


def groups_come_up():
    smaller = smaller_groups()
    good("up", smaller, *ASSEMBLED, timeout=900)
    green(smaller)


def groups_grow():
    """A broker, two PDs and a TiCDC join while rows travel; of those that were there only TiCDC is restarted, which has to know
    each PD, and the job stays."""
    def running():
        return {row["node"]: (row["pid"], row["restarts"]) for row in tidelab("status", "groups", "--format", "json").json()["nodes"]}
    jobs = "http://127.0.0.1:28081/jobs"
    told = good("plan", GROUPS, "--diff", *ASSEMBLED).out
    must("order: pd_servers: 127.0.0.1:22381, 127.0.0.1:22383 join, one after the other; no other restarts" in told, "plan --diff says nothing of PD", told)
    must("order: kafka_servers: 127.0.0.1:29094 joins; no other restarts" in told, "plan --diff says nothing of brokers", told)
    before, job = running(), running_jobs(jobs)
    with writer("grown", 2_200_000_000) as written:
        ran = good("up", GROUPS, *ASSEMBLED, timeout=300)
    after = running()
    must("(1 service restarted)" in ran.out, "up does not say that it restarted one", ran.out)
    must({node for node in before if after.get(node) != before[node]} == {"127.0.0.1:28300"}, f"these were there: {before}\nthese are: {after}", ran.out)
    must(sorted(int(node.rsplit(":", 1)[1]) for node in set(after) - set(before)) == sorted(NEWCOMERS), f"new are {set(after) - set(before)}", ran.out)
    must(running_jobs(jobs) == job, "the job is another one", ran.out)
    members = http("GET", "http://127.0.0.1:22379/pd/api/v1/members")["members"]
    must(len(members) == 3 and len({member["member_id"] for member in members}) == 3, f"PD's members are {members}", ran.out)
    must(len(written.acknowledged) > 20, f"{len(written.acknowledged)} rows were written")
    until(written.all_arrived, 60, "every acknowledged row is in the sink")
    green(GROUPS)


def groups_lose_one_member_of_each():
    for node, title, standing in (("127.0.0.1:22181", "ZooKeeper", "2 of 3"), ("127.0.0.1:29092", "Kafka broker", "2 of 3"), ("127.0.0.1:22379", "PD", "2 of 3"),
                                  ("127.0.0.1:24000", "TiDB", "1 of 2"), ("127.0.0.1:28300", "TiCDC", "1 of 2")):
        good("stop", GROUPS, "--node", node)
        told(TRAVEL, rf"^{title} {node}: .*{standing} are healthy", rf"{node}", code=0, lab=GROUPS)
        good("start", GROUPS, "--node", node, timeout=300)
    good("stop", GROUPS, "--node", "127.0.0.1:29092")
    told(TRAVEL, r"^Kafka broker 127.0.0.1:29092: ", code=1, lab=GROUPS, flags=("--strict",))
    good("up", GROUPS, *ASSEMBLED, timeout=300)
    green(GROUPS)


def groups_lose_one_jobmanager_and_the_other():
    """The one that leads is killed; which one that is may change in between."""
    def lose(port):
        status = tidelab("status", GROUPS, "--format", "json").json()["nodes"]
        os.kill(next(row["pid"] for row in status if row["node"] == f"127.0.0.1:{port}"), signal.SIGKILL)
        good("stop", GROUPS, "--node", f"127.0.0.1:{port}")  # or its keeper would start it again
    for lost, other in ((28081, 28082), (28082, 28081)):
        jobs = f"http://127.0.0.1:{other}/jobs"
        sink_does_not_go_back(lambda: lose(lost), jobs, port=24000)
        told(TRAVEL, rf"^Flink JobManager 127.0.0.1:{lost}: .*1 of 2 are healthy", rf"127.0.0.1:{lost}", code=0, lab=GROUPS)
        good("start", GROUPS, "--node", f"127.0.0.1:{lost}", timeout=300)
    [job] = running_jobs(jobs)
    must(http("GET", f"{jobs}/{job}/checkpoints")["latest"]["restored"], "none has taken over")


MEMBERS = {"ZooKeeper": (22181, 22182, 22183), "Kafka broker": (29092, 29093, 29094), "PD": (22379, 22381, 22383), "TiDB": (24000, 24001), "TiCDC": (28300, 28301)}


class Watched(Beside):
    """While it runs: which ports of a group are closed at once, and the order in which they were, looked at 20 times a second."""

    def __init__(self):
        self.closed = {group: [()] for group in MEMBERS}
        super().__init__(0.05)

    def once(self):
        for group, ports in MEMBERS.items():
            now = tuple(port for port in ports if not listening(port))
            if now != self.closed[group][-1]:
                self.closed[group].append(now)

    def order(self, group):
        """The members, as they went; fails where two were gone at once."""
        both = [closed for closed in self.closed[group] if len(closed) > 1]
        must(not both, f"{group}: closed at once were {both}")
        return [closed[0] for closed in self.closed[group] if closed]


def writer(token, first=2_000_000_000):
    return Writer(lambda port, statement: sql(statement, port=port), MEMBERS["TiDB"], token, first)


def changed_groups(*further):
    """A copy of the lab of groups with another heap of brokers and ZooKeepers, and another setting of PD."""
    text = pathlib.Path(GROUPS).read_text()
    for old, new in (("schedule.merge-schedule-limit: 0", "schedule.merge-schedule-limit: 1"), ("heap_mb: 160", "heap_mb: 168"), ("heap_mb: 64", "heap_mb: 68"), *further):
        must(old in text, f"{GROUPS} has no {old!r}")
        text = text.replace(old, new)
    return copied(text, GROUPS)


def leader_of(group):
    found = [row["node"] for row in tidelab("status", GROUPS, "--format", "json").json()["nodes"] if row["role"] == group and row["leads"]]
    must(len(found) == 1, f"{group}: led by {found}")
    return int(found[0].rsplit(":", 1)[1])


def groups_change_one_member_at_a_time():
    """Another heap of brokers and of ZooKeeper, another setting of PD: each serves on, whoever leads goes last, no row is lost."""
    leaders = {group: leader_of(group) for group in ("ZooKeeper", "PD")}
    other = changed_groups()
    told = good("plan", other, "--diff", *ASSEMBLED).out
    for section in ("zookeeper_servers", "kafka_servers", "pd_servers"):
        must(re.search(rf"^order: {section}: .*, one after the other, the one that leads last$", told, re.M), f"plan --diff says no order of {section}", told)
    with Watched() as watched, writer("changed") as written:
        ran = good("up", other, *ASSEMBLED, timeout=600)
    for group in ("ZooKeeper", "Kafka broker", "PD"):
        order = watched.order(group)
        must(sorted(order) == list(MEMBERS[group]), f"{group}: changed were {order}", ran.out)
        if group in leaders:
            must(order[-1] == leaders[group], f"{group}: {leaders[group]} led, and the order was {order}", ran.out)
    must(watched.order("TiDB") == [] and watched.order("TiCDC") == [], "TiDB or TiCDC was restarted, too", ran.out)
    must(len(written.acknowledged) > 50, f"{len(written.acknowledged)} rows were written")
    until(written.all_arrived, 60, "every acknowledged row is in the sink")
    green(GROUPS)


def groups_stop_where_another_loss_would_count():
    """A PD that is paused, and a change of another one: the change waits, is refused, and goes on once the first one is back."""
    leader = leader_of("PD")
    paused, changed = [port for port in MEMBERS["PD"] if port != leader]
    other = changed_groups((f"client_port: {changed}, ", f"client_port: {changed}, config: {{log.level: warn}}, "))
    pid = next(row["pid"] for row in tidelab("status", GROUPS, "--format", "json").json()["nodes"] if row["node"] == f"127.0.0.1:{paused}")
    os.kill(pid, signal.SIGSTOP)
    try:
        with Watched() as watched:
            ran = tidelab("up", other, *ASSEMBLED, timeout=300)
    finally:
        os.kill(pid, signal.SIGCONT)
    must(ran.code == 3, f"up ended with {ran.code}", ran.out)
    must(f"is not changed, since another loss could stop its group: PD 127.0.0.1:{paused}" in ran.out, "it does not say why", ran.out)
    must(watched.order("PD") == [], "a PD was touched", ran.out)
    good("up", other, *ASSEMBLED, timeout=300)
    with Watched() as watched:
        good("restart", GROUPS, "--rolling", "--role", "pd", *ASSEMBLED, timeout=300)
    must(sorted(watched.order("PD")) == list(MEMBERS["PD"]), f"restarted were {watched.closed['PD']}")
    green(GROUPS)


def begun(journal, title):
    """Whether the step of this title has, in the run that this journal is of."""
    text = journal.read_text() if journal.exists() else ""
    step = re.search(rf'"id":(\d+),"title":"{title}"', text)
    return bool(step) and f'"event":"started","step":{step[1]}' in text


def groups_shrink_while_rows_travel():
    """One broker and the PD that leads leave; killed while the broker is emptied, and taken up again."""
    leader = leader_of("PD")
    path = pathlib.Path(changed_groups())
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "port: 29094," not in line and f"client_port: {leader}," not in line))
    refused = tidelab("up", str(path), *ASSEMBLED)
    must(refused.code == 65 and f"first takes away 127.0.0.1:{leader}, 127.0.0.1:29094" in refused.out, f"without --prune it ended with {refused.code}", refused.out)
    with writer("shrunk", 2_100_000_000) as written:
        with tempfile.TemporaryFile("w+") as said:
            first = subprocess.Popen([str(BINARY), "up", str(path), "--prune", *ASSEMBLED], stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
            journal = STATE / "groups/prune.jsonl"
            until(lambda: first.poll() is not None or begun(journal, "its partitions are moved off"), 120, "the broker is being emptied")
            first.kill()
            first.wait()
        must(first.returncode == -signal.SIGKILL, f"the first one ended with {first.returncode}")
        ran = good("up", str(path), "--prune", *ASSEMBLED, timeout=600)
    print("\n".join(line for line in ran.out.splitlines() if re.match(r" +[0-9.]+s", line)), flush=True)
    members = http("GET", f"http://127.0.0.1:{next(port for port in MEMBERS['PD'] if port != leader)}/pd/api/v1/members")["members"]
    must(len(members) == 2 and not any(str(leader) in member["name"] for member in members), f"members of PD are {members}", ran.out)
    for gone in (f"pd-{leader}", "kafka-29094"):
        must(not list(pathlib.Path("/var/tmp/tidelab/groups").glob(f"**/{gone}")), f"{gone} is still there", ran.out)
    must(len(written.acknowledged) > 50, f"{len(written.acknowledged)} rows were written")
    until(written.all_arrived, 90, "every acknowledged row is in the sink")
    good("verify", GROUPS, timeout=300)


def groups_end_clean():
    good("down", GROUPS)
    nothing_left("/var/tmp/tidelab/groups", (22181, 29092, 28081, 28082, 22379, 22160, 24000, 28300))


# What people do to a running lab; a level of its own, since all of sabotage in one is long to wait for.
STRANGE = [sabotage_drop_the_topic, sabotage_wrong_sink_address, sabotage_wrong_password_in_the_sink, sabotage_message_too_large, sabotage_changefeed_made_anew,
           sabotage_second_changefeed, sabotage_sink_table_dropped, sabotage_table_that_ticdc_skips, sabotage_password_of_root_changed]

LEVELS = {
    "e2e": [f for name, f in list(globals().items()) if name.startswith(("recent_", "reference_"))],
    "groups": [f for name, f in list(globals().items()) if name.startswith("groups_")],
    "sabotage": [f for name, f in list(globals().items()) if name.startswith("sabotage_") and f not in STRANGE],
    "strange": [sabotage_begins_green, *STRANGE, sabotage_ends_clean],
}


def main():
    level, names = sys.argv[1], sys.argv[2:]
    chosen = [f for f in LEVELS[level] if not names or f.__name__ in names]
    passed, failed = 0, 0
    for test in chosen:
        began = time.monotonic()
        try:
            test()
            passed += 1
            verdict = "passed"
        except (Wrong, subprocess.SubprocessError, OSError, KeyError, ValueError) as error:
            failed += 1
            verdict = "FAILED"
            print("".join(traceback.format_exception(error))[-8000:], flush=True)
        print(f"{verdict}  {test.__name__}  {time.monotonic() - began:.0f} s", flush=True)
    if failed and not names:
        for topology in (REFERENCE, RECENT, GROUPS):  # nothing is left running for whoever comes next
            tidelab("down", topology)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
