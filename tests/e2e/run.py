#!/usr/bin/env python3
"""End to end with real components: run.py e2e | sabotage [NAME…].

e2e       both version lines up, verified, changed, broken in small ways, and gone without residue
sabotage  one hop of the reference line is broken at a time: verify must go red, name that hop and call nothing behind
          it failed; `tidelab up` alone must repair it

A test is a function; they run in the order written, on one lab for each level. The last line is `N passed, N failed`.
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from lab import (BINARY, ROOT, STATE, Sshd, Wrong, failing, good, http, listening, must, nodes, nothing_left, rows, tidelab, until, verify)  # noqa: E402

REFERENCE = str(ROOT / "topologies" / "one_host.yaml")
RECENT = str(ROOT / "topologies" / "one_host_recent.yaml")
ASSEMBLED = ("--source", "assembled")
PORTS = (12181, 19092, 18081, 12379, 12160, 14000, 18300, 18083)
REFERENCE_DIR = "/var/tmp/tidelab/one_host"
RECENT_DIR = "/var/tmp/tidelab/one_host_recent"
CDC = "http://127.0.0.1:18300/api/v2/changefeeds/ticdc-kafka"


def changed_topology(old, new, source=REFERENCE):
    """A copy of a topology with one text replaced, under the lab's own name."""
    text = pathlib.Path(source).read_text()
    must(old in text, f"{source} has no {old!r}")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tidelab-e2e-"))
    path = folder / pathlib.Path(source).name
    path.write_text(text.replace(old, new, 1))
    return str(path)


def green(topology):
    code, report = verify(topology)
    bad = [f"{r['verdict']}: {r['title']}: {r['note']} {r['actual']}" for r in rows(report) if r["verdict"] != "pass"]
    must(code == 0 and not bad, f"verify ended with {code}: {report['sentence']}", "\n".join(bad))
    return report


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
    for role, node in nodes(RECENT).items():
        if node["jre"]:
            real = os.readlink(f"/proc/{node['pid']}/exe")
            must(real == node["dir"] + "/jre/bin/java", f"{role} runs {real}")


def recent_down_leaves_nothing():
    good("down", RECENT)
    nothing_left(RECENT_DIR, PORTS)
    ran = tidelab("verify", "one_host_recent")
    must(ran.code == 65, "verify of a lab that is gone", ran.out)


# ---- e2e, the reference line

def reference_up_survives_kill_9():
    """Killed at three moments, `up` converges from each."""
    for seconds in (3, 9, 20):
        process = subprocess.Popen([str(BINARY), "up", REFERENCE, *ASSEMBLED], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    good("up", REFERENCE, *ASSEMBLED, timeout=900)
    for role, node in nodes(REFERENCE).items():
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
        must("is being worked on by" in ran.out and f"pid {process.pid}," in ran.out and ran.code == 2, "the second run is not refused", ran.out)
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


def red(check, title, sentence):
    """verify is false, `check` failed at a hop with this title, and nothing else is called failed."""
    code, report = verify(REFERENCE)
    said = "\n".join(f"{r['verdict']:8} {r['check']}: {r['title']}: {r['note']}" for r in rows(report) if r["verdict"] != "pass") + "\n" + report["sentence"]
    must(code == 1, f"verify ended with {code}", said)
    others = [r for r in failing(report) if r["check"] != check]
    must(not others, f"called failed, and is not the culprit: {[r['title'] for r in others]}", said)
    must(any(title in r["title"] for r in failing(report)), f"no failed hop is called {title!r}", said)
    must(re.search(sentence, report["sentence"]), f"the sentence does not match {sentence!r}", said)
    behind = [r for r in rows(report) if r["check"] == "row" and "brought" in r["title"] and r["verdict"] == "pass"]
    must(not behind, "a row was seen behind the broken hop", said)
    return report


def repaired():
    good("up", REFERENCE, *ASSEMBLED, timeout=600)
    green(REFERENCE)


def sabotage_stop_ticdc():
    good("stop", REFERENCE, "--node", "127.0.0.1:18300")
    red("cdc", "is the owner", r"was in TiDB.*TiCDC|owner")
    repaired()


def sabotage_pause_the_changefeed():
    cdc = nodes(REFERENCE)["TiCDC"]["dir"] + "/bin/cdc"
    subprocess.run([cdc, "cli", "changefeed", "pause", "-c", "ticdc-kafka", "--server=http://127.0.0.1:18300"], check=True, capture_output=True)
    until(lambda: http("GET", CDC + "/status")["state"] == "stopped", 20, "the changefeed stops")
    red("changefeed", "is normal", r"changefeed ticdc-kafka is normal")
    repaired()


def sabotage_stop_the_broker():
    good("stop", REFERENCE, "--node", "127.0.0.1:19092")
    red("kafka", "the broker is running", r"broker is running")
    repaired()


def sabotage_drop_the_topic():
    kafka = nodes(REFERENCE)["Kafka broker"]["dir"]
    subprocess.run([kafka + "/bin/kafka-topics.sh", "--bootstrap-server", "127.0.0.1:19092", "--delete", "--topic", "ticdc-test"], check=True, capture_output=True,
                   env={**os.environ, "JAVA_HOME": kafka + "/jre", "KAFKA_HEAP_OPTS": "-Xmx64m"})
    red("topic", "topic ticdc-test exists", r"topic ticdc-test exists")
    repaired()


def sabotage_stop_the_taskmanager():
    good("stop", REFERENCE, "--role", "flink_taskmanagers")
    red("taskmanager", "is running", r"is running, on its own JRE|TaskManager")
    repaired()


def sabotage_wrong_canal_json_option():
    other = changed_topology("    changefeed: ticdc-kafka", "    changefeed: ticdc-kafka\n    flink_source: >-\n"
                             "      CREATE TABLE tidelab_check (id BIGINT, token STRING, note STRING, PRIMARY KEY (id) NOT ENFORCED) WITH\n"
                             "      ('connector' = 'kafka', 'topic' = 'ticdc-test', 'properties.bootstrap.servers' = '127.0.0.1:19092',\n"
                             "      'properties.group.id' = 'tidelab', 'scan.startup.mode' = 'earliest-offset', 'format' = 'canal-json',\n"
                             "      'canal-json.ignore-parse-errors' = 'true', 'canal-json.database.include' = 'another')")
    good("up", other, *ASSEMBLED)
    red("row", "Flink has brought the insert back", r"was in TiDB and in Kafka; it was lost between Kafka and Flink")
    repaired()


def sabotage_wrong_sink_address():
    http("POST", CDC + "/pause")
    until(lambda: http("GET", CDC + "/status")["state"] == "stopped", 20, "the changefeed stops")
    http("PUT", CDC, '{"sink_uri":"kafka://127.0.0.1:19092/elsewhere?protocol=canal-json&partition-num=1&replication-factor=1",'
                     '"replica_config":{"check_gc_safe_point":true,"filter":{"rules":["test.t1","test.tidelab_check"]}}}')
    http("POST", CDC + "/resume", "{}")
    red("changefeed", "is as asked", r"changefeed ticdc-kafka is as asked")
    repaired()


def sabotage_stop_tikv():
    good("stop", REFERENCE, "--node", "127.0.0.1:12160")
    red("tikv", "answers on its status port", r"no row could be written|status port")
    repaired()


def sabotage_ends_clean():
    good("down", REFERENCE)
    nothing_left(REFERENCE_DIR, PORTS)


LEVELS = {
    "e2e": [f for name, f in list(globals().items()) if name.startswith(("recent_", "reference_"))],
    "sabotage": [f for name, f in list(globals().items()) if name.startswith("sabotage_")],
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
        for topology in (REFERENCE, RECENT):  # nothing is left running for whoever comes next
            tidelab("down", topology)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
