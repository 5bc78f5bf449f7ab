#!/usr/bin/env python3
"""Services that mean no good, and the program that users run: what they answer fails what was asked of them, and nothing else. The
time and the memory are bounded, nothing of theirs reaches the terminal as it is, and no password reaches them as it is.

services_test.py BINARY: one that is not sanitized, since sanitizers map more memory than any bound allows."""
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "support")]
from fake_kafka import Kafka  # noqa: E402
from fake_mysql import Mysql, a_row_without_end, columns_without_end, packet, rows_of  # noqa: E402
from terminal import Terminal  # noqa: E402

TIDELAB = str(pathlib.Path(sys.argv.pop(1)).resolve())
PASSWORD = "topsecret-pw"
MIB = 1 << 20
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


class Services(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tidelab-services-"))
        self.addCleanup(shutil.rmtree, self.root)
        for name in ("home", "state", "cache"):
            (self.root / name).mkdir(mode=0o700)
        self.environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm", "TIDELAB_HOME": str(HERE / "home"), "HOME": str(self.root / "home"),
                            "XDG_STATE_HOME": str(self.root / "state"), "XDG_CACHE_HOME": str(self.root / "cache")}
        self.file = self.root / "gates.yaml"
        self.addCleanup(self.run_it, "down", "gates", "-y")

    def run_it(self, *words):
        return subprocess.run([TIDELAB, *words], env=self.environment, cwd=self.root, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)

    def lab(self, sql, kafka):
        self.file.write_text(f"global: {{ssh_type: none, deploy_dir: {self.root}/lab}}\ngates:\n  - {{host: 127.0.0.1, port: 7001, sql_port: {sql.port}, kafka_port: {kafka.port}}}\n")
        up = self.run_it("up", str(self.file))
        self.assertEqual(up.returncode, 0, up.stderr)

    def status(self, sql, kafka):
        """What is said of the two, and that nothing of what may not be happened."""
        self.lab(sql, kafka)
        began = time.monotonic()
        command = subprocess.Popen([TIDELAB, "status", "gates", "--format", "json"], env=self.environment, cwd=self.root, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = command.communicate(timeout=120)
        took = time.monotonic() - began
        self.assertIn(command.returncode, (0, 1), err)
        self.assertLess(took, 30)
        self.assertIsNone(CONTROL.search(out + err), out + err)
        self.assertNotIn(b"bug in tidelab", err)
        # Of all children that there were, the largest: the program, its workers.
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, 700 * MIB)
        left = subprocess.run(["pgrep", "-f", "client:worker", "-P", str(command.pid)], capture_output=True)
        self.assertEqual(left.stdout, b"")
        return {each["title"]: each for each in json.loads(out)["states"]}

    def sql_says(self, *said, answers=False, **how):
        """Whatever the SQL server does, Kafka's answer is there; `said` is in what is told of it."""
        with Mysql(**how) as sql, Kafka() as kafka:
            states = self.status(sql, kafka)
            self.assertEqual(states["kafka"]["state"], "0")
            self.assertEqual(states["sql"]["state"] != "no answer", answers, states["sql"])
            for each in said:
                self.assertIn(each, states["sql"]["state"] if answers else states["sql"]["problem"])
            return sql

    def test_services_as_they_should_be_are_asked(self):
        sql = self.sql_says("1", answers=True)
        self.assertIn(b"\x03select 1", sql.heard)

    def test_columns_without_end(self):
        self.sql_says(answer=columns_without_end)

    def test_a_row_without_end(self):
        self.sql_says(answer=a_row_without_end)

    def test_no_rows_where_there_must_be_some(self):
        self.sql_says("gave no rows", whole=False)

    def test_no_protocol_at_all(self):
        self.sql_says(answer=bytes(range(256)) * 4096)

    def test_sequences_for_the_terminal(self):
        self.sql_says("\\x1b", answers=True, answer=rows_of(b"\x1b[2J\x1b]0;x\x07"))
        self.sql_says("1064", answer=packet(1, b"\xff\x28\x04#42000\x1b[2J\x9b"))

    def test_who_asks_for_the_password_itself_does_not_get_it(self):
        for plugin in (b"mysql_clear_password", b"sha256_password", b"caching_sha2_password", b"dialog", b"../../../../tmp/evil"):
            sql = self.sql_says("in a way that would tell it", plugin=plugin, says=b"\x02Password for root on bank.example: ")
            self.assertNotIn(PASSWORD.encode(), b"".join(sql.heard), plugin)

    def test_nobody_is_asked_at_the_terminal(self):
        with Mysql(plugin=b"dialog", says=b"\x02\x1b]0;OWNED\x07Password for root on bank.example: ") as sql, Kafka() as kafka:
            self.lab(sql, kafka)
            terminal = Terminal([TIDELAB, "status", "gates"], self.environment)
            self.addCleanup(terminal.close)
            terminal.type("typed-by-the-operator\n")
            self.assertEqual(terminal.end(60), 1)
            shown = terminal.seen
            self.assertNotIn("OWNED", shown)
            self.assertNotIn("bank.example", shown)
            self.assertNotIn(b"typed-by", b"".join(sql.heard))

    def test_a_negative_number_of_topics(self):
        """librdkafka 2.0.2 aborts on it."""
        with Mysql() as sql, Kafka(topics=-2) as kafka:
            states = self.status(sql, kafka)
            self.assertEqual(states["sql"]["state"], "1")
            self.assertIn("its library could not read what came from there", states["kafka"]["problem"])

    def test_thousands_of_brokers(self):
        """librdkafka starts a thread for each."""
        with Mysql() as sql, Kafka(brokers=2000) as kafka:
            self.assertEqual(self.status(sql, kafka)["sql"]["state"], "1")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
