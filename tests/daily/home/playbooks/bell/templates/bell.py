import http.server
import pathlib
import sys


class Bell(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        there = {"/rope": pathlib.Path(sys.argv[3]).read_bytes, "/tower": lambda: b"{}"}
        self.send_response(200 if self.path in there else 404)
        self.end_headers()
        self.wfile.write(there.get(self.path, lambda: b"")())

    def log_message(self, *_):
        pass


pathlib.Path(sys.argv[3]).touch()
http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Bell).serve_forever()
