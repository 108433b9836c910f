"""The table of blocks of any size, beside Netty."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from benchmarks.running import (BUILD, MALLOCS, ROOT, measure_times, preloadable, run, say, stop,
                                wanted)
from benchmarks.table import Table

# "tarn exact" and the list are shown, and no rivals.
PEERS = ["tarn exact", "netty", *MALLOCS, "pmr", "pmr sync", "list"]
NETTY_JARS = [pathlib.Path(f"/usr/share/java/netty-{part}-4.1.48.Final.jar")
              for part in ("buffer", "common")]
BLOCK_BYTES = [64, 256, 1024, 8192, 65536]
LIVE_COUNTS = [128, 512, 1024]


def netty_command(folder):
    """Compiles bench/netty/ArenaBench.java and returns the command that runs it; nothing where
    there is no Netty."""
    missing = [tool for tool in ("java", "javac") if not shutil.which(tool)]
    missing += [str(jar) for jar in NETTY_JARS if not jar.exists()]
    if missing:
        say(f"scripts/bench: going on without Netty (there is no {missing[0]}; "
            "`scripts/setup test` installs it)")
        return []
    class_path = ":".join(map(str, [folder, *NETTY_JARS]))
    run("javac", "-cp", class_path, "-d", folder, ROOT / "bench/netty/ArenaBench.java")
    return ["java", "-XX:+UseSerialGC", "-Xmx1g", "-XX:MaxDirectMemorySize=4g",
            "-Dio.netty.leakDetection.level=disabled", "-cp", class_path, "ArenaBench"]


def run_netty(arguments, java, folder):
    """Runs Netty once and yields (workload, argument, peer, nanoseconds per operation)."""
    printed = run(*java, "time", folder, f"({arguments.only or '.*'})/.*", arguments.warm_seconds,
                  arguments.min_time, arguments.repetitions)
    for line in printed.splitlines():
        time_ns, name = line.split(" ", 1)
        workload, argument = name.split("/")
        yield workload, argument, "netty", float(time_ns)


def memory_commands(arguments, java, folder):
    """Yields (peer, command, library to preload) of all that say what they hold."""
    program = BUILD / "bench/arena_memory"
    for peer, name in (("tarn", "tarn"), ("tarn exact", "tarn exact"), ("glibc", "malloc")):
        yield peer, [program, name, folder, arguments.idle], ""
    for peer, path in preloadable().items():
        yield peer, [program, "malloc", folder, arguments.idle], path
    if java:
        yield "netty", [*java, "memory", folder, arguments.idle], ""


def measure_memory(arguments, java, folder):
    """Returns {moment: {peer: (reserved, resident)}}, each in bytes per byte alive, and 0 where the
    peer does not say. The peers run at once: nothing is timed."""
    running = {peer: subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True,
                                      env=dict(os.environ, LD_PRELOAD=preload))
               for peer, command, preload in memory_commands(arguments, java, folder)}
    moments, alive = {}, {}
    for peer, process in running.items():
        printed, _ = process.communicate()
        if process.returncode != 0:
            stop(f"the memory of {peer} could not be measured")
        for line in printed.splitlines():
            moment, live, *held = line.split()
            if alive.setdefault(moment, live) != live:
                stop(f"{peer} has {live} bytes alive, others {alive[moment]}: not the same steps")
            moments.setdefault(moment, {})[peer] = [int(count) / int(live) for count in held]
    return moments


def against_netty_and_malloc(table, workload, argument, label):
    """The two bars of most workloads with blocks of any size."""
    table.against(workload, argument, label, ["netty"], 1 / 5, "<= 1/5")
    table.against(workload, argument, label, MALLOCS, 1.0)


def fill(table):
    """Adds the rows of all timed workloads with blocks of any size."""
    for count in BLOCK_BYTES:
        against_netty_and_malloc(table, "arena pairs", f"{count} B", f"pairs of {count} B")
    for count in LIVE_COUNTS:
        against_netty_and_malloc(table, "arena buffers", str(count), f"{count} buffers alive")
    for count in LIVE_COUNTS:
        against_netty_and_malloc(table, "arena buffers, 2 threads", str(count),
                                 f"{count} buffers alive in each of 2 threads")
    for count in BLOCK_BYTES:
        against_netty_and_malloc(table, "arena slots", f"{count} B", f"8192 x {count} B alive")
    table.against("arena hand over", "buffers", "buffers, one thread to another", MALLOCS, 0.8)
    for rivals, most, bar in ((["pmr sync"], 1 / 5, "<= 1/5"), (["pmr"], 1 / 2, "<= 1/2"),
                              (MALLOCS, 1.0, "<= 1")):
        table.against("arena map", "10000", "std::pmr::unordered_map of 10000", rivals, most, bar)


def fill_memory(table, moments, idle):
    """Adds what arena_memory and Netty say of `moments`, in bytes per byte alive."""
    for moment, label, most in (("peak", "peak", 1.25),
                                ("idle", f"{idle} s after the fall", 1.5),
                                ("later", "1000 steps later", None)):
        reserved, resident = ({peer: held[index] for peer, held in moments[moment].items()
                               if held[index]} for index in (0, 1))
        table.row(f"reserved per byte alive, {label}", reserved, reserved["tarn"],
                  most and f"<= {most}", most)
        table.row(f"resident per byte alive, {label}", resident)


def measure(arguments):
    """Returns the filled table."""
    with tempfile.TemporaryDirectory() as folder:
        run(BUILD / "bench/arena_draw", folder, arguments.tide_steps)
        lines = (pathlib.Path(folder) / "workloads").read_text().splitlines()
        has_times = any(wanted(arguments, line.split(" ", 3)[3].split("/")[0]) for line in lines)
        has_memory = wanted(arguments, "arena memory")
        java = netty_command(folder) if has_times or has_memory else []
        netty = (lambda: run_netty(arguments, java, folder)) if java and has_times else None
        table = Table(measure_times(arguments, "blocks_bench", netty), PEERS)
        fill(table)
        if has_memory:
            say(f"memory of blocks of any size: {arguments.idle} s of them idle")
            fill_memory(table, measure_memory(arguments, java, folder), arguments.idle)
    return table
