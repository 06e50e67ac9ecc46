"""Traffic in a simulated town: rush hours, and jams that spread along its roads."""

from __future__ import annotations

import networkx
import numpy as np

from graphc.data.graphs import both_ways
from graphc.data.series import Series
from graphc.ops.sources import Traffic
from graphc.ops.sources.series import STEPS_OF_A_DAY

ROWS, COLUMNS = 8, 10
ARTERIALS = (3, 5)
"""The row and the column of crossings that are."""
REMOVED = 30
"""How many of the 142 roads of the grid are taken away."""
INCIDENTS = 20
"""On average, for each day."""
FADING = 12.0
"""Steps of travel after which a jam is 1/e as severe."""
LONGEST = 96
"""Steps after which nothing is left of one."""
ERROR = 1.0
"""Of a measurement, in km/h."""


def load_traffic(source: Traffic, folder: str) -> Series:
    """The speeds at the crossings of a town, drawn by the seed."""
    draw = np.random.default_rng(source.seed)
    graph = roads(draw)
    names = {crossing: number for number, crossing in enumerate(graph.nodes)}
    pairs = np.array([[names[a], names[b]] for a, b in graph.edges]).T
    speed = speeds(graph, source.days, draw)
    return Series(speed, tuple(map(str, graph.nodes)), both_ways(pairs)[0])


def roads(draw: np.random.Generator) -> networkx.Graph:
    """A grid of crossings with some roads taken away; `delay` is how many steps a jam takes."""
    graph = networkx.grid_2d_graph(ROWS, COLUMNS)
    minor = [each for each in graph.edges if not _on_arterial(*each)]
    for number in draw.permutation(len(minor)):
        road = minor[number]
        if graph.number_of_edges() > ROWS * (COLUMNS - 1) + COLUMNS * (ROWS - 1) - REMOVED:
            graph.remove_edge(*road)
            if not networkx.has_path(graph, *road):
                graph.add_edge(*road)
    for a, b in graph.edges:
        graph.edges[a, b]["delay"] = 1 if _on_arterial(a, b) else int(draw.integers(2, 4))
    return graph


def speeds(graph: networkx.Graph, days: int, draw: np.random.Generator) -> np.ndarray:
    """What is measured at each crossing and step, in km/h: [steps, crossings]."""
    crossings = list(graph.nodes)
    fast = np.array([_on_arterial(each, each) for each in crossings])
    free = np.where(fast, 70.0, 45.0) + draw.normal(0, 4, len(crossings))
    flow = (1 - _rush_hours(crossings, days, draw)) * (1 - _jams(graph, days, draw))
    measured = free * flow + draw.normal(0, ERROR, flow.shape)
    return np.maximum(measured, 0)


def _on_arterial(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether both crossings are on the same arterial."""
    return any(a[axis] == b[axis] == place for axis, place in enumerate(ARTERIALS))


def _rush_hours(crossings: list, days: int, draw: np.random.Generator) -> np.ndarray:
    """The share of speed that is lost twice a day, the farther from the centre the later."""
    away = np.array([sum(abs(np.subtract(each, ARTERIALS))) for each in crossings])
    hours = np.arange(STEPS_OF_A_DAY) / 12
    found = np.zeros((days, STEPS_OF_A_DAY, len(crossings)))
    for peak, width in ((8.0, 1.0), (17.5, 1.5)):
        late = (hours[:, None] - peak - away / 12) / width
        severe = draw.uniform(0.05, 0.3, len(crossings)) * draw.uniform(0.7, 1.3, (days, 1))
        found += severe[:, None] * np.exp(-(late**2))
    return found.reshape(-1, len(crossings))


def _jams(graph: networkx.Graph, days: int, draw: np.random.Generator) -> np.ndarray:
    """The share of speed that is lost because something happened near by, some time ago.

    A jam is at a crossing as many steps later as the roads to it take, and weaker. It builds up
    within a few steps, stays for a while, and dissolves.
    """
    distances = dict(networkx.all_pairs_dijkstra_path_length(graph, weight="delay"))
    away = np.array([[distances[a][b] for b in graph.nodes] for a in graph.nodes])
    steps = days * STEPS_OF_A_DAY
    left = np.ones((steps + LONGEST, len(away)))
    for start in np.flatnonzero(draw.random(steps) < INCIDENTS / STEPS_OF_A_DAY):
        where, lasts = draw.integers(len(away)), draw.integers(6, 18)
        severe = draw.uniform(0.4, 0.9) * np.exp(-away[where] / FADING)
        since = np.arange(LONGEST)[:, None] - away[where]
        grown = 1 - np.exp(-np.maximum(since + 1, 0) / 1.5)
        left[start : start + LONGEST] *= 1 - severe * grown * np.exp(
            -np.maximum(since - lasts, 0) / 3
        )
    return 1 - left[:steps]
