"""Ports of loopback that nobody listens at."""
import contextlib
import socket


def free_ports(count):
    """All are held until the last is found: the kernel may give one that was let go a second time."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


def free_port():
    return free_ports(1)[0]
