"""The table of memory that goes together."""

from benchmarks.counting import header_cost
from benchmarks.running import MALLOCS, PRELOADED, at_hand, measure_times
from benchmarks.table import NGINX, Table

# The hand-written bump is no library: it is the floor, and counts only where a bar names it.
RIVALS = [*MALLOCS, *NGINX, "APR", "pmr", "memory_stack", "protobuf"]
COUNTS = [16, 64, 256, 1024, 4096]
BULKS = ["16 B", "64 B", "8..256 B", "8..1024 B"]
LARGE_COUNTS = [100, 1000, 10000, 100000]


def fill(table):
    """Adds the rows of all timed workloads."""
    name = "request, 71 blocks"
    for nginx in NGINX:
        table.against("request", "71", name, [nginx], 0.5)
    table.against("request", "71", name, ["glibc"], 0.15)
    table.against("request", "71", name, list(PRELOADED), 0.4)
    table.against("request", "71", name, ["bump"], 1.15)
    for kind, text, factor in (("reset", "reset", 8), ("create", "create and destroy", 5)):
        for count in COUNTS:
            name = f"{count} x 8..256 B, {text}"
            table.against(kind, str(count), name, RIVALS, 1.0)
            for nginx in NGINX if count == 1024 else []:
                table.against(kind, "1024", name, [nginx], 1 / factor, f"<= 1/{factor}")
            if count == 1024 and kind == "reset":
                table.against(kind, "1024", name, ["APR"], 1 / 1.4, "<= 1/1.4")
    table.flat("reset", "tarn", COUNTS, "flat in K, reset", 1.3, 64)
    for kind in BULKS:
        table.against("bulk", kind, f"20000 x {kind}, free all", RIVALS, 1.1)
    table.against("grow", "10000", "array of 10000 grown by one", ["copying"], 0.05)
    table.flat("grow", "tarn", [1000, 10000, 100000], "flat in length", 1.3, 1000)
    for count in LARGE_COUNTS:
        if times := table.times.get(("large_free", str(count))):
            table.row(f"{count} large blocks, free at random", times)
    # free() itself grows with N, as the blocks stop fitting into the caches: the region's own
    # part is what it can answer for. All three are shown.
    table.flat("large_free", "tarn itself", LARGE_COUNTS, "flat in N, the region's part", 2)
    table.flat("large_free", "tarn", LARGE_COUNTS, "flat in N, over the heap", 2)
    table.flat("large_free", "glibc", LARGE_COUNTS, "flat in N, glibc's free alone", None)


def measure(arguments):
    """Returns the filled table."""
    # The timing takes minutes: what can fail comes before it.
    compilers = [] if arguments.only else at_hand("g++", "clang++")
    costs = {compiler: header_cost(compiler, arguments.compile_count) for compiler in compilers}
    table = Table(measure_times(arguments, "peers_bench"), [*RIVALS, "bump"])
    fill(table)
    for compiler, cost in costs.items():
        table.row(f"header cost, {compiler}: seconds", {"tarn": cost}, cost, "<= 0.05", 0.05)
    return table
