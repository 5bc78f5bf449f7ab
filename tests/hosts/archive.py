"""`tidelab logs --archive`: what must be in it is, secrets are not, and what a host or an account on it does harms nobody."""
import bz2
import gzip
import io
import lzma
import subprocess
import tarfile
import zipfile

from lab import Hosts, must
from supervision import HOME, ONE, TWO, Toys

SECRET, LONGER = "s3cret-of-the-lab", "two \\ lines\nof \"another\" one"
IN_JSON = 'two \\\\ lines\\nof \\"another\\" one'
MIB = 1 << 20


class Secretive(Toys):
    """Toys with secrets in their topology; one is in a configuration, too."""

    def write(self):
        self.greetings[ONE, 7001] = SECRET
        super().write()
        text = self.file.read_text()
        for port, secret in (("7001", SECRET), ("7002", IN_JSON)):
            text = text.replace(f"    port: {port}\n", f'    port: {port}\n    password: "{secret}"\n')
        self.file.write_text(text)


class Archive:
    """One that was made: what is in it by name, its list of contents, and what was said."""

    def __init__(self, hosts, target, *more, code=0):
        path = hosts.folder / "all.tar.gz"
        path.unlink(missing_ok=True)
        ran = hosts.tidelab("logs", target, "--archive", path, *more)
        must(code is None or ran.code == code, f"logs --archive ended with {ran.code}, not {code}", ran.out)
        must(not list(hosts.folder.glob(".tidelab-logs-*")), "what it worked with is left")
        self.said = ran.out
        with tarfile.open(path) as tar:
            members = tar.getmembers()
            odd = [m.name for m in members if not (m.isreg() or m.isdir()) or not m.name.startswith("toys-logs") or ".." in m.name.split("/")]
            must(not odd, f"in the archive are {odd}")
            self.files = {m.name.removeprefix("toys-logs/"): tar.extractfile(m).read() for m in members if m.isreg()}
        self.contents = self.files["CONTENTS.txt"].decode()
        must(self.contents in ran.out, "what is said is not what the list says", ran.out)

    def has(self, *names):
        for name in names:
            must(name in self.files, f"{name} is not there", "\n".join(self.files))
            must(self.files[name], f"{name} is empty")

    def lists(self, *texts):
        for text in texts:
            must(text in self.contents, f"the list does not say `{text}`", self.contents)


def write(hosts, name, path, content, user="toy"):
    """A file in a host, as an account there writes it."""
    argv = hosts.net.host(name).inside("runuser", "-u", user, "--", "sh", "-c", 'cat > "$0"', path)
    subprocess.run(argv, input=content, check=True, timeout=60)


def everything_and_no_secret():
    """Secrets of the topology in every file and wherever pieces end, files that are too large, and names made to confuse."""
    with Hosts([("one", ONE, "systemd"), ("two", TWO, "shell")], home=HOME) as hosts:
        toys = Secretive(hosts, "toy")
        toys.up()
        log = f"{toys.deploy}/toy-7001/log"
        texts = {"plain.log": b"a " + SECRET.encode() + b" b\n", "plain.log.masked": b"c " + SECRET.encode(), "escaped.log": IN_JSON.encode() + b"\n",
                 "bytes.log": bytes(range(256)) * 5000}
        for before in (1, 9, 16, 17):
            texts[f"long-{before}.log"] = b"x" * (MIB - before) + SECRET.encode() + b"y" * MIB + SECRET.encode()
            texts[f"lines-{before}.log"] = b"x" * (MIB - 1 - before) + b"\n" + LONGER.encode() + b"\n" + b"y" * 100
        for name, text in texts.items():
            write(hosts, "one", f"{log}/{name}", text)
        hosts.inside("one", f"""cd {log} && truncate -s {64 * MIB + 1} large.log && mkfifo pipe && ln -s /etc/shadow out && ln -s /etc etc
            printf 'new line {SECRET}' > "$(printf 'larger 1\\n192.168.12.22: collected \\033[31m')"; echo dash > ./--checkpoint-action=exec=false; echo "it's" > "it's \\"quoted\\""
            truncate -s {64 * MIB + 1} "$(printf 'odd\\n192.168.12.22: fine \\033[31m')"; echo closed > closed.log; chown -h toy: ./*; chmod 0 closed.log""")
        found = Archive(hosts, toys.file)
        for address in (ONE, TWO):
            for port in (7001, 7002):
                at = f"{address}{toys.deploy}/toy-{port}"
                found.has(f"{at}/log/toy.log", f"{at}/conf/toy.properties", f"{at}/conf/note")
            found.lists(f"\n{address}: collected\n")
        found.has("controller/topology.yaml", "controller/up.jsonl", f"{ONE}/etc/systemd/system/tidelab-toys.toy-7001.service")
        must(b"tart" in found.files[f"{ONE}/journal.txt"] and b"toy" in found.files[f"{ONE}/journal.txt"], "the journal says nothing of a start", repr(found.files[f"{ONE}/journal.txt"]))
        must(f"{TWO}/journal.txt" not in found.files, "a journal of a host without systemd")
        for name, text in texts.items():
            masked = text
            for secret in (SECRET, LONGER, IN_JSON):
                masked = masked.replace(secret.encode(), b"***")
            got = found.files[f"{ONE}{log}/{name}"]
            must(got == masked, f"{name} is not what it must be: {len(got)} bytes, not {len(masked)}", repr(got[-300:]))
        must(b"greeting=***" in found.files[f"{ONE}{toys.deploy}/toy-7001/conf/toy.properties"], "the configuration is not masked")
        for name, text in found.files.items():
            bad = [s for s in (SECRET, LONGER, IN_JSON) if s.encode() in text]
            must(not bad and SECRET not in name.encode().decode(errors="replace"), f"{name} has {bad}")
        names = [n.removeprefix(f"{ONE}{log}/") for n in found.files]
        must(any(n.startswith("larger 1\n") for n in names) and "--checkpoint-action=exec=false" in names and 'it\'s "quoted"' in names, "a strange name is missing", repr(names))
        must(not {"out", "etc", "pipe", "large.log"} & set(names), "what is no file is there", repr(names))
        found.lists(f"larger than 64 MiB (bytes, file): {64 * MIB + 1} {log}/large.log\n", f"{log}/closed.log")
        must("find: " not in found.contents, "what looks for files complains", found.contents)
        must("\x1b" not in found.said, "a name reaches the terminal as it is", repr(found.said))
        must([line for line in found.contents.splitlines() if line.startswith(TWO)] == [f"{TWO}: collected"], "a name passes for a line of the list", found.contents)

        # One host is enough, and the other is not asked; without it the rest is there.
        hosts.net.host("two").kill()
        one = Archive(hosts, toys.file, "--host", ONE)
        must(not [n for n in [*one.contents.splitlines(), *one.files] if n.startswith(TWO)], "another host than that was asked", one.contents)
        both = Archive(hosts, toys.file, code=2)
        both.lists(f"{ONE}: collected\n", f"{TWO}: could not be reached\n")
        both.has(f"{ONE}{log}/toy.log", "controller/up.jsonl")
        for path, why in (("/proc/all.tar.gz", "No such file"), (hosts.folder / "none/all.tar.gz", "No such file"), (hosts.folder, "directory")):
            ran = hosts.tidelab("logs", toys.file, "--archive", path)
            must(ran.code == 64 and f"cannot write {path}: " in ran.out and why in ran.out, f"for {path} it ended with {ran.code}", ran.out)


def compressed_logs():
    """Old logs, as components compress them, are unpacked and masked; what nobody can look into is left out and named."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        toys = Secretive(hosts, "toy", addresses=(ONE,))
        toys.up()
        log = f"{toys.deploy}/toy-7001/log"
        secret, masked = b"a " + SECRET.encode() + b" b\n", b"a *** b\n"
        packed = gzip.compress(secret * 1000)
        zipped = io.BytesIO()
        with zipfile.ZipFile(zipped, "w") as out:
            out.writestr("x.log", secret)
        for name, content in {"old.log.gz": packed, "two.log.gz": packed, "two.log": secret, "no-name": packed, "torn.log.gz": packed[:-20], "twice.gz": gzip.compress(packed),
                              "x.zip": zipped.getvalue(), "x.bz2": bz2.compress(secret), "x.xz": lzma.compress(secret), "no.gz": secret}.items():
            write(hosts, "one", f"{log}/{name}", content)
        hosts.inside("one", f"head -c {1024 * MIB + 1} /dev/zero | gzip -1 > {log}/much.gz; chown toy: {log}/much.gz")
        found = Archive(hosts, toys.file, code=2)
        got = {name.rpartition("/")[2]: text for name, text in found.files.items() if "/toy-7001/log/" in name and "toy.log" not in name}
        must(got == {"old.log": masked * 1000, "two.log.gz": masked * 1000, "two.log": masked, "no-name": masked * 1000, "no.gz": masked}, "of compressed files there are", repr({k: v[:40] for k, v in got.items()}))
        for name, why in {"torn.log.gz": "could not be unpacked", "twice.gz": "compressed twice", "x.zip": "it is compressed", "x.bz2": "it is compressed", "x.xz": "it is compressed",
                          "much.gz": "larger than 1024 MiB"}.items():
            must(any(why in line and line.endswith(f"{log}/{name}") for line in found.contents.splitlines()), f"the list does not say that {name} is left out, since {why}", found.contents)


def account_that_leads_elsewhere():
    """Where the account of the services has put a link in place of a directory, root does not read for it."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        toys = Toys(hosts, "toy", addresses=(ONE,))
        toys.up()
        conf = f"{toys.deploy}/toy-7001/conf"
        hosts.inside("one", f"mkdir -m 700 /srv/private; echo of-root > /srv/private/toy.properties; mv {conf} {conf}-before; ln -s /srv/private {conf}")
        found = Archive(hosts, toys.file)
        must(not [n for n, text in found.files.items() if b"of-root" in text], "a file of root's is in the archive", found.contents)
        found.lists(f"not to be read by the account of the services: {conf}/toy.properties\n")
        found.has(f"{ONE}{toys.deploy}/toy-7001/log/toy.log")


def host_that_sends_anything():
    """Its tar is not tar: links and paths out of the folder, and what is no file."""
    with Hosts([("one", ONE, "shell")], home=HOME) as hosts:
        toys = Toys(hosts, "toy", addresses=(ONE,))
        toys.up()
        victim = hosts.folder / "victim"
        victim.mkdir()
        (victim / "mine").write_text("mine")
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for name, kind, link in (("x", tarfile.SYMTYPE, str(victim)), ("x/mine", tarfile.REGTYPE, ""), ("x/new", tarfile.REGTYPE, ""), ("../../../../../up", tarfile.REGTYPE, ""),
                                     (f"{victim}/absolute", tarfile.REGTYPE, ""), ("hard", tarfile.LNKTYPE, str(victim / "mine")), ("device", tarfile.CHRTYPE, ""), ("pipe", tarfile.FIFOTYPE, ""),
                                     ("suid", tarfile.REGTYPE, "")):
                info = tarfile.TarInfo(name)
                info.type, info.linkname, info.mode, info.size = kind, link, 0o6777, 5 if kind == tarfile.REGTYPE else 0
                tar.addfile(info, io.BytesIO(b"theirs"[:5]))
        write(hosts, "one", "/opt/sent.tar", packed.getvalue(), user="root")
        hosts.in_place_of("one", "tar", "#!/bin/sh\ncat > /dev/null; exec cat /opt/sent.tar\n")
        found = Archive(hosts, toys.file, code=2)
        for name, why in (("x", "neither file nor directory"), ("../../../../../up", "it would lie somewhere else"), ("hard", "neither file nor directory"),
                          ("device", "neither file nor directory"), ("pipe", "neither file nor directory")):
            found.lists(f"left out, {why}: {name}\n")
        found.has(f"{ONE}/suid", f"{ONE}/x/mine")
        must({p.name: p.read_text() for p in victim.iterdir()} == {"mine": "mine"}, f"it wrote outside: {list(victim.iterdir())}")
        must(not list(hosts.folder.glob("up")), "it wrote above its folder")


def journal_of_an_accounts_manager():
    with Hosts([("one", ONE, "systemd")], home=HOME) as hosts:
        toys = Toys(hosts, "toy", mode="user", addresses=(ONE,))
        toys.up()
        log = Archive(hosts, toys.file).files.get(f"{ONE}/journal.txt", b"")
        must(b"tart" in log and b"toy" in log, "the journal says nothing of a start", repr(log))


TESTS = [everything_and_no_secret, compressed_logs, account_that_leads_elsewhere, host_that_sends_anything, journal_of_an_accounts_manager]
