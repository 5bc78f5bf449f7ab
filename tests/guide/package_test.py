#!/usr/bin/env python3
"""The packages of a build: what is in them, that the program runs from them, and that nothing of an installation stays. Needs no
rights: the .deb is installed below a directory."""
import argparse
import gzip
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOMEBODY = 65534
DATA = ("playbooks", "checks", "topologies", "docs/explain")
# Of the C library, and of the machine.
THEIRS = re.compile(r"(?:ld-linux|libc|libm|libdl|libpthread|librt|libresolv|libanl|libutil|linux-vdso)\b")


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=300, **options)


def tree(folder):
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if not path.is_dir()}


class Packages(unittest.TestCase):
    binary = None

    @classmethod
    def setUpClass(cls):
        cls.scratch = pathlib.Path(tempfile.mkdtemp(prefix="tidelab-package-"))
        made = run("cpack", "-G", "DEB;TGZ", "--config", cls.binary.parent / "CPackConfig.cmake", "-B", cls.scratch / "packages", cwd=cls.scratch)
        assert made.returncode == 0, made.stdout + made.stderr
        (cls.deb,), (cls.tar,) = [list((cls.scratch / "packages").glob(name)) for name in ("tidelab_*.deb", "tidelab-*.tar.gz")]
        cls.version = run(cls.binary, "--version").stdout.split()[1]
        cls.unpacked = cls.scratch / "deb"
        assert run("dpkg-deb", "-x", cls.deb, cls.unpacked).returncode == 0
        # A place that nobody thinks of.
        cls.strange = cls.scratch / "a b;c $HOME ü"
        cls.strange.mkdir()
        assert run("tar", "-xzf", cls.tar, "-C", cls.strange).returncode == 0
        (cls.folder,) = cls.strange.iterdir()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.scratch)

    def tidelab(self, program, *words):
        return run(program, *words, cwd="/", env={"PATH": "/usr/bin:/bin", "HOME": str(self.scratch), "LC_ALL": "C.UTF-8"})

    def runs(self, prefix, program=None):
        program = program or prefix / "bin/tidelab"
        self.assertTrue(self.tidelab(program, "--version").stdout.startswith(f"tidelab {self.version} ("))
        topology = prefix / "share/tidelab/topologies/one_host.yaml"
        said = self.tidelab(program, "validate", topology)
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        self.assertIn(": ok, ", said.stdout)
        self.assertIn("one_host", self.tidelab(program, "template").stdout)
        page = prefix / "share/tidelab/docs/explain/T012.md"
        text = page.read_text()
        page.write_text(text + "\nfrom here\n")  # and from nowhere else
        self.assertIn("from here\n", self.tidelab(program, "explain", "T012").stdout)
        page.write_text(text)
        self.assertIn("one_host\t", self.tidelab(program, "complete", "template", "").stdout)

    def has_the_data(self, data):
        """What git has, no more, and what is run can be."""
        for folder in DATA:
            known = run("git", "-c", f"safe.directory={ROOT}", "ls-files", "-s", "-co", "--exclude-standard", folder, cwd=ROOT).stdout.split("\n")
            wanted = {line.split("\t")[-1] for line in known if line}
            self.assertGreater(len(wanted), 3, folder)
            found = {f"{folder}/{name}": path for name, path in tree(data / folder).items()}
            self.assertEqual(set(found), wanted)
            for name, path in found.items():
                runs = os.access(ROOT / name, os.X_OK)
                self.assertEqual(oct(stat.S_IMODE(path.stat().st_mode)), oct(0o755 if runs else 0o644), name)

    def test_what_somebody_else_put_beside_the_program(self):
        """A program in a directory that all may write takes nobody's playbooks for its own."""
        all_may_write = self.scratch / "all"
        program = all_may_write / "deep/bin/tidelab"
        program.parent.mkdir(parents=True)
        all_may_write.chmod(0o1777)
        shutil.copy2(self.binary, program)
        for place in (all_may_write, all_may_write / "deep/share/tidelab"):
            for name in ("playbooks", "checks"):
                shutil.copytree(ROOT / name, place / name)
            said = self.tidelab(program, "playbooks")
            self.assertEqual((said.returncode, said.stderr), (0, ""))
            if os.geteuid() == 0:  # nobody else can give files away
                top = place / "playbooks" if place == all_may_write else place.parent
                os.chown(top, SOMEBODY, SOMEBODY)
                said = self.tidelab(program, "playbooks")
                self.assertNotEqual(said.returncode, 0)
                self.assertIn(f"({top} belongs to ", said.stderr)
                self.assertNotIn("kafka", said.stdout)
                os.chown(top, 0, 0)
            shutil.rmtree(all_may_write / "playbooks", ignore_errors=True)

    def test_control(self):
        fields = dict(line.split(": ", 1) for line in run("dpkg-deb", "-f", self.deb).stdout.splitlines() if re.match(r"\S+: ", line))
        self.assertEqual((fields["Package"], fields["Version"], fields["Section"]), ("tidelab", self.version + "-1", "utils"))
        for library in ("libc6", "libcurl4", "libssh2-1", "librdkafka1", "libyaml-cpp0.7"):
            self.assertRegex(fields["Depends"], rf"(^|, ){re.escape(library)} \(>= ")
        self.assertIn("openssh-client", fields["Recommends"])
        self.assertEqual(run("dpkg-deb", "--ctrl-tarfile", self.deb).returncode, 0)
        for line in run("dpkg-deb", "-c", self.deb).stdout.splitlines():
            self.assertRegex(line, r"^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--) root/root ", "rights and owners")

    def test_deb_has(self):
        share = self.unpacked / "usr/share"
        self.has_the_data(share / "tidelab")
        for name, words in (("man/man1/tidelab.1.gz", ["help", "--format", "man"]), ("bash-completion/completions/tidelab", ["completion", "bash"]),
                            ("zsh/vendor-completions/_tidelab", ["completion", "zsh"]), ("fish/vendor_completions.d/tidelab.fish", ["completion", "fish"])):
            there = (share / name).read_bytes()
            self.assertEqual(gzip.decompress(there) if name.endswith(".gz") else there, run(self.binary, *words).stdout.encode(), name)
        self.assertEqual(gzip.decompress((share / "doc/tidelab/changelog.gz").read_bytes()), (ROOT / "CHANGELOG.md").read_bytes())
        self.assertIn(f"tidelab ({self.version}-1)", gzip.decompress((share / "doc/tidelab/changelog.Debian.gz").read_bytes()).decode())
        self.assertIn("Apache-2.0", (share / "doc/tidelab/copyright").read_text())
        self.assertTrue((share / "doc/tidelab/docs/commands.md").is_file())
        self.assertEqual({path.name for path in self.unpacked.iterdir()}, {"usr"})

    def test_deb_runs(self):
        self.runs(self.unpacked / "usr")

    maxDiff = 2000

    def test_nothing_stays(self):
        """Installed by dpkg below a directory, and purged."""
        root = self.scratch / "root"
        for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "etc"):
            (root / folder).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        (root / "etc/keep").touch()
        dpkg = ["dpkg", f"--root={root}", "--force-not-root", "--force-depends", "--force-bad-path", "--log=/dev/null"]
        done = run(*dpkg, "--install", self.deb)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.runs(root / "usr")
        self.assertEqual(run(*dpkg, "--verify", "tidelab").stdout, "")
        done = run(*dpkg, "--purge", "tidelab")
        self.assertEqual(done.returncode, 0, done.stderr)
        left = [path for path in root.rglob("*") if "var/lib/dpkg" not in str(path) and path.name != "var" and path.name != "lib"]
        self.assertEqual({str(path.relative_to(root)) for path in left}, {"etc", "etc/keep"})

    def test_tar_has(self):
        self.assertRegex(self.tar.name, rf"^tidelab-{re.escape(self.version)}-linux-\w+\.tar\.gz$")
        self.assertEqual(self.folder.name + ".tar.gz", self.tar.name)
        share = self.folder / "share"
        self.has_the_data(share / "tidelab")
        for name in ("man/man1/tidelab.1.gz", "zsh/site-functions/_tidelab", "doc/tidelab/LICENSE", "doc/tidelab/CHANGELOG.md"):
            self.assertTrue((share / name).is_file(), name)

    def test_tar_runs_anywhere(self):
        self.runs(self.folder)
        link = self.scratch / "link"
        link.symlink_to(self.folder / "bin/tidelab")
        self.runs(self.folder, link)
        moved = self.scratch / "moved"
        shutil.move(self.folder, moved)
        self.runs(moved)
        shutil.move(moved, self.folder)

    def test_tar_brings_its_libraries(self):
        own = str(self.folder / "bin/../lib/tidelab/")
        lines = run("ldd", self.folder / "bin/tidelab").stdout.splitlines()
        self.assertGreater(len(lines), 15)
        foreign = [line.strip() for line in lines if own not in line and not THEIRS.match(line.split(" (")[0].split(" => ")[0].split("/")[-1].strip())]
        self.assertEqual(foreign, [])
        notices = self.folder / "share/doc/tidelab/libraries"
        if notices.is_dir():  # where the libraries are Debian's
            said = (notices / "README").read_text()
            for path in notices.iterdir():
                self.assertTrue(path.name == "README" or f": {path.name}\n" in said, path.name)
            owners = {line.split(": ")[0].split(":")[0] for name in (self.folder / "lib/tidelab").iterdir()
                      for line in run("dpkg-query", "-S", f"*/{name.name}").stdout.splitlines()}
            self.assertEqual({path.name for path in notices.iterdir()} - {"README"} - owners, set())
            self.assertTrue({"libssl3", "libcurl4", "zlib1g"} <= {path.name for path in notices.iterdir()})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    options, rest = parser.parse_known_args()
    Packages.binary = pathlib.Path(options.binary).resolve(strict=True)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
