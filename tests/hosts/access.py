"""Hosts with systemd that are come to by an account which is not root: sudo without a password, and with one that is
another on each host, typed at a terminal or given as a list."""
import subprocess

from lab import Hosts, Wrong, listing, must, until
from supervision import HOME, ONE, TWO, Toys, life, one_of_each
from terminal import Watch

THREE = "192.168.12.23"
PASSPHRASE = "no one's $(guess)"
PASSWORDS = {"one": "it's \"one\" $(x)", "two": "two  words", "three": "drei\\n%s"}


def sudo_without_password():
    with Hosts([("one", ONE, "systemd"), ("two", TWO, "systemd")], home=HOME, user="lab") as hosts:
        life(hosts, "toy", "", boots=True)


def give_passwords(hosts):
    """Each host's login has a password of its own, and sudo asks for it. The third host takes no keys."""
    for name, password in PASSWORDS.items():
        argv = hosts.net.host(name).inside("chpasswd")
        subprocess.run(argv, input=f"lab:{password}\n", text=True, check=True, timeout=60)
        hosts.inside(name, "printf '%s\\n' 'Defaults:lab !lecture' 'lab ALL=(ALL) ALL' >/etc/sudoers.d/netlab")
        if name == "three":
            hosts.inside(name, "{ printf 'PasswordAuthentication yes\\nPubkeyAuthentication no\\n'; cat /etc/ssh/sshd_config; } >/tmp/c && cat /tmp/c >/etc/ssh/sshd_config && rm /tmp/c && systemctl restart ssh")
        hosts.before[name] = listing(hosts.net.host(name))


def lock_key(hosts):
    hosts.identity = hosts.folder / "locked"
    hosts.identity.write_bytes((hosts.folder / "net/id_ed25519").read_bytes())
    hosts.identity.chmod(0o600)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", PASSPHRASE, "-f", hosts.identity], check=True, stdout=subprocess.DEVNULL)


def told_nowhere(hosts, text):
    for secret in (PASSPHRASE, *PASSWORDS.values()):
        must(secret not in text, "a secret was printed", text)
        found = subprocess.run(["grep", "-rlF", "-e", secret, str(hosts.folder / "state")], capture_output=True, text=True).stdout
        must(not found, "a secret was written down here", found)
        for name in PASSWORDS:
            argv = hosts.net.host(name).inside("sh", "-c", "IFS= read -r s; grep -rlF -e \"$s\" /opt /var/log /var/tmp /home /etc /tmp /run/systemd; journalctl --no-pager | grep -F -e \"$s\"")
            found = subprocess.run(argv, input=secret + "\n", capture_output=True, text=True, timeout=120).stdout
            must(not found, f"a secret was written down on {name}", found)


def a_password_for_each_host():
    every = [("one", ONE, "systemd"), ("two", TWO, "systemd"), ("three", THREE, "systemd")]
    with Hosts(every, home=HOME, user="lab") as hosts:
        give_passwords(hosts)
        lock_key(hosts)
        toys = Toys(hosts, "toy", addresses=(ONE, TWO, THREE))
        sudo = {f"sudo password of lab@{address}: ": PASSWORDS[name] for name, address, _ in every}
        answers = {f"passphrase of {hosts.identity}: ": PASSPHRASE, f"password of lab@{THREE}: ": PASSWORDS["three"]} | sudo

        def at_terminal(command):
            with Watch(PASSPHRASE, *PASSWORDS.values()) as watch:
                terminal = hosts.on_terminal(command, toys.file)
                try:
                    given, code = terminal.converse(answers)
                except AssertionError as error:
                    raise Wrong(str(error)) from error
                finally:
                    terminal.close()
            must(code == 0, f"`{command}` ended with {code}", terminal.seen[-8000:])
            must(not watch.found, "a secret was in arguments or environment of a process", watch.found)
            told_nowhere(hosts, terminal.seen)
            return given, terminal.seen

        given, _ = at_terminal("up")
        must(sorted(given) == sorted(answers), f"asked for {given}")
        one_of_each(toys)
        given, seen = at_terminal("up")
        must(sorted(given) == sorted(answers) and "nothing to change" in seen, f"asked for {given}", seen)

        host = hosts.net.host("one")
        host.kill()
        host.start()
        host.wait()
        until(lambda: all(toys.pids().values()), 20, lambda: f"all are back: {toys.pids()}")

        # The same without a terminal: each list ends with an empty line.
        passwords = "".join(f"{address} {PASSWORDS[name]}\n" for name, address, _ in every)
        lists = ("--passphrase-fd", "0", "--passwords-fd", "0", "--sudo-passwords-fd", "0")
        said = f"{PASSPHRASE}\n* {PASSWORDS['three']}\n\n{passwords}"
        again = hosts.good("up", toys.file, *lists, said=said)
        must("nothing to change" in again.out, "up found something to do after the boot", again.out)
        told_nowhere(hosts, again.out)
        rows = hosts.good("status", toys.file, "--format", "json", *lists, said=said).json()["nodes"]
        must(len(rows) == 6 and all(row["state"] == "running" and row["ready"] for row in rows), f"status says {rows}")

        refused = hosts.tidelab("status", toys.file)
        must(refused.code == 2 and f"there is no terminal to ask for the passphrase of {hosts.identity}" in refused.out, "no word about the terminal", refused.out)
        at_terminal("down")
        hosts.nothing_left()


TESTS = [sudo_without_password, a_password_for_each_host]
