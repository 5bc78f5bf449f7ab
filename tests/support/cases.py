"""Golden cases, one file each: what is typed, the files that are there, and every byte of what must come back.

    $ validate lab.yaml
    === lab.yaml
    kafka_servers: []
    === exit 65
    === stderr
    error[…

The first line is the command, behind `$`. A heading `=== NAME` begins a file that is there (`stdin` is what is piped in, `env` more
variables, `state/…` records of labs that are up); behind `=== exit CODE` stand `stdout` and `stderr`, where they are not empty. A
heading may end with `, no last line end` or `, in base64`. A line that would be taken for a heading has `\\` before it."""
import base64
import pathlib

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden"
OUTPUT = ("stdout", "stderr")
NO_END, ENCODED = ", no last line end", ", in base64"


class Case:
    def __init__(self, path):
        self.path, self.name = path, str(path.relative_to(GOLDEN))[: -len(".case")]
        text = path.read_bytes().decode()
        first, _, rest = text.partition("\n")
        if not first.startswith("$ "):
            raise SystemExit(f"{path}:1: a case begins with `$ COMMAND`")
        self.command, self.files, self.code = first[2:], {}, None
        self.said = {name: "" for name in OUTPUT}
        for heading, body in sections(rest):
            if heading.startswith("exit "):
                self.code = heading[len("exit "):]
            elif self.code is not None:
                self.said[heading] = body.decode()
            else:
                self.files[heading] = body

    def lay_out(self, folder):
        """The files that are there, but for what is piped in and the environment."""
        for name, body in self.files.items():
            if name not in ("stdin", "env"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(body)

    def write(self):
        out = [f"$ {self.command}\n"]
        out += [rendered(name, body) for name, body in self.files.items()]
        if self.code is not None:
            out.append(f"=== exit {self.code}\n")
        out += [rendered(name, self.said[name].encode()) for name in ("stderr", "stdout") if self.said[name]]
        self.path.write_bytes("".join(out).encode())


def sections(text):
    heading, lines = None, []
    for line in split(text):
        if line.startswith("=== "):
            if heading is not None:
                yield heading_of(heading, lines)
            heading, lines = line[4:].rstrip("\n"), []
        elif heading is not None:
            lines.append(line[1:] if line.startswith("\\=== ") or line.startswith("\\\\") and line.lstrip("\\").startswith("=== ") else line)
    if heading is not None:
        yield heading_of(heading, lines)


def split(text):
    """At line feeds alone: other line ends are what a case may be about."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def heading_of(heading, lines):
    body = "".join(lines)
    if heading.endswith(ENCODED):
        return heading[: -len(ENCODED)], base64.b64decode(body)
    if heading.endswith(NO_END):
        return heading[: -len(NO_END)], body[:-1].encode()
    return heading, body.encode()


def rendered(name, body):
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"=== {name}{ENCODED}\n" + base64.encodebytes(body).decode()
    end = "" if text.endswith("\n") or not text else NO_END
    lines = ["\\" + line if line.lstrip("\\").startswith("=== ") else line for line in split(text)]
    return f"=== {name}{end}\n" + "".join(lines) + ("\n" if end else "")


def all_cases(under=""):
    return [Case(path) for path in sorted(GOLDEN.rglob("*.case")) if str(path.relative_to(GOLDEN)).startswith(under)]
