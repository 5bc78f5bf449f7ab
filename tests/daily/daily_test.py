#!/usr/bin/env python3
"""The real binary, a lab of small bells on this machine, and what people do with one each day."""
import io
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support")]
from ports import free_ports  # noqa: E402
from terminal import Terminal  # noqa: E402

TIDELAB = str(pathlib.Path(sys.argv.pop(1)).resolve())


def listens(host, port):
    with socket.socket() as s:
        return s.connect_ex((host, port)) == 0


def soon(condition, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"it did not become true within {seconds} s")


class Daily(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tidelab-daily-"))
        self.root.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.root)
        for name in ("home", "state", "cache"):
            (self.root / name).mkdir(mode=0o700)
        self.environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm", "TIDELAB_HOME": str(HERE / "home"), "HOME": str(self.root / "home"),
                            "XDG_STATE_HOME": str(self.root / "state"), "XDG_CACHE_HOME": str(self.root / "cache")}
        self.environment |= {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
        self.ports = free_ports(2)
        self.file = self.root / "bells.yaml"
        self.write()
        self.addCleanup(self.tidelab, "down", "bells", "-y", code=None)

    def write(self, extra=""):
        self.file.write_text(f"global: {{ssh_type: none, deploy_dir: {self.root}/lab}}\nbells:\n  - {{host: 127.0.0.1, port: {self.ports[0]}{extra}}}\n"
                             f"  - {{host: 127.0.0.2, port: {self.ports[1]}, password: hush-hush}}\n")

    def tidelab(self, *words, code=0, env=(), **how):
        how = {"stdin": subprocess.DEVNULL, **how} if "input" not in how else how
        done = subprocess.run([TIDELAB, *map(str, words)], env=self.environment | dict(env), cwd=self.root, capture_output=True, text=True, timeout=120, **how)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def says(self, rope):
        for host, port in zip(("127.0.0.1", "127.0.0.2"), self.ports):
            (self.root / "lab" / f"bell-{host}-{port}" / "says").write_text(json.dumps(rope))

    def list(self):
        return {row["lab"]: row for row in json.loads(self.tidelab("list", "--format", "json").stdout)["labs"]}

    def test_a_day(self):
        self.assertEqual(self.tidelab("list").stdout, "no lab is up; `tidelab template one_host > lab.yaml` and `tidelab up lab.yaml` make one\n")
        up = self.tidelab("up", self.file).stdout
        self.assertIn(f"\nnext\n  ring   ring -h 127.0.0.1 -p {self.ports[0]}\n  tower  http://127.0.0.1:{self.ports[0]}/tower\n", up)
        self.assertNotIn("cellar", up)

        # By its name, from anywhere and without its file.
        self.file.rename(self.root / "elsewhere.yaml")
        self.assertIn("nothing to change", self.tidelab("up", "bells").stdout)
        self.assertIn("bell-127.0.0.2", self.tidelab("plan", "bells").stdout)
        self.tidelab("fetch", "bells")
        lab = self.list()["bells"]
        self.assertEqual((lab["state"], lab["topology"], lab["hosts"]), ("up", str(self.file), ["127.0.0.1", "127.0.0.2"]))
        wrong = self.tidelab("up", "bels", code=65).stderr
        self.assertIn("bels is neither a file nor a lab of this account", wrong)
        self.assertIn("did you mean `bells`?", wrong)
        self.assertIn("did you mean `./elsewhere.yaml`?", self.tidelab("up", "./elsewere.yaml", code=65).stderr)

        # The widths of terminals; a name is never cut.
        self.says({"state": "taut", "length": 12, "pulled": int(time.time() * 1e6)})
        for columns in (60, 80, 200):
            shown = self.tidelab("status", "bells", env={"COLUMNS": str(columns)}).stdout
            self.assertLessEqual(max(map(len, shown.splitlines())), columns, shown)
            for node in (f"127.0.0.1:{self.ports[0]} ", f"127.0.0.2:{self.ports[1]} "):
                self.assertIn(node, shown)
            self.assertIn(f"✓  rope of {self.ports[0]}  taut  length 12, pulled ", shown)
        self.says({"state": "slack", "length": None})
        status = json.loads(self.tidelab("status", "bells", "--format", "json", code=1).stdout)
        self.assertEqual([(row["title"], row["state"], row["good"], row["says"]) for row in status["states"]],
                         [(f"rope of {port}", "slack", False, {}) for port in self.ports])
        self.assertEqual(status["next"][0]["line"], f"ring -h 127.0.0.1 -p {self.ports[0]}")
        self.tidelab("down", "bells", "-y")
        self.assertEqual(self.list(), {})

    def test_secrets_are_masked(self):
        self.file.write_text(f"global: {{ssh_type: none, deploy_dir: {self.root}/lab}}\nbells:\n  - {{host: 127.0.0.2, port: {self.ports[1]}, password: hush-hush}}\n")
        up = self.tidelab("up", self.file).stdout
        self.assertIn("--password ***", up)
        self.assertNotIn("hush", up)

    def test_tools_and_input(self):
        self.tidelab("up", self.file)
        one = ("--node", f"127.0.0.1:{self.ports[0]}")
        home = f"{self.root}/lab/bell-127.0.0.1-{self.ports[0]}"
        self.assertEqual(self.tidelab("exec", "bells", *one, "--", "ring.sh", "a  b", "$x").stdout, f"127.0.0.1 │ {home}|a  b|$x|\n")
        self.assertEqual(self.tidelab("exec", "bells", *one, "--", "ring.sh", input="typed\nmore").stdout, f"127.0.0.1 │ {home}|typed\n127.0.0.1 │ more\n")
        meant = self.tidelab("exec", "bells", *one, "--", "rign.sh", code=1).stderr
        self.assertIn("help: 127.0.0.1: did you mean `ring.sh`?", meant)
        self.assertNotIn("did you mean", self.tidelab("exec", "bells", *one, "--", "sh", "-c", "exit 127", code=1).stderr)

        # Each host gets all of it, also when one reads none and another is slow.
        much = "".join(f"{n}\n" for n in range(300000))
        script = f"if [ -e {self.root}/once ]; then exec true; fi; mkdir {self.root}/turn 2>/dev/null && exec cksum; exec sha256sum"
        answers = json.loads(self.tidelab("exec", "bells", "--format", "json", "--sh", script, input=much).stdout)["hosts"]
        self.assertEqual(len(answers), 2)
        sums = {subprocess.run([tool], input=much, capture_output=True, text=True, check=True).stdout for tool in ("cksum", "sha256sum")}
        self.assertEqual({answer["stdout"] for answer in answers}, sums)
        (self.root / "once").touch()
        self.tidelab("exec", "bells", "--sh", script, input=much)

        # An input that never ends holds up nobody who does not want it.
        reader, writer = os.pipe()
        try:
            self.assertIn("done", self.tidelab("exec", "bells", "--", "echo", "done", stdin=reader).stdout)
        finally:
            os.close(reader), os.close(writer)

    def test_a_terminal_is_passed_on_for_one_host(self):
        self.tidelab("up", self.file)
        terminal = Terminal([TIDELAB, "exec", "bells", "--host", "127.0.0.1", "--", "sh", "-c", "read line; echo got $line"], self.environment)
        self.addCleanup(terminal.close)
        terminal.type("a word\n")
        terminal.expect("got a word")
        self.assertEqual(terminal.end(), 0)

    def test_what_was_interrupted_says_so(self):
        self.write(f", slow: {self.root}/go")
        up = subprocess.Popen([TIDELAB, "up", str(self.file)], env=self.environment, cwd=self.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        soon(lambda: self.list().get("bells", {}).get("state") == "coming up")
        self.assertIn("`tidelab up`, pid", self.list()["bells"]["worked_on_by"])
        soon(lambda: listens("127.0.0.2", self.ports[1]))  # the other one is not slow
        up.send_signal(signal.SIGKILL)
        up.communicate()
        self.assertEqual(self.list()["bells"]["state"], "interrupted")
        for command, code in (("status", 1), ("verify", 0)):  # one of two bells is enough for rows
            self.assertRegex(self.tidelab(command, "bells", code=code).stderr, r"note: the last `tidelab up bells` \(.*\) was killed, so parts of the lab may not be as asked; `tidelab up bells` goes on")
        self.assertIn("(interrupted)", self.tidelab("status", "bells", code=1).stdout)
        (self.root / "go").touch()
        self.tidelab("up", "bells")
        self.assertEqual(self.list()["bells"]["state"], "up")
        self.assertEqual(self.tidelab("verify", "bells").stderr, "")

    def test_what_others_send_moves_nothing(self):
        self.tidelab("up", self.file)
        sent = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\u009b1m\u202eback\rover\x9b"
        script = r"printf '\033]0;owned\007\033[2J\033[31mred\302\2331m\342\200\256back\rover\nnext\tline\n'"
        one = ("--host", "127.0.0.1", "--sh", script)
        shown = r"\x1b]0;owned\x07\x1b[2J\x1b[31mred\u009b1m\u202eback\x0dover"
        # A pipe gets the bytes, a terminal sees them.
        piped = subprocess.run([TIDELAB, "exec", "bells", *one], env=self.environment, cwd=self.root, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        self.assertEqual(piped.stdout, b"127.0.0.1 \xe2\x94\x82 \x1b]0;owned\x07\x1b[2J\x1b[31mred\xc2\x9b1m\xe2\x80\xaeback\rover\n127.0.0.1 \xe2\x94\x82 next\tline\n")
        for words in (("exec", "bells", *one), ("exec", "bells", "--host", "127.0.0.1", "--sh", f"{script} >&2")):
            terminal = Terminal([TIDELAB, *words], self.environment)
            self.addCleanup(terminal.close)
            self.assertEqual(terminal.end(), 0)
            self.assertIn(shown, terminal.seen)
            self.assertIn("next\tline", terminal.seen)
            for raw in ("\x1b", "\x07", "\u009b", "\u202e"):
                self.assertNotIn(raw, terminal.seen)
        log = self.root / "lab" / f"bell-127.0.0.1-{self.ports[0]}" / "bell.log"
        with open(log, "a", encoding="utf-8") as file:
            file.write(sent + "\n")
        self.assertIn(sent.encode(), subprocess.run([TIDELAB, "logs", "bells"], env=self.environment, cwd=self.root, capture_output=True, timeout=120).stdout)
        terminal = Terminal([TIDELAB, "logs", "bells"], self.environment)
        self.addCleanup(terminal.close)
        self.assertEqual(terminal.end(), 0)
        self.assertIn(shown, terminal.seen)
        self.assertNotIn("\x1b", terminal.seen)

        # What a service says of itself: progress, results and errors, in colour and without.
        self.says({"state": sent, "length": sent, "pulled": sent})
        for words in (("status", "bells"), ("status", "bells", "--color", "always")):
            self.assertNotIn("\x1b]", self.tidelab(*words, code=1).stdout)
            terminal = Terminal([TIDELAB, *words], self.environment)
            self.addCleanup(terminal.close)
            self.assertEqual(terminal.end(), 1)
            self.assertIn(r"\x1b]0;owned", terminal.seen)
            for raw in ("\x1b]", "\x1b[2J", "\x07", "\u009b", "\u202e"):
                self.assertNotIn(raw, terminal.seen)
        said = json.loads(self.tidelab("status", "bells", "--format", "json", code=1).stdout)
        self.assertIn(r"\x1b]0;owned\x07", said["states"][0]["state"])

    def test_nonsense_of_one_service_is_its_own(self):
        self.tidelab("up", self.file)
        children = [each for each in self.root.rglob("child") if f"bell-127.0.0.1-{self.ports[0]}" in str(each)]
        self.assertEqual(len(children), 1)
        pid, began, _, since = children[0].read_text().split()[:4]
        for restarts in ("four", "99999999999999999999999", '1,"pid":[', "-"):
            children[0].write_text(f"{pid} {began} {restarts} {since}\n")
            done = self.tidelab("status", "bells", "--format", "json", code=2)
            rows = json.loads(done.stdout)["nodes"]
            self.assertEqual([row["state"] for row in rows], ["unknown", "running"], restarts)
            self.assertIn("cannot be used", rows[0]["problem"])
            self.assertIn("unknown", self.tidelab("status", "bells", code=2).stdout)
            self.assertNotIn("bug in tidelab", self.tidelab("up", "bells").stderr)
        children[0].write_text(f"{pid} {began} 0 {since}\n")

    def test_logs_go_to_a_file_and_to_nothing_else(self):
        self.tidelab("up", self.file)
        fifo, link, real = self.root / "fifo", self.root / "link", self.root / "real"
        os.mkfifo(fifo)
        real.write_text("kept")
        link.symlink_to(real)
        for other in (fifo, link, self.root):
            before = other.lstat()
            said = self.tidelab("logs", "bells", "--archive", other, code=64).stderr
            self.assertIn(f"cannot write {other}: it is ", said)
            self.assertEqual(other.lstat().st_ino, before.st_ino)
        self.assertEqual(real.read_text(), "kept")
        out = self.root / "all.tar.gz"
        for _ in range(2):  # the second replaces the first
            self.tidelab("logs", "bells", "--archive", out)
            self.assertEqual(out.stat().st_mode & 0o777, 0o600)

    @unittest.skipUnless(os.geteuid() == 0, "only root can give a directory away")
    def test_what_is_collected_lies_in_no_directory_of_others(self):
        """Whoever owns the directory of the archive could put a link in place of what is in it."""
        self.tidelab("up", self.file)
        evil, theirs, ours, said = (self.root / name for name in ("evil", "theirs", "ours", "said"))
        for folder in (evil, theirs, ours):
            folder.mkdir()
        os.chown(theirs, 65534, 65534)
        script = evil / "tar"
        script.write_text(f'#!/bin/sh\ncase "$*" in *-czf*) echo "$4" > {said}; ls -a {theirs} >> {said} ;; esac\nexec /usr/bin/tar "$@"\n')
        script.chmod(0o755)
        for folder, place in ((ours, ours), (theirs, self.root / "state/tidelab")):
            self.tidelab("logs", "bells", "--archive", folder / "all.tar.gz", env={"PATH": f"{evil}:/usr/bin:/bin"})
            worked, *there = said.read_text().splitlines()
            self.assertEqual(pathlib.Path(worked).parent, place)
            self.assertFalse(pathlib.Path(worked).exists())
            self.assertEqual(len(there), 3 if folder == theirs else 2, there)  # with `.` and `..`
            self.assertEqual(sorted(each.name for each in folder.iterdir()), ["all.tar.gz"])
            with tarfile.open(folder / "all.tar.gz") as tar:
                self.assertIn("bells-logs/CONTENTS.txt", tar.getnames())

    def test_a_host_that_sends_anything_fills_nothing(self):
        self.tidelab("up", self.file)
        evil, hostile = self.root / "evil", self.root / "hostile.tar"
        evil.mkdir()
        subprocess.run(f"truncate -s 1T sparse && echo end >> sparse && tar --sparse -cf {hostile} sparse && rm sparse", shell=True, check=True, cwd=self.root)
        self.assertLess(hostile.stat().st_size, 20_000)
        with tarfile.open(hostile, "a") as tar:
            for name, kind, target in (("zero", tarfile.CHRTYPE, ""), ("disk", tarfile.BLKTYPE, ""), ("pipe", tarfile.FIFOTYPE, ""), ("link", tarfile.SYMTYPE, "/etc"), ("../out", tarfile.REGTYPE, "")):
                info = tarfile.TarInfo(name)
                info.type, info.linkname, info.devmajor, info.devminor = kind, target, 1, 5
                tar.addfile(info)
            info = tarfile.TarInfo("good")
            info.size = 4
            tar.addfile(info, io.BytesIO(b"good"))
        packs = 'case "$*" in *-czf*) exec /usr/bin/tar "$@" ;; esac'  # this machine's own, which is not the host's
        script = evil / "tar"
        script.write_text(f'#!/bin/sh\n{packs}\nexec cat {hostile}\n')
        script.chmod(0o755)
        out = self.root / "all.tar.gz"
        env = {"PATH": f"{evil}:/usr/bin:/bin"}
        said = self.tidelab("logs", "bells", "--archive", out, code=2, env=env).stdout
        self.assertIn("left out, larger than 64 MiB: sparse", said)
        self.assertIn("left out, neither file nor directory: zero", said)
        with tarfile.open(out) as tar:
            members = tar.getmembers()
            self.assertTrue(all(each.isfile() or each.isdir() for each in members))
            self.assertIn("bells-logs/127.0.0.1/good", [each.name for each in members])
        # Without end: the stop is obeyed, and nothing stays.
        script.write_text(f'#!/bin/sh\n{packs}\nexec cat /dev/zero\n')
        self.assertIn("does not end where its end is", self.tidelab("logs", "bells", "--archive", out, code=2, env=env).stdout)
        header = tarfile.TarInfo("slow")
        header.size = 1 << 20
        (self.root / "header").write_bytes(header.tobuf())
        script.write_text(f"#!/bin/sh\ntouch {self.root}/sending\ncat {self.root}/header\nexec sleep 600\n")
        logs = subprocess.Popen([TIDELAB, "logs", "bells", "--archive", str(self.root / "never.tar.gz")], env=self.environment | env, cwd=self.root, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        soon((self.root / "sending").exists)
        logs.send_signal(signal.SIGINT)
        self.assertEqual(logs.wait(60), 130)
        self.assertEqual([each.name for each in self.root.iterdir() if "never" in each.name or each.name.startswith(".tidelab-logs")], [])

    def test_a_terminal_shows_what_is_waited_for(self):
        self.write(f", slow: {self.root}/go")
        terminal = Terminal([TIDELAB, "up", str(self.file)], self.environment | {"COLUMNS": "70"})
        self.addCleanup(terminal.close)
        terminal.expect(f"Bell 127.0.0.1:{self.ports[0]} is hung")
        terminal.expect(", 1 s: ")  # it goes on by itself
        terminal.type("\x03")
        terminal.expect("\r\x1b[K")
        terminal.expect("interrupted: shutting down cleanly")
        self.assertEqual(terminal.end(), 130)
        for line in terminal.seen.split("\r\x1b[K"):
            if "…" in line and "\n" not in line:
                self.assertLess(len(line), 70, line)
        self.assertEqual(self.list()["bells"]["state"], "interrupted")
        self.assertNotIn("\x1b", self.tidelab("status", "bells", code=1).stdout)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another account")
    def test_what_could_not_be_looked_at_is_not_as_it_should_be(self):
        self.tidelab("up", self.file)
        self.assertEqual(self.tidelab("plan", self.file, "--diff").stdout.splitlines()[-1], "every file and service that can be looked at is as it should be")
        with socket.socket() as s:  # nobody listens there
            s.bind(("127.0.0.1", 0))
            said = self.tidelab("plan", self.file, "--diff", "--ssh", "--ssh-port", s.getsockname()[1], code=2).stdout
        self.assertNotIn("as it should be", said)
        self.assertRegex(said, r"127.0.0.1: .*(not looked at)")
        self.assertRegex(said.splitlines()[-1], r"^\d+ could not be looked at, so nobody knows whether they would change$")

    def test_what_is_kept_is_for_this_account_alone(self):
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        self.tidelab("up", self.file)
        kept = [self.root / "state" / "tidelab", *(self.root / "state" / "tidelab").rglob("*")]
        self.assertEqual({each.name for each in kept if each.is_file()}, {"about.json", "topology.yaml", "lock", "controller", "up.jsonl"})
        for each in kept:
            self.assertEqual(oct(each.stat().st_mode & 0o7777), "0o700" if each.is_dir() else "0o600", each)
        self.assertEqual(oct((self.root / "cache" / "tidelab").stat().st_mode & 0o7777) if (self.root / "cache" / "tidelab").exists() else "0o700", "0o700")

    def test_without_a_home_nothing_is_kept_anywhere(self):
        bare = {name: value for name, value in self.environment.items() if name not in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
        fallen_back = pathlib.Path("/tmp/.local").exists(), pathlib.Path("/tmp/.cache").exists()
        for words, code in ((("up", self.file), 3), (("status", "bells"), 65), (("status", self.file), 65), (("down", self.file, "-y"), 65), (("list",), 2)):
            done = subprocess.run([TIDELAB, *map(str, words)], env=bare, cwd=self.root, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            self.assertIn("neither HOME nor XDG_STATE_HOME says where", done.stderr)
            self.assertIn("help: set XDG_STATE_HOME to ", done.stderr)
        no_cache = subprocess.run([TIDELAB, "fetch", str(self.file)], env=bare, cwd=self.root, capture_output=True, text=True, timeout=60)
        self.assertEqual(no_cache.returncode, 3, no_cache.stderr)
        self.assertIn("help: set XDG_CACHE_HOME to ", no_cache.stderr)
        for words in (("validate", self.file), ("plan", self.file), ("schema",), ("--version",), ("graph", "--format", "dot", self.file)):
            done = subprocess.run([TIDELAB, *map(str, words)], env=bare, cwd=self.root, capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        self.assertEqual((pathlib.Path("/tmp/.local").exists(), pathlib.Path("/tmp/.cache").exists()), fallen_back)

    def test_a_signal_that_comes_twice_at_once_is_one(self):
        """As `timeout` sends it: to the process, and to its group."""
        self.write(f", slow: {self.root}/go")
        up = subprocess.Popen([TIDELAB, "up", str(self.file)], env=self.environment, cwd=self.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        soon(lambda: listens("127.0.0.2", self.ports[1]))
        os.kill(up.pid, signal.SIGTERM), os.kill(up.pid, signal.SIGTERM)
        said, _ = up.communicate(timeout=60)
        self.assertEqual(up.returncode, 130, said)
        self.assertRegex(said, r"\ninterrupted: \d+ of \d+ things are as they should be")

    def test_a_report_brings_the_journal_that_it_was_made_of(self):
        self.tidelab("up", self.file)
        mine = self.root / "state/tidelab/bells/up.jsonl"
        older = self.root / "older.jsonl"
        older.write_text(mine.read_text().replace('"when":"20', '"when":"19'))
        self.tidelab("report", older, "--report", self.root / "out")
        self.assertEqual((self.root / "out/up.jsonl").read_text(), older.read_text())

    def test_logs_are_not_collected_through_a_link(self):
        (self.root / "out").mkdir()
        (self.root / "elsewhere").mkdir()
        (self.root / "out/logs").symlink_to(self.root / "elsewhere")
        done = self.tidelab("smoke", self.file, "--report", self.root / "out", code=None)
        self.assertIn("is a link", done.stderr)
        self.assertEqual(list((self.root / "elsewhere").iterdir()), [])

    def test_a_damaged_record_is_told_and_the_file_still_takes_the_lab_away(self):
        self.tidelab("up", self.file)
        about = self.root / "state" / "tidelab" / "bells" / "about.json"
        about.write_text(about.read_text().replace('"ssh": false', '"ssh": "no"'))
        what = f"the record of lab bells is damaged: {about}: `ssh` is not true or false"
        for words, code in ((("status", "bells"), 65), (("up", "bells"), 65), (("up", self.file), 65), (("list",), 2), (("diff", "bells", self.file), 65)):
            said = self.tidelab(*words, code=code).stderr
            self.assertIn(what, said)
            self.assertIn("help: `tidelab down TOPOLOGY_FILE` takes away what its file says", said)
        self.assertIn("note: " + what, self.tidelab("status", self.file, code=1).stderr)
        self.tidelab("down", self.file, "-y")
        self.assertEqual(self.list(), {})

    def test_a_folder_is_no_record_and_no_journal(self):
        folder = self.root / "folder"
        folder.mkdir()
        (folder / "topology.yaml").write_text(self.file.read_text())
        (folder / "config").write_text(f'Match exec "touch {self.root}/done"\n  User x\n')
        (folder / "about.json").write_text(json.dumps({"ssh": True, "ssh_config": str(folder / "config")}))
        for command in ("status", "verify", "stop", "logs"):
            self.assertIn("is neither a file nor a lab of this account", self.tidelab(command, folder, code=65).stderr)
        self.assertFalse((self.root / "done").exists())
        self.assertIn("this is a directory", self.tidelab("report", folder, code=65).stderr)
        self.assertIn("larger than 32 MiB", self.tidelab("report", "/dev/zero", code=65).stderr)
        opened = {"at_us": 0, "event": "opened", "command": "../../up", "lab": "bells", "steps": []}
        (folder / "run.jsonl").write_text(json.dumps(opened) + "\n")
        self.assertIn("run.jsonl:1:1: this is not a line of a tidelab journal", self.tidelab("report", folder / "run.jsonl", "--report", self.root / "out", code=65).stderr)

    def test_in_a_directory_that_is_gone(self):
        self.tidelab("up", self.file)
        gone = "mkdir gone && cd gone && rmdir ../gone && "
        for words, code in (("logs bells --archive x.tar.gz", 64), ("status bells --known-hosts x", 65), ("status bells --ssh-config x", 65)):
            done = subprocess.run(["sh", "-c", gone + f'exec "$0" {words}', TIDELAB], env=self.environment, cwd=self.root, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn("the current directory: ", done.stderr)
            self.assertNotIn("bug", done.stderr)
        done = subprocess.run(["sh", "-c", gone + 'exec "$0" status bells', TIDELAB], env=self.environment, cwd=self.root, capture_output=True, text=True, timeout=60)
        self.assertNotIn("bug", done.stderr)
        self.assertIn("ready", done.stdout)

    def test_a_lab_of_another_account(self):
        self.tidelab("up", self.file)
        told = self.tidelab("status", "bells", code=65, user="nobody", env={"HOME": "/nonexistent"}).stderr
        self.assertIn("is closed to nobody; the lab is another account's: work on it as root", told)
        self.assertIn("is closed to nobody", self.tidelab("list", code=2, user="nobody", env={"HOME": "/nonexistent"}).stderr)
        # The other way: root, by way of sudo, is told whose it is.
        account = next(each for each in pwd.getpwall() if each.pw_uid != 0 and pathlib.Path(each.pw_dir).is_dir())
        told = self.tidelab("status", "nothing-of-it", code=65, env={"SUDO_USER": account.pw_name}).stderr
        self.assertIn("is neither a file nor a lab of this account", told)


if __name__ == "__main__":
    unittest.main(verbosity=2)
