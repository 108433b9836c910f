"""The table of blocks of one size."""

from benchmarks.running import MALLOCS, PRELOADED, measure_times
from benchmarks.table import Table

# The hand-written list is no library: it is the floor.
RIVALS = [*MALLOCS, "pmr", "pmr sync", "tbb", "boost pool", "object_pool", "memory_pool"]


def percentages(table, label, workload, argument, most):
    """Two bars on memory: how much beyond the objects, and how much of it comes back."""
    beyond = table.times.get((f"{workload}: beyond_percent", argument), {})
    returned = table.times.get((f"{workload}: returned_percent", argument), {})
    if "tarn" in beyond:
        table.row(f"{label}: % beyond them", beyond, beyond["tarn"], f"<= {most} %", most)
        table.row(f"{label}: % given back", returned, returned["tarn"], ">= 95 %")
        table.rows[-1]["met"] = returned["tarn"] >= 95


def fill(table):
    """Adds the rows of all workloads with blocks of one size."""
    single, shared = "one thread's", "any thread's"
    name = "FixedPool, pairs"
    table.against("pairs", single, name, RIVALS, 1.0)
    table.against("pairs", single, name, list(PRELOADED), 0.5)
    table.against("pairs", single, name, ["list"], 1.1)
    table.against("random", single, "FixedPool, 10000 in random order", RIVALS, 1.0)
    table.against("pairs", shared, "SlabCache, pairs", list(PRELOADED), 0.7)
    table.against("random", shared, "SlabCache, 10000 in random order", list(PRELOADED), 0.7)
    table.against("threads", "1", "SlabCache, 1 thread", RIVALS, None)
    table.against("threads", "2", "SlabCache, 2 threads", RIVALS, None)
    times = {count: table.times.get(("threads", count), {}).get("tarn") for count in "12"}
    if None not in times.values():
        table.row("SlabCache, 2 threads", {}, times["2"] / times["1"], "<= 1/1.9", 1 / 1.9,
                  "1 thread")
    table.against("hand over", "2", "SlabCache, one thread to another", list(PRELOADED), 0.7)
    for alive in ("10 alive", "100 alive"):
        table.against("objects", alive, f"ObjectPool, {alive}, 90 % there before", MALLOCS, 0.2,
                      "<= 1/5")
    for argument, most in (("24 B", 10), ("48 B", 5), ("200 B", 5)):
        for pool, kind in (("FixedPool", single), ("SlabCache", shared)):
            percentages(table, f"{pool}, a million of {argument}", f"memory, {kind}", argument,
                             most)


def measure(arguments):
    """Returns the filled table."""
    table = Table(measure_times(arguments, "slots_bench"), [*RIVALS, "list"])
    fill(table)
    return table
