#!/usr/bin/env python3
"""The real binary typed into an interactive shell with job control, on a terminal of its own: whatever it starts has no terminal, and
is never stopped by one."""
import os
import sys
import threading
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "ssh")]
from lab import Lab, acts, processes, soon  # noqa: E402
from terminal import Terminal  # noqa: E402

TOOL = os.environ["TIDELAB"]


def fields_of(pid):
    """State, session and terminal of a process; None when it is gone."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return words[0], int(words[3]), int(words[4])
    except OSError:
        return None


class Eyes:
    """Looks all the while at what carries a mark of ours in its environment, but for the shell and the tool themselves."""

    def __init__(self, mark, shell):
        self.mark, self.shell, self.wrong, self.seen, self.over = mark.encode(), shell, set(), set(), threading.Event()
        self.failed = None
        self.thread = threading.Thread(target=self.look)

    def started_by_tool(self, pid):
        """Its program: empty for the shell, for the tool, and for what has not become another program yet."""
        program = os.readlink(f"/proc/{pid}/exe")
        own = program == os.path.realpath(TOOL) or program == os.path.realpath("/bin/bash") and fields_of(pid)[1] == self.shell
        return "" if pid == self.shell or own else program

    def look(self):
        try:
            while not self.over.wait(0.02):
                for entry in Path("/proc").glob("[0-9]*"):
                    self.look_at(entry)
        except Exception as error:  # told when they close
            self.failed = error

    def look_at(self, entry):
        try:
            if self.mark not in (entry / "environ").read_bytes():
                return
            program, pid = self.started_by_tool(int(entry.name)), int(entry.name)
        except (OSError, TypeError):  # it ended meanwhile
            return
        found = fields_of(pid)
        if not program or not found:
            return
        self.seen.add(program)
        if found[0] in "Tt" or found[2] != 0:
            self.wrong.add((program, *found))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class TerminalLab(Lab):
    """A lab of toys that go to the terminal, and a shell in which commands about it are typed."""
    home = HERE / "home"

    def __init__(self, tool, **options):
        super().__init__(tool, toys=1, **options)
        self.clients = self.root / "clients"
        self.clients.touch()
        self.clients.chmod(0o666)
        self.write()
        self.shell = None

    def write(self):
        super().write()
        if hasattr(self, "clients"):
            self.file.write_text(self.file.read_text() + f"    clients: {self.clients}\n")

    def open(self):
        """bash as a person has it, but that what is typed is not shown: what is seen is what was said."""
        keep = self.environment() | {"PS1": "", "CLIENT_LOG": str(self.clients), "TIDELAB_TERMINAL_TEST": str(self.root), "HISTFILE": ""}
        self.shell = Terminal(["bash", "--noprofile", "--norc", "--noediting", "-i"], keep)
        self.shell.type("stty -echo; set -m; echo ready-$((6 * 7))\n")
        self.shell.expect("ready-42")

    def line(self, command, *more, **options):
        return " ".join("'" + word.replace("'", "'\\''") + "'" for word in self.argv(command, *more, **options))

    def begin(self, text):
        """What is typed, and behind it what says how it ended."""
        self.shell.type(text + "; printf 'ended-%s.' $?\n")

    def ends(self, code=0):
        """How what was typed ended, and what was said up to then."""
        at = self.shell.at
        self.shell.expect("ended-", 180)
        self.shell.expect(".")
        said = self.shell.seen[at:self.shell.at]
        if not said.endswith(f"ended-{code}."):
            raise AssertionError(f"not {code}\n{said}\n{self.logs()}\n{self.clients.read_text()}")
        return said

    def typed(self, command, *more, code=0, then="", **options):
        """A command to its end; what it printed."""
        self.begin(self.line(command, *more, **options) + then)
        return self.ends(code)

    def notes(self, who=None):
        """Who, pid, session, terminal, word of each note of a client."""
        lines = [line.split(" ", 4) for line in self.clients.read_text().splitlines()]
        return [line for line in lines if who in (None, line[0])]

    def go(self):
        Path(f"{self.clients}.go").touch()

    def close(self):
        if self.shell:
            self.shell.close()
        super().close()


class OnTerminal(unittest.TestCase):
    def lab(self, **options):
        made = TerminalLab(TOOL, **options)
        self.addCleanup(made.close)
        made.open()
        eyes = Eyes(str(made.root), made.shell.pid)
        eyes.__enter__()
        self.addCleanup(self.judge, made, eyes)
        return made

    def judge(self, lab, eyes):
        """Whatever else the test found: nothing was stopped, and nobody had a terminal."""
        eyes.__exit__()
        self.assertIsNone(eyes.failed)
        self.assertEqual(eyes.wrong, set())
        self.assertTrue(eyes.seen, "nothing was started at all")
        notes = lab.notes()
        self.assertEqual([note for note in notes if note[3] != "0" or note[4] == "got in"], [])
        self.assertEqual([note for note in notes if note[4] == "none"] != [], True, "no client went to the terminal")

    def test_every_command(self):
        lab = self.lab(ssh=False)
        lab.go()
        lab.typed("validate")
        lab.typed("plan")
        lab.typed("fetch")
        lab.typed("plan", "--diff")
        lab.typed("preflight")
        lab.typed("graph", then=" >/dev/null")
        self.assertIn("the lab is up", lab.typed("up"))
        self.assertIn("nothing to change", lab.typed("up"))
        lab.typed("status")
        self.assertIn("2 passed;", lab.typed("verify"))
        self.assertIn("127.0.0.1 │ done", lab.typed("exec", "--", str(lab.base / f"a/b/toy-{lab.ports[0]}/bin/client"), str(lab.clients), "exec"))
        lab.typed("logs")
        lab.typed("restart")
        lab.typed("stop")
        lab.typed("start")
        self.assertIn("the lab is still up", lab.typed("smoke", "--keep"))
        for who in ("assemble", "install", "service", "ready", "check", "observer", "exec"):
            self.assertTrue(lab.notes(who), f"no client of {who}")
        lab.begin(lab.line("down", yes=False))
        lab.shell.expect("Type the lab's name, toys, to go on: ")
        lab.shell.type("toys\n")
        lab.ends()
        lab.assert_nothing_left()

    def begin(self, lab):
        """A verify that waits for its client; the client's pid."""
        lab.go()
        lab.typed("up")
        Path(f"{lab.clients}.go").unlink()
        lab.begin(lab.line("verify"))
        return int(soon(lambda: lab.notes("check"), what="the check's client")[0][1])

    def test_interrupted_from_the_keyboard(self):
        lab = self.lab(ssh=False)
        client = self.begin(lab)
        self.assertTrue(acts(client))
        lab.shell.type("\x03")
        lab.shell.expect("interrupted: shutting down cleanly")
        lab.ends(130)
        self.assertFalse(acts(client))
        soon(lambda: not processes(f"{lab.clients} "), what="the end of its clients")
        lab.typed("down")
        lab.assert_nothing_left()

    def test_stopped_from_the_keyboard_and_gone_on(self):
        lab = self.lab(ssh=False)
        client = self.begin(lab)
        lab.shell.type("\x1a")
        lab.ends(148)
        self.assertEqual(fields_of(client)[0], "S", "its child is not the terminal's to stop")
        lab.go()
        lab.begin("fg")
        self.assertIn("2 passed;", lab.ends())
        lab.typed("down")

    def test_behind_the_prompt(self):
        lab = self.lab(ssh=False)
        lab.go()
        lab.typed("up")
        lab.shell.type(lab.line("verify") + " &\n")
        lab.begin("wait %1")
        self.assertIn("2 passed;", lab.ends())
        lab.typed("down")

    def over_ssh(self, ssh_type):
        """Also the program that the connection goes through is in front of no terminal."""
        lab = self.lab(ssh=True, ssh_type=ssh_type)
        lab.go()
        config = lab.root / "keys/config"
        config.write_text(f"Host *\n  ProxyCommand sh -c '{lab.home}/playbooks/toy/client {lab.clients} proxy >/dev/null; exec python3 {HERE}/pipe.py %h %p'\n")
        for command in ("up", "verify", "status", "down"):
            lab.typed(command, "--ssh-config", str(config))
        self.assertTrue(lab.notes("proxy"))
        self.assertTrue(lab.notes("check"))
        lab.assert_nothing_left()

    def test_over_ssh_builtin(self):
        self.over_ssh("builtin")

    def test_over_ssh_system(self):
        self.over_ssh("system")


if __name__ == "__main__":
    unittest.main()
