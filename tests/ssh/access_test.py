#!/usr/bin/env python3
"""The real binary let in by passwords, and root by sudo: an account of its own with both, on a real sshd."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from lab import Lab, Sshd, of_each_client, snapshot

TOOL = os.environ["TIDELAB"]
LOGIN = os.environ.get("TIDELAB_TEST_ACCOUNT", "tidelab") + "-login"
PASSWORD = "it's a $(secret) \\ \"word\""
SUDOERS = Path(f"/etc/sudoers.d/{LOGIN}")
BY_KEY = "AuthorizedKeysFile .ssh/authorized_keys"
BY_PASSWORD = "PasswordAuthentication yes\nPubkeyAuthentication no"
INTERACTIVE = "UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no\nPubkeyAuthentication no"


class Login(unittest.TestCase):
    """An account of its own, which may log in by key and has a password."""

    def setUp(self):
        subprocess.run(["userdel", "-r", LOGIN], capture_output=True)
        hashed = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=PASSWORD, capture_output=True, text=True, check=True).stdout.strip()
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", "--password", hashed, LOGIN], check=True)
        self.addCleanup(self.forget)

    def forget(self):
        SUDOERS.unlink(missing_ok=True)
        subprocess.run(["userdel", "-r", LOGIN], capture_output=True)

    def lab(self, sudoers=None, **options):
        made = Lab(TOOL, login=LOGIN, toys=1, **options)
        self.addCleanup(made.close)
        folder = Path(f"/home/{LOGIN}/.ssh")
        folder.mkdir(mode=0o700)
        (folder / "authorized_keys").write_text((made.sshd.folder / "id.pub").read_text())
        subprocess.run(["chown", "-R", f"{LOGIN}:", folder], check=True)
        if sudoers:
            SUDOERS.write_text(f"Defaults:{LOGIN} !lecture, !use_pty\n{LOGIN} ALL=(ALL) {sudoers}\n")
            SUDOERS.chmod(0o440)
        return made

    def assert_not_told(self, lab, secret, *said):
        """It is in nothing that was said or written."""
        for text in said:
            self.assertNotIn(secret, text)
        for path in [*(lab.root / "state").rglob("*"), *lab.base.rglob("*"), lab.sshd.folder / "log"]:
            if path.is_file():
                self.assertNotIn(secret.encode(), path.read_bytes(), path)

    def refused(self, lab, *flags, said="", expect=""):
        done = lab.run("up", *flags, said=said, code=3)
        self.assertIn(expect, done.stderr)
        self.assertIn("nothing was changed", done.stderr)
        self.assertEqual(snapshot(lab.base), lab.before)
        return done


class Access(Login):
    def full_circle(self, lab, *flags, said=""):
        first = lab.run("up", "-v", *flags, said=said)
        lab.assert_one_each()
        second = lab.run("up", *flags, said=said)
        self.assertIn("nothing to change", second.stdout)
        lab.run("verify", *flags, said=said)
        told = lab.run("exec", "--sh", "echo out; echo err >&2", *flags, said=said)
        self.assertEqual((told.stdout, told.stderr), ("127.0.0.1 │ out\n", "127.0.0.1 │ err\n"))
        self.assert_not_told(lab, PASSWORD, *(done.stdout + done.stderr for done in (first, second)))
        lab.run("down", *flags, said=said)
        lab.assert_nothing_left()

    @of_each_client
    def test_password(self, ssh_type):
        lab = self.lab(sshd=BY_PASSWORD, sudoers="NOPASSWD: ALL", ssh_type=ssh_type)
        self.full_circle(lab, "--password-fd", "0", said=PASSWORD + "\n")
        wrong = self.refused(lab, "--password-fd", "0", said="guess\n", expect="password")
        self.assertNotIn("guess", wrong.stderr)
        self.refused(lab, expect="--ask-password")
        self.assertIn("no terminal", lab.run("up", "--ask-password", code=64).stderr)

    def test_password_is_not_for_the_jump_host(self):
        """Even one that would be let in by it does not get it; it is known by its name."""
        lab = self.lab(sshd=BY_PASSWORD, ssh_type="system")
        for sshd, code in ((BY_PASSWORD, 2), (INTERACTIVE, 2), (BY_KEY, 0)):
            folder = Path(tempfile.mkdtemp(dir=lab.root))
            jump = Sshd(folder, sshd)
            self.addCleanup(jump.close)
            Path(f"/home/{LOGIN}/.ssh/authorized_keys").write_text((folder / "id.pub").read_text())
            (folder / "known").write_text(f"[localhost]:{jump.port} " + (folder / "host.pub").read_text())
            (folder / "config").write_text(f"Host localhost\n  IdentityFile {folder}/id\n  UserKnownHostsFile {folder}/known\nHost 127.0.0.1\n  ProxyJump {LOGIN}@localhost:{jump.port}\n")
            done = lab.run("exec", "--as-login", "--ssh-config", str(folder / "config"), "--password-fd", "0", "--", "id", "-un", said=PASSWORD + "\n", code=code)
            log = (folder / "log").read_text()
            self.assertNotIn("Accepted password", log)
            self.assertNotIn("Accepted keyboard-interactive", log)
            self.assertRegex(log, "Accepted publickey" if code == 0 else "Failed password|Authentication failure")
            self.assertEqual(done.stdout, f"127.0.0.1 │ {LOGIN}\n" if code == 0 else "")
        self.assertIn("Accepted password", (lab.sshd.folder / "log").read_text())

    def test_keyboard_interactive(self):
        for ssh_type in ("builtin", "system"):
            with self.subTest(ssh_type):
                shutil.rmtree(f"/home/{LOGIN}/.ssh", ignore_errors=True)
                lab = self.lab(sshd=INTERACTIVE, sudoers="NOPASSWD: ALL", ssh_type=ssh_type)
                self.full_circle(lab, "--password-fd", "0", said=PASSWORD + "\n")

    def test_sudo_without_password(self):
        self.full_circle(self.lab(sshd=BY_KEY, sudoers="NOPASSWD: ALL"))

    @of_each_client
    def test_sudo_with_password(self, ssh_type):
        lab = self.lab(sshd=BY_KEY, sudoers="ALL", ssh_type=ssh_type)
        self.refused(lab, expect="--ask-sudo-password")
        self.refused(lab, "--sudo-password-fd", "0", said="guess\n", expect="sudo refused root access on")
        self.full_circle(lab, "--sudo-password-fd", "0", said=PASSWORD + "\n")

    def test_no_sudo_rights(self):
        self.refused(self.lab(sshd=BY_KEY), "--sudo-password-fd", "0", said=PASSWORD + "\n", expect="sudo refused root access on")

    def test_both_passwords_from_one_descriptor(self):
        lab = self.lab(sshd=BY_PASSWORD, sudoers="ALL")
        self.full_circle(lab, "--password-fd", "0", "--sudo-password-fd", "0", said=PASSWORD + "\n" + PASSWORD + "\n")

    def test_lists_of_passwords_from_one_descriptor(self):
        lab = self.lab(sshd=BY_PASSWORD, sudoers="ALL")
        lists = ("--passwords-fd", "0", "--sudo-passwords-fd", "0")
        self.full_circle(lab, *lists, said=f"elsewhere guess\n127.0.0.1 {PASSWORD}\n\n* {PASSWORD}\n")
        self.refused(lab, *lists, said=f"elsewhere guess\n\n* {PASSWORD}\n", expect="--passwords-fd gave no line for 127.0.0.1")
        self.refused(lab, *lists, said=f"* {PASSWORD}\n\nelsewhere guess\n", expect="--sudo-passwords-fd gave no line for 127.0.0.1")
        self.assertIn("line 2 from file descriptor 0 is not `HOST PASSWORD`", lab.run("up", *lists, said="a b\nguess\n", code=64).stderr)


class Cost(unittest.TestCase):
    """docs/ssh.md promises these numbers."""

    def test_second_up(self):
        for ssh_type in ("builtin", "system"):
            with self.subTest(ssh_type):
                lab = Lab(TOOL, toys=2, ssh_type=ssh_type)
                self.addCleanup(lab.close)
                lab.run("up")
                said = lab.run("up", "--trace").stderr
                found = re.findall(r"trace: (\S+): (\d+) remote commands, (?:(\d+) round trips, )?(\d+) connections, (\d+) bytes sent", said)
                self.assertEqual([(name, connections) for name, _, _, connections, _ in found], [(f"root@127.0.0.1:{lab.sshd.port}", "1")], said)
                self.assertLessEqual(int(found[0][1]), 3, said)
                if ssh_type == "builtin":  # about 9 to connect, and 3 for each command; the last answer may come with the one before
                    self.assertIn(int(found[0][2]), range(8, 12 + 4 * int(found[0][1])), said)
                self.assertEqual(len(re.findall(r"^trace: .* ms\)$", said, re.M)), int(found[0][1]), said)
                lab.run("down")
                lab.assert_nothing_left()


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("these tests start an sshd and make an account: they need root")
    unittest.main(verbosity=2)
