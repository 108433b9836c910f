"""Starts nginx, as build left it, in a folder of its own, and says what became of it.

A variant is `stock`, `tarn`, `asan` or `valgrind`, which is tarn's under Valgrind.
"""

import contextlib
import os
import pathlib
import re
import resource
import signal
import socket
import ssl
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build/nginx"
PATIENCE_S = 120
PORTS = ("http", "tls", "stream", "stream_tls", "smtp", "imap", "pop3")
FILE_COUNT = 12000
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite",
            "--errors-for-leak-kinds=definite", "--log-file=report.%p"]
SUPPRESSIONS = HERE / "valgrind.supp"


def free_ports(count):
    """Returns ports nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def allow_many_files():
    """Lets this process, and those it starts, have 10 000 connections and more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILE_COUNT, max(most, FILE_COUNT)))


def program(variant):
    """Returns the path of nginx."""
    return BUILD / ("tarn" if variant == "valgrind" else variant) / "objs/nginx"


class Nginx:
    """A running nginx. `folder` is its prefix; what it reports about memory goes to report.*"""

    def __init__(self, variant, template, ports, environment=(), watcher=(), **values):
        allow_many_files()
        self.variant = variant
        self.temporary = tempfile.TemporaryDirectory(prefix=f"nginx_{variant}_")
        self.folder = pathlib.Path(self.temporary.name)
        self.ports = dict(zip(ports, free_ports(len(ports))))
        values |= self.ports | {"user": "user root;" if os.getuid() == 0 else ""}
        text = re.sub(r"@(\w+)@", lambda match: str(values[match[1]]), template.read_text())
        (self.folder / "nginx.conf").write_text(text)
        environment = os.environ | dict(environment)
        if variant == "asan":
            # Each of nginx's dynamic modules has an ngx_modules of its own, by design.
            environment |= {"ASAN_OPTIONS": "log_path=report:detect_odr_violation=0",
                                 # Suppressions are names; Clang 19 would look for a program of
                                 # its own version.
                                 "ASAN_SYMBOLIZER_PATH": "/usr/bin/llvm-symbolizer",
                                 "LSAN_OPTIONS": f"suppressions={HERE / 'lsan.supp'}"
                                                 ":print_suppressions=0",
                                 "TARN_CHECKING": "passthrough"}
        if variant == "valgrind":
            watcher = [*VALGRIND, f"--suppressions={SUPPRESSIONS}"]
        self.process = subprocess.Popen(
            [*watcher, program(variant), "-p", f"{self.folder}/", "-c", "nginx.conf",
             "-e", "error.log"], cwd=self.folder, env=environment, start_new_session=True)
        self.wait_until_it_answers()

    def wait_until_it_answers(self):
        """A worker answers, or this raises."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError, ValueError):
                return self.worker()
            time.sleep(0.02)
        raise RuntimeError("\n".join([f"nginx ({self.variant}) does not answer:",
                                      self.error_log()[-3000:], *self.reports()]))

    def connect(self, port="http", is_encrypted=False):
        """Returns a connection to one of its ports."""
        plain = socket.create_connection(("127.0.0.1", self.ports[port]), PATIENCE_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not is_encrypted:
            return plain
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(plain)

    def worker(self):
        """Returns the process id of the worker that accepts connections, as it says itself."""
        with self.connect() as connection:
            connection.sendall(b"GET /pid\r\n")
            return int(connection.recv(100))

    def rss_bytes(self):
        """Returns what the worker has in memory; exact, where /proc/PID/status is rounded."""
        text = pathlib.Path(f"/proc/{self.worker()}/smaps_rollup").read_text()
        return 1024 * int(re.search(r"^Rss: +(\d+) kB", text, re.MULTILINE)[1])

    def signal(self, number):
        """Signals the master."""
        self.process.send_signal(number)

    def error_log(self):
        """Returns what nginx has logged."""
        path = self.folder / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def reports(self):
        """Returns what AddressSanitizer or Valgrind has said, process by process."""
        texts = [path.read_text(errors="replace").strip()
                 for path in sorted(self.folder.glob("report.*"))]
        return [text for text in texts if text]

    def stop(self):
        """Lets it end gracefully and returns what went wrong in its life: a list of texts."""
        self.signal(signal.SIGQUIT)
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            code = self.process.wait()
        wrong = [] if code == 0 else [f"nginx ({self.variant}) left with code {code}"]
        wrong += re.findall(r".*\[(?:emerg|alert|crit)\].*|.*exited on signal.*"
                            r"|.*exited with code [1-9].*", self.error_log())
        wrong += self.reports()
        self.temporary.cleanup()
        return wrong
