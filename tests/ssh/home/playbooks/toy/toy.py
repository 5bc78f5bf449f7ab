"""Answers each connection with its pid, its text from the environment, its configuration and whom it knew at the start."""
import os
import socket
import sys

host, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
known = "".join(sys.argv[4:5])
with open(path) as file:
    config = file.read().strip()
print("starting", os.getpid(), flush=True)
with socket.create_server((host, port)) as listener:
    while True:
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(2)
            try:
                peer.recv(100)
                peer.sendall(f"{os.getpid()}|{os.environ['TOY_TEXT']}|{config}|uid {os.getuid()}|{known}\n".encode())
            except OSError:
                pass
