"""Drives the server over loopback, with both strategies: http_server_test.py PROGRAM"""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import unittest

sys.dont_write_bytecode = True
import traffic  # noqa: E402

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else "http_server"
PATIENCE_S = 60
CLOSE = {"Host": traffic.HOST, "Connection": "close"}


class Server:
    """A server on a free port, ended with the block; it must leave with code 0."""

    def __init__(self, *arguments):
        self.arguments = [PROGRAM, "--port=0", *arguments]
        self.is_stopping = False

    def __enter__(self):
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", line)[1])
        return self

    def __exit__(self, failure, *_):
        self.stop()
        code = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        if failure is None and code != 0:
            raise AssertionError(f"the server left with code {code}")

    def stop(self):
        """Asks the server to stop; only once, for a second signal would end it at once."""
        if not self.is_stopping:
            self.process.send_signal(signal.SIGTERM)
        self.is_stopping = True

    def connect(self):
        return Connection(self.port)

    def ask(self, *arguments, **named):
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.ask(*arguments, **named)

    def stats(self):
        return json.loads(self.ask("GET", "/stats")[2])


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self, method="GET"):
        """Reads one response: status, fields in lower case, body."""
        line = self.file.readline()
        if not line:
            raise ConnectionError("there is no response")
        header = http.client.parse_headers(self.file)
        fields = {name.lower(): value for name, value in header.items()}
        bytes_to_come = 0 if method == "HEAD" else int(fields["content-length"])
        body = self.file.read(bytes_to_come)
        if len(body) != bytes_to_come:
            raise ConnectionError("the response was cut short")
        return int(line.split()[1]), fields, body

    def ask(self, method, target, body=b"", fields=None):
        self.send(traffic.request(method, target, body, fields))
        return self.receive(method)

    def is_ended_by_peer(self):
        return self.file.read(1) == b""


def pools(tree):
    """The names in a pool tree with the number of each."""
    names = {tree["name"]: 1}
    for child in tree["children"]:
        for name, count in pools(child).items():
            names[name] = names.get(name, 0) + count
    return names


class StrategyTest:
    """Everything here holds for both strategies."""

    strategy = ""

    def server(self, *arguments):
        return Server(f"--memory={self.strategy}", *arguments)

    def test_echo_gives_the_same_values(self):
        document = {**traffic.order(3), "deep": [[[[{"x": -1}]]]], "big": 2**53, "tiny": 1e-9}
        with self.server() as server:
            status, fields, body = server.ask("POST", "/echo", json.dumps(document).encode())
        self.assertEqual(status, 200)
        self.assertEqual(fields["content-type"], "application/json")
        self.assertEqual(json.loads(body), document)

    def test_echo_of_a_large_body(self):
        document = [{"index": index, "text": "x" * (index % 100)} for index in range(8000)]
        with self.server() as server:
            status, _, body = server.ask("POST", "/echo", json.dumps(document).encode())
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body), document)

    def test_echo_of_text_that_grows(self):
        numbers = ",".join(["1e9"] * 5000)
        with self.server() as server:
            status, _, body = server.ask("POST", "/echo", f"[{numbers}]".encode())
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body), [1e9] * 5000)

    def test_page_shows_fields_escaped(self):
        with self.server() as server:
            status, fields, body = server.ask("GET", "/page?name=%3Cb%3E+%26+%zz&x=1")
        self.assertEqual(status, 200)
        self.assertEqual(fields["content-type"], "text/html; charset=utf-8")
        page = body.decode()
        self.assertIn("<h1>Hello, &lt;b&gt; &amp; %zz</h1>", page)
        self.assertIn("<tr><th>theme</th><td>dark</td></tr>", page)
        self.assertIn(f"<tr><th>Host</th><td>{traffic.HOST}</td></tr>", page)
        self.assertNotIn("{{", page)

    def test_head_has_no_body(self):
        with self.server() as server, server.connect() as connection:
            _, full, body = connection.ask("GET", "/page")
            _, head, nothing = connection.ask("HEAD", "/page")
        full.pop("date"), head.pop("date")
        self.assertEqual(head, full)
        self.assertEqual((len(body), nothing), (int(full["content-length"]), b""))

    def test_every_response_has_server_and_date(self):
        with self.server() as server:
            for target in ("/page", "/nowhere"):
                _, fields, _ = server.ask("GET", target)
                self.assertRegex(fields["date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
                self.assertIn("server", fields)

    def test_unknown_path_and_wrong_method(self):
        with self.server() as server, server.connect() as connection:
            self.assertEqual(connection.ask("GET", "/nowhere")[0], 404)
            status, fields, _ = connection.ask("GET", "/echo")
            self.assertEqual((status, fields["allow"]), (405, "POST"))
            status, fields, _ = connection.ask("DELETE", "/page")
            self.assertEqual((status, fields["allow"]), (405, "GET, HEAD"))
            self.assertEqual(connection.ask("GET", "/page")[0], 200)

    def test_body_that_is_no_json(self):
        with self.server() as server, server.connect() as connection:
            for body in (b"{", b"[1,]", b"\xff", b"[" * 1000):
                self.assertEqual(connection.ask("POST", "/echo", body)[0], 400)
            self.assertEqual(connection.ask("POST", "/echo", b"{}")[2], b"{}")

    def test_malformed_requests(self):
        with self.server() as server:
            for text in (b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                         b"GET /\x01 HTTP/1.1\r\n\r\n",
                         b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                         b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"):
                with self.subTest(text=text), server.connect() as connection:
                    connection.send(text)
                    status, fields, _ = connection.receive()
                    self.assertEqual((status, fields["connection"]), (400, "close"))
                    self.assertTrue(connection.is_ended_by_peer())

    def test_body_limit(self):
        with self.server("--body-limit-bytes=1000") as server:
            self.assertEqual(server.ask("POST", "/echo", b"[%s]" % (b" " * 998))[0], 200)
            with server.connect() as connection:
                self.assertEqual(connection.ask("POST", "/echo", b" " * 200000)[0], 413)
                self.assertTrue(connection.is_ended_by_peer())
            with server.connect() as connection:
                chunk = b"190\r\n" + b" " * 400 + b"\r\n"
                connection.send(b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
                connection.send(chunk * 3 + b"0\r\n\r\n")
                self.assertEqual(connection.receive()[0], 413)

    def test_header_limit(self):
        with self.server("--header-limit-bytes=2048") as server:
            fields = {"Host": traffic.HOST, "Cookie": "x" * 3000}
            self.assertEqual(server.ask("GET", "/page", fields=fields)[0], 431)

    def test_chunked_body(self):
        with self.server() as server, server.connect() as connection:
            connection.send(b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                            b"3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n")
            self.assertEqual(connection.receive()[2], b"[1,2]")

    def test_body_in_many_chunks(self):
        numbers = list(range(3000))
        text = json.dumps(numbers).encode()
        chunks = b"".join(b"7;name=value\r\n%-7b\r\n" % text[index:index + 7]
                          for index in range(0, len(text), 7))
        with self.server() as server, server.connect() as connection:
            connection.send(b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
            connection.send(chunks + b"0\r\n\r\n")
            self.assertEqual(json.loads(connection.receive()[2]), numbers)

    def test_expect_continue(self):
        fields = {"Host": traffic.HOST, "Expect": "100-continue"}
        request = traffic.request("POST", "/echo", b"[1]", fields)
        with self.server() as server, server.connect() as connection:
            connection.send(request[:-3])
            interim = b"HTTP/1.1 100 Continue\r\n\r\n"
            self.assertEqual(connection.file.read(len(interim)), interim)
            connection.send(request[-3:])
            self.assertEqual(connection.receive()[2], b"[1]")

    def test_old_and_closing_clients(self):
        with self.server() as server:
            for request in (b"GET /page HTTP/1.0\r\n\r\n",
                            traffic.request("GET", "/page", b"", CLOSE)):
                with server.connect() as connection:
                    connection.send(request)
                    self.assertEqual(connection.receive()[0], 200)
                    self.assertTrue(connection.is_ended_by_peer())

    def test_pipelining_answers_in_order(self):
        bodies = [b"[%d]" % number for number in range(50)]
        requests = b"".join(traffic.request("POST", "/echo", body) for body in bodies)
        with self.server() as server, server.connect() as connection:
            sender = threading.Thread(target=connection.send, args=(requests,))
            sender.start()
            self.assertEqual([connection.receive()[2] for _ in bodies], bodies)
            sender.join()

    def test_request_in_single_bytes(self):
        with self.server() as server, server.connect() as connection:
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in traffic.request("POST", "/echo", b"[1]"):
                connection.send(bytes([byte]))
            self.assertEqual(connection.receive()[2], b"[1]")

    def test_keep_alive_neither_grows_nor_leaks(self):
        def connections(stats):
            return stats["workers"][0]["pool"]["children"]

        with self.server() as server, server.connect() as connection:
            connection.ask("GET", "/page")
            before = json.loads(connection.ask("GET", "/stats")[2])
            for request in 20 * traffic.mix():
                connection.send(request)
                self.assertEqual(connection.receive()[0], 200)
            after = json.loads(connection.ask("GET", "/stats")[2])
            last = json.loads(connection.ask("GET", "/stats")[2])
        self.assertEqual(len(connections(after)), 1)
        for key in ("handed_out_bytes", "reserved_bytes", "chunk_count"):
            self.assertEqual(connections(after)[0][key], connections(before)[0][key])
        if after["malloc_is_counted"]:
            for_stats = last["malloc_calls"] - after["malloc_calls"]
            calls = after["malloc_calls"] - before["malloc_calls"] - for_stats
            self.check_malloc_calls(calls / len(20 * traffic.mix()))

    def test_stats_shows_the_tree_of_every_worker(self):
        with self.server("--threads=3") as server, contextlib.ExitStack() as stack:
            for _ in range(5):
                connection = stack.enter_context(server.connect())
                connection.ask("GET", "/page")
            stats = json.loads(connection.ask("GET", "/stats")[2])
        self.assertEqual(stats["memory"], self.strategy)
        self.assertGreater(stats["rss_bytes_peak"], 0)
        counts = [pools(worker["pool"]) for worker in stats["workers"]]
        self.assertEqual([count["worker"] for count in counts], [1, 1, 1])
        self.assertEqual(sum(count.get("connection", 0) for count in counts), 5)
        self.assertEqual(sum(count.get("request", 0) for count in counts), 5)

    def test_many_connections(self):
        requests = traffic.mix()
        with self.server("--threads=2") as server, contextlib.ExitStack() as stack:
            connections = [stack.enter_context(server.connect()) for _ in range(100)]
            for turn in range(4):
                for number, connection in enumerate(connections):
                    connection.send(requests[(turn + number) % len(requests)])
                for connection in connections:
                    self.assertEqual(connection.receive()[0], 200)
            for connection in connections:
                connection.close()
            while sum(len(worker["pool"]["children"]) for worker in server.stats()["workers"]) > 1:
                pass  # The server hears of their end one by one; ctest sets the time limit.

    def test_idle_connection_is_closed(self):
        with self.server("--idle-timeout-ms=50") as server, server.connect() as connection:
            self.assertTrue(connection.is_ended_by_peer())

    def test_slow_requests_are_refused(self):
        request = traffic.request("POST", "/echo", b"[1, 2]")
        for option, sent in (("--idle-timeout-ms=50", request[:40]),
                             ("--request-timeout-ms=50", request[:-3])):
            with self.subTest(option), self.server(option) as server, \
                    server.connect() as connection:
                connection.send(sent)
                status, fields, _ = connection.receive()
                self.assertEqual((status, fields["connection"]), (408, "close"))
                self.assertTrue(connection.is_ended_by_peer())

    def test_peer_that_never_closes_is_left(self):
        with self.server() as server, server.connect() as connection:
            connection.ask("GET", "/page", fields=CLOSE)
            while pools(server.stats()["workers"][0]["pool"])["connection"] > 1:
                pass  # The server lingers for its second, then closes by itself.

    def test_stop_finishes_the_request_under_way(self):
        request = traffic.request("POST", "/echo", b"[1, 2]")
        with self.server() as server, server.connect() as busy, server.connect() as idle:
            self.assertEqual(idle.ask("GET", "/page")[0], 200)
            busy.send(traffic.request("GET", "/page") + request[:-3])
            self.assertEqual(busy.receive()[0], 200)
            server.stop()
            self.assertTrue(idle.is_ended_by_peer())
            busy.send(request[-3:])
            status, fields, body = busy.receive()
            self.assertEqual((status, body, fields["connection"]), (200, b"[1,2]", "close"))
            self.assertTrue(busy.is_ended_by_peer())

    def test_stop_under_load_cuts_no_response_short(self):
        """Each client gets whole responses until the server ends the connection between two."""
        def ask_until_closed(server, counts, number):
            with server.connect() as connection:
                for request in 10000 * traffic.mix():
                    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                        connection.send(request)
                    if connection.file.peek(1) == b"":
                        return
                    status, _, _ = connection.receive()
                    counts[number] += status == 200
                    if min(counts) > 10:
                        loaded.set()

        def run(*arguments):
            try:
                ask_until_closed(*arguments)
            except Exception as failure:  # pylint: disable=broad-except
                failures.append(failure)
                loaded.set()

        failures, loaded, counts = [], threading.Event(), [0] * 8
        with self.server("--threads=2") as server:
            clients = [threading.Thread(target=run, args=(server, counts, number))
                       for number in range(len(counts))]
            for client in clients:
                client.start()
            loaded.wait(PATIENCE_S)
            server.stop()
            for client in clients:
                client.join()
        self.assertEqual(failures, [])


class MallocTest(StrategyTest, unittest.TestCase):
    strategy = "malloc"

    def check_malloc_calls(self, calls_per_request):
        self.assertGreater(calls_per_request, 50)


class RegionTest(StrategyTest, unittest.TestCase):
    strategy = "region"

    def check_malloc_calls(self, calls_per_request):
        self.assertLess(calls_per_request, 0.1)

    def test_sessions_are_kept_for_the_next_connections(self):
        with self.server() as server:
            for _ in range(100):
                with server.connect() as connection:
                    self.assertEqual(connection.ask("GET", "/page", fields=CLOSE)[0], 200)
                    self.assertTrue(connection.is_ended_by_peer())
                while server.stats()["workers"][0]["pool"]["children"][1:]:
                    pass  # The server hears of its end a moment later.
            worker = server.stats()["workers"][0]
        # Never more than two at once: the one that asks, and that of the turn. A hundred would not
        # fit into a slab.
        self.assertEqual(worker["sessions"]["slab_count"], 1)
        self.assertLess(worker["sessions"]["used_count"] + worker["sessions"]["free_count"], 100)

    def test_stats_accounts_for_the_bytes(self):
        with self.server() as server:
            stats = server.stats()
        worker = stats["workers"][0]["pool"]
        for pool in (worker["children"][0]["children"][0],):
            self.assertGreater(pool["handed_out_bytes"], 0)
            self.assertEqual(pool["reserved_bytes"], pool["handed_out_bytes"] + pool["free_bytes"] +
                             pool["wasted_bytes"])
        # The connection's read buffer; what is read and written lies in no region.
        self.assertEqual(worker["children"][0]["handed_out_bytes"], 0)
        self.assertGreaterEqual(stats["buffers"]["used_bytes"], 6144)

    def test_what_lies_between_chunks_is_not_kept(self):
        chunk = b"1;" + b"x" * 1000 + b"\r\n1\r\n"
        with self.server() as server, server.connect() as connection:
            connection.send(b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(10):
                connection.send(30 * chunk)
                self.assertLess(server.stats()["buffers"]["used_bytes"], 100000)

    def test_a_connection_gives_its_buffers_back(self):
        with self.server() as server:
            before = server.stats()["buffers"]["used_bytes"]
            with server.connect(), server.connect():
                while server.stats()["buffers"]["used_bytes"] < before + 2 * 6144:
                    pass  # The server hears of a connection, and of its end, a moment later.
            while server.stats()["buffers"]["used_bytes"] > before:
                pass


class BothTest(unittest.TestCase):
    def test_responses_are_the_same_bytes(self):
        requests = [*traffic.mix(), traffic.request("GET", "/nowhere"),
                    traffic.request("PUT", "/echo"), traffic.request("POST", "/echo", b"{"),
                    traffic.request("HEAD", "/page"), b"nonsense\r\n\r\n"]
        with Server("--memory=malloc") as malloc, Server("--memory=region") as region:
            for request in requests:
                answers = []
                for server in (malloc, region):
                    with server.connect() as connection:
                        connection.send(request)
                        connection.socket.shutdown(socket.SHUT_WR)
                        answer = b"".join(iter(lambda: connection.socket.recv(65536), b""))
                        answers.append(re.sub(rb"\r\nDate: [^\r]*", b"", answer))
                self.assertTrue(answers[0].startswith(b"HTTP/1.1 "))
                self.assertEqual(answers[0], answers[1])

    def test_command_line(self):
        def run(*arguments):
            return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True,
                                  timeout=PATIENCE_S, check=False)

        self.assertIn("--memory", run("--help").stdout)
        self.assertNotEqual(run("--memory=wishes").returncode, 0)
        self.assertNotEqual(run("--threads=0").returncode, 0)
        with Server() as server:
            taken = run(f"--port={server.port}")
        self.assertEqual(taken.returncode, 1)
        self.assertIn("Address already in use", taken.stderr)


if __name__ == "__main__":
    unittest.main()
