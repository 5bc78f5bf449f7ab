#!/usr/bin/env python3
"""A lab that is up, as its record on our own machine tells: `diff` and `graph` take it by its name, and `up` refuses what a lab
that is up cannot follow, in the words of `diff`, before anything is touched."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HOME = pathlib.Path(__file__).resolve().parents[2]

APPLIED = """\
global: {ssh_type: none, deploy_dir: /srv/lab}
zookeeper_servers:
  - host: 127.0.0.1
    jre: 11.0.13
kafka_servers:
  - host: 127.0.0.1
    jre: 11.0.13
"""


class Run:
    def __init__(self, binary, scratch):
        self.binary, self.passed, self.failed = binary, 0, 0
        self.work = scratch / "work"
        self.work.mkdir()
        self.state = scratch / "state"
        record = self.state / "tidelab" / "mine"
        record.mkdir(parents=True)
        (record / "topology.yaml").write_text(APPLIED)
        (record / "about.json").write_text(json.dumps({"name": "mine.yaml", "ssh": False}))
        self.env = {"PATH": "/usr/bin:/bin", "TIDELAB_HOME": str(HOME), "HOME": str(scratch), "LC_ALL": "C.UTF-8", "XDG_STATE_HOME": str(self.state),
                    "XDG_CACHE_HOME": str(scratch / "cache")}

    def tidelab(self, *argv):
        return subprocess.run([self.binary, *argv], cwd=self.work, capture_output=True, text=True, env=self.env, timeout=60)

    def write(self, text):
        (self.work / "mine.yaml").write_text(text)

    def check(self, what, good, made):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        if not good:
            print(f"FAILED {what}: {made.returncode}\n{made.stdout}{made.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    binary = str(pathlib.Path(parser.parse_args().binary).resolve())
    with tempfile.TemporaryDirectory(prefix="tidelab-guide-") as scratch:
        run = Run(binary, pathlib.Path(scratch))

        run.write("# only a comment more\n" + APPLIED)
        made = run.tidelab("diff", "mine", "mine.yaml")
        run.check("a comment is no difference", made.returncode == 0 and made.stdout == "no difference\n", made)

        run.write(APPLIED.replace("jre: 11.0.13", "heap_mb: 100\n    jre: 11.0.13", 1))
        made = run.tidelab("diff", "mine", "mine.yaml")
        run.check("a lab by its name", made.returncode == 1 and "heap_mb: 64 → 100" in made.stdout and "mine.yaml (as applied):3:5" in made.stdout, made)
        made = run.tidelab("graph", "mine", "--format", "dot")
        run.check("a picture of what is up", made.returncode == 0 and "ZooKeeper" in made.stdout, made)

        down = "tidelab down mine"
        for what, text, words, way_out in (
                ("a directory that moves", APPLIED.replace("/srv/lab", "/srv/other"), ["✗ deploy_dir: /srv/lab → /srv/other"], down),
                ("a port", APPLIED.replace("kafka_servers:\n  - host: 127.0.0.1", "kafka_servers:\n  - host: 127.0.0.1\n    port: 19092"),
                 ["kafka_servers 1 (127.0.0.1:9092)", "✗ port: 9092 → 19092"], down),
                ("an account", APPLIED.replace("ssh_type: none", "ssh_type: none, user: nobody"), ["✗ user: tidb → nobody"], down),
                ("an instance that is gone", APPLIED.split("kafka_servers")[0], ["- kafka_servers 1 (127.0.0.1:9092)"], "tidelab up mine.yaml --prune")):
            run.write(text)
            told = run.tidelab("diff", "mine", "mine.yaml")
            made = run.tidelab("up", "mine.yaml")
            run.check(f"up refuses {what}", made.returncode == 65 and "lab mine is up, and cannot apply" in made.stderr and way_out in made.stderr, made)
            run.check(f"{what} in the same words", all(w in made.stderr and w in told.stdout for w in words), made)
        run.check("nothing was touched", not (pathlib.Path(scratch) / "cache").exists(), made)

        print(f"{run.passed} passed, {run.failed} failed")
        return 0 if run.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
