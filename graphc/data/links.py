"""Links of a graph as data: edges that are held out, and pairs of nodes that no edge joins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic, RunError
from graphc.core.types import (
    DIRECTED,
    DRAWN,
    ENDS,
    NODES_DRAWN,
    PAIRS,
    RECEIVERS,
    SENDERS,
    lengths_over,
)
from graphc.data.citations import load_citations
from graphc.data.dataset import Dataset, Scaling
from graphc.data.graph_files import features_of, pairs_of
from graphc.data.graph_npz import load_graph_npz, scaled, scaling_of
from graphc.data.graphs import (
    NOT_SCALED,
    both_ways,
    by_receiver,
    load_karate,
    load_les_miserables,
    one_way,
)
from graphc.data.splits import split_indices
from graphc.ops.sources import (
    Citeseer,
    Cora,
    GraphFiles,
    GraphNpz,
    Karate,
    LesMiserables,
    Links,
    Pubmed,
)
from graphc.ops.sources.graphs import GraphSource

ANSWERS = ("none", "link")
"""What the two values of the target mean."""


@dataclass(frozen=True, eq=False)
class Network:
    """A graph without a target.

    Attributes:
        fields: what each node has, [nodes, ...] by field.
        edges: int [2, edges], senders and receivers.
        directed: whether they lead one way.
        left_out: how many edges were left out, by the reason.
        scaling: how the features were prepared.
    """

    fields: Mapping[str, np.ndarray]
    edges: np.ndarray
    directed: bool
    left_out: Mapping[str, int]
    scaling: Scaling = NOT_SCALED

    @property
    def nodes(self) -> int:
        """How many nodes it has."""
        return len(next(iter(self.fields.values())))

    @property
    def links(self) -> np.ndarray:
        """Every pair of nodes that an edge joins once, int64 [links, 2], in order.

        Where edges lead both ways, the node with the smaller number comes first.
        """
        ends = self.edges.T.astype(np.int64)
        kept = ends[:, 0] != ends[:, 1] if self.directed else ends[:, 0] < ends[:, 1]
        return np.unique(ends[kept], axis=0)


def load_links(source: Links, folder: str) -> Dataset:
    """The links of a graph, divided into splits.

    Raises:
        ShapeError: what the graph's own source raises; GC518 where no edge is left to learn from.
        RunError: GC517 where too few pairs of nodes are not linked.
    """
    graph = _LOADERS[type(source.of)](source.of, folder)
    links = graph.links
    sizes = source.sizes(len(links))
    index = split_indices(len(links), sizes, None, source.split_seed)
    index = {split: np.sort(rows) for split, rows in index.items()}
    known = links[index["train"]]
    edges = known if graph.directed else np.concatenate([known, known[:, ::-1]])
    senders, receivers = by_receiver(edges.T)
    shared = {
        **{name: each[None] for name, each in graph.fields.items()},
        SENDERS: senders[None],
        RECEIVERS: receivers[None],
        DIRECTED: np.array([graph.directed]),
        NODES_DRAWN: np.array([graph.nodes], np.int32),
    }
    draw = np.random.default_rng(source.split_seed)
    apart = Unlinked(links, graph.nodes, graph.directed)
    held_out = [split for split in ("validation", "test") if split in index]
    others = apart.different(draw, sum(sizes[split] for split in held_out))
    splits = {"train": _asked(known, _to_learn_from(source, graph, known, draw), drawn=True)}
    for split in held_out:
        taken, others = np.split(others, [sizes[split]])
        splits[split] = _asked(links[index[split]], taken, drawn=False)
    return Dataset(
        splits={split: {**shared, **each} for split, each in _padded(splits).items()},
        fields=dict(source.fields(folder)),
        target=source.target,
        class_names=ANSWERS,
        scaling=graph.scaling,
        left_out=dict(graph.left_out),
        directed=graph.directed,
    )


def _to_learn_from(
    source: Links, graph: Network, known: np.ndarray, draw: np.random.Generator
) -> np.ndarray:
    """The first of the pairs that are drawn anew while training: none is known to be a link."""
    apart = Unlinked(known, graph.nodes, graph.directed)
    return apart.any(draw, source.negatives * len(known))


def _asked(links: np.ndarray, others: np.ndarray, drawn: bool) -> dict[str, np.ndarray]:
    """The fields of what is asked in one split: the links, and behind them other pairs."""
    pairs = np.concatenate([links, others]).astype(np.int32)
    linked = np.arange(len(pairs)) < len(links)
    return {
        "link": linked.astype(np.int32)[None],
        ENDS: pairs[None],
        DRAWN: (~linked & drawn)[None],
    }


def _padded(splits: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, dict[str, np.ndarray]]:
    """The splits with arrays of one length, and beside them how many pairs there are."""
    most = max(each[ENDS].shape[1] for each in splits.values())
    found = {}
    for split, arrays in splits.items():
        count = arrays[ENDS].shape[1]
        places = np.minimum(np.arange(most), count - 1)
        found[split] = {name: each[:, places] for name, each in arrays.items()}
        found[split][lengths_over(PAIRS.name)] = np.array([count], np.int32)
    return found


class Unlinked:
    """The pairs of different nodes that are no links, by their numbers in a row of all such pairs.

    Args:
        links: int64 [links, 2], sorted.
        nodes: how many nodes there are.
        directed: whether u, v and v, u are two pairs.
    """

    def __init__(self, links: np.ndarray, nodes: int, directed: bool) -> None:
        self._nodes, self._directed = nodes, directed
        rows = np.arange(nodes, dtype=np.int64)
        # All pairs stand in a row: first those that begin with node 0, then those with node 1, ...
        self._begins = rows * (nodes - 1) if directed else rows * nodes - rows * (rows + 1) // 2
        first, second = links.T
        behind = second - (second > first) if directed else second - first - 1
        # How many pairs that are no links come before each link.
        self._before = self._begins[first] + behind - np.arange(len(links))
        self.count = nodes * (nodes - 1) // (1 if directed else 2) - len(links)

    def different(self, draw: np.random.Generator, count: int) -> np.ndarray:
        """So many different ones, each as likely as the others: int64 [count, 2]."""
        self._require(count)
        return self._pairs(draw.choice(self.count, count, replace=False))

    def any(self, draw: np.random.Generator, count: int) -> np.ndarray:
        """The same where one may come more than once."""
        self._require(1)
        return self._pairs(draw.integers(self.count, size=count))

    def _require(self, count: int) -> None:
        if self.count < count:
            message = f"{count} pairs of nodes that no edge joins are needed, and the graph has"
            help = "links can be learned where most pairs of nodes are not linked"
            raise RunError(Diagnostic("GC517", f"{message} {self.count}", help=help))

    def _pairs(self, numbers: np.ndarray) -> np.ndarray:
        places = numbers + np.searchsorted(self._before, numbers, side="right")
        first = np.searchsorted(self._begins, places, side="right") - 1
        behind = places - self._begins[first]
        second = behind + (behind >= first) if self._directed else behind + first + 1
        return np.stack([first, second], axis=1)


def names_of_nodes(source: Links, folder: str) -> dict[str, int] | None:
    """The numbers of the nodes by their names; None where they have none but their numbers."""
    if not isinstance(source.of, GraphFiles):
        return None
    table = source.of.table(folder)
    return {row[table.id]: number for number, (_, row) in enumerate(table.rows)}


def is_of_links(fields: Mapping[str, Any]) -> bool:
    """Whether these are fields of data that asks for pairs of nodes."""
    return ENDS in fields


def facts_of_links(dataset: Dataset) -> dict[str, Any]:
    """How many nodes the graph has, and how many links and other pairs each split asks for."""
    arrays = dataset.splits["train"]
    answers = {split: asked_in(each)["link"] for split, each in dataset.splits.items()}
    links = {split: int(each.sum()) for split, each in answers.items()}
    return {
        "nodes": next(arrays[name].shape[1] for name in dataset.inputs),
        "edges": arrays[SENDERS].shape[1],
        "directed": dataset.directed,
        "left_out": dataset.left_out,
        "links": links,
        "others": {split: len(each) - links[split] for split, each in answers.items()},
    }


def pairs_in(arrays: Mapping[str, np.ndarray]) -> int:
    """How many pairs a split asks for."""
    return int(arrays[lengths_over(PAIRS.name)][0])


def asked_in(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What a split says of the pairs that it asks for, without padding: arrays [pairs, ...]."""
    return {name: arrays[name][0, : pairs_in(arrays)] for name in ("link", ENDS)}


def links_as_text(found: Mapping[str, Any]) -> str:
    """What `facts_of_links` found as sentences."""
    counts = (
        f"{split} {links:,} and {found['others'][split]:,}"
        for split, links in found["links"].items()
    )
    ways = "one for each link" if found["directed"] else "one for each direction"
    text = f"links of a graph of {found['nodes']:,} nodes\n"
    text += f"links and other pairs that are asked for: {', '.join(counts)}\n"
    return f"{text}edges that values go along: {found['edges']:,}, {ways} of those of train"


def _of_dataset(load: Callable[..., Dataset]) -> Callable[[Any, str], Network]:
    """The graph of a source that is loaded with its target."""

    def graph(source: GraphSource, folder: str) -> Network:
        dataset = load(source, folder)
        arrays = dataset.splits["train"]
        return Network(
            fields={name: arrays[name][0] for name in dataset.inputs},
            edges=np.stack([arrays[SENDERS][0], arrays[RECEIVERS][0]]),
            directed=dataset.directed,
            left_out=dataset.left_out,
            scaling=dataset.scaling,
        )

    return graph


def _of_files(source: GraphFiles, folder: str) -> Network:
    table = source.table(folder)
    pairs = pairs_of(source, source.columns(folder), table)
    edges, left_out = one_way(pairs) if source.directed else both_ways(pairs)
    features = features_of(table)
    scaling = scaling_of(features, source.normalize)
    fields = {"features": scaled(features, scaling)}
    return Network(fields, edges, source.directed, left_out, scaling)


_LOADERS: Mapping[type[GraphSource], Callable[[Any, str], Network]] = {
    Karate: _of_dataset(load_karate),
    Cora: _of_dataset(load_citations),
    Citeseer: _of_dataset(load_citations),
    Pubmed: _of_dataset(load_citations),
    LesMiserables: _of_dataset(load_les_miserables),
    GraphNpz: _of_dataset(load_graph_npz),
    GraphFiles: _of_files,
}
"""For each source of a graph, what reads it."""
