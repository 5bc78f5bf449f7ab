"""Kafka's controllers join, are lost and leave, while records travel."""
import atexit
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from beside import Beside
from lab import good, must, nothing_left, tidelab, until

CONTROLLERS = pathlib.Path(__file__).resolve().parent / "controllers.yaml"
DIR = pathlib.Path("/var/tmp/tidelab/controllers")
BROKERS = "127.0.0.1:23192,127.0.0.1:23193"
PORTS = {3001: 23093, 3002: 23094, 3003: 23095}
ASSEMBLED = ("--source", "assembled")


def with_controllers(ids, brokers=(1, 2)):
    """A copy of the topology with these of its controllers and brokers, under the lab's name."""
    gone = [f"id: {id}," for id in [*PORTS, 1, 2] if id not in ids and id not in brokers]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tidelab-e2e-"))
    atexit.register(shutil.rmtree, folder)
    path = folder / CONTROLLERS.name
    text = "".join(line for line in CONTROLLERS.read_text().splitlines(True) if not any(each in line for each in gone))
    path.write_text(text.replace("replication.factor: 2", f"replication.factor: {len(brokers)}"))
    return str(path)


def started(name, *arguments, **kw):
    tree = DIR / "kafka-23192"
    return subprocess.Popen([f"{tree}/bin/{name}", *arguments], text=True, env={**os.environ, "JAVA_HOME": f"{tree}/jre", "KAFKA_HEAP_OPTS": "-Xmx64m"}, **kw)


def said(name, *arguments):
    tool = started(name, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = tool.communicate(timeout=120)
    must(tool.returncode == 0, f"{name} ended with {tool.returncode}", out + err)
    return out


def quorum(through):
    """Who leads, and the directory of each that votes, as these controllers say."""
    out = said("kafka-metadata-quorum.sh", "--bootstrap-controller", ",".join(f"127.0.0.1:{PORTS[id]}" for id in through), "describe", "--status")
    voters = {int(id): directory for id, directory in re.findall(r'"id": (\d+), "directoryId": "([^"]+)"', out.partition("CurrentObservers")[0])}
    return int(re.search(r"^LeaderId: +(\d+)", out, re.M)[1]), voters


def running():
    return {row["node"]: row["pid"] for row in tidelab("status", "controllers", "--format", "json").json()["nodes"]}


class Records(Beside):
    """While it runs: a record every 100 ms, which all replicas have to acknowledge. What is not delivered within two minutes is said."""

    def __init__(self):
        self.sent = 0
        super().__init__(0.1)

    def __enter__(self):
        self.producer = started("kafka-console-producer.sh", "--bootstrap-server", BROKERS, "--topic", "records", "--producer-property", "acks=all",
                                "--producer-property", "delivery.timeout.ms=120000", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return super().__enter__()

    def once(self):
        self.sent += 1
        self.producer.stdin.write(f"{self.sent}\n")
        self.producer.stdin.flush()

    def __exit__(self, *_):
        super().__exit__()
        _, self.complaints = self.producer.communicate(timeout=150)

    def all_arrived(self):
        must(self.producer.returncode == 0 and "ERROR" not in self.complaints, "not all records were delivered", self.complaints[-3000:])
        there = said("kafka-console-consumer.sh", "--bootstrap-server", BROKERS, "--topic", "records", "--from-beginning", "--max-messages", str(self.sent),
                     "--timeout-ms", "30000")
        must(sorted(map(int, there.split())) == list(range(1, self.sent + 1)), f"{self.sent} records were sent, and not all are there once", there[-2000:])


def grow():
    """From one to three: no controller is restarted; brokers are, which knew but one."""
    before = running()
    good("up", with_controllers(PORTS), *ASSEMBLED, timeout=300)
    after = running()
    voters = quorum(PORTS)[1]
    must(set(voters) == set(PORTS), f"the voters are {voters}")
    must(after["127.0.0.1:23093"] == before["127.0.0.1:23093"], "the first controller was restarted")


def lose_the_leader():
    """It loses its data: the others go on, and `up` has it join anew, as another voter than the one that it was."""
    leader, before = quorum(PORTS)
    others = [id for id in PORTS if id != leader]
    good("stop", "controllers", "--node", f"127.0.0.1:{PORTS[leader]}")
    shutil.rmtree(DIR / f"kafka-controller-{PORTS[leader]}/data")
    until(lambda: quorum(others)[0] in others, 60, "another controller leads")
    good("up", with_controllers(PORTS), *ASSEMBLED, timeout=300)
    after = quorum(PORTS)[1]
    must({id for id in after if after[id] != before[id]} == {leader} and set(after) == set(PORTS), f"the voters were {before}, and are {after}")


def prune_the_leader_and_a_broker():
    leader = quorum(PORTS)[0]
    rest = [id for id in PORTS if id != leader]
    refused = tidelab("up", with_controllers(rest[:1]), "--prune", *ASSEMBLED)
    must(refused.code == 65 and "which is no majority" in refused.out, f"one of three may stay: {refused.code}", refused.out)
    ran = good("up", with_controllers(rest, (1,)), "--prune", *ASSEMBLED, timeout=300)
    for title in ("it is no voter any more", "its partitions are moved off", "it is no broker of the cluster any more"):
        must(f" {title}" in ran.out, f"not done: {title}", ran.out)
    now, voters = quorum(rest)
    must(now in rest and set(voters) == set(rest), f"{now} leads, and the voters are {voters}", ran.out)
    for gone in (f"kafka-controller-{PORTS[leader]}", "kafka-23193"):
        must(not (DIR / gone).exists(), f"{gone} is still there", ran.out)
    again = started("kafka-run-class.sh", "org.apache.kafka.tools.ClusterTool", "unregister", "--bootstrap-server", BROKERS, "--id", "2", stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT)
    answer = again.communicate(timeout=60)[0]
    must(re.search("is not currently registered|BrokerIdNotRegistered", answer), "the broker is still registered", answer)  # 4.1; 3.9


def groups_controllers_join_are_lost_and_leave():
    try:
        good("up", with_controllers([3001]), *ASSEMBLED, timeout=600)
        said("kafka-topics.sh", "--bootstrap-server", BROKERS, "--create", "--topic", "records", "--partitions", "2", "--replication-factor", "2")
        with Records() as records:
            grow()
            lose_the_leader()
            prune_the_leader_and_a_broker()
        records.all_arrived()
        good("verify", "controllers", timeout=300)
    finally:
        good("down", "controllers")
    nothing_left(str(DIR), [*PORTS.values(), 23192, 23193])
