#!/usr/bin/env python3
"""The real binary over a real sshd, on a lab of toys: what stands after each step, each kill and each refusal."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import unittest

from lab import USER, Lab, Sshd, acts, greet, of_each_client, snapshot, soon, user_exists

TOOL = os.environ["TIDELAB"]


class Case(unittest.TestCase):
    def lab(self, **options):
        made = Lab(TOOL, **options)
        self.addCleanup(made.close)
        return made


class OverSsh(Case):
    ssh = True

    def test_up_twice_and_down(self):
        lab = self.lab(ssh=self.ssh)
        first = lab.up()
        self.assertGreater(first["counts"]["steps"]["made"], 0)
        lab.assert_one_each()
        said = greet(lab.ports[0])
        self.assertEqual(said["text"], "two words & 'quotes'")
        self.assertEqual(said["config"], "greeting=hello")
        self.assertEqual(said["uid"] == 0, not self.ssh)
        note = lab.base / "a/b" / f"toy-{lab.ports[0]}" / "conf/note"
        self.assertEqual(note.read_text(), 'of toys, it\'s "${quoted}"\n')
        self.assertEqual(note.stat().st_mode & 0o777, 0o640)
        def files():  # who works on the lab is noted anew by each run
            return {path: what for path, what in (snapshot(lab.base) | snapshot(lab.state())).items() if path.rsplit("/", 1)[-1] not in ("lock", "lock.guard")}

        pids, before = lab.pids(), files()
        second = lab.up()
        self.assertEqual(second["counts"]["steps"]["made"], 0, second)
        self.assertEqual(lab.pids(), pids)
        self.assertEqual(files(), before, "a second run touches no file")
        if self.ssh:
            self.assertLessEqual(second["traffic"]["remote_commands"], 3, second["traffic"])
            self.assertEqual(second["traffic"]["connections"], 1, second["traffic"])
        lab.run("verify")
        lab.run("down")
        lab.assert_nothing_left()

    def test_killed_service_comes_back(self):
        lab = self.lab(ssh=self.ssh, toys=1)
        lab.up()
        port = lab.ports[0]
        before = greet(port)["pid"]
        os.kill(before, signal.SIGKILL)
        soon(lambda: (greet(port) or {}).get("pid", before) != before, what="another toy")
        lab.assert_one_each()
        self.assertEqual(lab.up()["counts"]["steps"]["made"], 0)
        lab.run("down")
        lab.assert_nothing_left()

    def test_what_a_process_is_when_a_claim_about_it_fails(self):
        lab = self.lab(ssh=self.ssh, toys=1)
        lab.up()
        port = lab.ports[0]
        pid, keeper = greet(port)["pid"], lab.pid_of("supervisor", port)

        def evidence():
            report = json.loads(lab.run("verify", "--format", "json", code=1).stdout)
            self.assertEqual(report["evidence"][0]["title"], "process", report["evidence"])
            node = json.loads(lab.run("status", "--format", "json", code=1).stdout)["nodes"][0]
            return report["evidence"], report["evidence"][0]["state"], node["state"]

        os.kill(pid, signal.SIGSTOP)
        found, *states = evidence()
        self.assertEqual(states, ["stopped", "stopped"])
        self.assertIn(f"its process {pid} is stopped", found[0]["text"])
        self.assertIn(f"`kill -CONT {pid}`", found[0]["text"])
        self.assertIn("in which no line has a time", found[1]["title"])
        os.kill(pid, signal.SIGCONT)
        lab.run("verify")
        os.kill(keeper, signal.SIGSTOP)  # so nobody takes note of the end
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(evidence()[1:], ("zombie", "zombie"))
        os.kill(keeper, signal.SIGCONT)
        again = soon(lambda: (greet(port) or {}).get("pid"), what="another toy")
        lab.run("verify")
        for each in (keeper, again):
            os.kill(each, signal.SIGKILL)
        soon(lambda: not os.path.exists(f"/proc/{again}"), what="the end of the toy, and that its end was taken note of")
        found, *states = evidence()
        self.assertEqual(states, ["down", "down"])
        self.assertIn("it is not running\n", found[0]["text"])  # nobody saw how its last process ended
        self.assertIn("no warning or error in ", found[1]["text"])
        lab.run("down")
        lab.assert_nothing_left()

    def test_killed_keeper_and_service(self):
        lab = self.lab(ssh=self.ssh, toys=1)
        lab.up()
        port = lab.ports[0]
        for kill in (("supervisor", "child"), ("supervisor",)):  # the second leaves an orphan that holds the port
            for kind in kill:
                os.kill(lab.pid_of(kind, port), signal.SIGKILL)
            lab.up()
            lab.assert_one_each()
        os.kill(lab.pid_of("supervisor", port), signal.SIGKILL)
        lab.run("down")
        lab.assert_nothing_left()

    def test_change_restarts_only_what_it_concerns(self):
        lab = self.lab(ssh=self.ssh, toys=2)
        lab.up()
        one, two = lab.ports
        pids = lab.pids()
        lab.greetings[two] = "good evening"
        lab.write()
        lab.up()
        self.assertEqual(greet(one)["pid"], pids[one])
        self.assertNotEqual(greet(two)["pid"], pids[two])
        self.assertEqual(greet(two)["config"], "greeting=good evening")
        lab.assert_one_each()
        lab.run("down")
        lab.assert_nothing_left()

    def test_killed_up_then_up(self):
        lab = self.lab(ssh=self.ssh, toys=2)
        lab.run("up")
        total = len(lab.journal("up"))
        lab.run("down")
        ends = []
        for lines in (2, total // 4, total // 2, 3 * total // 4, total - 2):
            with self.subTest(lines=lines):
                for leftover in (lab.root / "state").rglob("up.jsonl"):
                    leftover.unlink()
                process = lab.start("up")
                soon(lambda: len(lab.journal("up")) >= lines or process.poll() is not None, what=f"line {lines} of the journal")
                process.kill()
                process.communicate()
                ends.append(process.returncode)
                lab.run("up")
                lab.assert_one_each()
                self.assertEqual(lab.up()["counts"]["steps"]["made"], 0)
                lab.run("down")
                lab.assert_nothing_left()
        self.assertGreaterEqual(ends.count(-signal.SIGKILL), 3, f"they came to their end before they were killed: {ends}")

    def test_killed_at_every_step(self):
        """Each line of the journal is the boundary of a step; the next run converges from there."""
        lab = self.lab(ssh=self.ssh, toys=1)
        lab.run("up")
        total = len(lab.journal("up"))
        lab.run("down")
        self.assertGreater(total, 15)
        ends = []
        for lines in range(1, total + 1):
            with self.subTest(lines=lines):
                for leftover in (lab.root / "state").rglob("up.jsonl"):
                    leftover.unlink()
                process = lab.start("up")
                while len(lab.journal("up")) < lines and process.poll() is None:
                    pass  # the boundary is short
                process.kill()
                process.communicate()
                ends.append(process.returncode)
                lab.run("up")
                lab.assert_one_each()
                lab.run("down")
                lab.assert_nothing_left()
        self.assertGreater(ends.count(-signal.SIGKILL), total // 2, f"they came to their end before they were killed: {ends}")

    def test_killed_up_then_down(self):
        lab = self.lab(ssh=self.ssh, toys=2)
        ends = []
        for lines in (3, 12, 20):
            with self.subTest(lines=lines):
                process = lab.start("up")
                soon(lambda: len(lab.journal("up")) >= lines or process.poll() is not None, what=f"line {lines} of the journal")
                process.kill()
                process.communicate()
                ends.append(process.returncode)
                lab.run("down")
                lab.assert_nothing_left()
                for leftover in (lab.root / "state").rglob("up.jsonl"):
                    leftover.unlink()
        self.assertGreaterEqual(ends.count(-signal.SIGKILL), 2, f"they came to their end before they were killed: {ends}")

    def test_command_of_a_killed_up_acts_no_more(self):
        lab = self.lab(ssh=self.ssh, toys=0)
        lab.file.write_text(lab.file.read_text().replace("toy_servers:", "slow_servers:\n  - host: 127.0.0.1"))
        slow = lab.base / "a/b/slow"
        begun = lambda: (slow / "begun").read_text().split() if (slow / "begun").exists() else []
        process = lab.start("up")
        first = soon(begun, what="the slow command")[0]
        process.kill()
        process.communicate()
        self.assertTrue(acts(first), "the command outlives a tool that was killed")
        process = lab.start("up")
        second = soon(lambda: begun()[1:], what="the slow command, again")[0]
        self.assertFalse(acts(first), "the first command was ended before the second began")
        (slow / "go").touch()
        said, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, said)
        self.assertEqual(begun(), [first, second])
        (slow / "go").unlink()
        lab.run("down")
        lab.assert_nothing_left()

    def test_interrupt_ends_in_order(self):
        lab = self.lab(ssh=self.ssh, toys=2)
        process = lab.start("up")
        soon(lambda: len(lab.journal("up")) >= 6 or process.poll() is not None, what="the journal")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, said)
        lab.run("up")
        lab.assert_one_each()
        lab.run("down")
        lab.assert_nothing_left()

    def test_port_of_another_is_told_first(self):
        lab = self.lab(ssh=self.ssh, toys=2)
        with socket.create_server(("127.0.0.1", lab.ports[1])):
            done = lab.run("up", code=3)
            self.assertRegex(done.stderr, rf"{lab.ports[1]} of toy_servers 2 is in use at 127.0.0.1 by .*, pid {os.getpid()} of ")
            self.assertIn("nothing was changed", done.stderr)
            self.assertEqual(snapshot(lab.base), lab.before)
            self.assertIsNone(greet(lab.ports[0]))
        lab.up()
        lab.run("down")
        lab.assert_nothing_left()

    def test_port_taken_while_the_keeper_runs(self):
        lab = self.lab(ssh=self.ssh, toys=1)
        lab.up()
        port = lab.ports[0]
        child = lab.pid_of("child", port)
        os.kill(lab.pid_of("supervisor", port), signal.SIGSTOP)  # so that the toy does not come back before the other has the port
        os.kill(child, signal.SIGKILL)

        def listen():
            with contextlib.suppress(OSError):  # the toy's socket goes a moment after its answers
                return socket.create_server(("127.0.0.1", port))

        with soon(listen, what="the end of the toy"):
            os.kill(lab.pid_of("supervisor", port), signal.SIGCONT)
            done = lab.run("up", code=3)
            self.assertRegex(done.stderr, rf"{port} of toy_servers 1 is in use at 127.0.0.1 by .*, pid {os.getpid()} of ")
        lab.run("down")
        lab.assert_nothing_left()

    def test_two_at_once(self):
        lab = self.lab(ssh=self.ssh, toys=2)
        first = lab.start("up")
        soon(lambda: len(lab.journal("up")) >= 1, what="the first run")
        first.send_signal(signal.SIGSTOP)  # it holds the lock for as long as this takes
        try:
            done = lab.run("up", code=3)
        finally:
            first.send_signal(signal.SIGCONT)
        self.assertIn(f"pid {first.pid}", done.stderr)
        self.assertIn("`tidelab up`", done.stderr)
        said, _ = first.communicate(timeout=120)
        self.assertEqual(first.returncode, 0, said)
        lab.run("down")
        lab.assert_nothing_left()

    def test_two_controllers(self):
        lab = self.lab(ssh=self.ssh, toys=1)
        lab.up()
        first = lab.start("restart")
        soon(lambda: f"(pid {first.pid})" in (lab.state() / "lock").read_text(), what="the first run on the host")
        first.send_signal(signal.SIGSTOP)  # its connection stays for as long as this takes
        ours = lab.environment
        lab.environment = lambda: ours() | {"XDG_STATE_HOME": str(lab.root / "other-state")}  # knows nothing of the other's lock
        try:
            done = lab.run("up", code=3)
            self.assertIn(f"is in use by `tidelab stop` of {lab.us()} (pid {first.pid}), since 20", done.stderr)
            self.assertIn("--take-over", done.stderr)
            self.assertEqual("from 127.0.0.1" in done.stderr, self.ssh, done.stderr)
            lab.run("up", "--take-over")
        finally:
            first.kill()
            first.communicate(timeout=60)
        # Nobody tells the host that the first one is gone; it sees.
        soon(lambda: lab.run_any("up").returncode == 0, what="a stale lock is recognised")
        lab.assert_one_each()
        lab.run("down")
        lab.environment = ours
        lab.assert_nothing_left()

    def test_what_was_there_stays(self):
        lab = self.lab(ssh=self.ssh, toys=1)
        mine = lab.base / "a/b" / f"toy-{lab.ports[0]}"
        mine.mkdir(parents=True)
        (mine / "precious").write_text("mine\n")
        (mine / "bin").mkdir()
        (mine / "bin/own").write_text("mine too\n")
        (lab.base / "elsewhere").symlink_to("/etc")
        lab.before = snapshot(lab.base)
        lab.up()
        lab.run("down")
        after = snapshot(lab.base)
        gone = {k for k in lab.before if k not in after}
        self.assertEqual(gone, set())
        self.assertEqual({k for k in after if k not in lab.before}, set())
        for path in (mine / "precious", mine / "bin/own"):
            name = str(path.relative_to(lab.base))
            self.assertEqual(after[name], lab.before[name], "owner, mode and content of a file that is not ours")

    def test_operate(self):
        """What an operator asks of a lab that is up: who serves, a command byte for byte, everything in one archive."""
        lab = self.lab(ssh=self.ssh, toys=2)
        lab.up()
        status = json.loads(lab.run("status", "--format", "json").stdout)
        self.assertEqual([(n["state"], n["ready"], n["ports"]) for n in status["nodes"]], [("running", True, [p]) for p in lab.ports])
        traced = lab.run("status", "--trace")
        self.assertIn("ready", traced.stdout)
        if self.ssh:
            self.assertIn(": 1 remote commands,", traced.stderr, "one command a host for all of its services")
        os.kill(lab.pid_of("child", lab.ports[0]), signal.SIGSTOP)
        status = json.loads(lab.run("status", "--format", "json", code=1).stdout)
        self.assertEqual([(n["state"], n["ready"]) for n in status["nodes"]], [("stopped", None), ("running", True)])
        os.kill(lab.pid_of("child", lab.ports[0]), signal.SIGCONT)

        words = ["a b", "", "$HOME", "`id`", "$(id)", "'", '"', "\\", "[x,y]", "{}", "%%", "*", "-n", "--", "é→", "two\nlines", "\t"]
        said = json.loads(lab.run("exec", "--format", "json", "--role", "toy", "--", "printf", "%s|", *words).stdout)
        self.assertEqual(said["hosts"][0]["stdout"], "".join(w + "|" for w in words))
        self.assertEqual(lab.run("exec", "--", "id", "-un").stdout, f"127.0.0.1 │ {lab.user}\n")
        self.assertEqual(lab.run("exec", "--sh", 'echo "$1"; exit 3', "--", "x  y", code=1).stdout, "127.0.0.1 │ x  y\n")
        process = lab.start("exec", "--", "sh", "-c", f"echo $$ > {lab.base}/a/b/toy-{lab.ports[0]}/begun; exec sleep 600")
        begun = lab.base / f"a/b/toy-{lab.ports[0]}/begun"
        pid = soon(lambda: begun.exists() and begun.read_text().strip(), what="the command")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        soon(lambda: not acts(pid), what="the end of the command on the host")

        archive = lab.root / "all.tar.gz"
        lab.run("logs", "--archive", str(archive))
        names = subprocess.run(["tar", "-tzf", archive], capture_output=True, text=True, check=True).stdout.splitlines()
        for each in (f"toy-{lab.ports[1]}/log/toy.log", f"toy-{lab.ports[1]}/conf/toy.properties", "controller/up.jsonl", "controller/topology.yaml", "CONTENTS.txt"):
            self.assertTrue([n for n in names if n.endswith(each)], f"{each} is not in the archive: {names}")
        self.assertFalse(list(lab.root.glob(".tidelab-logs-*")), "what it worked with is left")
        lab.run("down")
        lab.assert_nothing_left()

    def test_exec_tells_lines_as_they_come(self):
        """The command goes on only when somebody has seen its line, on either stream."""
        for ssh_type in ("builtin", "system") if self.ssh else ("none",):
            lab = self.lab(ssh=self.ssh, toys=1, ssh_type=ssh_type)
            wait = lambda name: f"n=0; until [ -e {lab.root}/{name} ]; do n=$((n+1)); [ $n -lt 1000 ] || exit 9; sleep 0.02; done; "
            script = f"echo one >&2; {wait('seen-err')} echo two; {wait('seen-out')} printf 'no end' >&2; exit 3"
            process = subprocess.Popen(lab.argv("exec", "--as-login", "--sh", script), env=lab.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.kill)
            self.assertEqual(process.stderr.readline(), "127.0.0.1 │ one\n")
            (lab.root / "seen-err").touch()
            self.assertEqual(process.stdout.readline(), "127.0.0.1 │ two\n")
            (lab.root / "seen-out").touch()
            out, err = process.communicate(timeout=60)
            self.assertEqual((out, err), ("", "127.0.0.1 │ no end\ntidelab: 127.0.0.1: it ended with 3\n"))
            self.assertEqual(process.returncode, 1)

    def test_down_asks(self):
        lab = self.lab(ssh=self.ssh, toys=1)
        lab.up()
        done = lab.run("down", code=64, yes=False)
        self.assertIn("--yes", done.stderr)
        self.assertIsNotNone(greet(lab.ports[0]), "nothing was changed")
        done = lab.run("smoke", code=64)
        self.assertIn("is up already", done.stderr)
        self.assertIsNotNone(greet(lab.ports[0]), "smoke takes no lab away that it did not bring up")
        lab.run("smoke", "--keep")
        lab.run("down", "--keep-data", yes=False)
        lab.run("down")
        lab.assert_nothing_left()
        lab.run("smoke")
        lab.assert_nothing_left()


class OnThisMachine(OverSsh):
    ssh = False


class Access(Case):
    def test_unknown_host_key(self):
        lab = self.lab(toys=1)
        empty = lab.root / "nobody"
        empty.write_text("")
        done = lab.run("up", code=3, known_hosts=empty)
        self.assertIn("--accept-new-host-keys", done.stdout + done.stderr)
        self.assertEqual(snapshot(lab.base), lab.before)
        self.assertEqual(empty.read_text(), "")
        lab.run("up", "--accept-new-host-keys", known_hosts=empty)
        self.assertIn(str(lab.sshd.port), empty.read_text())
        lab.run("down", known_hosts=empty)
        lab.assert_nothing_left()

    def test_hosts_are_looked_at_before_archives_are_made(self):
        lab = self.lab(toys=1)
        done = lab.run("up", code=3, known_hosts="/dev/null")
        self.assertIn("the hosts are not ready; nothing was changed", done.stderr)
        self.assertEqual([path for path in (lab.root / "cache").rglob("*") if path.is_file()], [])
        lab.run("up")
        made = [path for path in (lab.root / "cache").rglob("toy-*.tar.gz")]
        self.assertEqual(len(made), 1)
        lab.run("down")

    def test_changed_host_key(self):
        lab = self.lab(toys=1)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", lab.root / "other"], check=True)
        lab.sshd.known_hosts.write_text(f"[127.0.0.1]:{lab.sshd.port} " + (lab.root / "other.pub").read_text())
        lab.run("up", "--accept-new-host-keys", code=3)
        self.assertEqual(snapshot(lab.base), lab.before)

    def test_account_is_made_and_removed(self):
        self.assertFalse(user_exists(), f"{USER} is there before the test")
        lab = self.lab(toys=1)
        lab.up()
        self.assertTrue(user_exists())
        self.assertNotEqual(greet(lab.ports[0])["uid"], 0)
        lab.run("down")
        lab.assert_nothing_left()

    def test_account_that_was_there_stays(self):
        lab = self.lab(toys=1)
        subprocess.run(["useradd", "--create-home", USER], check=True)
        lab.up()
        lab.run("down")
        self.assertTrue(user_exists())

    @of_each_client
    def test_thirty_hosts_behind_one_jump_host(self, ssh_type):
        """The jump host turns away whoever comes while three are not let in yet; with the default, 10:30:100, it is chance."""
        lab = self.lab(toys=1, ssh_type=ssh_type, sshd="MaxStartups 100")
        folder = lab.root / "jump"
        folder.mkdir(mode=0o700)
        jump = Sshd(folder, "MaxStartups 3:100:100")
        self.addCleanup(jump.close)
        config = folder / "ssh_config"
        config.write_text(f"Host jump\n  Port {jump.port}\n  User root\n  IdentityFile {jump.identity}\n  UserKnownHostsFile {jump.known_hosts}\n"
                          "Host h*\n  ProxyJump jump\nHost *\n  HostName 127.0.0.1\n  KexAlgorithms curve25519-sha256\n")
        hosts = [f"h{i}" for i in range(30)]
        head = lab.file.read_text().split("toy_servers:")[0]
        lab.file.write_text(head + "toy_servers:\n" + "".join(f"  - host: {host}\n    port: {lab.ports[0]}\n" for host in hosts))
        looked = lab.run_any("preflight", "--ssh-config", str(config))
        self.assertNotIn("cannot reach", looked.stdout + looked.stderr)
        done = lab.run("exec", "--as-login", "--ssh-config", str(config), "--", "echo", "there")
        self.assertEqual(sorted(done.stdout.splitlines()), sorted(f"{host:<3} │ there" for host in hosts), done.stderr)

    def test_no_sshd(self):
        lab = self.lab(toys=1)
        lab.sshd.close()
        lab.run("up", code=3)
        self.assertEqual(snapshot(lab.base), lab.before)


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("these tests start an sshd and make an account: they need root")
    unittest.main(verbosity=2)
