"""Graphs as data: values at nodes, and the edges between them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic, RunError
from graphc.core.types import (
    DIRECTED,
    DRAWN,
    ENDS,
    NODES,
    NODES_DRAWN,
    RECEIVERS,
    SENDERS,
    lengths_over,
)
from graphc.data.dataset import SPLITS, Dataset, Scaling
from graphc.data.files import KNOWN, read
from graphc.data.lengths import present
from graphc.ops.sources import Columns, Cora, GraphSource, Karate, LesMiserables
from graphc.ops.sources.graphs import COUNTED

KINDS_OF_CORA = (
    *("Theory", "Reinforcement learning", "Genetic algorithms", "Neural networks"),
    *("Probabilistic methods", "Case based", "Rule learning"),
)

_LEFT_OUT = {
    "repeated": "left out, edges that were there already",
    "repeated_sum": "edges that were there already, and whose values are added to the first",
    "repeated_mean": "edges that were there already, with the mean of all values",
    "repeated_first": "left out, edges that were there already, with their values",
    "loops": "left out, edges of a node with itself",
}
"""What is said of edges that were left out."""
_UNASKED = {"repeated": "that were there already", "loops": "of a node with itself"}


MIDST_OF_CIRCLES = ("Myriel", "Fantine", "Champmathieu", "Valjean", "Enjolras", "Thenardier")
CIRCLES = "00000000003313331111111155333211332222235553334443333333344444444444555534454"
"""`louvain_communities(les_miserables_graph(), weight="weight", seed=0)` of networkx 3.6.

They are written down, for other versions may find others.
"""
NOT_SCALED = Scaling({})
BY_ROWS = Scaling({}, rows=("features",))


@dataclass(frozen=True, eq=False)
class DataGraph:
    """One graph whose nodes have targets.

    Attributes:
        features: float32 [nodes, n].
        target: [nodes].
        edges: int32 [2, edges], senders and receivers, as `both_ways` gives them.
        counted: for each split, bool [nodes], the nodes that count in it.
        class_names: what the target's integers mean, or None.
        left_out: how many edges were left out, by the reason.
        directed: whether the edges lead one way.
        at_edges: what the edges hold, by the name of the field: [edges, ...].
        scaling: how the features were prepared.
        columns: of a table, which of its columns are the features.
        names: what the nodes are called, or None.
    """

    features: np.ndarray
    target: np.ndarray
    edges: np.ndarray
    counted: Mapping[str, np.ndarray]
    class_names: tuple[str, ...] | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    directed: bool = False
    at_edges: Mapping[str, np.ndarray] = field(default_factory=dict)
    scaling: Scaling = NOT_SCALED
    columns: Columns | None = None
    names: tuple[str, ...] | None = None

    def dataset(self, source: GraphSource, folder: str) -> Dataset:
        """The data set that has it as the one example of every split."""
        self._require_classes()
        senders, receivers = self.edges
        shared = {
            "features": self.features[None],
            source.target: self.target[None],
            SENDERS: senders[None],
            RECEIVERS: receivers[None],
            **{name: each[None] for name, each in self.at_edges.items()},
        }
        return Dataset(
            splits={
                split: {**shared, COUNTED: self.counted[split][None]}
                for split in SPLITS
                if split in self.counted
            },
            fields=dict(source.fields(folder)),
            target=source.target,
            class_names=self.class_names,
            scaling=self.scaling,
            columns=self.columns,
            left_out=dict(self.left_out),
            directed=self.directed,
            node_names=self.names,
        )

    def _require_classes(self) -> None:
        """Raise RunError GC517 where all nodes to learn from have one class."""
        learned = self.target[self.counted["train"]]
        if learned.dtype.kind == "i" and (learned == learned[:1]).all():
            name = self.class_names[learned[0]] if self.class_names else learned[0]
            message = f"every node to learn from has the class `{name}`"
            help = "there is nothing to learn: look at which nodes count in which split"
            raise RunError(Diagnostic("GC517", message, help=help))


def is_graph(dataset: Dataset) -> bool:
    """Whether it is one graph, which is the example of every split."""
    return SENDERS in dataset.fields and lengths_over(NODES.name) not in dataset.fields


def belongs_to_graph(name: str) -> bool:
    """Whether it is no field of a graph but its edges, or what of it counts or is asked for."""
    return name in (SENDERS, RECEIVERS, COUNTED, ENDS, DRAWN, NODES_DRAWN, DIRECTED)


def counting(dataset: Dataset, split: str, name: str) -> Any:
    """The numbers of a field that count: without padding, and of a target those of its nodes."""
    arrays = dataset.splits[split]
    if COUNTED in arrays and name == dataset.target:
        return arrays[name][arrays[COUNTED]]
    return present(name, arrays, dataset.fields)


def facts(dataset: Dataset) -> dict[str, Any]:
    """How many nodes and edges a graph has, and how many nodes count in each split of one.

    Examples that have a graph in common have that of the first one.
    """
    arrays = dataset.splits["train"]
    senders, receivers = arrays[SENDERS][0], arrays[RECEIVERS][0]
    field, axes = next(
        (name, kind.domain) for name, kind in dataset.fields.items() if NODES in kind.domain
    )
    nodes = arrays[field].shape[axes.index(NODES)]
    counted = {split: each for split, each in dataset.splits.items() if COUNTED in each}
    degrees = np.bincount(receivers, minlength=nodes)
    alone = (degrees == 0) & (np.bincount(senders, minlength=nodes) == 0)
    return {
        "nodes": nodes,
        "edges": len(senders),
        "most_edges": int(degrees.max(initial=0)),
        "isolated": int(alone.sum()),
        "directed": dataset.directed,
        "left_out": dataset.left_out,
        "counted": {split: int(each[COUNTED].sum()) for split, each in counted.items()},
        "in_no_split": int((~_in_a_split(counted.values(), nodes)).sum()),
    }


def _in_a_split(splits: Iterable[Mapping[str, Any]], nodes: int) -> np.ndarray:
    """Which nodes count in any; all where no split says which do."""
    counted = [each[COUNTED] for each in splits]
    return np.any(counted, axis=0) if counted else np.ones(nodes, bool)


def graph_as_text(found: Mapping[str, Any]) -> str:
    """What `facts` found as a sentence."""
    counted = [f"{split} {count:,}" for split, count in found["counted"].items()]
    text = ", ".join([f"a graph of {found['nodes']:,} nodes", *counted]) + "\n"
    ways = "each one way" if found["directed"] else "one for each direction"
    text += f"{found['edges']:,} edges, {ways}, at most {found['most_edges']:,} to"
    text += f" a node; nodes without any: {found['isolated']:,}"
    if found["in_no_split"]:
        text += f"\nnodes in no split: {found['in_no_split']:,}"
    return text + left_out_as_text(found["left_out"])


def left_out_as_text(left_out: Mapping[str, int]) -> str:
    """A line for each reason for which edges were left out."""
    return "".join(f"\n{_LEFT_OUT[why]}: {count:,}" for why, count in left_out.items() if count)


def edges_gone(left_out: Mapping[str, int]) -> str | None:
    """How many edges nobody asked to leave out: "2 that were there already"; None for none.

    Example:
        >>> edges_gone({"repeated": 1_200, "loops": 1})
        '1,200 that were there already and 1 of a node with itself'
    """
    counts = ((left_out.get(why, 0), words) for why, words in _UNASKED.items())
    return " and ".join(f"{count:,} {words}" for count, words in counts if count) or None


def both_ways(pairs: np.ndarray) -> tuple[np.ndarray, dict[str, int]]:
    """Edges between nodes, int [2, any], both ways and sorted by receivers: int32 [2, edges].

    A pair that is there more than once, in whatever order, counts once. A node with itself is no
    edge, for layers say whether a node hears of itself.

    Returns:
        The edges, and how many pairs were left out, as `repeated` and `loops`.

    Example:
        >>> edges, left_out = both_ways(np.array([[0, 1, 2], [2, 1, 0]]))
        >>> edges.tolist(), left_out
        ([[2, 0], [0, 2]], {'repeated': 1, 'loops': 1})
    """
    pairs = np.sort(pairs, axis=0)
    apart = pairs[:, pairs[0] != pairs[1]]
    once = np.unique(apart, axis=1)
    return by_receiver(np.concatenate([once, once[::-1]], axis=1)), lacking(pairs, apart, once)


def one_way(pairs: np.ndarray) -> tuple[np.ndarray, dict[str, int]]:
    """The same for edges that lead from their first node to their second alone."""
    apart = pairs[:, pairs[0] != pairs[1]]
    once = np.unique(apart, axis=1)
    return by_receiver(once), lacking(pairs, apart, once)


def lacking(pairs: np.ndarray, apart: np.ndarray, once: np.ndarray) -> dict[str, int]:
    """How many pairs are gone of those that join two nodes, and of all."""
    counts = [each.shape[1] for each in (pairs, apart, once)]
    return {"repeated": counts[1] - counts[2], "loops": counts[0] - counts[1]}


def repeats(pairs: np.ndarray) -> int:
    """How many pairs of two nodes are there that were there before.

    Of edges without direction that are all listed both ways, each is there once.
    """
    apart = pairs[:, pairs[0] != pairs[1]]
    ways = np.unique(apart, axis=1)
    if not np.array_equal(ways, np.unique(ways[::-1], axis=1)):
        ways = np.unique(np.sort(ways, axis=0), axis=1)
    return apart.shape[1] - ways.shape[1]


def by_receiver(edges: np.ndarray) -> np.ndarray:
    """Directed edges int [2, edges], sorted by receivers and those of each by senders."""
    return np.ascontiguousarray(edges[:, np.lexsort(edges)], dtype=np.int32)


def alike(several: Sequence[np.ndarray], nodes: int) -> np.ndarray:
    """Edges of several graphs as one array int32 [graphs, 2, most], padded with edges to no node.

    Args:
        several: int [2, edges] each, sorted by receivers.
        nodes: how many nodes the largest graph has.
    """
    most = max(each.shape[1] for each in several)
    spare = [((0, 0), (0, most - each.shape[1])) for each in several]
    padded = [np.pad(*each, constant_values=nodes) for each in zip(several, spare, strict=True)]
    return np.stack(padded).astype(np.int32)


def load_karate(source: Karate, folder: str) -> Dataset:
    """The karate club of networkx."""
    import networkx

    graph = networkx.karate_club_graph()
    names = ("Mr. Hi", "Officer")
    sides = [names.index(side) for _, side in graph.nodes(data="club")]
    edges, _ = both_ways(np.array(graph.edges).T)
    known = np.isin(np.arange(source.nodes), (0, source.nodes - 1))
    return DataGraph(
        features=np.eye(source.nodes, dtype=np.float32),
        target=np.array(sides, np.int32),
        edges=edges,
        counted={"train": known, "test": ~known},
        class_names=names,
    ).dataset(source, folder)


def load_les_miserables(source: LesMiserables, folder: str) -> Dataset:
    """The characters of a novel, of networkx."""
    import networkx

    graph = networkx.les_miserables_graph()
    place = {name: number for number, name in enumerate(graph)}
    edges, _ = both_ways(np.array([(place[a], place[b]) for a, b in graph.edges]).T)
    known = np.isin(np.arange(source.nodes), [place[name] for name in MIDST_OF_CIRCLES])
    return DataGraph(
        features=np.eye(source.nodes, dtype=np.float32),
        target=np.array([int(each) for each in CIRCLES], np.int32),
        edges=edges,
        counted={"train": known, "test": ~known},
        class_names=MIDST_OF_CIRCLES,
        names=tuple(graph),
    ).dataset(source, folder)


def load_cora(source: Cora, folder: str, place: Path) -> Dataset:
    """Cora with its public splits, out of one file of arrays, which is in the folder `place`."""
    (file,) = KNOWN[source.folder]
    with np.load(io.BytesIO(read(place, file)), allow_pickle=False) as found:
        arrays = dict(found)
    features = np.zeros(arrays["x_shape"], np.float32)
    rows = np.repeat(np.arange(len(features)), np.diff(arrays["x_indptr"]))
    features[rows, arrays["x_indices"]] = arrays["x_data"]
    if source.normalize == "rows":
        features /= np.maximum(features.sum(axis=1, keepdims=True), 1)
    parts = {"train": "train_mask", "validation": "val_mask", "test": "test_mask"}
    return DataGraph(
        features=features,
        target=arrays["labels"],
        edges=by_receiver(arrays["edges"]),
        counted={split: arrays[name] for split, name in parts.items()},
        class_names=KINDS_OF_CORA,
        scaling=BY_ROWS if source.normalize == "rows" else NOT_SCALED,
    ).dataset(source, folder)
