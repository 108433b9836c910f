#!/usr/bin/env python3
"""Servers under load, recorded: they answer and leave as they do otherwise, and their recordings
make sense.

    servers_test.py TARN [HTTP_SERVER]

A server that this machine does not have is left out.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

TARN, HTTP_SERVER = sys.argv[1], (sys.argv[2:] or [None])[0]
PATIENCE_S = 60


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(port):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nobody listens on port {port}")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          timeout=PATIENCE_S).stdout


def needs(*programs):
    missing = [program for program in programs if program is None or not shutil.which(program)]
    return unittest.skipIf(missing, f"not here: {missing}")


class Servers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def serve(self, command, port, use):
        """Runs the server, plainly and recorded; `use` makes it answer and tells it to stop.
        Returns what the largest recording says."""
        answers = []
        for prefix in ([], [TARN, "record", "-o", "server.tarn", "--"]):
            server = subprocess.Popen([*prefix, *command], cwd=self.folder, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                wait_for(port)
                answers.append(use())
                self.stop(server, prefix)
                _, errors = server.communicate(timeout=PATIENCE_S)
            finally:
                server.kill()
            self.assertEqual(server.returncode, 0, errors)
            self.assertNotIn("are missing", errors)
        self.assertEqual(answers[0], answers[1])
        largest = max(self.folder.glob("server*.tarn"), key=lambda path: path.stat().st_size)
        return json.loads(output_of(TARN, "stat", "--json", str(largest)))

    def stop(self, server, prefix):
        """By the signal that asks for it; what is recorded is the child of what was started."""
        number = server.pid
        if prefix:
            children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
            number = int(children[0])
        os.kill(number, self.signal)

    @needs("redis-server", "redis-benchmark", "redis-cli")
    def test_redis(self):
        port = free_port()
        self.signal = signal.SIGTERM

        def use():
            output_of("redis-benchmark", "-p", str(port), "-n", "5000", "-c", "20", "-q",
                      "-t", "set,get,lpush,hset")
            output_of("redis-cli", "-p", str(port), "rpush", "list", *map(str, range(500)))
            return output_of("redis-cli", "-p", str(port), "lrange", "list", "0", "-1")

        found = self.serve(["redis-server", "--port", str(port), "--bind", "127.0.0.1",
                            "--save", "", "--appendonly", "no"], port, use)
        self.assertEqual(found["contradiction_count"], 0)
        self.assertGreater(found["operation_count"], 20_000)
        names = {thread["name"] for thread in found["threads"]} - {None}
        self.assertTrue(any(name.startswith("bio_") for name in names), names)

    @needs("nginx", "wrk", "curl")
    def test_nginx(self):
        port = free_port()
        self.signal = signal.SIGQUIT
        (self.folder / "index.html").write_text("<h1>a tarn</h1>")
        (self.folder / "nginx.conf").write_text(f"""
            daemon off; worker_processes 1; pid nginx.pid; error_log error.log;
            {"user root;" if os.geteuid() == 0 else ""}
            events {{ worker_connections 64; }}
            http {{
              access_log off; client_body_temp_path .; proxy_temp_path .; fastcgi_temp_path .;
              uwsgi_temp_path .; scgi_temp_path .;
              server {{ listen 127.0.0.1:{port}; root {self.folder}; }}
            }}""")

        def use():
            address = f"http://127.0.0.1:{port}/index.html"
            load = output_of("wrk", "-t1", "-c8", "-d1s", address)
            self.assertNotIn("Non-2xx", load)
            self.assertNotIn("Socket errors", load)
            return output_of("curl", "-s", address)

        found = self.serve(["nginx", "-p", str(self.folder), "-c", "nginx.conf",
                            "-e", "error.log"], port, use)
        self.assertEqual(found["contradiction_count"], 0)
        self.assertGreater(found["operation_count"], 1000)

    @needs(HTTP_SERVER, "wrk", "curl")
    def test_the_http_server_of_the_examples_with_its_requests(self):
        port = free_port()
        self.signal = signal.SIGTERM

        def use():
            address = f"http://127.0.0.1:{port}/page?rows=20"
            load = output_of("wrk", "-t1", "-c8", "-d1s", address)
            self.assertNotIn("Non-2xx", load)
            self.assertNotIn("Socket errors", load)
            return re.sub(r"\d+:\d+:\d+", "", output_of("curl", "-s", address))

        found = self.serve([HTTP_SERVER, f"--port={port}", "--memory=malloc"], port, use)
        self.assertEqual(found["contradiction_count"], 0)
        self.assertEqual([scope["name"] for scope in found["scopes"]], ["request"])
        scope = found["scopes"][0]
        self.assertGreater(scope["begun_count"], 100)
        self.assertEqual(scope["begun_count"], scope["ended_count"])
        self.assertGreater(scope["allocated_count"], scope["begun_count"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
