"""A server on loopback that ends with its test."""
import socket
import threading


def read_exactly(client, size):
    out = b""
    while len(out) < size:
        more = client.recv(size - len(out))
        if not more:
            raise EOFError
        out += more
    return out


class Fake:
    """`talk(client)` says what it does with a connection; `heard` is what it was told."""

    def __init__(self):
        self.heard = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=500)
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client:
            try:
                self.talk(client)
            except (EOFError, OSError):
                pass  # the other side is gone, which is what it may do

    def talk(self, client):
        raise NotImplementedError
