"""A table of workloads: the times of all peers, a ratio, and whether it meets its bar."""

import re

# nginx gives a request 4 KiB pools; 16 KiB is its default for all else.
NGINX = ["nginx 4K", "nginx 16K"]


def peer_of(variant):
    """pmr and pmr 4K buffer are both pmr; nginx's two pools have a column each."""
    return variant if variant in NGINX else re.sub(r" \d+K( \w+)?$", "", variant)


def best_of_each(times):
    """Returns {peer: time} with the best variant of each peer."""
    best = {}
    for variant, value in times.items():
        peer = peer_of(variant)
        best[peer] = min(value, best.get(peer, value))
    return best


class Table:
    """The rows, each with the times of all and one bar."""

    def __init__(self, times, peers):
        self.peers = peers
        self.times = {key: best_of_each(value) for key, value in times.items()}
        self.rows = []

    def row(self, what, values, ratio=None, bar="", most=None, against="", form="{:.2f}"):
        """Adds a row. `most` is what `ratio` may be at most to meet the bar."""
        met = None if most is None or ratio is None else round(ratio, 2) <= most
        self.rows.append({"workload": what, "values": values, "ratio": ratio, "against": against,
                          "bar": bar or "", "met": met, "form": form})

    def against(self, workload, argument, label, rivals, most, bar=None):
        """A bar on tarn's time divided by that of the fastest of `rivals`."""
        times = self.times.get((workload, argument), {})
        present = [peer for peer in rivals if peer in times]
        if "tarn" not in times or not present:
            return
        rival = min(present, key=times.get)
        first = not any(row["workload"] == label for row in self.rows)
        self.row(label, times if first else {}, times["tarn"] / times[rival],
                 bar or (most and f"<= {most:g}"), most, rival)

    def flat(self, workload, peer, arguments, label, most, base=None):
        """A bar on how a time per operation may change with the size of the workload: the longest
        against that of `base`, or against the shortest."""
        times = {argument: self.times.get((workload, str(argument)), {}).get(peer)
                 for argument in arguments}
        if None in times.values():
            return
        worst, base = max(arguments, key=times.get), base or min(arguments, key=times.get)
        self.row(label, {}, times[worst] / times[base], most and f"<= {most:g}", most,
                 f"{worst}:{base}")

    def lines(self):
        """Returns the table as lines of Markdown that read well in a terminal."""
        peers = [peer for peer in self.peers if any(peer in row["values"] for row in self.rows)]
        head = ["workload", "tarn", *peers, "ratio", "to", "bar", ""]
        cells = [[row["workload"] if row["values"] or row["ratio"] is None or
                  "flat" in row["workload"] or "header" in row["workload"] else "",
                  *(row["form"].format(row["values"][peer]) if peer in row["values"] else ""
                    for peer in ["tarn", *peers]),
                  "" if row["ratio"] is None else f"{row['ratio']:.2f}",
                  row["against"], row["bar"],
                  {True: "met", False: "NOT MET", None: ""}[row["met"]]] for row in self.rows]
        widths = [max(len(line[i]) for line in [head, *cells]) for i in range(len(head))]

        def line(texts):
            aligned = [texts[0].ljust(widths[0])]
            aligned += [text.rjust(width) for text, width in zip(texts[1:], widths[1:])]
            return "| " + " | ".join(aligned) + " |"

        rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
        return [line(head), rule, *map(line, cells)]
