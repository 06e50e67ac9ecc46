"""Draw the training curves of runs into one picture.

python docs/pictures/curves.py OUT.svg RUN [RUN ...]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure


def epochs(run: Path) -> list[dict]:
    """The lines of a run's history that close an epoch."""
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [line for line in lines if "validation" in line]


def draw(runs: list[Path]) -> Figure:
    """Loss on the left, accuracy on the right; dashed on the validation split."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, metric in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for i, run in enumerate(runs):
            rows = epochs(run)
            numbers = range(1, len(rows) + 1)
            train = [row["train"][metric] for row in rows]
            validation = [row["validation"][metric] for row in rows]
            axes.plot(numbers, train, color=f"C{i}", label=run.name)
            axes.plot(numbers, validation, color=f"C{i}", linestyle="--")
        axes.set_xlabel("epoch")
        axes.set_ylabel(metric)
        axes.grid(alpha=0.3)
    axes.legend(loc="center right")
    return figure


if __name__ == "__main__":
    target, *runs = sys.argv[1:]
    FigureCanvasSVG(draw([Path(run) for run in runs])).print_svg(target, metadata={"Date": None})
