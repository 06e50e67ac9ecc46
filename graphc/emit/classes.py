"""A class for each distinct block and each network, those that are called first."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from graphc.core.span import Span
from graphc.emit.body import Body
from graphc.emit.construct import Class, Constructor
from graphc.emit.invoke import Invoker
from graphc.emit.names import ModuleNames
from graphc.emit.needs import Requirements, blocks
from graphc.emit.trees import name
from graphc.emit.unify import Draft, constructor, group, unify
from graphc.graph.calls import Call
from graphc.graph.graph import Graph
from graphc.graph.node import Node

Position = tuple[str, Span]


Block = tuple[str, Graph]
"""What makes a block distinct: its title and its graph."""


@dataclass
class Classes:
    """Writes the classes and functions of a program's graphs.

    Args:
        networks: the graphs by name.
        words: what each network is called as an argument.
        names: gives the names at the top level.
        training: the one that is the values and objectives, if there is one.
        followed: for networks that have the class of another one, that one.
    """

    networks: Mapping[str, Graph]
    words: Mapping[str, str]
    names: ModuleNames
    training: str | None = None
    followed: Mapping[str, str] = field(default_factory=dict)
    network_classes: dict[str, Class] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.requirements = Requirements(self.networks)
        self.calls: dict[Block, Call] = {}
        self.paths: dict[Block, str] = {}
        self.heights: dict[Block, int] = {}
        self.classes: dict[Block, Class] = {}
        self.written: dict[str, ast.stmt] = {}

    def write(self) -> list[ast.stmt]:
        """The definitions, callees first."""
        for network, graph in self.networks.items():
            self._find(graph, network)
        for height in range(max(self.heights.values(), default=-1) + 1):
            self._write_blocks([block for block in self.heights if self.heights[block] == height])
        for network, graph in self.networks.items():
            if network not in self.followed:
                self._write_network(network, graph)
        return list(self.written.values())

    def _find(self, graph: Graph, path: str) -> int:
        """Note the blocks that a graph calls, deepest first; gives how deep they are nested."""
        height = 0
        for node in graph.nodes:
            for call in blocks(node.operation):
                block = (call.title, call.graph)
                if block not in self.heights:
                    inner = f"{path}/{node.name}" if path else node.name
                    self.calls[block], self.paths[block] = call, inner
                    self.heights[block] = self._find(call.graph, inner)
                height = max(height, self.heights[block] + 1)
        return height

    def _write_blocks(self, found: list[Block]) -> None:
        titles = dict.fromkeys(title for title, _ in found)
        for title in titles:
            drafts = {block: self._draft(block) for block in found if block[0] == title}
            for members in group(list(drafts.values())):
                blocks_of_group = [block for block in drafts if drafts[block] in members]
                self._write_class(title, members, blocks_of_group)

    def _write_class(self, title: str, drafts: list[Draft], members: list[Block]) -> None:
        draft = drafts[0]
        what = self.calls[members[0]].described
        docstring = f"{what}{_place(draft.graph)}."
        if not self.requirements.holds_modules(self.calls[members[0]], ()):
            made = Class(self.names.of_function(title), is_function=True)
            draft.call.name = made.name
            draft.call.body.insert(0, ast.Expr(ast.Constant(docstring)))
            self.written[made.name] = draft.call
        else:
            statements, words, values = unify(drafts)
            made = Class(self.names.of_class(title), False, draft.keyed, words, values)
            self.written[made.name] = _class(made, statements, draft, docstring)
        self.classes |= dict.fromkeys(members, made)

    def _write_network(self, network: str, graph: Graph) -> None:
        draft = self._drafted(graph, network, {}, "__call__")
        title = f"Network `{network}`" if network else "The network"
        title = "The values and objectives of `train`" if network == self.training else title
        statements, _, values = unify([draft])
        word = self.names.of_class(network or "network")
        made = Class(word, False, draft.keyed, (), values)
        self.network_classes[network] = made
        self.written[word] = _class(made, statements, draft, f"{title}{_place(graph)}.")

    def _draft(self, block: Block) -> Draft:
        call = self.calls[block]
        word = "__call__" if self.requirements.holds_modules(call, ()) else "function"
        return self._drafted(call.graph, self.paths[block], dict(call.arguments), word)

    def _drafted(
        self, graph: Graph, path: str, arguments: Mapping[str, object], word: str
    ) -> Draft:
        constructor = Constructor(lambda call: self.classes[call.title, call.graph])
        invoker = Invoker(constructor, self.requirements, self.words, set())
        body = Body(graph, invoker, lambda node: self._tag(path, node))
        needs = self.requirements.of_graph(graph)
        return Draft(graph, arguments, body.constructor(), body.function(word, needs), needs)

    def _tag(self, path: str, node: Node) -> str:
        """A word for where the node was written; copies of a repeat may share a path."""
        place = (f"{path}/{node.name}" if path else node.name, node.span)
        tag = place[0]
        while self.positions.setdefault(tag, place) != place:
            tag += "+"
        return tag


def _class(made: Class, statements: list[ast.stmt], draft: Draft, docstring: str) -> ast.ClassDef:
    body: list[ast.stmt] = [ast.Expr(ast.Constant(docstring))]
    if statements:
        body.append(constructor(statements, made.parameters, made.keyed))
    base = ast.Attribute(name("nnx"), "Module", ast.Load())
    return ast.ClassDef(made.name, [base], [], [*body, draft.call], [])


def _place(graph: Graph) -> str:
    """`, specs/x.yaml:5`: where the first line of what makes the output was written."""
    outputs = [node for _, ref in graph.outputs if (node := graph.by_name.get(ref.node))]
    spans = [node.span for node in [*outputs, *graph.nodes] if node.span.line]
    if not spans:
        return ""
    source = spans[0].source
    line = min(span.line for span in spans if span.source is source)
    return f", {source.name}:{line}"
