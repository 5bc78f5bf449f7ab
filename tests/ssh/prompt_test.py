#!/usr/bin/env python3
"""The real binary at a terminal: what it asks a person for, when, how often, and that nobody else comes to know."""
import os
import re
import subprocess
import sys
import unittest

from access_test import BY_KEY, BY_PASSWORD, PASSWORD, Login
from lab import free_port, of_each_client, snapshot
from terminal import Watch

PASSPHRASE = "no one's $(guess)"


class Prompts(Login):
    def at_terminal(self, lab, command, answers, code=0, flags=()):
        """Types the answers at their prompts, in order, and nothing else is asked."""
        with Watch(PASSWORD, PASSPHRASE) as watch:
            terminal = lab.on_terminal(command, *flags)
            self.addCleanup(terminal.close)
            for prompt, answer in answers:
                terminal.expect(prompt)
                self.assertFalse(terminal.echoes())
                terminal.type(answer + "\n")
            self.assertEqual(terminal.end(), code, terminal.seen)
        self.assertGreater(watch.looks, 0)
        self.assertEqual(watch.found, [])
        self.assertEqual(len(re.findall("(?:passphrase|password) of [^ ]*: ", terminal.seen)), len(answers), terminal.seen)
        for secret in (PASSWORD, PASSPHRASE):
            self.assert_not_told(lab, secret, terminal.seen)
        return terminal.seen

    def lock_key(self, lab):
        subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", PASSPHRASE, "-f", lab.sshd.identity], check=True, stdout=subprocess.DEVNULL)
        return f"passphrase of {lab.sshd.identity}: "

    def account(self, lab):
        return f"{lab.login}@127.0.0.1:{lab.sshd.port}"

    def circle(self, lab, answers):
        self.at_terminal(lab, "up", answers, flags=("-v",))
        lab.assert_one_each()
        self.assertIn("nothing to change", self.at_terminal(lab, "up", answers))
        self.at_terminal(lab, "status", answers)
        self.at_terminal(lab, "down", answers)
        lab.assert_nothing_left()

    @of_each_client
    def test_passphrase(self, ssh_type):
        lab = self.lab(sshd=BY_KEY, sudoers="NOPASSWD: ALL", ssh_type=ssh_type)
        prompt = self.lock_key(lab)
        self.circle(lab, [(prompt, PASSPHRASE)])
        self.circle(lab, [(prompt, "guess"), ("that does not open it; " + prompt, PASSPHRASE)])
        refused = self.at_terminal(lab, "up", [(prompt, "")], code=3)
        self.assertIn("was not given", refused)
        self.assertEqual(snapshot(lab.base), lab.before)
        done = self.refused(lab, expect=f"there is no terminal to ask for the {prompt[:-2]}")
        self.assertIn("--passphrase-fd" if ssh_type == "builtin" else "--ask-passphrase", done.stderr)

    @of_each_client
    def test_password(self, ssh_type):
        lab = self.lab(sshd=BY_PASSWORD, sudoers="ALL", ssh_type=ssh_type)
        login, sudo = f"password of {self.account(lab)}: ", f"sudo password of {self.account(lab)}: "
        self.circle(lab, [(login, PASSWORD), (sudo, PASSWORD)])
        self.circle(lab, [(login, "guess"), ("that does not open it; " + login, PASSWORD), (sudo, "guess"), ("that does not open it; " + sudo, PASSWORD)])
        self.refused(lab, expect=f"there is no terminal to ask for the {login[:-2]}")
        self.refused(lab, "--password-fd", "0", said=PASSWORD + "\n", expect=f"there is no terminal to ask for the {sudo[:-2]}")
        thrice = [(login, "guess")] * 3
        self.assertIn("3 times it was another one", self.at_terminal(lab, "up", thrice, code=3))
        # Whoever gives it by a descriptor is not asked for another one.
        wrong = lab.on_terminal("up", "--password-fd", "0")
        self.addCleanup(wrong.close)
        wrong.type("guess\n")
        self.assertEqual(wrong.end(), 3, wrong.seen)
        self.assertNotIn("password of", wrong.seen)

    def test_only_hosts_that_a_command_is_about(self):
        lab = self.lab(sshd="ListenAddress 127.0.0.2\n" + BY_PASSWORD, sudoers="NOPASSWD: ALL")
        with open(lab.sshd.known_hosts, "a") as known:
            known.write(f"[127.0.0.2]:{lab.sshd.port} " + (lab.sshd.folder / "host.pub").read_text())
        with open(lab.file, "a") as file:
            file.write(f"  - host: 127.0.0.2\n    port: {free_port()}\n")
        one, two = (f"password of {lab.login}@127.0.0.{n}:{lab.sshd.port}: " for n in (1, 2))
        self.assertIn(f"127.0.0.1 │ {lab.login}", self.at_terminal(lab, "exec", [(one, PASSWORD)], flags=("--host", "127.0.0.1", "--as-login", "--", "id", "-un")))
        self.assertIn(" down ", self.at_terminal(lab, "status", [(two, PASSWORD)], code=1, flags=("--host", "127.0.0.2")))
        self.assertIn("toy.log", self.at_terminal(lab, "logs", [(two, PASSWORD)], code=2, flags=("--host", "127.0.0.2")))
        # Without such a word all are let in, before anything else happens.
        terminal = lab.on_terminal("exec", "--as-login", "--", "id", "-un")
        self.addCleanup(terminal.close)
        given, code = terminal.converse({one: PASSWORD, two: PASSWORD})
        self.assertEqual((sorted(given), code), ([one, two], 0), terminal.seen)

    def test_nobody_is_asked_without_need(self):
        self.circle(self.lab(sshd=BY_KEY, sudoers="NOPASSWD: ALL"), [])

    def test_interrupted_at_the_prompt(self):
        lab = self.lab(sshd=BY_KEY, sudoers="NOPASSWD: ALL")
        prompt = self.lock_key(lab)
        for flags in ((), ("--ask-passphrase",)):
            terminal = lab.on_terminal("up", *flags)
            self.addCleanup(terminal.close)
            terminal.expect("passphrase of the key: " if flags else prompt)
            self.assertFalse(terminal.echoes())
            terminal.type("half\x03")
            terminal.expect("interrupted: shutting down cleanly")
            self.assertEqual(terminal.end(), 130, terminal.seen)
            self.assertNotIn("half", terminal.seen)
            self.assertEqual(snapshot(lab.base), lab.before)

    def test_echo_is_back_after_an_interruption(self):
        """Seen from a shell that outlives the tool, since a terminal without programs has no modes."""
        lab = self.lab(sshd=BY_KEY, sudoers="NOPASSWD: ALL")
        prompt = self.lock_key(lab)
        lab.tool, argv = "sh", lab.argv("up")
        lab.argv = lambda *_, **__: ["sh", "-c", 'trap : INT; "$@"; stty -a; exit 7', "sh", os.environ["TIDELAB"], *argv[1:]]
        terminal = lab.on_terminal("up")
        self.addCleanup(terminal.close)
        terminal.expect(prompt)
        terminal.type("\x03")
        self.assertEqual(terminal.end(), 7, terminal.seen)
        self.assertRegex(terminal.seen, r"[ ;]echo[ ;]")

    def test_in_the_background(self):
        """A shell's background job is not stopped by a prompt: it says that there is no terminal for it."""
        lab = self.lab(sshd=BY_KEY, sudoers="NOPASSWD: ALL")
        self.lock_key(lab)
        argv = lab.argv("up")
        lab.argv = lambda *_, **__: ["bash", "-ic", '"$@" </dev/null & wait $!; echo "code $?"', "bash", *argv]
        terminal = lab.on_terminal("up")
        self.addCleanup(terminal.close)
        terminal.expect("code 3")
        terminal.end()
        self.assertIn("there is no terminal to ask for the passphrase", terminal.seen)


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("these tests start an sshd and make an account: they need root")
    unittest.main(verbosity=2)
