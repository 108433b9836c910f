"""The same requests to a server whose memory is malloc's, and to one whose memory is in regions."""

import contextlib
import statistics

from demo_steps.processes import DemoError, on_processor
from demo_steps.serving import load, mix_file, serving, traffic

STRATEGIES = ("malloc", "region")

# Name, unit, digits, key, and whether more is better.
ROWS = (("requests", "1/s", 0, "requests_per_second", True),
        ("latency p50", "us", 0, "p50_us", False),
        ("latency p99", "us", 0, "p99_us", False),
        ("latency p99.9", "us", 0, "p999_us", False),
        ("server's CPU time per request", "us", 1, "cpu_us_per_request", False),
        ("calls to malloc per request", "", 2, "malloc_calls_per_request", False),
        ("peak RSS", "MiB", 1, "rss_mib_peak", False))


def check_alike(servers, requests):
    for number, request in enumerate(requests):
        answers = [servers[strategy].exchange(request) for strategy in STRATEGIES]
        if answers[0] != answers[1] or answers[0][0] != 200:
            raise DemoError(f"request {number} is not answered alike: {answers}")


def measure(server, mix, seconds, arguments):
    """One run of wrk against `server`; returns the numbers of ROWS."""
    cpu_seconds = server.cpu_seconds()
    malloc_calls = server.stats()["malloc_calls"]
    run = load(server, mix, seconds, arguments)
    stats = server.stats()
    return {"requests_per_second": run["requests"] / run["duration_us"] * 1e6,
            "p50_us": run["p50_us"], "p99_us": run["p99_us"], "p999_us": run["p999_us"],
            "cpu_us_per_request": (server.cpu_seconds() - cpu_seconds) / run["requests"] * 1e6,
            "malloc_calls_per_request": (stats["malloc_calls"] - malloc_calls) / run["requests"],
            "rss_mib_peak": stats["rss_bytes_peak"] / 2**20}


def measure_all(servers, arguments, screen):
    """Rounds of one run each, the first of them turned about every time; returns all numbers."""
    requests = traffic.mix()
    screen.step(f"checking that {len(requests)} requests are answered alike")
    check_alike(servers, requests)
    rounds = {strategy: [] for strategy in STRATEGIES}
    with mix_file(requests) as mix:
        for strategy in STRATEGIES:
            screen.step(f"warming up {strategy}")
            measure(servers[strategy], mix, 1, arguments)
        for number in range(arguments.rounds):
            for strategy in STRATEGIES if number % 2 == 0 else reversed(STRATEGIES):
                runs_left = 2 * arguments.rounds - sum(len(runs) for runs in rounds.values())
                screen.step(f"round {number + 1} of {arguments.rounds}: {strategy:8} "
                            f"about {runs_left * arguments.seconds} s to go")
                rounds[strategy].append(
                    measure(servers[strategy], mix, arguments.seconds, arguments))
    return rounds


def compare(program, arguments, screen):
    """Loads the server with each strategy in turn; returns all numbers and their medians."""
    command = on_processor(0, [program]) if arguments.threads == 1 else [program]
    with contextlib.ExitStack() as stack:
        servers = {strategy: stack.enter_context(serving(command, strategy, arguments.threads))
                   for strategy in STRATEGIES}
        rounds = measure_all(servers, arguments, screen)
    medians = {strategy: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
               for strategy, runs in rounds.items()}
    return {"seconds": arguments.seconds, "connections": arguments.connections,
            "threads": arguments.threads, "medians": medians, "rounds": rounds}


def change(before, after):
    if before == 0:
        return ""
    factor = after / before
    if factor < 0.01:
        return "none left" if after < 0.005 else f"1/{before / after:.0f}"
    return f"{(factor - 1) * 100:+.0f} %"


def print_table(result, screen):
    print(f"\n{'':38}{'malloc':>12}{'region':>12}{'change':>12}")
    for name, unit, digits, key, more_is_better in ROWS:
        before, after = (result["medians"][strategy][key] for strategy in STRATEGIES)
        label = f"{name} [{unit}]" if unit else name
        text = f"{change(before, after):>12}"
        better = (after > before) == more_is_better
        print(f"{label:38}{before:>12,.{digits}f}{after:>12,.{digits}f}"
              f"{screen.paint(text, better)}")
    runs = len(result["rounds"]["malloc"])
    threads = "1 thread" if result["threads"] == 1 else f"{result['threads']} threads"
    print(f"\nmedians of {runs} rounds of {result['seconds']} s; server with {threads}, "
          f"{result['connections']} keep-alive connections;\n3 of 4 requests POST /echo (22 "
          "fields, 1.5 to 3.3 KB of JSON), 1 of 4 GET /page (20 fields)")
