"""How networks take their weights from others after a round, in the emitted module."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from graphc.core.code import code
from graphc.emit.filling import fill
from graphc.emit.round_templates import FOLLOWING, FOLLOWING_WITH_STATISTICS
from graphc.emit.trees import part
from graphc.graph.graph import RESERVED_OF_NETWORKS, identifiers
from graphc.graph.weights import WeightMap
from graphc.plan.plan import Follower, Program

COPIED = {
    tree: code(f"either(state['step'] % $every == 0, {tree}[$of], {tree}[$name])")
    for tree in ("params", "statistics")
}
TAKEN = code("statistics[$of]")
AVERAGED = code("optax.incremental_update(params[$of], params[$name], 1 - $decay)")


class Following:
    """What `follow` says: what each network that follows another one takes of it.

    Attributes:
        values: for the holes of its template.
        template: with running statistics where the networks have some.
    """

    def __init__(self, program: Program, followers: Iterable[Follower], weights: WeightMap) -> None:
        self.words = identifiers(program.networks, RESERVED_OF_NETWORKS)
        several = tuple(each for each in followers if each.moves)
        keeping = {each.path.split("/")[0] for each in weights.entries if not each.weight.trainable}
        kept = tuple(each for each in several if each.name in keeping)
        self.values: Mapping[str, ast.expr] = {
            "FOLLOWERS": self._tree("params", several),
            "STATISTICS": self._tree("statistics", kept),
        }
        self.template = FOLLOWING_WITH_STATISTICS if kept else FOLLOWING

    def _tree(self, tree: str, followers: Iterable[Follower]) -> ast.expr:
        """`{"target": either(step % 500 == 0, params["q"], params["target"])}`."""
        found = {self.words[each.name]: self._taken(tree, each) for each in followers}
        return ast.Dict([part(word) for word in found], list(found.values()))

    def _taken(self, tree: str, each: Follower) -> ast.expr:
        names = {"name": self.words[each.name], "of": self.words[each.of]}
        if each.every is not None:
            return fill(COPIED[tree], names | {"every": each.every})
        if tree == "statistics":
            return fill(TAKEN, names)
        return fill(AVERAGED, names | {"decay": each.decay})
