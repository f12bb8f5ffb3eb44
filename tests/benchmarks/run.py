"""Ours beside the best peers, in one run: `make benchmark` writes docs/benchmarks.md.

Each case does the same work in float64 on one thread, and first shows that both agree. Rounds take
turns, so that a busy machine slows everybody; what is compared is the median of the
rounds' ratios. Memory is the peak of what Python and NumPy allocate in one call; what the peers in
`UNSEEN` allocate in C++ cannot be seen like this, and gets no ratio.
"""

import argparse
import gc
import math
import platform
import statistics
import sys
import time
import tracemalloc
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from cases import CASES
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).parents[2]
ROUNDS = 7
UNSEEN = ("PyTorch", "SVC", "LinearSVC(hinge)")
LEAST = 0.02  # seconds a round lasts at the least, by repeating the call


class Row(NamedTuple):
    case: str
    size: str
    peer: str
    ours_ms: float
    peer_ms: float
    ratio: float
    memory: float
    goal: float


def repeats(call):
    start = time.perf_counter()
    call()
    return max(1, int(LEAST / max(time.perf_counter() - start, 1e-9)))


def seconds(call, times):
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times


def peak(call):
    gc.collect()
    tracemalloc.start()
    call()
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return max(size, 1)


def measure(case, size, make, goal):
    """One row a peer: ours and the peer take turns."""
    ours, peers, agree = make(np.random.default_rng(0))
    ours_result = ours()
    rows = []
    for name, peer in peers.items():
        agree(ours_result, peer())
        times = repeats(ours), repeats(peer)
        pairs = [(seconds(ours, times[0]), seconds(peer, times[1])) for _ in range(ROUNDS)]
        rows.append(
            Row(
                case=case,
                size=size,
                peer=name,
                ours_ms=1e3 * statistics.median(a for a, _ in pairs),
                peer_ms=1e3 * statistics.median(b for _, b in pairs),
                ratio=statistics.median(a / b for a, b in pairs),
                memory=float("nan") if name in UNSEEN else peak(ours) / peak(peer),
                goal=goal,
            )
        )
    return rows


def table(rows):
    lines = [
        "| case | size | peer | ours, ms | peer, ms | time ratio | goal | memory ratio |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]
    for r in rows:
        ratio = f"{r.ratio:.2f}" if r.ratio <= r.goal else f"**{r.ratio:.2f}**"
        lines.append(
            f"| {r.case} | {r.size} | {r.peer} | {r.ours_ms:.3g} | {r.peer_ms:.3g} | {ratio} "
            f"| {r.goal:g} | {'–' if math.isnan(r.memory) else f'{r.memory:.2f}'} |"
        )
    return "\n".join(lines)


def plot(rows, path):
    """Every ratio as a dot on one logarithmic line: left of 1, ours is faster."""
    names = list(dict.fromkeys((r.case, r.peer) for r in rows))
    figure = Figure(figsize=(8, 0.32 * len(names) + 1), layout="constrained")
    axes = figure.subplots()
    for i, (case, peer) in enumerate(names):
        mine = [r for r in rows if (r.case, r.peer) == (case, peer)]
        for r, size in zip(mine, (18, 45, 90), strict=False):
            good = r.ratio <= r.goal
            axes.scatter(
                r.ratio, -i, s=size, marker="o" if good else "D",
                color="#3f90da" if good else "#bd1f01", edgecolor="white", zorder=3,
            )  # fmt: skip
    axes.axvline(1, color="0.4", linewidth=1)
    axes.set(xscale="log", xlabel="time, ours / peer (dots grow with the size of the problem)")
    axes.set_yticks([-i for i in range(len(names))], [f"{c}: {p}" for c, p in names], fontsize=8)
    axes.grid(axis="x", color="0.9")
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", help="cases whose name contains one of these words")
    parser.add_argument("--report", default=ROOT / "docs/benchmarks.md", type=Path)
    args = parser.parse_args()
    mpl.rcParams["svg.hashsalt"] = "course"
    rows = []
    with threadpool_limits(1):
        for name, goal, _, sizes in CASES:
            if args.only and not any(word in name for word in args.only):
                continue
            for size, make in sizes.items():
                rows += measure(name, size, make, goal)
                print(*(f"{r.case} {r.size} {r.peer}: {r.ratio:.2f}" for r in rows[-9:] if
                        (r.case, r.size) == (name, size)), sep="\n", flush=True)  # fmt: skip
    if args.only:
        return
    packages = ["numpy", "scipy", "scikit-learn", "statsmodels"]
    if find_spec("torch"):
        packages.append("torch")
    lines = [
        "# Benchmarks",
        "",
        "Ours beside the libraries that people would otherwise call: the same work, float64, one "
        "thread, in one run. Made by `make benchmark`.",
        "",
        f"{date.today():%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}, "
        + ", ".join(f"{p} {version(p)}" for p in packages)
        + ". Ratios above the goal are bold.",
        "",
        f"![Time of ours over the peer's, one row a case]({args.report.stem}.svg)",
        "",
        table(rows),
        "",
        "## Why",
        "",
        *(f"- **{name}**: {reason}" for name, _, reason, _ in CASES),
        "",
    ]
    args.report.write_text("\n".join(lines), encoding="utf-8")
    plot(rows, args.report.with_suffix(".svg"))


if __name__ == "__main__":
    sys.exit(main())
