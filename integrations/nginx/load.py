"""nginx under load, for what is measured: one worker, its backend a stock nginx.

The worker has one processor to itself; clients and backend share another.
"""

import contextlib
import os
import pathlib
import re
import socket
import subprocess
import tempfile

import servers
import upstream

CONF = servers.HERE / "measure.conf"
CONNECTION_COUNT = 32
IDLE_COUNT = 10000
SIXTY_FIELDS = [f"X-Field-{number}: {'v' * (10 + number % 40)}" for number in range(60)]
# What 200 000 mixed requests are made of.
MIX = ("/page.html", "/large.txt", "/proxy/a", "/proxy/b?c=d", "/gzip/page.html", "/sub/page.html",
       "/ssi/ssi.html", "/moved/away/page.html")


def on_processor(index):
    """Returns the prefix of a command that keeps it on one processor."""
    processors = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(processors[index % len(processors)])]


def run(*command):
    """Returns what a command prints, which must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


class Site:
    """Files and a backend; start() gives a front with them."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="nginx_site_")
        folder = pathlib.Path(self.temporary.name)
        folder.chmod(0o755)
        (folder / "page.html").write_bytes(upstream.pattern(600))
        (folder / "large.txt").write_bytes(upstream.pattern(30000))
        (folder / "ssi.html").write_text('<!--#include virtual="/page.html" -->'
                                         '<!--#include virtual="/proxy/ssi" -->')
        self.backend = servers.Nginx("stock", CONF, ["http"], watcher=on_processor(1),
                                     files=folder, backend=1)

    def start(self, variant, watcher=(), environment=()):
        """Returns a front on the first processor."""
        return servers.Nginx(variant, CONF, ["http"], environment, [*on_processor(0), *watcher],
                             files=self.temporary.name, backend=self.backend.ports["http"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.backend.stop()
        self.temporary.cleanup()


@contextlib.contextmanager
def running(site, variant, watcher=(), environment=()):
    """A front for a block, which must have nothing to complain of."""
    front = site.start(variant, watcher, environment)
    try:
        yield front
    finally:
        wrong = front.stop()
    if wrong:
        raise RuntimeError("\n".join(wrong))


def url(front, target):
    """Returns the whole address."""
    return f"http://127.0.0.1:{front.ports['http']}{target}"


def ask_mixed(front, count, connection_count=CONNECTION_COUNT):
    """Sends so many of MIX; all must succeed."""
    printed = run(*on_processor(1), "h2load", "--h1", "-n", str(count), "-c",
                  str(connection_count), *(url(front, target) for target in MIX))
    if f"{count} succeeded, 0 failed" not in printed:
        raise RuntimeError(f"not all requests succeeded:\n{printed}")


def cpu_ns(pid):
    """Returns how long a process has run."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def requests_per_second(front, target, fields, seconds):
    """Returns what wrk counts on connections that stay open, and the worker's us for each."""
    options = [option for field in fields for option in ("-H", field)]
    pid = front.worker()
    before_ns = cpu_ns(pid)
    printed = run(*on_processor(1), "wrk", "-t1", f"-c{CONNECTION_COUNT}", f"-d{seconds}s",
                  *options, url(front, target))
    used_us = (cpu_ns(pid) - before_ns) / 1000
    if "Non-2xx" in printed or "Socket errors" in printed:
        raise RuntimeError(f"wrk met errors:\n{printed}")
    count = int(re.search(r"(\d+) requests in", printed)[1])
    return float(re.search(r"Requests/sec: +([\d.]+)", printed)[1]), used_us / count


def rss_bytes_per_idle_connection(front):
    """Returns what each of IDLE_COUNT connections costs that has had an answer and waits."""
    before = front.rss_bytes()
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(front.connect()) for _ in range(IDLE_COUNT)]
        for connection in connections:
            connection.sendall(b"GET /page.html HTTP/1.1\r\nHost: a\r\n\r\n")
        for connection in connections:
            received = connection.recv(1, socket.MSG_WAITALL)
            if received != b"H":
                raise RuntimeError("a connection was closed")
        return (front.rss_bytes() - before) / IDLE_COUNT
