"""The recipe of passengers.csv: people on a ship that sinks, drawn at random.

No one of them ever lived. As on the Titanic, women, children and those of the first class were
more often saved, and ages are not known of everybody. `python passengers.py` writes the file again,
byte by byte.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

COUNT = 900
CLASSES, SHARES, PRICES = ("first", "second", "third"), (0.24, 0.21, 0.55), (80.0, 22.0, 10.0)
PORTS = ("cherbourg", "queenstown", "southampton")
HEADER = ("age", "sex", "class", "port", "relatives", "fare", "crew", "survived")


def rows(seed: int = 0):
    """The passengers, one after the other, as cells of the file."""
    draw = np.random.Generator(np.random.Philox(seed))
    for _ in range(COUNT):
        rank = draw.choice(3, p=SHARES)
        woman, child = draw.random() < 0.36, draw.random() < 0.09
        age = draw.uniform(0, 15) if child else 16 + draw.gamma(2.6, 7.0 - rank)
        relatives = int(draw.poisson(1.8 if child else 0.5))
        crew = rank == 2 and not woman and not child and draw.random() < 0.2
        fare = 0.0 if crew else PRICES[rank] * draw.lognormal(0, 0.4) * (1 + 0.3 * relatives)
        port = draw.choice(3, p=((0.4, 0.02, 0.58), (0.1, 0.02, 0.88), (0.14, 0.15, 0.71))[rank])
        chance = -1.9 + 2.6 * woman + 1.6 * child - 0.7 * (rank - 1) - 0.6 * (relatives > 3)
        chance += 0.4 * (port == 0) - 0.02 * max(age - 50, 0) + 0.5 * crew
        survived = draw.random() < 1 / (1 + np.exp(-1.4 * chance))
        yield (
            "" if draw.random() < 0.2 else f"{age:.1f}",
            "female" if woman else "male",
            CLASSES[rank],
            "" if draw.random() < 0.01 else PORTS[port],
            relatives,
            f"{fare:.2f}",
            "true" if crew else "false",
            "yes" if survived else "no",
        )


if __name__ == "__main__":
    path = Path(__file__).with_suffix(".csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows())
