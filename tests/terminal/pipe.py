"""What it reads goes to an address, and what comes from there it writes: pipe.py HOST PORT."""
import os
import socket
import sys
import threading


def carry(read, write, end):
    while data := read():
        while data:
            data = data[write(data):]
    end()


peer = socket.create_connection((sys.argv[1], int(sys.argv[2])))
threading.Thread(target=carry, args=(lambda: os.read(0, 65536), peer.send, lambda: peer.shutdown(socket.SHUT_WR)), daemon=True).start()
carry(lambda: peer.recv(65536), lambda data: os.write(1, data), lambda: os.close(1))
