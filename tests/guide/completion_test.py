#!/usr/bin/env python3
"""What stands behind the key that completes a word: `tidelab complete` by itself, and bash, zsh and fish at a terminal, each with the
script that `tidelab completion` prints."""
import argparse
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
HOME = HERE.parents[1]
sys.path[:0] = [str(HERE.parent / "support")]
from terminal import Terminal  # noqa: E402

LAB = """\
global: {ssh_type: none, deploy_dir: /srv/lab}
zookeeper_servers:
  - {host: 127.0.0.1, jre: 11.0.13}
kafka_servers:
  - {host: 127.0.0.1, jre: 11.0.13}
  - {host: "::1", port: 19092, jre: 11.0.13}
"""
NODES = ["127.0.0.1:2181", "127.0.0.1:9092", "::1:19092"]


class Place:
    """A directory of somebody who has one lab, and the program in the PATH."""

    def __init__(self, binary):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tidelab-completion-"))
        self.desk = self.root / "desk"
        for folder in ("bin", "desk/topologies.d", "desk/with blank", "state"):
            (self.root / folder).mkdir(parents=True)
        (self.root / "bin/tidelab").symlink_to(binary)
        (self.desk / "lab.yaml").write_text(LAB)
        (self.desk / "with blank/deep.yml").write_text(LAB)
        (self.desk / "broken.yaml").write_text("kafka_servers: [")
        (self.desk / "notes.txt").write_text("")
        (self.desk / "run.jsonl").write_text("")
        os.mkfifo(self.desk / "pipe.yaml")
        # A name that a shell would run, in a topology of somebody else.
        one_host = (HOME / "topologies/one_host.yaml").read_text()
        (self.desk / "odd.yaml").write_text(one_host.replace("ticdc-test", '"x$(touch made) z"'))
        # One that reads as a mark of ours, which stands for the shell's own completion; zsh would run what is in it.
        (self.desk / "mark.yaml").write_text(one_host.replace("- name: ticdc-test", r"- name: '<yaml(e_touch\ made_)>'"))
        self.record("mine")
        self.record("minor")
        self.environment = {
            "PATH": f"{self.root}/bin:/usr/bin:/bin", "TIDELAB_HOME": str(HOME), "HOME": str(self.root), "LC_ALL": "C.UTF-8", "TERM": "xterm",
            "XDG_STATE_HOME": str(self.root / "state"), "XDG_CONFIG_HOME": str(self.root / "config"), "XDG_DATA_HOME": str(self.root / "data"),
            "HISTFILE": "", "COLUMNS": "200", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}

    def record(self, lab):
        folder = self.root / "state/tidelab" / lab
        folder.mkdir(parents=True)
        (self.root / "state/tidelab").chmod(0o700)
        folder.chmod(0o700)
        (folder / "topology.yaml").write_text(LAB)
        (folder / "about.json").write_text(json.dumps({"name": "lab.yaml", "ssh": False}))

    def run(self, *argv, **options):
        return subprocess.run(argv, cwd=self.desk, env=self.environment, capture_output=True, text=True, timeout=60, **options)

    def offers(self, *words):
        done = self.run("tidelab", "complete", *words)
        assert done.returncode == 0 and done.stderr == "", done
        return [line.split("\t") for line in done.stdout.splitlines()]

    def words(self, *words):
        return [word for word, _ in self.offers(*words)]

    def close(self):
        shutil.rmtree(self.root)


class Test(unittest.TestCase):
    binary = None

    def setUp(self):
        self.place = Place(self.binary)
        self.addCleanup(self.place.close)


class Words(Test):
    """The program by itself."""

    def test_commands(self):
        said = self.place.run("tidelab", "help").stdout
        listed = [line.split()[0] for line in said.splitlines() if line.startswith("  ")]
        self.assertEqual(self.place.words(""), listed)
        self.assertEqual(self.place.words("help", ""), listed)
        self.assertEqual(self.place.words("ex"), ["exec", "explain"])
        self.assertEqual(self.place.words("--"), ["--help", "--version", "--home"])
        self.assertEqual(self.place.words("nonsense", ""), [])

    def test_flags_of_every_command(self):
        for command in self.place.words(""):
            listed = [word.strip(",") for line in self.place.run("tidelab", "help", command).stdout.split("\nExamples")[0].splitlines()
                      if line.startswith("  -") for word in line.split("   ")[0].split() if word.startswith("-") and word != "--"]
            offered = self.place.words(command, "-")
            self.assertEqual(sorted(set(offered) - {"-h", "--help"}), sorted(listed), command)

    def test_a_flag_is_offered_once(self):
        self.assertNotIn("--strict", self.place.words("validate", "--strict", "--"))
        self.assertIn("--identity", self.place.words("up", "--identity", "key", "lab.yaml", "--"))

    def test_choices(self):
        self.assertEqual(self.place.words("up", "lab.yaml", "--format", ""), ["text", "json", "junit", "html"])
        self.assertEqual(self.place.words("up", "lab.yaml", "--format=j"), ["--format=json", "--format=junit"])
        self.assertEqual(self.place.words("up", "--source", "o"), ["official"])
        self.assertEqual(self.place.words("completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(self.place.words("up", "--strictly="), [])

    def test_labs_and_files(self):
        self.assertEqual(self.place.offers("status", ""), [["mine", "lab, up"], ["minor", "lab, up"], ["<yaml>", ""]])
        self.assertEqual(self.place.words("down", "mino"), ["minor", "<yaml>"])
        self.assertEqual(self.place.words("up", "--lab", ""), ["mine", "minor"])
        self.assertEqual(self.place.offers("validate", "lab.yaml", ""), [["<yaml>", ""]])
        self.assertEqual(self.place.offers("report", ""), [["<jsonl>", ""]])
        self.assertEqual(self.place.offers("up", "mine", "--report", ""), [["<folders>", ""]])
        self.assertEqual(self.place.offers("up", "mine", "--identity", ""), [["<files>", ""]])
        self.assertEqual(self.place.words("diff", "mine", "")[:2], ["mine", "minor"])
        self.assertEqual(self.place.words("list", "--format", "json", "x"), [])

    def test_nodes_roles_and_hosts(self):
        for lab in ("mine", "lab.yaml", "~/desk/with blank/deep.yml"):
            self.assertEqual(self.place.words("status", lab, "--node", ""), NODES, lab)
            self.assertEqual(self.place.words("logs", lab, "-f", "--host", ""), ["127.0.0.1", "::1"], lab)
            self.assertEqual(self.place.words("exec", lab, "--role", "k"), ["kafka", "kafka_servers"], lab)
        self.assertEqual(self.place.words("stop", "mine", "--node=::1"), ["--node=::1:19092"])
        self.assertEqual(self.place.words("status", "mark.yaml", "--node", "<"), [])
        for lab in ("nowhere", "broken.yaml", "pipe.yaml", ".", "notes.txt", "../state"):
            self.assertEqual(self.place.words("status", lab, "--node", ""), [], lab)

    def test_nodes_of_every_topology_here(self):
        """The playbooks are read only in part for this: it must be the same as what the whole gives."""
        for topology in sorted((HOME / "topologies").glob("*.yaml")):
            if topology.name == "reference.yaml":
                continue
            said = self.place.run("tidelab", "logs", str(topology), "--node", "no.such", "--ssh-type", "none").stderr
            nodes = said.split("nodes are ")[1].split("\n")[0].split(", ")
            self.assertEqual(self.place.words("logs", str(topology), "--node", ""), nodes, topology)

    def test_names_of_the_installation(self):
        templates = [line.split()[0] for line in self.place.run("tidelab", "template").stdout.splitlines()]
        self.assertEqual(self.place.words("template", ""), templates)
        self.assertIn("taskmanager=", self.place.words("template", "one_host", "--host", ""))
        codes = sorted(each.stem for each in (HOME / "docs/explain").glob("*.md"))
        self.assertEqual(self.place.words("explain", ""), codes)
        self.assertEqual(self.place.words("explain", "T01"), [code for code in codes if code.startswith("T01")])
        self.assertEqual(self.place.words("plan", "lab.yaml", "--version-of", "k"), ["kafka="])

    def test_behind_dashes(self):
        self.assertEqual(self.place.words("exec", "mine", "--", ""), [])
        self.assertEqual(self.place.words("exec", "mine", "--role", "kafka", "--", "kafka-", "--"), [])

    def test_nothing_is_said_whatever_is_wrong(self):
        (self.place.root / "state/tidelab/mine/about.json").write_text("{")
        self.assertEqual(self.place.words("status", ""), ["minor", "<yaml>"])
        self.place.environment["TIDELAB_HOME"] = "/nowhere"
        for words in (["status", "lab.yaml", "--node", ""], ["explain", ""], ["template", ""], ["plan", "--version-of", ""], ["--home", "/nowhere", "explain", ""]):
            self.place.offers(*words)
        for name in ("HOME", "XDG_STATE_HOME"):
            del self.place.environment[name]
        self.assertEqual(self.place.words("status", ""), ["<yaml>"])
        self.place.offers()
        self.place.offers("-", "--", "=", "")

    def test_before_the_next_key(self):
        """The time that the processor works for it, which other programs do not lengthen: at most 50 ms of the program that users run."""
        if "address" in self.place.run("tidelab", "--version").stdout:
            return  # a sanitized program only starts in that time
        for words in ([""], ["status", "mine", "--node", ""], ["plan", "--version-of", ""], ["explain", ""], ["template", ""]):
            least = min(self.work_of(words) for _ in range(5))
            self.assertLess(least, 0.05, words)

    def work_of(self, words):
        before = os.times()
        self.place.offers(*words)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system


class Shell(Test):
    """A shell at a terminal: what is typed, and the line that the key makes of it. Ctrl-O writes the line into a file."""
    argv = []
    begin = ""
    of_no_topology = "tidelab validate note"
    quoted = "x\\$\\(touch\\ made\\)\\ z"

    def setUp(self):
        super().setUp()
        self.line = self.place.root / "line"
        os.mkfifo(self.line)
        self.reader = os.fdopen(os.open(self.line, os.O_RDWR), "r", encoding="utf-8")
        self.addCleanup(self.reader.close)
        self.terminal = Terminal(["env", "-C", str(self.place.desk), *self.argv], self.place.environment)
        self.addCleanup(self.terminal.close)
        self.terminal.type(self.begin.replace("@", str(self.line)) + "; echo ready-$((6 * 7))\n")
        self.terminal.expect("ready-42")

    def typed(self, text, keys="\t"):
        """The line behind the key, in a shell that reads what it is sent while it works."""
        self.terminal.type(text + keys + "\x0f")
        while not select.select([self.reader, self.terminal.fd], [], [], 60)[0][:1] == [self.reader]:
            self.terminal.read(time.monotonic() + 60)
        line = self.reader.readline()[:-1]
        self.terminal.type("\x15")
        return line

    def becomes(self, text, line):
        self.assertEqual(self.typed(text), line)

    def check_lines(self):
        self.becomes("tidelab comp", "tidelab completion ")
        self.becomes("tidelab expl", "tidelab explain ")
        self.becomes("tidelab explain T01", "tidelab explain T01")
        self.becomes("tidelab explain T012", "tidelab explain T012 ")
        self.becomes("tidelab template high", "tidelab template high_availability ")
        self.becomes("tidelab template one_host --host taskm", "tidelab template one_host --host taskmanager=")
        self.becomes("tidelab status min", "tidelab status min")
        self.becomes("tidelab status mine --ro", "tidelab status mine --role ")
        self.becomes("tidelab status mine --role zoo", "tidelab status mine --role zookeeper")
        self.becomes("tidelab status mine --node 127.0.0.1:9", "tidelab status mine --node 127.0.0.1:9092 ")
        self.becomes("tidelab status mine --node=127.0.0.1:2", "tidelab status mine --node=127.0.0.1:2181 ")
        self.becomes("tidelab stop lab.yaml --host 1", "tidelab stop lab.yaml --host 127.0.0.1 ")
        self.becomes("tidelab up lab.yaml --format h", "tidelab up lab.yaml --format html ")
        self.becomes("tidelab up lab.yaml --format=h", "tidelab up lab.yaml --format=html ")
        self.becomes("tidelab up lab.yaml --take", "tidelab up lab.yaml --take-over ")
        self.becomes("tidelab plan --version-of kaf", "tidelab plan --version-of kafka=")
        self.becomes("tidelab validate la", "tidelab validate lab.yaml ")
        self.becomes("tidelab validate topol", "tidelab validate topologies.d/")
        self.becomes("tidelab validate with\\ blank/d", "tidelab validate with\\ blank/deep.yml ")
        self.becomes("tidelab validate ~/desk/la", "tidelab validate ~/desk/lab.yaml ")
        self.becomes("tidelab status with\\ blank/deep.yml --node 127.0.0.1:9", "tidelab status with\\ blank/deep.yml --node 127.0.0.1:9092 ")
        self.becomes("tidelab validate note", self.of_no_topology)
        self.becomes("tidelab report ru", "tidelab report run.jsonl ")
        self.becomes("tidelab up mine --identity not", "tidelab up mine --identity notes.txt ")
        self.becomes("tidelab up mine --identity=not", "tidelab up mine --identity=notes.txt ")
        self.becomes("tidelab up mine --report topol", "tidelab up mine --report topologies.d/")
        self.becomes("tidelab status odd.yaml --node x", f"tidelab status odd.yaml --node {self.quoted} ")
        self.terminal.type("tidelab status odd.yaml --node x\t>/dev/null 2>&1; echo done-$((6 * 8))\n")
        self.terminal.expect("done-48")
        self.typed("tidelab status mark.yaml --node ", "\t\t")
        self.assertFalse((self.place.desk / "made").exists(), "the name of a pipeline was run")
        self.becomes("tidelab nonsense la", "tidelab nonsense la")
        self.becomes("~/bin/tidelab expl", "~/bin/tidelab explain ")
        self.assertNotIn("rror", self.terminal.seen.split("ready-42")[1])

    def check_list(self, *shown):
        self.typed("tidelab status mine --node 127", "\t\t\t")
        for each in shown:
            self.terminal.expect(each)


class Bash(Shell):
    argv = ["bash", "--noprofile", "--norc", "-i"]
    begin = "PS1='$ '; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; source <(tidelab completion bash); " \
            "bind -x '\"\\C-o\": printf \"%s\\n\" \"$READLINE_LINE\" >@'; bind '\"\\C-u\": kill-whole-line'"

    def test_lines(self):
        self.check_lines()

    def test_list(self):
        self.check_list("2181  9092")

    def test_with_the_distribution_s_completion(self):
        """Found by its name, as a package installs it, when the first key is pressed."""
        library = pathlib.Path("/usr/share/bash-completion/bash_completion")
        if not library.is_file():
            return
        folder = self.place.root / "data/bash-completion/completions"
        folder.mkdir(parents=True)
        (folder / "tidelab").write_text(self.place.run("tidelab", "completion", "bash").stdout)
        self.terminal.type(f"complete -r tidelab; unset -f _tidelab; . {library}; echo again-$((6 * 7))\n")
        self.terminal.expect("again-42")
        self.becomes("tidelab status mine --node 127.0.0.1:9", "tidelab status mine --node 127.0.0.1:9092 ")
        self.becomes("tidelab explain T012", "tidelab explain T012 ")

    def test_where_words_are_not_cut(self):
        self.terminal.type("COMP_WORDBREAKS=${COMP_WORDBREAKS//[:=]}; echo again-$((6 * 7))\n")
        self.terminal.expect("again-42")
        self.becomes("tidelab status mine --node=127.0.0.1:9", "tidelab status mine --node=127.0.0.1:9092 ")


class Zsh(Shell):
    argv = ["zsh", "-f", "-i"]
    of_no_topology = "tidelab validate notes.txt "  # what is there rather than nothing, as everywhere in zsh
    begin = "PS1='$ '; unsetopt beep list_beep; LISTMAX=1000; unsetopt prompt_cr; autoload -Uz compinit; compinit -u -D; source <(tidelab completion zsh); " \
            "dump() { print -r -- \"$BUFFER\" >@ }; zle -N dump; bindkey -e; bindkey '^O' dump; bindkey '^U' kill-whole-line"

    def test_lines(self):
        self.check_lines()

    def test_list(self):
        self.check_list("127.0.0.1:2181  -- ZooKeeper", "127.0.0.1:9092  -- Kafka broker")

    def test_as_a_function_of_the_path(self):
        """As a package installs it: compinit finds it by its first line."""
        folder = self.place.root / "functions"
        folder.mkdir()
        (folder / "_tidelab").write_text(self.place.run("tidelab", "completion", "zsh").stdout)
        self.terminal.type(f"unfunction _tidelab; compdef -d tidelab; fpath=({folder} $fpath); compinit -u -D; echo again-$((6 * 7))\n")
        self.terminal.expect("again-42")
        self.becomes("tidelab expl", "tidelab explain ")
        self.becomes("tidelab status mine --node 127.0.0.1:9", "tidelab status mine --node 127.0.0.1:9092 ")


class Fish(Test):
    def setUp(self):
        super().setUp()
        folder = self.place.root / "config/fish/completions"
        folder.mkdir(parents=True)
        (folder / "tidelab.fish").write_text(self.place.run("tidelab", "completion", "fish").stdout)

    def offered(self, line):
        done = self.place.run("fish", "-c", 'complete -C "$argv[1]"', line)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [each.split("\t") for each in done.stdout.splitlines()]

    def test_lines(self):
        self.assertEqual(self.offered("tidelab ex"), [["exec", "run a command on the lab's hosts, all at once"],
                                                      ["explain", "tell more about a diagnostic, with a wrong and a right example"]])
        for line, words in (
                ("tidelab explain T012", ["T012"]),
                ("tidelab template high", ["high_availability"]),
                ("tidelab template one_host --host taskm", ["taskmanager="]),
                ("tidelab down min", ["mine", "minor"]),
                ("tidelab status mine --node 127", NODES[:2]),
                ("tidelab status mine --node=127.0.0.1:9", ["--node=127.0.0.1:9092"]),
                ("tidelab status mine --role zoo", ["zookeeper", "zookeeper_servers"]),
                ("tidelab up lab.yaml --format=j", ["--format=json", "--format=junit"]),
                ("tidelab up lab.yaml --take", ["--take-over"]),
                ("tidelab plan --version-of kaf", ["kafka="]),
                ("tidelab validate la", ["lab.yaml"]),
                ("tidelab status odd.yaml --node x", ["x$(touch made) z"]),
                ("tidelab validate ", ["broken.yaml", "lab.yaml", "mark.yaml", "odd.yaml", "pipe.yaml", "topologies.d/", "with blank/"]),
                ("tidelab validate with\\ blank/d", ["with blank/deep.yml"]),
                ("tidelab validate ~/desk/la", ["~/desk/lab.yaml"]),
                ("tidelab status with\\ blank/deep.yml --node 127.0.0.1:9", ["127.0.0.1:9092"]),
                ("tidelab status ~/desk/lab.yaml --node 127.0.0.1:9", ["127.0.0.1:9092"]),
                ("tidelab report ru", ["run.jsonl"]),
                ("tidelab up mine --identity=not", ["--identity=notes.txt"]),
                ("tidelab up mine --report t", ["topologies.d/"]),
                ("tidelab exec mine -- ", []),
                ("tidelab nonsense la", []),
                ("~/bin/tidelab expl", ["explain"])):
            self.assertEqual(sorted(each[0] for each in self.offered(line)), sorted(words), line)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    options, rest = parser.parse_known_args()
    Test.binary = str(pathlib.Path(options.binary).resolve(strict=True))
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
