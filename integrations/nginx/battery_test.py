#!/usr/bin/env python3
"""Stock nginx and one with tarn get the same bytes and must give the same back.

    battery_test.py VARIANT [TEST...]      VARIANT: tarn, asan or valgrind (see servers.py)

Each test also says what the answer must be. At the end no nginx may have anything to report.
"""

import gzip
import os
import re
import subprocess
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

sys.dont_write_bytecode = True
import answers  # noqa: E402
import servers  # noqa: E402
import upstream  # noqa: E402

VARIANT = sys.argv.pop(1) if len(sys.argv) > 1 else "tarn"
TIME_S = 1700000000  # of all files: Last-Modified and ETag are made of it
PAGE = b"<p>a tarn is a small mountain lake; this lake is at 2000 m</p>\n"


def request(method, target, *fields, body=b"", host="plain"):
    """The bytes of one request."""
    if body:
        fields = (*fields, f"Content-Length: {len(body)}")
    head = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields, "", ""]
    return "\r\n".join(head).encode() + body


def receive_all(connection):
    """Returns what comes until the other side closes."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


def receive_until(connection, end):
    """Reads up to and with `end`."""
    received = b""
    while not received.endswith(end):
        piece = connection.recv(65536)
        if not piece:
            raise AssertionError(f"the connection was closed after {received[-100:]}")
        received += piece
    return received


def write_files(folder):
    """The document root of both servers."""
    files = {"page.html": PAGE, "before.txt": b"before\n", "pattern.txt": upstream.pattern(70000),
             "slow.txt": upstream.pattern(150000), "empty.txt": b"", "data.json": b'{"a": 1}',
             "big.bin": upstream.pattern(3 << 20),
             "ssi/page.html": b'[<!--#include virtual="/page.html" -->]'
                              b'<!--#set var="x" value="7" --><!--#echo var="x" -->'
                              b'<!--#if expr="$x = 7" -->yes<!--#else -->no<!--#endif -->'
                              b'<!--#include virtual="/proxy/echo?from=ssi" -->'}
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (TIME_S, TIME_S))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-keyout", folder / "key.pem",
                    "-out", folder / "certificate.pem"], check=True, capture_output=True)
    for name in ("key.pem", "certificate.pem", "ssi", "."):
        os.utime(folder / name, (TIME_S, TIME_S))


class BatteryTest(unittest.TestCase):
    """Two servers for all tests of a class, and the upstreams that they share."""

    # Dynamic modules that were compiled for stock nginx run with tarn as well.
    modules_of = "stock"

    @classmethod
    def setUpClass(cls):
        warnings.simplefilter("ignore", ResourceWarning)
        files = tempfile.TemporaryDirectory()
        cls.addClassCleanup(files.cleanup)
        cls.files = Path(files.name)
        cls.files.chmod(0o755)
        write_files(cls.files)
        cls.values = {"files": files.name, "app": upstream.Server(upstream.Application).port,
                      "fastcgi": upstream.Server(upstream.FastCgi).port,
                      "lines": upstream.Server(upstream.Lines).port}
        cls.servers = []
        cls.addClassCleanup(cls.stop)
        for variant in ("stock", VARIANT):
            cls.servers.append(cls.start(variant))

    @classmethod
    def start(cls, variant, **options):
        """Returns a running nginx."""
        modules = servers.program(cls.modules_of or variant).parent
        return servers.Nginx(variant, servers.HERE / "nginx.conf", servers.PORTS, **options,
                             **cls.values, modules=modules)

    @classmethod
    def stop(cls):
        wrong = [text for server in cls.servers for text in server.stop()]
        if wrong:
            raise AssertionError("\n".join(wrong))

    def alike(self, ask):
        """Returns ask(server), comparable, having seen that it is the same for both."""
        first, second = (answers.comparable(ask(server), server.ports) for server in self.servers)
        self.maxDiff = 2000
        self.assertEqual(first, second)
        return first

    def send(self, *pieces, port="http", is_encrypted=False):
        """Returns the answer of both to these bytes; the last request must close."""
        def ask(server):
            with server.connect(port, is_encrypted) as connection:
                for piece in pieces:
                    connection.sendall(piece)
                return receive_all(connection)

        return self.alike(ask)

    def ask(self, status, target, *fields, method="GET", **more):
        """Returns the answer of both to one request, which must have `status`."""
        answer = self.send(request(method, target, "Connection: close", *fields, **more))
        self.assertEqual(answers.statuses(answer), [status], answer[:1000])
        return answer

    def body(self, *arguments, **more):
        """As ask(), the body alone."""
        return self.ask(*arguments, **more).partition(b"\r\n\r\n")[2]

    def run_tool(self, *command):
        """Returns what a program prints for both; @port@ is that server's."""
        def ask(server):
            filled = [re.sub(r"@(\w+)@", lambda match: str(server.ports[match[1]]), word)
                      for word in command]
            done = subprocess.run(filled, capture_output=True, check=False,
                                  timeout=servers.PATIENCE_S)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        return self.alike(ask)


class Files(BatteryTest):
    """Files, ranges, connections, and what filters make of them."""

    def test_file(self):
        answer = self.ask(200, "/page.html")
        self.assertIn(b"Content-Type: text/html\r\n", answer)
        self.assertTrue(answer.endswith(b"\r\n\r\n" + PAGE))
        self.assertEqual(self.body(200, "/"), PAGE)
        self.assertEqual(self.body(200, "/empty.txt"), b"")
        self.assertEqual(self.body(200, "/big.bin"), upstream.pattern(3 << 20))

    def test_head(self):
        answer = self.ask(200, "/pattern.txt", method="HEAD")
        self.assertIn(b"Content-Length: 70000\r\n", answer)
        self.assertTrue(answer.endswith(b"\r\n\r\n"))

    def test_conditions(self):
        etag = re.search(rb"ETag: (\S+)", self.ask(200, "/page.html"))[1].decode()
        self.ask(304, "/page.html", f"If-None-Match: {etag}")
        self.ask(200, "/page.html", 'If-None-Match: "other"')
        self.ask(412, "/page.html", 'If-Match: "other"')
        self.ask(304, "/page.html", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT")

    def test_ranges(self):
        self.assertEqual(self.body(206, "/page.html", "Range: bytes=3-8"), PAGE[3:9])
        self.assertEqual(self.body(206, "/page.html", "Range: bytes=-5"), PAGE[-5:])
        several = self.body(206, "/pattern.txt", "Range: bytes=0-9,69990-,100-199")
        self.assertEqual(several.count(b"Content-Range: bytes "), 3)
        self.assertIn(upstream.pattern(70000)[100:200], several)
        self.ask(416, "/page.html", "Range: bytes=1000-")

    def test_missing_and_forbidden(self):
        self.assertIn(b"404 Not Found", self.body(404, "/nothing"))
        self.ask(404, "/missing/")
        self.ask(405, "/page.html", method="POST", body=b"x")

    def test_redirects_and_rewriting(self):
        self.assertIn(b"Location: http://plain:<http>/listing/ssi/\r\n",
                      self.ask(301, "/listing/ssi"))
        self.assertEqual(self.body(200, "/rewritten/html/page"), PAGE)
        self.assertIn(b"elsewhere?from=/rewritten/9", self.ask(302, "/rewritten/9"))

    def test_listing(self):
        self.assertIn(b'<a href="page.html">', self.body(200, "/listing/"))

    def test_keep_alive(self):
        def ask(server):
            received = b""
            with server.connect() as connection:
                for number in range(50):
                    connection.sendall(request("GET", f"/proxy/echo?number={number}"))
                    received += receive_until(connection, b"\n\n")
                connection.sendall(request("GET", "/page.html", "Connection: close"))
                return received + receive_all(connection)

        answer = self.alike(ask)
        self.assertEqual(answers.statuses(answer), [200] * 51)
        self.assertIn(b"GET /echo?number=49\n", answer)

    def test_pipelining(self):
        targets = ["/page.html", "/nothing", "/proxy/chunked?pieces=3", "/gzip/pattern.txt"] * 10
        pieces = [request("GET", target, "Accept-Encoding: gzip") for target in targets]
        answer = self.send(b"".join(pieces) + request("GET", "/data.json", "Connection: close"))
        self.assertEqual(answers.statuses(answer), [200, 404, 200, 200] * 10 + [200])
        self.assertTrue(answer.endswith(b'{"a": 1}'))

    def test_request_in_single_bytes(self):
        text = request("POST", "/proxy/echo", "Connection: close", body=b"one by one")
        answer = self.send(*(bytes([byte]) for byte in text))
        self.assertTrue(answer.endswith(b"one by one"))

    def test_old_protocols(self):
        self.assertEqual(self.send(b"GET /page.html\r\n"), PAGE)
        self.assertIn(b"Connection: close", self.send(b"GET /page.html HTTP/1.0\r\n\r\n"))

    def test_gzip(self):
        packed = self.ask(200, "/gzip/pattern.txt", "Accept-Encoding: gzip")
        self.assertIn(b"Content-Encoding: gzip\r\n", packed)
        self.assertEqual(gzip.decompress(packed.partition(b"\r\n\r\n")[2]),
                         upstream.pattern(70000))
        self.assertEqual(self.body(200, "/gzip/pattern.txt"), upstream.pattern(70000))

    def test_gunzip(self):
        self.assertEqual(self.body(200, "/gunzip/gzip"), upstream.pattern(20000))
        packed = self.body(200, "/gunzip/gzip", "Accept-Encoding: gzip")
        self.assertEqual(gzip.decompress(packed), upstream.pattern(20000))

    def test_sub_filter(self):
        self.assertEqual(self.body(200, "/sub/page.html?old=tarn&new=pond"),
                         PAGE.replace(b"lake", b"TARN").replace(b"tarn", b"pond"))

    def test_addition(self):
        body = self.body(200, "/addition/pattern.txt")
        self.assertTrue(body.startswith(b"before\n" + upstream.pattern(70000)))
        self.assertIn(b"GET /echo\n", body)

    def test_ssi(self):
        body = self.body(200, "/ssi/page.html")
        self.assertTrue(body.startswith(b"[" + PAGE + b"]7yes"))
        self.assertIn(b"GET /echo?from=ssi\n", body)

    def test_slice(self):
        self.assertEqual(self.body(200, "/slice/pattern.txt"), upstream.pattern(70000))
        self.assertEqual(self.body(206, "/slice/pattern.txt", "Range: bytes=20000-50000"),
                         upstream.pattern(70000)[20000:50001])

    def test_dav(self):
        dated = "Date: Tue, 14 Nov 2023 22:13:20 GMT"
        self.ask(201, "/dav/deep/er/one.txt", dated, method="PUT", body=b"one")
        self.ask(204, "/dav/deep/er/one.txt", dated, method="PUT", body=b"two" * 10000)
        self.ask(201, "/dav/folder/", method="MKCOL")
        self.ask(409, "/dav/no/such/folder/", method="MKCOL")
        self.ask(204, "/dav/deep/er/one.txt", "Destination: /dav/folder/two.txt", method="COPY")
        self.ask(204, "/dav/deep/er/one.txt", "Destination: /dav/three.txt", method="MOVE")
        self.ask(404, "/dav/deep/er/one.txt")
        self.assertEqual(self.body(200, "/dav/three.txt"), b"two" * 10000)
        self.ask(204, "/dav/folder/", "Depth: infinity", method="DELETE")
        self.ask(404, "/dav/folder/two.txt")


class Proxying(BatteryTest):
    """What comes from upstreams, and what goes to them."""

    def test_echo(self):
        body = self.body(200, "/proxy/echo?a=b", "X-Field: value")
        self.assertEqual(body, b"GET /echo?a=b\nHost: app\nX-Field: value\n\n")

    def test_large_answers(self):
        for way in ("proxy", "proxy_unbuffered", "proxy_spilled"):
            for size_bytes in (0, 1, 4095, 4096, 100000, 2000000):
                with self.subTest(way=way, size_bytes=size_bytes):
                    body = self.body(200, f"/{way}/pattern?bytes={size_bytes}")
                    self.assertEqual(body, upstream.pattern(size_bytes))

    def test_chunked_answers(self):
        expected = b"".join(upstream.pattern(100 + number) for number in range(40))
        for way in ("proxy", "proxy_unbuffered", "proxy_spilled"):
            with self.subTest(way=way):
                self.assertEqual(self.body(200, f"/{way}/chunked?pieces=40&pause_s=0.001"),
                                 expected)

    def test_cache(self):
        first = self.ask(200, "/proxy_cached/pattern?bytes=50000")
        second = self.ask(200, "/proxy_cached/pattern?bytes=50000")
        self.assertIn(b"X-Cache: MISS\r\n", first)
        self.assertEqual(second, first.replace(b"X-Cache: MISS", b"X-Cache: HIT"))

    def test_upstream_that_breaks_off(self):
        answer = self.ask(200, "/proxy/cut")
        self.assertTrue(answer.endswith(b"cut short"))
        self.ask(502, "/proxy_spilled/fields?count=60&bytes=100")

    def test_internal_redirect(self):
        self.assertEqual(self.body(200, "/proxy/redirect"), PAGE)
        self.ask(404, "/internal/page.html")

    def test_sixty_fields(self):
        fields = [f"X-Field-{number}: {'v' * number}" for number in range(60)]
        self.assertIn("\n".join(fields).encode(), self.body(200, "/proxy/echo", *fields))
        answer = self.ask(200, "/proxy/fields?count=60&bytes=20")
        self.assertEqual(answer.count(b"X-Field-"), 60)

    def test_large_headers(self):
        value = "v" * 7000
        body = self.body(200, "/proxy/echo", *(f"X-{name}: {value}" for name in "ABC"))
        self.assertEqual(body.count(value.encode()), 3)
        self.assertIn(b"Header Or Cookie Too Large", self.body(400, "/", f"X-A: {'v' * 9000}"))
        self.ask(400, "/", *(f"X-{name}: {value}" for name in "ABCDEF"))
        self.ask(414, "/" + "x" * 9000)
        self.assertEqual(self.body(431, "/", f"X-A: {'v' * 3000}", host="strict"),
                         b"a header is too large\n")

    def test_malformed_requests(self):
        for text in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET /\x01 HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET /%00 HTTP/1.0\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
                     b"GET /../../ HTTP/1.0\r\n\r\n"):
            with self.subTest(text=text):
                self.assertEqual(answers.statuses(self.send(text)), [400])
        self.assertEqual(answers.statuses(self.send(b"GET / HTTP/9.0\r\nHost: a\r\n\r\n")), [505])

    def test_bodies(self):
        for way in ("proxy", "proxy_unbuffered", "spooled"):
            for size_bytes in (1, 1000, 1025, 300000):
                with self.subTest(way=way, size_bytes=size_bytes):
                    sent = upstream.pattern(size_bytes)
                    body = self.body(200, f"/{way}/echo", method="POST", body=sent)
                    self.assertTrue(body.endswith(b"\n\n" + sent))

    def test_spooled_bodies(self):
        body = self.body(200, "/spooled/echo", method="POST", body=b"x")
        self.assertIn(b"X-Spooled: yes\n", body)
        sent = upstream.pattern(5 << 20)
        body = self.body(200, "/large_body/echo", method="POST", body=sent)
        self.assertTrue(body.endswith(sent))
        for server in self.servers:
            self.assertEqual(list((server.folder / "client_body_temp").rglob("*[0-9]")), [])

    def test_chunked_bodies(self):
        head = request("POST", "/proxy/echo", "Connection: close", "Transfer-Encoding: chunked")
        chunks = b"".join(b"%x\r\n%s\r\n" % (size, upstream.pattern(size))
                          for size in range(1, 400))
        answer = self.send(head, chunks[:5000], chunks[5000:], b"0\r\n\r\n")
        self.assertTrue(answer.endswith(b"".join(map(upstream.pattern, range(1, 400)))))
        self.assertEqual(answers.statuses(self.send(head + b"zz\r\n")), [400])

    def test_too_large_bodies(self):
        head = request("POST", "/proxy/echo", "Content-Length: 2000000", "Connection: close")
        self.assertEqual(answers.statuses(self.send(head)), [413])
        head = request("POST", "/proxy/echo", "Transfer-Encoding: chunked", "Connection: close")
        self.assertEqual(answers.statuses(self.send(head + b"200000\r\nx")), [413])

    def test_expect_continue(self):
        answer = self.send(request("POST", "/proxy/echo", "Connection: close",
                                   "Expect: 100-continue", body=b"body"))
        self.assertEqual(answers.statuses(answer), [100, 200])

    def test_auth_request(self):
        self.assertIn(b"WWW-Authenticate: Basic\r\n", self.ask(401, "/auth/page.html"))
        answer = self.ask(200, "/auth/page.html", "Authorization: Basic dGVhOnBvdA==")
        self.assertIn(b"X-Who: tea\r\n", answer)

    def test_realip(self):
        body = self.body(200, "/realip/echo", "X-Forwarded-For: 198.51.100.7, 127.0.0.1")
        self.assertIn(b"X-Seen: 198.51.100.7\n", body)
        self.assertIn(b"X-Seen: 127.0.0.1\n", self.body(200, "/realip/echo"))

    def test_limit_conn(self):
        def ask(server):
            with server.connect() as first, server.connect() as second:
                first.sendall(request("GET", "/limit_conn/slow.txt", "Connection: close"))
                begin = first.recv(1000)
                second.sendall(request("GET", "/limit_conn/page.html", "Connection: close"))
                return receive_all(second) + begin + receive_all(first)

        for _ in range(2):
            answer = self.alike(ask)
            self.assertEqual(answers.statuses(answer), [503, 200])
            self.assertTrue(answer.endswith(upstream.pattern(150000)))
        self.ask(200, "/limit_conn/page.html")

    def test_limit_req(self):
        self.ask(200, "/limit_req/page.html")
        self.ask(503, "/limit_req/page.html")

    def test_fastcgi(self):
        body = self.body(201, "/fastcgi/?tea=pot", method="POST", body=upstream.pattern(100000))
        self.assertIn(b"QUERY_STRINGtea=pot", body)
        self.assertTrue(body.endswith(upstream.pattern(100000)))


class OtherProtocols(BatteryTest):
    """TLS, HTTP/2, streams, mail."""

    def curl(self, target, *options):
        """Returns head and body by HTTP/2."""
        answer = self.run_tool("curl", "-sk", "-i", "--http2", *options,
                               f"https://127.0.0.1:@tls@{target}")
        self.assertTrue(answer.startswith(b"HTTP/2 "), answer[:200])
        return answer

    def test_tls(self):
        answer = self.send(request("GET", "/pattern.txt"),
                           request("GET", "/proxy/echo", "Connection: close"), port="tls",
                           is_encrypted=True)
        self.assertEqual(answers.statuses(answer), [200, 200])
        self.assertIn(upstream.pattern(70000), answer)

    def test_plain_http_on_the_tls_port(self):
        answer = self.send(request("GET", "/", "Connection: close"), port="tls")
        self.assertIn(b"plain HTTP request was sent to HTTPS port", answer)

    def test_http2(self):
        self.assertTrue(self.curl("/page.html").endswith(PAGE))
        self.assertTrue(self.curl("/pattern.txt").endswith(upstream.pattern(70000)))
        self.assertIn(b"HTTP/2 404", self.curl("/nothing"))
        self.assertIn(b"HTTP/2 206", self.curl("/page.html", "-r", "3-8"))
        self.assertIn(b"X-Seen: 127.0.0.1", self.curl("/realip/echo"))
        self.assertIn(b"content-encoding: gzip",
                      self.curl("/gzip/pattern.txt", "-H", "Accept-Encoding: gzip"))

    def test_http2_bodies(self):
        for way in ("proxy", "proxy_unbuffered", "spooled"):
            answer = self.curl(f"/{way}/echo", "--data-binary", f"@{self.files}/pattern.txt")
            self.assertTrue(answer.endswith(upstream.pattern(70000)))

    def test_http2_large_headers(self):
        answer = self.curl("/proxy/echo", "-H", f"X-A: {'v' * 7000}")
        self.assertIn(b"v" * 7000, answer)
        done = self.curl("/proxy/echo", *(f"-HX-{n}: {'v' * 100}" for n in range(60)))
        self.assertEqual(done.count(b"v" * 100), 60)

    def test_http2_many_streams(self):
        for server in self.servers:
            site = f"https://127.0.0.1:{server.ports['tls']}"
            done = subprocess.run(
                ["h2load", "-n", "400", "-c", "4", "-m", "50", f"{site}/page.html",
                 f"{site}/proxy/chunked?pieces=9"], check=True, capture_output=True, text=True,
                timeout=servers.PATIENCE_S)
            self.assertIn("400 succeeded, 0 failed", done.stdout)
            self.assertIn("status codes: 400 2xx", done.stdout)

    def test_stream(self):
        self.assertEqual(self.talk("stream", b"a\r\n", b"b\r\n"),
                         b"+OK ready\r\n+OK a\r\n+OK b\r\n")
        self.assertEqual(self.talk("stream_tls", b"a\r\n"), b"+OK ready\r\n+OK a\r\n")

    def test_stream_limit_conn(self):
        def ask(server):
            with server.connect("stream") as first, server.connect("stream") as second:
                return first.recv(100) + b"." + second.recv(100)

        self.assertEqual(self.alike(ask), b"+OK ready\r\n.")

    def talk(self, port, *lines):
        """Returns what the server says: a greeting, then a line for each."""
        def ask(server):
            with server.connect(port, port.endswith("_tls")) as connection:
                file = connection.makefile("rb")
                said = file.readline()
                for line in lines:
                    connection.sendall(line)
                    said += file.readline()
                file.close()
                return said

        return self.alike(ask)

    def test_mail(self):
        self.assertEqual(
            self.talk("smtp", b"HELO me\r\n", b"NOOP\r\n", b"QUIT\r\n"),
            b"220 mail.example ESMTP ready\r\n250 mail.example\r\n250 2.0.0 OK\r\n"
            b"221 2.0.0 Bye\r\n")
        said = self.talk("smtp", b"HELO me\r\n", b"AUTH PLAIN AHRlYQBjdXA=\r\n")
        self.assertIn(b"535 5.7.0 you are not known", said)
        said = self.talk("imap", b"1 CAPABILITY\r\n")
        self.assertIn(b"* CAPABILITY IMAP4", said)

    def test_mail_session(self):
        said = self.talk("pop3", b"USER tea\r\n", b"PASS pot\r\n", b"STAT\r\n", b"QUIT\r\n")
        self.assertTrue(said.endswith(b"+OK PASS pot\r\n+OK STAT\r\n+OK QUIT\r\n"), said)
        self.assertIn(b"-ERR you are not known",
                      self.talk("pop3", b"USER tea\r\n", b"PASS cup\r\n"))


class OtherProtocolsByOwnModules(OtherProtocols):
    """The same with the modules that were linked as nginx itself was."""

    modules_of = None


if __name__ == "__main__":
    unittest.main()
