"""A Kafka broker that means no good, by the protocol of ApiVersions and Metadata (kafka.apache.org/protocol)."""
import struct

from fakes import Fake, read_exactly

API_VERSIONS, METADATA = 18, 3


def text(value):
    return struct.pack(">h", len(value)) + value


class Kafka(Fake):
    """`brokers`: how many it says there are; `topics`: the number that it gives for them, and none follow."""

    def __init__(self, brokers=1, topics=0):
        super().__init__()
        self.brokers, self.topics = brokers, topics

    def metadata(self):
        port = self.port
        all_brokers = [(1, port)] + [(n + 2, 1 + n % 60000) for n in range(self.brokers - 1)]
        out = struct.pack(">i", len(all_brokers))
        out += b"".join(struct.pack(">i", node) + text(b"127.0.0.1") + struct.pack(">i", at) + struct.pack(">h", -1) for node, at in all_brokers)
        return out + struct.pack(">i", 1) + struct.pack(">i", self.topics)

    def talk(self, client):
        while True:
            size = struct.unpack(">i", read_exactly(client, 4))[0]
            api, version, number = struct.unpack(">hhi", read_exactly(client, size)[:8])
            if api == API_VERSIONS and version > 0:
                body = struct.pack(">hi", 35, 1) + struct.pack(">hhh", API_VERSIONS, 0, 0)  # an older one, please
            elif api == API_VERSIONS:
                known = [(0, 0, 2), (1, 0, 4), (2, 0, 1), (METADATA, 0, 1), (API_VERSIONS, 0, 0), (32, 0, 0)]
                body = struct.pack(">hi", 0, len(known)) + b"".join(struct.pack(">hhh", *each) for each in known)
            elif api == METADATA:
                body = self.metadata()
            else:
                body = struct.pack(">h", 0) * 50
            client.sendall(struct.pack(">ii", len(body) + 4, number) + body)
