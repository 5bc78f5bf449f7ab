"""A MySQL server that means no good: it greets, lets anybody in, or asks for the password by a plugin, and answers the first query
in a way of its own."""
import struct

from fakes import Fake, read_exactly

# Without TLS, compression, or the newer end of rows.
CAPABILITIES = 0x0FFFFFFF & ~0x800 & ~0x20 & ~0x01000000
OK, END = b"\0\0\0\2\0\0\0", b"\xfe\0\0\2\0"
QUERY = b"\x03"


def packet(number, body):
    return struct.pack("<I", len(body))[:3] + bytes([number & 255]) + body


def sized(body):
    return (bytes([len(body)]) if len(body) < 251 else b"\xfd" + struct.pack("<I", len(body))[:3]) + body


def column(name=b"a"):
    return sized(b"def") + sized(b"") * 3 + sized(name) + sized(name) + b"\x0c" + struct.pack("<HIBHB", 33, 1024, 253, 0, 0) + b"\0\0"


def rows_of(*cells):
    return packet(1, b"\x01") + packet(2, column()) + packet(3, END) + b"".join(packet(4 + i, sized(each)) for i, each in enumerate(cells)) + packet(4 + len(cells), END)


def columns_without_end(client):
    client.sendall(packet(1, b"\xfd\xff\xff\xff"))
    body = packet(2, column(b"n" * 60000))
    while True:
        client.sendall(body)


def a_row_without_end(client):
    client.sendall(packet(1, b"\x01") + packet(2, column()) + packet(3, END))
    body = b"\xff\xff\xff\x04" + b"\xfe" + b"\xff\xff\xff\xff\0\0\0\0" + b"7" * (0xFFFFFF - 9)
    while True:
        client.sendall(body)


class Mysql(Fake):
    """`plugin`: how it wants the password, and what it says then; `answer`: of the query that the lab asks, a function of the
    connection or bytes; `whole`: whether it answers `SELECT @@error_count` with rows."""

    def __init__(self, plugin=None, says=b"", answer=rows_of(b"1"), whole=True):
        super().__init__()
        self.plugin, self.says, self.answer, self.whole = plugin, says, answer, whole

    def read(self, client):
        head = read_exactly(client, 4)
        body = read_exactly(client, head[0] | head[1] << 8 | head[2] << 16)
        self.heard.append(body)
        return head[3], body

    def talk(self, client):
        greeting = b"\x0a8.0.11\0" + struct.pack("<I", 7) + b"12345678\0" + struct.pack("<H", CAPABILITIES & 0xFFFF) + b"\x21" + struct.pack("<H", 2)
        client.sendall(packet(0, greeting + struct.pack("<H", CAPABILITIES >> 16) + bytes([21]) + b"\0" * 10 + b"123456789012\0mysql_native_password\0"))
        number, _ = self.read(client)
        if self.plugin:
            client.sendall(packet(number + 1, b"\xfe" + self.plugin + b"\0" + self.says))
            number, _ = self.read(client)
        client.sendall(packet(number + 1, OK))
        while True:
            _, body = self.read(client)
            if body == QUERY + b"select 1":
                client.sendall(self.answer) if isinstance(self.answer, bytes) else self.answer(client)
            elif body.startswith(QUERY + b"SELECT @@error_count") and self.whole:
                client.sendall(rows_of(b"0"))
            elif body.startswith(QUERY + b"SHOW SESSION"):
                client.sendall(packet(1, b"\x02") + packet(2, column(b"Variable_name")) + packet(3, column(b"Value")) + packet(4, END)
                               + packet(5, sized(b"lower_case_table_names") + sized(b"0")) + packet(6, END))
            else:
                client.sendall(packet(1, OK))
