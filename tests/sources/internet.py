"""A small internet on loopback: the sites that archives really come from, under their names and paths, over TLS, behind a proxy that a
program finds by `https_proxy`. Its certificates are signed by an authority of its own (`SSL_CERT_FILE`). What it serves are stand-ins:
small archives with the names and the layouts of the real ones. It misbehaves on request.

How the real sites answer: Apache's archive has everything and, for Kafka, digests as `gpg --print-md` prints them; its content network
has current releases only; GitHub sends one on to another host, which knows ranges; Temurin's API gives link, size and digest; TiUP's
mirror has signed documents; Maven's repository has .sha1 beside each file."""
import base64
import hashlib
import http.server
import io
import json
import pathlib
import socket
import ssl
import subprocess
import tarfile
import threading
import time
import urllib.parse

APACHE, CDN, GITHUB, BLOBS = "archive.apache.org", "dlcdn.apache.org", "github.com", "objects.githubusercontent.com"
TEMURIN, MAVEN, TIUP = "api.adoptium.net", "repo1.maven.org", "tiup-mirrors.pingcap.com"
SITES = [APACHE, CDN, GITHUB, BLOBS, TEMURIN, MAVEN, TIUP]


def openssl(*words, given=b""):
    return subprocess.run(["openssl", *map(str, words)], input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout


def archive(*files):
    """A .tar.gz of these names, each with its name as content and executable."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(name), 0o755
            tar.addfile(entry, io.BytesIO(name.encode()))
    return out.getvalue()


def sha(algorithm, data):
    return hashlib.new(algorithm, data).hexdigest()


def printed_md(name, digest):
    """As `gpg --print-md sha512` prints it: groups of eight, upper case, over several lines."""
    groups = [digest[at:at + 8].upper() for at in range(0, len(digest), 8)]
    blanks = "\n" + " " * (len(name) + 2)
    return name + ": " + blanks.join(" ".join(groups[at:at + 6]) for at in range(0, len(groups), 6)) + "\n"


class Signer:
    def __init__(self, folder, name):
        self.file = folder / f"{name}.pem"
        openssl("genrsa", "-out", self.file, "2048")
        public = openssl("rsa", "-in", self.file, "-pubout").decode()
        self.described = {"keytype": "rsa", "keyval": {"public": public}, "scheme": "rsassa-pss-sha256"}
        self.id = sha("sha256", json.dumps(self.described, separators=(",", ":"), sort_keys=True).encode())

    def sign(self, data):
        # 222: the longest salt that there is room for, as TiUP takes it
        signature = openssl("dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:222", "-sign", self.file, given=data)
        return base64.b64encode(signature).decode()


class Mirror:
    """TiUP's: a root of version 5, reached from version 4, and components that one owner has signed."""

    def __init__(self, folder):
        folder.mkdir()
        self.roots = [Signer(folder, f"root{n}") for n in range(3)]
        self.online = Signer(folder, "online")
        self.expires = {}
        self.files = {}

    def publish(self, components):
        """`components`: name → {version: archive}."""
        role = lambda signers, threshold: {"threshold": threshold, "keys": {each.id: each.described for each in signers}}
        roles = {"root": role(self.roots, 3)} | {name: role([self.online], 1) for name in ("timestamp", "snapshot", "index")}
        for version in (4, 5):
            self.write(f"{version}.root.json", "root", version, self.roots, roles=roles)
        self.files["root.json"] = self.files["5.root.json"]
        self.write("7.index.json", "index", 7, [self.online], owners={"pingcap": {"name": "PingCAP"} | role([self.online], 1)},
                   components={name: {"owner": "pingcap", "url": f"/{name}.json", "yanked": False} for name in components})
        for name, versions in components.items():
            listed = {}
            for version, data in versions.items():
                file = f"{name}-{version}-linux-amd64.tar.gz"
                self.files[file] = data
                listed[version] = {"url": f"/{file}", "length": len(data), "hashes": {"sha256": sha("sha256", data)}, "yanked": False, "dependencies": None}
            self.write(f"9.{name}.json", "component", 9, [self.online], id=name, platforms={"linux/amd64": listed})
        self.write_snapshot({"root": 5, "index": 7} | {name: 9 for name in components})

    def write_snapshot(self, versions):
        meta = {f"/{name}.json": {"version": version, "length": len(self.files[f"{version}.{name}.json"])} for name, version in versions.items()}
        snapshot = self.write("snapshot.json", "snapshot", 0, [self.online], meta=meta)
        self.write("timestamp.json", "timestamp", 123, [self.online],
                   meta={"/snapshot.json": {"length": len(snapshot), "hashes": {"sha256": sha("sha256", snapshot)}}})

    def write(self, file, kind, version, signers, **body):
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.expires.get(kind, 86400)))
        signed = json.dumps({"_type": kind, "spec_version": "0.1.0", "expires": expires, "version": version} | body, separators=(",", ":"), sort_keys=True)
        signatures = json.dumps([{"keyid": each.id, "sig": each.sign(signed.encode())} for each in signers], separators=(",", ":"))
        self.files[file] = f'{{"signatures":{signatures},"signed":{signed}}}'.encode()
        return self.files[file]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self):
        host = self.path.partition(":")[0]
        self.send_response(200)
        self.end_headers()
        try:
            inner = self.server.internet.tls.wrap_socket(self.connection, server_side=True)
            Site(inner, (host, 443), self.server)
        except (ssl.SSLError, OSError):
            pass
        self.close_connection = True

    def log_message(self, *words):
        pass


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        internet, host = self.server.internet, self.client_address[0]
        url = f"https://{host}{self.path}"
        internet.asked.append(url)
        for part, trouble in list(internet.troubles):
            if part in url:
                return trouble(self)
        status, headers, body = internet.answer(host, self.path)
        start = 0
        if status == 200 and host != GITHUB and (wanted := self.headers.get("Range")):
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            status, headers = 206, headers | {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
        self.answer(status, body[start:], headers)

    def answer(self, status, body=b"", headers={}, cut=None):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:cut])
        if cut is not None:
            self.hang_up()

    def hang_up(self):
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, *words):
        pass


class Internet:
    def __init__(self, folder):
        self.folder = folder
        self.files, self.jres, self.asked, self.troubles = {}, {}, [], []
        self.mirror = Mirror(folder / "keys")
        self.make_certificates()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.internet = self
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def make_certificates(self):
        authority, key, request, leaf = (self.folder / name for name in ("authority.pem", "key.pem", "request.pem", "leaf.pem"))
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.folder / "authority.key", "-out", authority, "-days", "2", "-subj", "/CN=tidelab test")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=site")
        names = self.folder / "names"
        names.write_text("subjectAltName=" + ",".join(f"DNS:{site}" for site in SITES))
        openssl("x509", "-req", "-in", request, "-CA", authority, "-CAkey", self.folder / "authority.key", "-CAcreateserial", "-days", "2", "-extfile", names, "-out", leaf)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(leaf, key)

    def environment(self):
        return {"https_proxy": f"http://127.0.0.1:{self.server.server_address[1]}", "SSL_CERT_FILE": str(self.folder / "authority.pem")}

    # ---- what the sites have

    def apache(self, path, data, printed=False, current=False):
        name = path.rpartition("/")[2]
        digest = sha("sha512", data)
        self.files[APACHE, "/dist/" + path] = data
        self.files[APACHE, "/dist/" + path + ".sha512"] = (printed_md(name, digest) if printed else f"{digest}  {name}").encode()
        if current:
            self.files[CDN, "/" + path] = data

    def maven(self, path, data):
        self.files[MAVEN, "/maven2/" + path] = data
        self.files[MAVEN, "/maven2/" + path + ".sha1"] = sha("sha1", data).encode()

    def temurin(self, asked, release, data):
        """What the API answers to a range that begins with `asked`, and the file at GitHub."""
        file = f"/adoptium/binaries/releases/download/{urllib.parse.quote(release)}/OpenJDK-jre_x64_linux_hotspot.tar.gz"
        self.files[GITHUB, file] = data
        self.jres[asked] = [{"release_name": release, "binaries": [{"package": {
            "link": f"https://{GITHUB}{file}", "size": len(data), "checksum": sha("sha256", data)}}]}]

    def reference(self):
        """All that topologies/reference.yaml takes."""
        self.apache("zookeeper/zookeeper-3.6.2/apache-zookeeper-3.6.2-bin.tar.gz", archive("apache-zookeeper-3.6.2-bin/bin/zkServer.sh"))
        self.apache("kafka/2.7.0/kafka_2.13-2.7.0.tgz", archive("kafka_2.13-2.7.0/bin/kafka-server-start.sh"), printed=True)
        self.apache("flink/flink-1.12.1/flink-1.12.1-bin-scala_2.11.tgz", archive("flink-1.12.1/bin/jobmanager.sh"), current=True)
        self.temurin("8", "jdk8u432-b06", archive("jdk8u432-b06-jre/bin/java"))
        self.maven("org/apache/flink/flink-sql-connector-kafka_2.11/1.12.1/flink-sql-connector-kafka_2.11-1.12.1.jar", b"a connector for Kafka")
        self.maven("org/apache/flink/flink-connector-jdbc_2.11/1.12.1/flink-connector-jdbc_2.11-1.12.1.jar", b"a connector for JDBC")
        self.maven("mysql/mysql-connector-java/8.0.21/mysql-connector-java-8.0.21.jar", b"a driver")
        programs = {"pd": "pd-server", "tikv": "tikv-server", "tidb": "tidb-server", "cdc": "cdc"}
        self.mirror.publish({name: {"v4.0.9": archive(program), "v4.0.16": archive(program), "v8.5.3": archive(program)} for name, program in programs.items()})

    def answer(self, host, path):
        plain = path.partition("?")[0]
        if host == TIUP and plain[1:] in self.mirror.files:
            return 200, {}, self.mirror.files[plain[1:]]
        if host == TEMURIN:
            asked = urllib.parse.unquote(plain.rpartition("/")[2])  # "[8,9)"
            found = self.jres.get(asked[1:].partition(",")[0])
            return (200, {}, json.dumps(found).encode()) if found else (404, {}, b'{"errorMessage":"none"}')
        if host == GITHUB and (GITHUB, plain) in self.files:
            return 302, {"Location": f"https://{BLOBS}{plain}?token=1"}, b""
        data = self.files.get((GITHUB if host == BLOBS else host, plain))
        return (200, {"ETag": f'"{sha("md5", data)}"'}, data) if data is not None else (404, {}, b"not here")

    # ---- what goes wrong; each takes the requests whose URL has `part` in it

    def trouble(self, part, how, times=None):
        left = [times]

        def once(site):
            if left[0] is not None:
                left[0] -= 1
                if left[0] <= 0:
                    self.troubles.remove(entry)
            how(site)

        entry = (part, once)
        self.troubles.append(entry)
