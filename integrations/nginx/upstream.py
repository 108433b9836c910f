"""What stands behind nginx in the battery: an HTTP application, FastCGI, and a server of lines.

All answers depend on the request alone, so that two nginx get the same.
"""

import gzip
import http.server
import socketserver
import struct
import threading
import time
import urllib.parse


def pattern(size_bytes):
    """Bytes that differ from line to line."""
    lines = b"".join(b"%07d a tarn is a small mountain lake\n" % i
                     for i in range(size_bytes // 40 + 1))
    return lines[:size_bytes]


class Application(http.server.BaseHTTPRequestHandler):
    """One method per path; a path of its own for each thing a proxy must get right."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one_request(self):
        """nginx may close a kept connection at any time: that is no error."""
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def answer(self, status, body=b"", fields=()):
        """Sends a whole answer; nginx adds Server and Date."""
        self.send_response_only(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def read_body(self):
        """Returns the request's body, chunked or not."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size_bytes := int(self.rfile.readline(), 16):
            body += self.rfile.read(size_bytes)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def respond(self):
        """Calls the method named by the path."""
        self.body = self.read_body()
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query))
        getattr(self, "path_" + url.path.strip("/"), self.path_)()

    do_GET = do_HEAD = do_POST = do_PUT = respond

    def path_(self):
        self.answer(404, b"the application has no such path\n")

    def path_echo(self):
        head = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        self.answer(200, f"{self.command} {self.path}\n{head}\n".encode() + self.body)

    def path_pattern(self):
        self.answer(200, pattern(int(self.query["bytes"])), [("Content-Type", "text/html")])

    def path_chunked(self):
        self.send_response_only(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(int(self.query["pieces"])):
            piece = pattern(100 + number)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            time.sleep(float(self.query.get("pause_s", 0)))
        self.wfile.write(b"0\r\n\r\n")

    def path_fields(self):
        self.answer(200, b"", [(f"X-Field-{number}", "v" * int(self.query["bytes"]))
                               for number in range(int(self.query["count"]))])

    def path_gzip(self):
        self.answer(200, gzip.compress(pattern(20000), mtime=0), [("Content-Encoding", "gzip")])

    def path_redirect(self):
        self.answer(200, b"", [("X-Accel-Redirect", "/internal/page.html")])

    def path_cut(self):
        self.send_response_only(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"cut short")
        self.close_connection = True

    def path_auth(self):
        is_known = self.headers.get("Authorization") == "Basic dGVhOnBvdA=="
        self.answer(200 if is_known else 401, b"",
                    [("X-Who", "tea")] if is_known else [("WWW-Authenticate", "Basic")])

    def path_mail(self):
        is_known = self.headers.get("Auth-Pass") == "pot"
        self.answer(200, b"", [("Auth-Status", "OK"), ("Auth-Server", "127.0.0.1"),
                               ("Auth-Port", self.headers["X-Backend-Port"])]
                    if is_known else [("Auth-Status", "you are not known")])

    def log_message(self, *_):
        """Says nothing."""


class FastCgi(socketserver.StreamRequestHandler):
    """Answers one request with its parameters and its body."""

    def handle(self):
        received = {4: b"", 5: b""}  # parameters, standard input
        while True:
            _, kind, _, size_bytes, padding_bytes, _ = struct.unpack("!BBHHBB", self.rfile.read(8))
            content = self.rfile.read(size_bytes)
            self.rfile.read(padding_bytes)
            if kind in received:
                received[kind] += content
            if kind == 5 and size_bytes == 0:
                break
        self.send(6, b"Status: 201 Made\r\nContent-Type: text/plain\r\n\r\n")
        for part in (received[4] + b"\n", received[5]):
            for start in range(0, len(part), 8192):
                self.send(6, part[start:start + 8192])
        self.send(6, b"")
        self.send(3, bytes(8))

    def send(self, kind, content):
        """Sends one record."""
        self.wfile.write(struct.pack("!BBHHBB", 1, kind, 1, len(content), 0, 0) + content)


class Lines(socketserver.StreamRequestHandler):
    """Greets, and says yes to every line: enough of POP3, and something to proxy streams to."""

    def handle(self):
        self.wfile.write(b"+OK ready\r\n")
        try:
            for line in self.rfile:
                self.wfile.write(b"+OK " + line)
        except ConnectionError:
            pass


class Server(socketserver.ThreadingTCPServer):
    """A server of one of the kinds above, on a free port, in threads of this process."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()
