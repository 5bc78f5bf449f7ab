"""The files of a test host before its first start: accounts, keys, sshd's configuration, and what tells it from others."""
import contextlib
import ctypes
import hashlib
import os
import pathlib
import shutil
import subprocess

LOGIN = "lab"  # beside root: an account without rights of its own, whose sudo asks for no password


def keygen(path, comment):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)], check=True, stdin=subprocess.DEVNULL)


@contextlib.contextmanager
def accounts_at_rest():
    """No user tool of the machine is at work meanwhile."""
    libc = ctypes.CDLL(None)
    if libc.lckpwdf() != 0:  # which waits 15 s
        raise OSError("/etc/.pwd.lock is held by another program")
    try:
        yield
    finally:
        libc.ulckpwdf()


def lay_base(lab):
    """The machine's /etc as it is now, for all hosts: what changes there later, as accounts do, is not to show in them."""
    base = lab.state / "data/.base"
    base.mkdir(mode=0o755)
    (lab.state / "data/.shared").mkdir(mode=0o755)
    with accounts_at_rest():
        subprocess.run(["cp", "-a", "/etc", base], check=True, stdin=subprocess.DEVNULL)
    os.setxattr(base / "etc", "trusted.overlay.opaque", b"y")  # nothing of /etc below it is seen


def lay_keys(lab):
    """The client's key, made once; the hosts' keys, which stay the same over a power cut."""
    keygen(lab.state / "id_ed25519", "netlab")
    known, config = [], [
        f"Host *\n  User root\n  IdentityFile {lab.state}/id_ed25519\n  IdentitiesOnly yes\n  UserKnownHostsFile {lab.state}/known_hosts\n"
        "  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  LogLevel ERROR\n"]
    for host in lab.hosts.values():
        (host.data / "upper/etc/ssh").mkdir(parents=True)
        keygen(host.data / "upper/etc/ssh/netlab_key", host.name)
        kind, key, _ = (host.data / "upper/etc/ssh/netlab_key.pub").read_text().split()
        known.append(f"{host.address},{host.name} {kind} {key}\n")
        config.append(f"Host {host.name}\n  HostName {host.address}\n")
    (lab.state / "known_hosts").write_text("".join(known))
    # ssh takes the first value that it finds: what is said of one host stands before what is said of all.
    (lab.state / "ssh_config").write_text("".join(config[1:] + config[:1]))


def accounts(path, ours):
    """Those of the base, without an account of our login's name, and ours."""
    names = {line.partition(":")[0] for line in ours}
    lines = [line for line in pathlib.Path(path).read_text().splitlines() if line.partition(":")[0] not in names]
    return "\n".join([*lines, *ours]) + "\n"


def lay_host(host):
    upper, own = host.data / "upper", host.data / "own"
    for name in ("root", "work"):
        (host.data / name).mkdir()
    for name, mode in (("opt", 0o755), ("home", 0o755), ("srv", 0o755), ("tmp", 0o1777), ("usr/local", 0o755), ("var/log", 0o755), ("var/tmp", 0o1777),
                       ("root", 0o700), ("etc/systemd/system", 0o755)):
        (own / name).mkdir(parents=True)
        (own / name).chmod(mode)
    lay_logins(host, upper / "etc", own)
    etc = upper / "etc"
    (etc / "hostname").write_text(host.name + "\n")
    (etc / "machine-id").write_text(hashlib.md5(f"{host.name} {host.lab.prefix}".encode()).hexdigest() + "\n")
    (etc / "fstab").write_text("")
    (etc / "hosts").write_text("127.0.0.1 localhost\n" + "".join(f"{h.address} {h.name}\n" for h in host.lab.hosts.values()))
    (etc / "ssh/sshd_config").write_text(
        "HostKey /etc/ssh/netlab_key\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"UsePAM {'yes' if host.init == 'systemd' else 'no'}\nUseDNS no\nPrintMotd no\nPidFile /run/sshd.pid\n"
        "Subsystem sftp /usr/lib/openssh/sftp-server\n")
    if host.init == "systemd":
        wants = own / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir()
        (wants / "ssh.service").symlink_to("/lib/systemd/system/ssh.service")
        for name, text in (("journald.conf.d", "[Journal]\nStorage=volatile\nRuntimeMaxUse=32M\nReadKMsg=no\nAudit=no\n"),
                           ("system.conf.d", "[Manager]\nDefaultTimeoutStopSec=10s\n")):
            (etc / "systemd" / name).mkdir(parents=True)
            (etc / "systemd" / name / "netlab.conf").write_text(text)


def lay_logins(host, etc, own):
    base = host.etc_below()
    ours = f"{LOGIN}:x:4242:4242:netlab:/home/{LOGIN}:/bin/bash"
    root = "root:x:0:0:root:/root:/bin/bash"
    (etc / "passwd").write_text(accounts(base / "passwd", [root, ours]))
    (etc / "group").write_text(accounts(base / "group", [f"{LOGIN}:x:4242:"]))
    # `*` and not `!`: sshd without PAM refuses accounts that are locked.
    (etc / "shadow").write_text(accounts(base / "shadow", ["root:*:19000:0:99999:7:::", f"{LOGIN}:*:19000:0:99999:7:::"]))
    (etc / "shadow").chmod(0o640)
    shutil.chown(etc / "shadow", "root", "shadow")
    if shutil.which("sudo"):
        (etc / "sudoers.d").mkdir()
        (etc / "sudoers.d/netlab").write_text(f"{LOGIN} ALL=(ALL) NOPASSWD:ALL\n")
        (etc / "sudoers.d/netlab").chmod(0o440)
    for home, uid in ((own / "root", 0), (own / "home" / LOGIN, 4242)):
        (home / ".ssh").mkdir(parents=True, mode=0o700)
        shutil.copy(host.lab.state / "id_ed25519.pub", home / ".ssh/authorized_keys")
        for path in (home, home / ".ssh", home / ".ssh/authorized_keys"):
            shutil.chown(path, uid, uid)
