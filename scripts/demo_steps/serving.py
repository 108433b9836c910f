"""The example HTTP server, and the load on it."""

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile

from demo_steps.processes import ROOT, DemoError, on_processor, running

EXAMPLE = ROOT / "examples" / "http_server"

sys.path.insert(0, str(EXAMPLE))
import traffic  # noqa: E402


class Server:
    """One running server."""

    def __init__(self, child, port):
        self.child, self.port = child, port
        self.url = f"http://127.0.0.1:{port}"

    def exchange(self, raw_request):
        """Sends the bytes of a request; returns status, fields without the date, and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.connect()
            connection.sock.sendall(raw_request)
            response = http.client.HTTPResponse(connection.sock)
            response.begin()
            fields = [field for field in response.getheaders() if field[0].lower() != "date"]
            return response.status, fields, response.read()

    def stats(self):
        return json.loads(self.exchange(traffic.request("GET", "/stats"))[2])

    def cpu_seconds(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(command, strategy, threads, **options):
    """Runs the server, which `command` is or ends with, and yields it."""
    command = [*map(str, command), f"--memory={strategy}", "--port=0", f"--threads={threads}"]
    with running(command, stdout=subprocess.PIPE, **options) as child:
        line = child.stdout.readline()
        port = re.search(r"http://[\d.]+:(\d+)", line)
        if not port:
            raise DemoError(f"the server did not start: {line.strip() or 'it said nothing'}")
        yield Server(child, int(port[1]))


@contextlib.contextmanager
def mix_file(requests):
    """Yields the path of a file with the requests, as load.lua reads them."""
    with tempfile.NamedTemporaryFile() as file:
        for request in requests:
            file.write(b"%d\n%s" % (len(request), request))
        file.flush()
        yield file.name


def load(server, mix, seconds, arguments):
    """One run of wrk against `server`; returns what it says of it."""
    command = ["wrk", f"--threads={arguments.wrk_threads}",
               f"--connections={arguments.connections}", f"--duration={seconds}s",
               f"--script={EXAMPLE / 'load.lua'}", server.url, "--", mix]
    if arguments.threads == 1 and arguments.wrk_threads == 1:
        command = on_processor(1, command)
    with running(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        output, _ = child.communicate(timeout=seconds + 30)
    last_line = output.strip().rpartition("\n")[2]
    if child.returncode != 0 or not last_line.startswith("{"):
        raise DemoError(f"wrk failed:\n{output}")
    run = json.loads(last_line)
    if run["errors"] or not run["requests"]:
        raise DemoError(f"wrk met errors: {last_line}")
    return run
