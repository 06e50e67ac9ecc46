"""Graphs back to the text of a spec: `load(dump(graph)) == graph`.

Parameters are gone by then, so every distinct graph of a block becomes a block of its own, and
what a user wrote short is written out. Names are kept, for weights are known by them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import networkx as nx

from graphc.build import syntax
from graphc.build.formula import unparse
from graphc.core.operation import PRECISIONS, Operation, Spelled
from graphc.core.span import nowhere
from graphc.core.tree import Scalar
from graphc.core.types import BATCH, TIME, Type, is_uneven, time_axes
from graphc.graph.calls import Call, NetworkCall, Repeat
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.graph.tied import Tied
from graphc.graph.time import Delay
from graphc.spec.writer import write

_HERE = nowhere()


def dump(networks: Mapping[str, Graph], sections: Mapping[str, object] | None = None) -> str:
    """The text of a spec.

    Args:
        networks: the graphs; a single network is called "".
        sections: further sections as plain data (`data`, `train`).
    """
    blocks = _Blocks()
    written = {name: _network(graph, blocks) for name, graph in networks.items()}
    spec: dict[str, object] = {"graphc": 1}
    if set(written) == {""}:
        spec["network"] = written[""]
    else:
        spec["networks"] = written
    inputs = [kind for graph in networks.values() for _, kind in graph.inputs]
    axes = {axis.name: axis.kind for kind in inputs for axis in time_axes(kind) if axis != TIME}
    if axes:
        spec["axes"] = axes
    if blocks.written:
        spec["blocks"] = blocks.written
    return write(spec | dict(sections or {}))


@dataclass
class _Blocks:
    """The blocks of a dump: one for each distinct graph, its title made unique."""

    names: dict[Graph, str] = field(default_factory=dict)
    written: dict[str, object] = field(default_factory=dict)

    def name(self, call: Call) -> str:
        if call.graph not in self.names:
            title, count = call.title, 1
            while title in self.written:
                count += 1
                title = f"{call.title}_{count}"
            self.names[call.graph] = title
            self.written[title] = None  # keeps the name while the inside is written
            inputs = {name: "any" for name, _ in call.graph.inputs}
            self.written[title] = {"inputs": inputs, **_section(call.graph, self)}
        return self.names[call.graph]


def _network(graph: Graph, blocks: _Blocks) -> dict[str, object]:
    inputs = {name: _type(kind) for name, kind in graph.inputs}
    return {"inputs": inputs, **_section(graph, blocks)}


def _type(kind: Type) -> object:
    shape = [*(axis.name for axis in kind.domain if axis != BATCH), *kind.shape]
    more: dict[str, object] = {"below": kind.below} if kind.below else {}
    if is_uneven(kind):
        more["at_most"] = "any"
    if kind.dtype == "float":
        return {"float": shape, **more} if more else shape
    return {kind.dtype: shape, **more}


def _section(graph: Graph, blocks: _Blocks) -> dict[str, object]:
    writer = _Writer(graph, blocks, {})
    nodes = writer.nodes()
    outputs = []
    for port, ref in graph.outputs:
        if writer.port(ref) != port:
            nodes[port] = writer.reference(ref)
            outputs.append(port)
        else:
            outputs.append(writer.reference(ref))
    key = {"output": outputs[0]} if len(outputs) == 1 else {"outputs": outputs}
    initial = writer.initial()
    return {"nodes": nodes, **({"initial": initial} if initial else {}), **key}


class _Writer:
    """Writes the nodes of one graph.

    Args:
        outer: for inputs that were captured from around an inline body, what they are called there.
    """

    def __init__(self, graph: Graph, blocks: _Blocks, outer: Mapping[str, str]) -> None:
        self.graph, self.blocks, self.outer = graph, blocks, outer
        self.whole = [node for node in graph.nodes if not (node.part or _is_of_cycle(node))]
        self.chains = self._chain_results()
        self.read: Counter[str] = Counter()
        self.open: list[tuple[list, int, str, str]] = []
        folders = {node.name.rsplit("/", 1)[0] for node in self.whole if "/" in node.name}
        self.joins = {
            each.rsplit("/", 1)[0] for each in folders if each[-1:].isdigit() and "/" in each
        }

    def _chain_results(self) -> dict[str, str]:
        """For each inline chain (`body`), the node that is its value (`body/dense_2`)."""
        own = {node.name for node in self.whole}
        groups: dict[str, list[str]] = {}
        for node in self.whole:
            head = node.name.split("/")[0]
            if "/" in node.name and head not in own:
                groups.setdefault(head, []).append(node.name)
        return {head: self._result(head, names) for head, names in groups.items()}

    def _result(self, head: str, names: list[str]) -> str:
        def outside(name: str) -> bool:
            users = self.graph.users[name]
            output = any(ref.node == name for _, ref in self.graph.outputs)
            return output or any(not user.name.startswith(f"{head}/") for user in users)

        return next((name for name in names if outside(name)), names[-1])

    # References

    def reference(self, ref: Ref) -> str:
        """How a value is called in the text, where it is then read by its name."""
        self.read[ref.node] += 1
        return self._text(ref)

    def _text(self, ref: Ref) -> str:
        name = ref.node
        name = name.removesuffix(":held")
        node = self.graph.by_name.get(name)
        if node is not None and isinstance(node.operation, Delay):
            return f"{self._text(node.references[0])}@{name.rpartition('@')[2]}"
        for head, result in self.chains.items():
            if name == result:
                name = head
        name = self.outer.get(name, name).rsplit("/", 1)[-1]
        return f"{name}.{ref.port}" if ref.port else name

    def port(self, ref: Ref) -> str:
        """The port that an output gets from its reference alone."""
        return ref.port or self._text(ref)

    # Nodes

    def nodes(self) -> dict[str, object]:
        """The entries of `nodes`."""
        entries: dict[str, object] = {}
        for node in self.whole:
            head = node.name.split("/")[0]
            if head in entries:
                continue
            if head in self.chains:
                entries[head] = self._chain(head)
            elif "/" not in node.name:
                entries[head] = self._node(node)
        self.close()
        return entries

    def initial(self) -> dict[str, object]:
        """The entries of `initial`."""
        found: dict[str, object] = {}
        for node in self.graph.nodes:
            if isinstance(node.operation, Delay) and len(node.references) > 1:
                value, first = node.references
                name = self._text(value).split(".")[0]
                found[name] = self._initial(first, node.operation)
        return found

    def _initial(self, ref: Ref, delay: Delay) -> object:
        node = self.graph.by_name.get(ref.node)
        if node is None or not _is_of_cycle(node):
            return self.reference(ref)
        shape = {"shape": list(delay.step.shape)}
        if node.operation.name == "constant":
            return {"constant": node.operation.value, **shape}  # type: ignore[attr-defined]
        if node.operation.name == "weight":
            written = node.operation.write()
            init = written.get("init") if isinstance(written, dict) else None
            return {"learned": {"init": init} if init is not None else {}, **shape}
        return unparse(self._expression(ref, root=True))

    def _chain(self, head: str) -> dict[str, object]:
        names = [node for node in self.whole if node.name.startswith(f"{head}/")]
        names.sort(key=lambda node: node.name == self.chains[head])  # its value comes last
        source = self._first_source(names)
        steps = self.steps(names, f"{head}/", source)
        return {"layers": steps, "from": self.reference(source)}

    def _first_source(self, nodes: list[Node]) -> Ref:
        """A value that the chain reads; every step says what it reads itself."""
        own = {node.name for node in nodes}
        for node in nodes:
            for ref in self._plain_inputs(node):
                if ref.node not in own:
                    return ref
        return Ref(self.graph.inputs[0][0])

    def steps(self, nodes: list[Node], prefix: str, source: Ref) -> list[object]:
        """Nodes as the steps of a chain; those below another (`parallel/0/...`) go with it.

        What reads the value before it alone needs no `from`; the steps that need no `name` are
        left open until `close`, which knows all that is read by name.
        """
        steps: list[object] = []
        before, taken = source, set()
        for node in self._before_what_hides(nodes, prefix):
            name = node.name[len(prefix) :]
            step = self._step(node)
            if self._first(node) == before:
                self._leave_out_first(step)
                self.read[before.node] -= 1
            word = next(iter(step))
            if name != _automatic(word.replace("/", "_"), taken):
                step["name"] = name
            self.open.append((steps, len(steps), node.name, name))
            taken.add(name)
            before = Ref(node.name)
            steps.append(step)
        return steps

    def _before_what_hides(self, nodes: list[Node], prefix: str) -> list[Node]:
        """The steps of a chain; one that reads a value comes before one that takes its name."""
        owners = {node.name: node.name[len(prefix) :].split("/")[0] for node in nodes}
        steps = {
            owners[node.name]: node for node in nodes if node.name == prefix + owners[node.name]
        }
        order = nx.DiGraph([(each, list(steps)[-1]) for each in list(steps)[:-1]])
        order.add_nodes_from(steps)
        for node in nodes:
            for ref in self._plain_inputs(node):
                one, other = owners.get(ref.node), owners[node.name]
                if one is None:
                    one, other = other, self._text(ref).split(".")[0]
                if one != other and other in steps and (steps[other].named or ref.node in owners):
                    order.add_edge(one, other)
        if not nx.is_directed_acyclic_graph(order):
            return list(steps.values())
        places = {name: place for place, name in enumerate(steps)}
        return [steps[name] for name in nx.lexicographical_topological_sort(order, places.get)]

    def _first(self, node: Node) -> Ref | None:
        """The value that a step takes if its text names none."""
        if node.name in self.joins:
            return self._parallel_source(node)
        return None if node.operation.variadic or not node.inputs else node.inputs[0]

    def _leave_out_first(self, step: dict) -> None:
        if isinstance(step["from"], dict):
            del step["from"][next(iter(step["from"]))]
        else:
            del step["from"]

    def close(self) -> None:
        """Give the steps that are read by name theirs, and those that say nothing more none."""
        for steps, place, node, name in self.open:
            step = steps[place]
            word = next(iter(step))
            if self.read[node] > 0:
                step["name"] = name
            if step == {word: {}}:
                steps[place] = word
        self.open.clear()

    def _node(self, node: Node) -> object:
        if any(part.startswith(f"{node.name}:") and _is_number(part) for part in self._parts(node)):
            return unparse(self._expression(Ref(node.name), root=True))
        if node.operation.name == "constant":
            return node.operation.value  # type: ignore[attr-defined]
        return self._step(node)

    def _parts(self, node: Node) -> list[str]:
        return [ref.node for ref in node.references if ":" in ref.node]

    def _step(self, node: Node) -> dict[str, object]:
        if node.name in self.joins:
            return self._parallel(node)
        word, attributes = self._operation(node)
        step = {word: {} if attributes is None else attributes, **self._from(node)}
        if held := self.graph.by_name.get(f"{node.name}:held"):
            clock = self.graph.by_name[held.references[0].node].operation
            step["every"] = clock.every  # type: ignore[attr-defined]
        return step | _precision(node.operation) | ({"remat": True} if node.remat else {})

    def _operation(self, node: Node) -> tuple[str, object]:
        operation = node.operation
        if isinstance(operation, NetworkCall):
            return operation.network, None
        if isinstance(operation, Call):
            return self.blocks.name(operation), None
        if isinstance(operation, Repeat):
            return "repeat", self._repeat(node, operation)
        if isinstance(operation, Tied) and any(map(self._turned, node.references)):
            operation = replace(operation.layer, transpose=True)  # type: ignore[call-arg]
        return operation.name, operation.write()

    def _from(self, node: Node) -> dict[str, object]:
        operation = node.operation
        names = [each.name for each in operation.inputs]
        if operation.names:
            given = zip(operation.names, node.references, strict=True)
            return {"from": {name: self._source(ref) for name, ref in given}}
        if operation.variadic:
            return {"from": [self.reference(ref) for ref in node.references]}
        given = [
            (name, ref) for name, ref in zip(names, node.inputs, strict=True) if ref is not None
        ]
        if not given:
            return {}
        if len(given) == 1 or isinstance(operation, Repeat):
            return {"from": self._source(given[0][1])}
        return {"from": {name: self._source(ref) for name, ref in given}}

    def _source(self, ref: Ref) -> object:
        """A reference, or the list that a concatenation for one input came from."""
        ref = self._turned(ref) or ref
        joined = self._joined(ref)
        if joined is None:
            return self.reference(ref)
        return [self.reference(each) for each in joined.references]

    def _joined(self, ref: Ref) -> Node | None:
        node = self.graph.by_name.get(ref.node)
        joined = node is not None and node.part and not _is_number(node.name)
        return node if joined and not node.name.endswith(":held") else None

    def _turned(self, ref: Ref) -> Ref | None:
        """What `transpose: true` of a step turns, if the value is that turned."""
        node = self.graph.by_name.get(ref.node)
        return node.inputs[0] if node is not None and node.name.endswith(":transpose") else None

    def _plain_inputs(self, node: Node) -> list[Ref]:
        plain: list[Ref] = []
        for ref in node.references:
            ref = self._turned(ref) or ref
            joined = self._joined(ref)
            plain += joined.references if joined is not None else (ref,)
        return plain

    # Wrappers

    def _parallel(self, node: Node) -> dict[str, object]:
        branches, source = [], self._parallel_source(node)
        for i, end in enumerate(node.references):
            prefix = f"{node.name}/{i}/"
            members = [each for each in self.whole if each.name.startswith(prefix)]
            members.sort(key=lambda each, end=end: each.name == end.node)
            branches.append((members, prefix))
        written = [self.steps(*branch, source) for branch in branches]
        join = node.operation.write()
        word = node.operation.name if join is None else {node.operation.name: join}
        return {"parallel": {"branches": written, "join": word}, "from": self.reference(source)}

    def _parallel_source(self, node: Node) -> Ref:
        """What every branch begins with: the end of an empty one, or what the others read."""
        members = [each for each in self.whole if each.name.startswith(f"{node.name}/")]
        begun = {each.name[len(node.name) + 1 :].split("/")[0] for each in members}
        empty = [ref for i, ref in enumerate(node.references) if str(i) not in begun]
        return empty[0] if empty else self._first_source(members)

    def _repeat(self, node: Node, operation: Repeat) -> dict[str, object]:
        word = self._input_word(node, operation)
        written, named = {}, False
        for copy in dict.fromkeys(operation.copies):
            written[copy], reads = self._copy(node, copy, word)
            named |= reads
        head = {"input": word} if named else {}
        if len(written) == 1:
            return {"times": len(operation.copies), **head, "layers": written[operation.copies[0]]}
        return {**head, "each": [written[copy] for copy in operation.copies]}

    def _input_word(self, node: Node, operation: Repeat) -> str:
        """What to call the input of a layer where its steps read it by name."""
        taken = {self._text(ref).split(".")[0] for ref in node.references[1:]}
        for copy in dict.fromkeys(operation.copies):
            if isinstance(copy, Call) and copy.inline:
                taken |= {each.name.rsplit("/", 1)[-1] for each in copy.graph.nodes}
        return _automatic("x", taken)

    def _copy(self, node: Node, copy: Operation, word: str) -> tuple[list[object], bool]:
        """The steps of one layer, and whether they read its input by name."""
        captured = {
            name.name: self.reference(ref)
            for name, ref in zip(copy.inputs[1:], node.inputs[1:], strict=True)
            if ref is not None
        }
        if isinstance(copy, Call) and copy.inline:
            source = copy.graph.inputs[0][0]
            inner = _Writer(copy.graph, self.blocks, captured | {source: word})
            steps = inner.steps(inner.in_chain_order(), "", Ref(source))
            inner.close()
            return steps, inner.read[source] > 0
        name, attributes = self._operation(Node(node.name, copy, node.inputs))
        beside = _precision(copy)
        named = bool(captured) and not isinstance(copy, Repeat)
        if named:
            beside = {"from": {copy.inputs[0].name: word} | captured} | beside
        step = name if attributes is None and not beside else {name: attributes, **beside}
        return [step], named

    def in_chain_order(self) -> list[Node]:
        """The nodes of a layer: what reads its input first, what it gives last."""
        last = self.graph.outputs[0][1].node
        source = Ref(self.graph.inputs[0][0])

        def place(node: Node) -> int:
            return 2 if node.name == last else 0 if source in self._plain_inputs(node) else 1

        return sorted(self.whole, key=place)

    # Formulas

    def _expression(self, ref: Ref, root: bool = False) -> syntax.Expression:
        node = self.graph.by_name.get(ref.node)
        if node is None or not (root or _is_number(node.name)):
            word = self.reference(ref)
            name, _, port = word.partition(".")
            return syntax.Reference(name, _HERE, port or None)
        spelled = node.operation.trait(Spelled)
        if node.operation.name == "constant":
            return syntax.Number(node.operation.value, _HERE)  # type: ignore[attr-defined]
        if spelled is not None and len(node.references) <= 2:
            return self._spelled(node, spelled.operator)
        arguments = tuple(self._expression(each) for each in node.references)
        return self._apply(node, arguments)

    def _spelled(self, node: Node, operator: str) -> syntax.Expression:
        if len(node.references) == 1:
            return syntax.Unary("-", self._expression(node.references[0]), _HERE)
        turns = []
        while True:  # `a + b + c` is deep on its left
            left, right = node.references
            inner = self.graph.by_name.get(left.node)
            turns.append((operator, self._expression(right)))
            trait = inner.operation.trait(Spelled) if inner is not None else None
            deeper = trait is not None and len(inner.references) == 2 and _is_number(inner.name)
            if not deeper:
                value = self._expression(left)
                break
            node, operator = inner, trait.operator
        for word, right in reversed(turns):
            value = syntax.Binary(word, value, right, _HERE)
        return value

    def _apply(self, node: Node, arguments: tuple) -> syntax.Apply:
        word, attributes = self._operation(node)
        keywords = []
        if isinstance(attributes, dict):
            rows = attributes
        else:
            first = type(node.operation).primary()
            rows = {} if attributes is None or first is None else {first.name: attributes}
        for key, value in rows.items():
            text = Scalar(str(value).lower() if isinstance(value, bool) else str(value), _HERE)
            keywords.append((Scalar(key, _HERE), text, syntax.Reference(text.text, _HERE)))
        return syntax.Apply(word, arguments, tuple(keywords), _HERE, _HERE)


def _precision(operation: Operation) -> dict[str, object]:
    """What stands beside a step whose products are not in float32."""
    found = getattr(operation, "precision", PRECISIONS[0])
    return {} if found == PRECISIONS[0] else {"precision": found}


def _is_of_cycle(node: Node) -> bool:
    """Whether it is written where a value of another step is read, or under `initial`."""
    return isinstance(node.operation, Delay) or node.name.startswith("initial/")


def _automatic(word: str, taken: set[str]) -> str:
    """The name that a step of this operation gets where it is given none."""
    name, count = word, 1
    while name in taken:
        count += 1
        name = f"{word}_{count}"
    return name


def _is_number(name: str) -> bool:
    """Whether a part is a formula's (`y:3`) rather than a concatenated input (`y:x`)."""
    return name.rsplit(":", 1)[-1].isdigit() and ":" in name
