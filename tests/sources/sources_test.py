#!/usr/bin/env python3
"""The real binary and the archives of the article's lab, out of an internet on loopback (internet.py) under the real names."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import internet as net

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TIDELAB = str(pathlib.Path(sys.argv.pop(1)).resolve())
REFERENCE = ROOT / "topologies/reference.yaml"


class Sources(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tidelab-sources-"))
        self.addCleanup(shutil.rmtree, self.root)
        for name in ("home", "cache", "site"):
            (self.root / name).mkdir(mode=0o700)
        self.net = net.Internet(self.root / "site")
        self.addCleanup(self.net.close)
        self.net.reference()
        self.pin([each.id for each in self.net.mirror.roots])

    def pin(self, keys):
        """Playbooks that know the keys of this internet's mirror in place of the real one's, whose private halves nobody here has."""
        home = self.root / "tidelab"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        for name in ("playbooks", "checks", "topologies"):
            shutil.copytree(ROOT / name, home / name)
        common = home / "playbooks/common.yaml"
        text, count = re.subn(r"(    keys:\n)(      - [0-9a-f]{64}\n)+", lambda found: found[1] + "".join(f"      - {key}\n" for key in keys), common.read_text())
        self.assertEqual(count, 1)
        common.write_text(text)

    def tidelab(self, *words, code=0, **environment):
        # No go, no java, no mvn, no pip: what comes from projects themselves needs none of them.
        plain = {"PATH": "/usr/bin/nothing", "HOME": str(self.root / "home"), "XDG_CACHE_HOME": str(self.root / "cache"), "TIDELAB_HOME": str(self.root / "tidelab")}
        plain |= {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
        ran = subprocess.run([TIDELAB, *map(str, words)], env=plain | self.net.environment() | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        self.assertEqual(ran.returncode, code, ran.stdout)
        return ran.stdout

    def facts(self, said, key):
        """What `fetch` says of one archive."""
        block = re.search(rf"^{re.escape(key)}.*\n(  .*\n)+", said, re.M)
        self.assertIsNotNone(block, said)
        return block[0]

    def test_the_articles_lab_comes_from_its_projects(self):
        said = self.tidelab("fetch", REFERENCE)
        for key, *parts in [
                ("pd v4.0.9", "tiup: https://tiup-mirrors.pingcap.com/pd-v4.0.9-linux-amd64.tar.gz", "signatures: pd.json version 9, root 5\n"),
                ("tikv v4.0.9", "signatures: tikv.json version 9, root 5\n"),
                ("cdc v4.0.9", "signatures: cdc.json version 9, root 5\n"),
                ("tidb v4.0.9", "signatures: tidb.json version 9, root 5\n"),
                ("kafka 2.7.0", "https://archive.apache.org/dist/kafka/2.7.0/kafka_2.13-2.7.0.tgz", "sha512 published at https://archive.apache.org"),
                ("zookeeper 3.6.2", "https://archive.apache.org/", "sha512 published at https://archive.apache.org"),
                ("flink 1.12.1", "https://dlcdn.apache.org/", "sha512 published at https://archive.apache.org"),
                ("jre 8", "jre 8 (jdk8u432-b06)", "index: https://github.com/", "sha256 given by https://api.adoptium.net"),
                ("mysql-driver", "official: https://repo1.maven.org/", "sha1 published at https://repo1.maven.org")]:
            for part in parts:
                self.assertIn(part, self.facts(said, key))
        self.assertIn(f"https://{net.CDN}/kafka/2.7.0/kafka_2.13-2.7.0.tgz", self.net.asked)  # asked first, and 404 there
        self.assertNotIn("unverified", said)
        asked = len(self.net.asked)
        self.assertEqual(self.tidelab("fetch", REFERENCE).count("in the cache"), 11)
        self.assertEqual(len(self.net.asked), asked)

    def test_a_directory_for_a_machine_without_network(self):
        self.tidelab("fetch", REFERENCE, "--to", self.root / "stick")
        shutil.rmtree(self.root / "cache/tidelab")
        asked = len(self.net.asked)
        said = self.tidelab("fetch", REFERENCE, "--mirror", self.root / "stick")
        self.assertEqual(len(self.net.asked), asked)
        self.assertEqual(said.count("sha256 beside it"), 11)
        file = next((self.root / "stick").glob("kafka*.tgz"))
        file.write_bytes(file.read_bytes() + b"x")
        shutil.rmtree(self.root / "cache/tidelab")
        said = self.tidelab("fetch", REFERENCE, "--mirror", self.root / "stick", code=3)
        self.assertIn("kafka 2.7.0: wrong checksum", said)
        self.assertIn(f"from     {file}", said)

    def test_a_mirror_whose_root_others_have_signed_is_refused_and_nothing_takes_its_place(self):
        self.pin(["a" * 64, "b" * 64, "c" * 64])
        said = self.tidelab("fetch", REFERENCE, code=3)
        self.assertIn("4.root.json is not trusted: it was not signed by the keys that are known of this mirror", said)
        self.assertNotIn("pd-v4.0.9", "".join(self.net.asked))

    def test_documents_that_are_over_and_one_that_is_missing(self):
        self.net.mirror.expires["timestamp"] = -5
        self.net.reference()
        self.assertIn("timestamp.json expired on", self.tidelab("fetch", REFERENCE, code=3))
        self.net.mirror.expires.clear()
        self.net.reference()
        del self.net.mirror.files["9.tikv.json"]
        said = self.tidelab("fetch", REFERENCE, code=3)
        self.assertIn("tikv v4.0.9 could not be obtained", said)
        self.assertIn("9.tikv.json is not there", said)
        self.assertIn("signatures: pd.json version 9", said)  # the others came

    def test_a_release_that_is_not_there_is_answered_with_those_that_are(self):
        said = self.tidelab("fetch", REFERENCE, "--version-of", "tidb=v4.0.10", code=3)
        self.assertIn("has no tidb v4.0.10 for linux/amd64; near it are v4.0.16, v4.0.9, v8.5.3", said)

    def test_trouble_on_the_way(self):
        kafka = f"{net.APACHE}/dist/kafka/2.7.0/kafka_2.13-2.7.0.tgz"
        data = self.net.files[net.APACHE, "/dist/kafka/2.7.0/kafka_2.13-2.7.0.tgz"]
        (java,) = (content for (host, _), content in self.net.files.items() if host == net.GITHUB)
        for name, part, how in [
                ("a connection that breaks in the middle", net.BLOBS, lambda site: site.answer(200, java, {"ETag": '"1"'}, cut=50)),
                ("a server that has no time", f"{kafka}", lambda site: site.answer(503)),
                ("a reset before any answer", "repo1.maven.org", net.Site.hang_up)]:
            with self.subTest(name):
                shutil.rmtree(self.root / "cache/tidelab", ignore_errors=True)
                self.net.trouble(part, how, times=1)
                self.tidelab("fetch", REFERENCE)
        with self.subTest("other bytes than were published, and a second address that has them right"):
            shutil.rmtree(self.root / "cache/tidelab", ignore_errors=True)
            self.net.files[net.CDN, "/kafka/2.7.0/kafka_2.13-2.7.0.tgz"] = data[:-1] + b"x"
            said = self.tidelab("fetch", REFERENCE, code=3)
            self.assertIn("kafka 2.7.0: wrong checksum", said)
            self.assertIn("from     https://dlcdn.apache.org/", said)
            self.assertEqual(list((self.root / "cache/tidelab/archives/kafka").rglob("*.tgz")), [])

    def test_without_any_network_each_source_is_told(self):
        said = self.tidelab("fetch", REFERENCE, code=3, https_proxy="http://127.0.0.1:9")
        self.assertIn("tiup https://tiup-mirrors.pingcap.com pd linux/amd64: tiup-mirrors.pingcap.com cannot be reached", said)
        self.assertIn("official", self.facts_of_failure(said, "jre 8"))

    def facts_of_failure(self, said, key):
        block = re.search(rf"✗ {re.escape(key)} .*\n(      .*\n)+", said)
        self.assertIsNotNone(block, said)
        return block[0]


if __name__ == "__main__":
    unittest.main()
