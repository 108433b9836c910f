#!/usr/bin/env python3
"""Reloads, shutdowns and thousands of idle connections: life_test.py VARIANT [TEST...]

Stock nginx and the variant (see servers.py) go through the same; nobody may lose an answer.
"""

import contextlib
import os
import re
import signal
import sys
import threading
import time
import unittest
from concurrent import futures

sys.dont_write_bytecode = True
import answers  # noqa: E402
import servers  # noqa: E402
import upstream  # noqa: E402
from battery_test import (PAGE, VARIANT, BatteryTest, receive_all, receive_until,  # noqa: E402
                          request)

IDLE_COUNT = 10000 if VARIANT == "tarn" else 500
LINK_OPTIONS = servers.HERE / "link_options"
NAMES = (servers.ROOT / "tarn/c/ngx_pool.cpp", servers.ROOT / "tarn/c/ngx_cleanup.cpp")


def ask(server, target):
    """Returns the body of one answer, comparable."""
    with server.connect() as connection:
        connection.sendall(request("GET", target, "Connection: close"))
        answer = answers.comparable(receive_all(connection), server.ports)
    if answers.statuses(answer) != [200]:
        raise AssertionError(f"{target}: {answer[:300]}")
    return answer.partition(b"\r\n\r\n")[2]


class Load:
    """Clients that ask until the block ends; each wrong answer is raised there."""

    WISHES = (("/page.html", PAGE), ("/proxy/pattern?bytes=20000", upstream.pattern(20000)),
              ("/sub/page.html?old=x&new=y", PAGE.replace(b"lake", b"TARN")))

    def __init__(self, server):
        self.server, self.answer_count, self.is_ending = server, 0, threading.Event()
        self.executor = futures.ThreadPoolExecutor(4)

    def wait_for(self, count):
        """Returns when so many answers have come, or a client has given up."""
        while self.answer_count < count and not any(client.done() for client in self.clients):
            time.sleep(0.01)

    def ask_on(self):
        """What each client does."""
        while not self.is_ending.is_set():
            for target, expected in self.WISHES:
                body = ask(self.server, target)
                if body != expected:
                    raise AssertionError(f"{target}: {len(body)} of {len(expected)} bytes")
                self.answer_count += 1

    def __enter__(self):
        self.clients = [self.executor.submit(self.ask_on) for _ in range(4)]
        return self

    def __exit__(self, *_):
        self.is_ending.set()
        for client in self.clients:
            client.result()
        self.executor.shutdown()


class Life(BatteryTest):
    """What happens to a master and its workers."""

    def check_change_of_workers(self, server, change):
        """Under load, calls `change` again and again; a slow download spans it."""
        with Load(server) as load, futures.ThreadPoolExecutor() as executor:
            slow = executor.submit(ask, server, "/limit_conn/slow.txt")
            for _ in range(5):
                load.wait_for(load.answer_count + 20)
                worker = server.worker()
                change()
                while server.worker() == worker:
                    time.sleep(0.01)
            self.assertEqual(slow.result(), upstream.pattern(150000))

    def test_reload_under_load(self):
        for server in self.servers:
            with self.subTest(server.variant):
                self.check_change_of_workers(server, lambda: server.signal(signal.SIGHUP))

    def test_worker_shutdown_under_load(self):
        for server in self.servers:
            with self.subTest(server.variant):
                self.check_change_of_workers(server,
                                             lambda: os.kill(server.worker(), signal.SIGQUIT))

    def test_shutdown_finishes_what_has_begun(self):
        target = "/proxy_unbuffered/chunked?pieces=30&pause_s=0.02"
        expected = b"".join(upstream.pattern(100 + number) for number in range(30))
        for server in (self.start("stock"), self.start(VARIANT)):
            with self.subTest(server.variant), contextlib.ExitStack() as stack:
                connections = [stack.enter_context(server.connect()) for _ in range(20)]
                for connection in connections:
                    connection.sendall(request("GET", target))
                heads = [connection.recv(20) for connection in connections]
                server.signal(signal.SIGQUIT)
                for head, connection in zip(heads, connections):
                    answer = answers.comparable(head + receive_all(connection), {})
                    self.assertEqual(answer.partition(b"\r\n\r\n")[2], expected)
                self.assertEqual(server.stop(), [])

    def test_idle_connections(self):
        text = request("GET", "/page.html")
        for server in self.servers:
            with self.subTest(server.variant), contextlib.ExitStack() as stack:
                connections = [stack.enter_context(server.connect()) for _ in range(IDLE_COUNT)]
                for _ in range(2):
                    for connection in connections:
                        connection.sendall(text)
                    for connection in connections:
                        receive_until(connection, PAGE)
                status = ask(server, "/status")
                self.assertIn(b"Active connections: %d" % (IDLE_COUNT + 1), status)
                self.assertIn(b"Waiting: %d" % IDLE_COUNT, status)

    def test_every_name_is_wrapped(self):
        options = LINK_OPTIONS.read_text()
        wrapped = re.findall(r"^-Wl,--wrap=ngx_(\w+)\n-Wl,--defsym=ngx_\1=tarn_ngx_\1$",
                             options, re.M)
        self.assertEqual(len(options.split()), 2 * len(wrapped))
        names = re.findall(r"^TARN_NGX_NAMES\((\w+)\)", "".join(f.read_text() for f in NAMES), re.M)
        self.assertEqual(wrapped, names)

    def test_statistics(self):
        server = self.start(VARIANT, environment={"TARN_NGX_STATS": f"{self.files}/pools"})
        worker = server.worker()
        for _ in range(100):
            ask(server, "/page.html")
        self.assertEqual(server.stop(), [])
        numbers = dict(re.findall(r"(.*) (\d+)\n", (self.files / f"pools.{worker}").read_text()))
        self.assertGreater(int(numbers["pools created"]), 200)
        self.assertEqual(numbers["requests refused"], "0")

    @unittest.skipUnless(VARIANT == "valgrind", "it is about Valgrind's suppressions")
    def test_stock_nginx_leaves_what_is_suppressed(self):
        report = "\n".join(self.start("stock", watcher=servers.VALGRIND).stop())
        self.assertIn("ngx_regex_compile", report)
        self.assertIn("ngx_set_environment", report)


if __name__ == "__main__":
    unittest.main()
