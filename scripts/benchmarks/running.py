"""Builds the programs of bench/ and runs them in interleaved rounds."""

import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "release"
PRELOADED = {
    "jemalloc": "libjemalloc.so.2",
    "mimalloc": "libmimalloc.so.2",
    "tcmalloc": "libtcmalloc_minimal.so.4",
}
MALLOCS = ["glibc", *PRELOADED]
COUNTERS = ["beyond_percent", "returned_percent"]


def say(text):
    """Prints progress, which is not the result."""
    print(text, file=sys.stderr, flush=True)


def stop(text):
    """Ends with a message."""
    sys.exit(f"scripts/bench: {text}")


def run(*command, **options):
    """Runs `command` and returns what it printed; on failure shows the end of what it said."""
    words = list(map(str, command))
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        stop(f"{' '.join(words)} failed:\n{(done.stderr or done.stdout)[-3000:]}")
    return done.stdout


def at_hand(*tools):
    """Returns those of `tools` that this machine has."""
    there = [tool for tool in tools if shutil.which(tool)]
    for tool in tools:
        if tool not in there:
            say(f"scripts/bench: going on without {tool} (it is not installed)")
    return there


def preloadable():
    """Returns the path of each preloaded allocator that this machine has."""
    known = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True,
                           check=False).stdout
    paths = {}
    for name, library in PRELOADED.items():
        found = re.search(rf"^\s*{re.escape(library)} .*=> (\S+)$", known, re.MULTILINE)
        if found:
            paths[name] = found[1]
        else:
            say(f"scripts/bench: going on without {name} ({library} is not installed)")
    return paths


def run_benchmarks(arguments, program, filters, preload=None):
    """Runs the program once and yields (workload, argument, peer, nanoseconds per operation), and
    what it counts in per cent as workloads of their own."""
    command = [str(BUILD / "bench" / program), "--benchmark_format=json",
               f"--benchmark_filter={filters}", f"--benchmark_min_time={arguments.min_time}",
               f"--benchmark_repetitions={arguments.repetitions}",
               "--benchmark_enable_random_interleaving=true"]
    environment = dict(os.environ, **({"LD_PRELOAD": preload} if preload else {}))
    printed = run(*command, env=environment)
    for result in json.loads(printed or '{"benchmarks": []}')["benchmarks"]:
        if result["run_type"] != "iteration":
            continue
        workload, argument, peer, *manual = result["run_name"].split("/")
        # Where only a part is timed, or several threads are, it is by the clock.
        by_clock = "manual_time" in manual or "real_time" in manual
        time_ns = result["real_time" if by_clock else "cpu_time"]
        yield workload, argument, peer, time_ns / result["operations"]
        for counter in COUNTERS:
            if counter in result:
                yield f"{workload}: {counter}", argument, peer, result[counter]


def measure_times(arguments, program, run_netty=None):
    """Returns {(workload, argument): {peer: nanoseconds}}, medians of all rounds. `run_netty()`
    yields what run_benchmarks() does."""
    samples = {}

    def keep(results, malloc_is):
        for workload, argument, peer, time_ns in results:
            peer = malloc_is if peer == "malloc" else peer
            samples.setdefault((workload, argument), {}).setdefault(peer, []).append(time_ns)

    workloads = f"^({arguments.only})/" if arguments.only else "^"
    allocators = preloadable()
    for number in range(1, arguments.rounds + 1):
        begin = time.monotonic()
        keep(run_benchmarks(arguments, program, workloads), "glibc")
        for name, path in allocators.items():
            keep(run_benchmarks(arguments, program, f"{workloads}.*/malloc", path), name)
        if run_netty:
            keep(run_netty(), "glibc")
        say(f"{program}, round {number} of {arguments.rounds}: {time.monotonic() - begin:.0f} s")
    return {key: {peer: statistics.median(times) for peer, times in peers.items()}
            for key, peers in samples.items()}


def wanted(arguments, workload):
    """Returns whether --only leaves `workload` in."""
    return not arguments.only or re.fullmatch(arguments.only, workload) is not None
