"""Kafka out of an archive of the official one's shape. That one cannot be had here: the stand-in is the assembled archive with
a kafka-run-class.sh that decides about Java as the official one does, in words of our own."""
import os
import pathlib
import subprocess
import tarfile

from lab import Hosts, must

HOST = "192.168.12.31"
TOPOLOGY = f"""global: {{user: tidb, deploy_dir: /opt}}
zookeeper_servers:
  - {{host: {HOST}, deploy_dir: /opt/zookeeper, jre: 17.0.9}}
kafka_servers:
  - {{host: {HOST}, deploy_dir: /opt/kafka, jre: 11.0.13}}
"""
STAND_IN = """#!/bin/bash
# A stand-in for the script of the official archive, by tidelab. %s

if [ $# -lt 1 ]; then
  echo "a class is missing"
  exit 1
fi
top=$(dirname "$0")/..
while [ "${1:0:1}" = - ]; do
  case $1 in
    -name) shift 2 ;;
    *) shift ;;
  esac
done

# Which java to use
if [ -z "$JAVA_HOME" ]; then
  JAVA="java"
else
  JAVA="$JAVA_HOME/bin/java"
fi

exec "$JAVA" $KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS $KAFKA_LOG4J_OPTS -Dkafka.logs.dir="${LOG_DIR:-/tmp}" -cp "$top/libs/*" $KAFKA_OPTS "$@"
"""
SCRIPT = "bin/kafka-run-class.sh"


def newest(name):
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "tidelab/archives"
    found = sorted((p for p in cache.glob(f"{name}/assembled-*/*gz")), key=lambda p: p.stat().st_mtime)
    must(found, f"there is no archive of {name} in {cache}")
    return found[-1]


def lay_mirror(mirror, remark):
    """The archives under their names; the cache of the machine never sees the stand-in."""
    mirror.mkdir()
    for name in ("zookeeper/3.6.2", "jre/11.0.13", "jre/17.0.9"):
        (mirror / newest(name).name).symlink_to(newest(name))
    tree = mirror / "tree"
    with tarfile.open(newest("kafka/2.7.0")) as archive:
        archive.extractall(tree)
    (top,) = tree.iterdir()
    (top / SCRIPT).write_text(STAND_IN % remark)
    subprocess.run(["tar", "-czf", mirror / "kafka_2.13-2.7.0.tgz", "-C", tree, top.name], check=True)
    subprocess.run(["rm", "-r", tree], check=True)


def home_of_java(hosts, before=""):
    """Where the Java is that a person's kafka-topics.sh runs on."""
    said = hosts.login("r31", f"{before} KAFKA_OPTS=-XshowSettings:properties /opt/kafka/bin/kafka-topics.sh --bootstrap-server {HOST}:9092 --list; rm -rf /tmp/hsperfdata_root")
    homes = [line.partition("=")[2].strip() for line in said.splitlines() if "java.home" in line]
    must(len(homes) == 1, "no java.home was said", said)
    return homes[0]


def an_archive_of_the_official_shape():
    with Hosts([("r31", HOST, "systemd")]) as hosts:
        hosts.cache = hosts.folder / "cache"
        file = hosts.folder / "lab.yaml"
        file.write_text(TOPOLOGY)
        first, second = hosts.folder / "first", hosts.folder / "second"
        hosts.fetch(file, "--source", "assembled")
        lay_mirror(first, "The first.")
        lay_mirror(second, "The second.")
        hosts.in_place_of("r31", "java", "#!/bin/sh\necho a foreign java >&2\nexit 9\n")

        hosts.good("up", file, "--mirror", str(first))
        script = hosts.inside("r31", f"cat /opt/kafka/{SCRIPT}")
        must("The first." in script, "this is not the stand-in", script)
        must(home_of_java(hosts) == "/opt/kafka/jre", f"kafka-topics.sh ran on {home_of_java(hosts)}")
        must(home_of_java(hosts, "cd /opt/kafka/bin;") == "/opt/kafka/jre", "from another directory it is another")
        chosen = home_of_java(hosts, "JAVA_HOME=/opt/zookeeper/jre")
        must(chosen == "/opt/zookeeper/jre", f"though the caller says which: {chosen}")
        again = hosts.good("up", file, "--mirror", str(first))
        must("nothing to change" in again.out, "a second up changed something", again.out)

        # Another archive: unpacked anew, and the line is there again.
        hosts.good("up", file, "--mirror", str(second))
        script = hosts.inside("r31", f"cat /opt/kafka/{SCRIPT}")
        must("The second." in script and script.count("JAVA_HOME:=") == 1, "not the second, with the line", script)
        must(home_of_java(hosts) == "/opt/kafka/jre", "after another archive it is another Java")
        must("nothing to change" in hosts.good("up", file, "--mirror", str(second)).out, "up after it changed something")

        hosts.good("down", file)
        hosts.inside("r31", "rm -r /usr/local/bin")
        hosts.nothing_left()


TESTS = [an_archive_of_the_official_shape]
