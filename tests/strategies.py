"""Random documents in the spec language: small networks that use all of it and that check.

`documents()` is a hypothesis strategy; `document(seed)` gives the same documents by number. Both
make every choice through a `Pick`, and smaller choices make simpler documents, so that hypothesis
shrinks well.

A document is plain data, `text(document)` its YAML. The main output of its trained network is
always `CLASSES` numbers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from hypothesis import strategies as st

from graphc.spec.writer import write

CLASSES = 3
WIDTHS = (3, 2, 4)
ACTIVATIONS = ("tanh", "sigmoid", "softplus", "silu", "elu")
WORDS = (
    "a",
    "h",
    "dense_2",
    "gate",
    "tanh",
    "key",
    "x_2",
    "state",
    "dense",
    "lambda",
    "y_1",
    "y",
    "skip",
    "body",
    "c",
    "x",
)
INPUTS = {
    "features": [4],
    "image": [4, 4, 2],
    "token": {"int": [], "below": 5},
    "words": {"int": [3], "below": 4},
}
Step = str | dict[str, Any]
Steps = list[Step]


class Pick(Protocol):
    """Where choices come from."""

    def integer(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""


class Seeded:
    """Choices from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def integer(self, low: int, high: int) -> int:
        return self.random.randint(low, high)


class Drawn:
    """Choices that hypothesis makes and shrinks."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def integer(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))


@st.composite
def documents(draw: st.DrawFn, depth: int = 2, images: bool = True) -> dict[str, Any]:
    """Documents whose bodies nest `depth` deep at most, with or without convolutions."""
    return _Writer(Drawn(draw), images).document(depth)


def document(seed: int, depth: int = 2, images: bool = True) -> dict[str, Any]:
    """The document with this number."""
    return _Writer(Seeded(seed), images).document(depth)


def text(document: dict[str, Any]) -> str:
    """The document as YAML."""
    return write(document)


def shuffled(value: Any, pick: Pick, free: Callable[[tuple[str, ...]], bool], path=()) -> Any:
    """The same document with the keys of its mappings in another order, where that is `free`."""
    if isinstance(value, list):
        return [shuffled(each, pick, free, (*path, "*")) for each in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    if free(path):
        keys = [keys.pop(pick.integer(0, len(keys) - 1)) for _ in list(keys)]
    return {key: shuffled(value[key], pick, free, (*path, key)) for key in keys}


@dataclass
class _Scope:
    """What can be named at a place: values of [features], arrays, and names that are taken."""

    values: dict[str, int] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    arrays: dict[str, tuple[int, int]] = field(default_factory=dict)

    def inner(self) -> _Scope:
        return _Scope(dict(self.values), set(self.taken), dict(self.arrays))


class _Writer:
    """Writes one document."""

    def __init__(self, pick: Pick, images: bool) -> None:
        self.pick, self.images = pick, images
        self.blocks: dict[str, Any] = {}
        self.networks: dict[str, Any] = {}
        self.count = 0

    def of(self, items: Sequence[Any]) -> Any:
        return items[self.pick.integer(0, len(items) - 1)]

    def maybe(self, one_in: int = 2) -> bool:
        return self.pick.integer(1, one_in) == one_in

    def width(self) -> int:
        return self.of(WIDTHS)

    def fresh(self, scope: _Scope) -> str:
        """A name that can be given here, often one that looks like an automatic one."""
        word = self.of(WORDS)
        while word in scope.taken:
            self.count += 1
            word = f"v{self.count}"
        scope.taken.add(word)
        return word

    # Documents and networks

    def document(self, depth: int) -> dict[str, Any]:
        document: dict[str, Any] = {"graphc": 1}
        if self.maybe(3):
            self.networks["encoder"] = self.encoder()
            self.networks["main"] = self.network(depth)
            document["networks"] = self.networks
        else:
            document["network"] = self.network(depth)
        if self.blocks:
            document["blocks"] = self.blocks
        return document

    def encoder(self) -> dict[str, Any]:
        """A network [4] -> [4] for others to call."""
        norm = self.of((["tanh"], ["batch_norm"], [{"dropout": 0.5}]))
        layers = [{"dense": self.width()}, *norm, {"dense": {"features": 4, "activation": "tanh"}}]
        return {"inputs": {"x": [4]}, "layers": layers}

    def network(self, depth: int) -> dict[str, Any]:
        if self.maybe(3):
            return {"inputs": {"x": [4]}, "layers": self.head(depth)}
        names = [name for name in INPUTS if self.images or name != "image"]
        chosen = [name for name in names if self.maybe(3)] or ["features"]
        return {"inputs": {name: INPUTS[name] for name in chosen}, **self.nodes(chosen, depth)}

    def head(self, depth: int) -> Steps:
        scope = _Scope(taken={"x", "logits"})
        steps, _ = self.steps(4, scope, depth, 4)
        return [*steps, {"dense": CLASSES, "name": "logits"}]

    # Nodes

    def nodes(self, inputs: Sequence[str], depth: int) -> dict[str, Any]:
        """Nodes over these inputs; some are read by none."""
        scope = _Scope(taken={*inputs, "logits"})
        names = [self.fresh(scope) for _ in range(len(inputs) + self.pick.integer(1, 4))]
        nodes: dict[str, Any] = {}
        for name, source in zip(names, inputs, strict=False):
            nodes[name] = self.entrance(source, scope, name)
        for name in names[len(inputs) :]:
            nodes[name] = self.node(scope, name, depth)
        read = [name for name in scope.values if self.maybe(3)] or [list(scope.values)[-1]]
        nodes["logits"] = {"dense": CLASSES, "from": read}
        others = {name.split(".")[-1]: name for name in scope.values if self.maybe(6)}
        if others:
            return {"nodes": nodes, "outputs": ["logits", *others.values()]}
        return {"nodes": nodes, "output": "logits"}

    def entrance(self, source: str, scope: _Scope, name: str) -> Any:
        """An input as features."""
        features = self.width()
        scope.values[name] = features
        if source == "features":
            return {"dense": features, "from": source}
        if source == "token":
            scope.arrays[f"{name}.table"] = (5, features)
            return {"embed": features, "from": source}
        if source == "words":
            return {"layers": [{"embed": 2}, "flatten", {"dense": features}], "from": source}
        return {"layers": self.image(features), "from": source}

    def image(self, features: int) -> Steps:
        steps: Steps = [{"conv": {"features": 2, "kernel": 3, "activation": "tanh"}}]
        if self.maybe():
            steps.append(self.of(({"max_pool": 2}, {"average_pool": 2}, "batch_norm")))
        if self.maybe():
            body = [{"conv": {"features": 3, "kernel": 1, "stride": 2}}, "tanh"]
            kind = self.of(("project", "pad"))
            steps.append({"residual": {"body": body, "shortcut": kind}})
        if self.maybe(3):
            layers = [{"conv": {"features": 2, "kernel": 3, "activation": "tanh"}}]
            steps += [{"conv": 2}, {"repeat": {"times": 4, "layers": layers}}]
        ending = self.of((["flatten"], ["global_average_pool"], [{"reshape": [-1]}]))
        return [*steps, *ending, {"dense": features}]

    def node(self, scope: _Scope, name: str, depth: int) -> Any:
        kinds = [self.joined, self.formula, self.chain, self.alias, self.cell, self.mixed]
        kinds += [self.learned, self.split]
        if "encoder" in self.networks:
            kinds += [self.shared, self.siamese]
        return self.of(kinds)(scope, name, depth)

    def source(self, scope: _Scope) -> tuple[str, int]:
        return self.of(list(scope.values.items()))

    def joined(self, scope: _Scope, name: str, depth: int) -> Any:
        """One dense, from several values."""
        chosen = [self.source(scope) for _ in range(self.pick.integer(1, 3))]
        sources, widths = [word for word, _ in chosen], [width for _, width in chosen]
        scope.values[name] = features = self.width()
        scope.arrays[f"{name}.kernel"] = (sum(widths), features)
        from_ = sources[0] if len(sources) == 1 else sources
        return {"dense": {"features": features, "activation": self.of(ACTIVATIONS)}, "from": from_}

    def learned(self, scope: _Scope, name: str, depth: int) -> Any:
        """An array by itself, which layers may take as their kernel."""
        scope.arrays[name] = shape = self.width(), self.width()
        return {"weight": {"shape": list(shape), "init": self.of(("orthogonal", 0.5))}}

    def chain(self, scope: _Scope, name: str, depth: int) -> Any:
        source, features = self.source(scope)
        steps, after = self.steps(features, scope.inner(), depth, 3)
        scope.values[name] = after
        single = [
            each for each in steps if isinstance(each, dict) and not {"name", "from"} & set(each)
        ]
        if len(steps) == len(single) == 1 and self.maybe():
            return {**single[0], "from": source}
        return {"layers": steps, "from": source}

    def alias(self, scope: _Scope, name: str, depth: int) -> Any:
        source, features = self.source(scope)
        scope.values[name] = features
        return source

    def formula(self, scope: _Scope, name: str, depth: int) -> Any:
        features = self.source(scope)[1]
        same = [word for word, width in scope.values.items() if width == features]
        scope.values[name] = features
        written = self.expression(same, 3)
        return f"tanh({written}) + {same[0]}" if self.maybe() else written + f" - {same[-1]} / 2"

    def expression(self, words: Sequence[str], depth: int) -> str:
        """A formula over values of one shape and numbers; its size is bounded by `depth`."""
        kind = self.pick.integer(0, 7) if depth else 0
        if kind <= 1:
            return self.of(words)
        if kind == 2:
            return f"{self.of(('1', '0.5', '-2'))} * {self.of(words)}"
        one, two = self.expression(words, depth - 1), self.expression(words, depth - 1)
        if kind == 3:
            return f"(1 - {one}) * ({two})"
        if kind == 4:
            return f"{self.of(('sigmoid', 'tanh'))}({one}) - {two}"
        if kind == 5:
            return f"mean({one}) * ({two})"
        if kind == 6:
            return f"{self.mixer()}({one}, {two})"
        return f"-({one}) + {two}"

    def cell(self, scope: _Scope, name: str, depth: int) -> Any:
        """A block with two inputs, of which one may be left out, and two outputs."""
        features, kind = self.width(), self.of(ACTIVATIONS)
        word = self.block(
            "cell",
            kind,
            {
                "params": {"features": "int"},
                "inputs": {"x": "any", "h": "zeros"},
                "nodes": {
                    "both": {"dense": "$features", "from": "x"},
                    "c": f"{kind}(both + h)",
                    "h_2": {"dense": "$features", "from": ["c", "x"]},
                },
                "outputs": ["h_2", "c"],
            },
        )
        same = [each for each, width in scope.values.items() if width == features]
        source, _ = self.source(scope)
        given = {"x": source, "h": self.of(same)} if same and self.maybe() else {"x": source}
        port = self.of(("", ".h_2", ".c"))
        scope.values[name + port] = features
        return {word: features, "from": given}

    def split(self, scope: _Scope, name: str, depth: int) -> Any:
        """Parts of a value, each an output."""
        source, features = self.source(scope)
        if features == 1:
            return self.alias(scope, name, depth)
        first = self.pick.integer(1, features - 1)
        into, sizes = [self.of(WORDS), "rest"], [first, features - first]
        scope.values |= {f"{name}.{into[0]}": first, f"{name}.rest": features - first}
        if 2 * first == features and self.maybe():
            return {"split": into, "from": source}
        return {"split": {"into": into, "sizes": sizes}, "from": source}

    def mixed(self, scope: _Scope, name: str, depth: int) -> Any:
        """A block with two inputs told by name."""
        one, features = self.source(scope)
        two = self.of([each for each, width in scope.values.items() if width == features])
        scope.values[name] = features
        return {self.mixer(): {}, "from": {"a": one, "b": two}}

    def mixer(self) -> str:
        """A block without weights of its own, so that formulas can call it."""
        kind = self.of(("tanh", "sigmoid"))
        nodes = {"gate": f"{kind}(a)", "y": "gate * a + (1 - gate) * b"}
        section = {"inputs": {"a": "any", "b": "any"}, "nodes": nodes, "output": "y"}
        return self.block("mix", kind, section)

    def shared(self, scope: _Scope, name: str, depth: int) -> Any:
        """A call of a network."""
        source, features = self.source(scope)
        scope.values[name] = 4
        if features == 4:
            return {"encoder": None, "from": source} if self.maybe() else f"encoder({source})"
        return {"layers": [{"dense": 4}, {"encoder": None}], "from": source}

    def siamese(self, scope: _Scope, name: str, depth: int) -> Any:
        """A block that calls a network twice."""
        nodes = {"one": "encoder(x)", "two": {"encoder": None, "from": "one"}, "y": "one - 2 * two"}
        word = self.block("pair", "", {"nodes": nodes, "output": "y"})
        return self.tower(scope, name, [{word: None}])

    def tower(self, scope: _Scope, name: str, steps: Steps) -> Any:
        source, _ = self.source(scope)
        scope.values[name] = 4
        return {"layers": [{"dense": 4}, *steps], "from": source}

    # Chains

    def steps(
        self, features: int, scope: _Scope, depth: int, most: int, keep: bool = False
    ) -> tuple[Steps, int]:
        """Steps from [features], with `keep` to [features], and what comes out."""
        steps: Steps = []
        after = features
        for _ in range(self.pick.integer(1, most)):
            added, after = self.step(after, scope, depth, steps)
            steps += added
            if self.maybe(4) and not {"name"} & set(steps[-1]):
                self.name(steps, scope, after)
        if keep and after != features:
            steps.append({"dense": features})
        return steps, features if keep else after

    def name(self, steps: Steps, scope: _Scope, features: int) -> str:
        """The name of the last step, given to it if it has none."""
        last = steps[-1]
        last = {last: {}} if isinstance(last, str) else last
        word = last.get("name") or self.fresh(scope)
        steps[-1] = {**last, "name": word}
        scope.values[word] = features
        return word

    def step(self, features: int, scope: _Scope, depth: int, before: Steps) -> tuple[Steps, int]:
        kinds = [self.dense, self.plain, self.noise, self.run]
        if depth:
            kinds += [self.repeat, self.residual, self.highway, self.parallel]
            kinds += [self.unit, self.deep, self.wrapped, self.growing, self.each, self.attention]
        if before and scope.values:
            kinds += [self.capture, self.capture, self.shift]
        if any(features in shape for shape in scope.arrays.values()):
            kinds += [self.tied, self.tied]
        return self.of(kinds)(features, scope, depth, before)

    def dense(self, features, scope, depth, before) -> tuple[Steps, int]:
        after = self.width()
        more = self.of(({}, {"activation": "tanh"}, {"bias": False}, {"bias_init": 0.5}))
        return [{"dense": {"features": after, **more} if more else after}], after

    def plain(self, features, scope, depth, before) -> tuple[Steps, int]:
        """Something without weights that keeps the shape."""
        choices = (*ACTIVATIONS, "flatten", "identity", {"reshape": [-1]}, {"leaky_relu": 0.2})
        return [self.of(choices)], features

    def noise(self, features, scope, depth, before) -> tuple[Steps, int]:
        choices = ({"dropout": 0.5}, "batch_norm", "layer_norm", {"batch_norm": {"momentum": 0.5}})
        return [self.of(choices)], features

    def run(self, features, scope, depth, before) -> tuple[Steps, int]:
        """Equal layers that nobody marked."""
        layer = {"dense": {"features": features, "activation": self.of(ACTIVATIONS)}}
        return [dict(layer) for _ in range(self.pick.integer(2, 5))], features

    def attention(self, features, scope, depth, before) -> tuple[Steps, int]:
        """Features as tokens that read one another, once or several times over."""
        layer = {"attention": {"heads": 2, **self.of(({}, {"causal": True}, {"dropout": 0.5}))}}
        entrance = [{"reshape": [features, 1]}, {"dense": {"features": 4, "axis": -1}}, "position"]
        layers = [layer] if self.maybe() else [{"repeat": {"times": 4, "layers": [layer]}}]
        return [*entrance, *layers, {"dense": {"features": 3, "axis": 0}}, {"mean": -1}], 3

    def capture(self, features, scope, depth, before) -> tuple[Steps, int]:
        """A step that also reads a value from outside."""
        previous = self.name(before, scope, features)
        same = [word for word, width in scope.values.items() if width == features]
        other = self.of(same)
        if self.maybe(3):
            after = self.width()
            return [{"dense": after, "from": [previous, self.source(scope)[0]]}], after
        word = self.of(("add", "multiply", "maximum"))
        return [{word: {}, "from": [previous, other]}], features

    def shift(self, features, scope, depth, before) -> tuple[Steps, int]:
        """A learned number for each feature."""
        previous, word = self.name(before, scope, features), self.fresh(scope)
        steps: Steps = [{"weight": [features], "name": word}]
        return [*steps, {"add": {}, "from": [previous, word]}], features

    def tied(self, features, scope, depth, before) -> tuple[Steps, int]:
        """A layer that is given its kernel."""
        fits = {word: shape for word, shape in scope.arrays.items() if features in shape}
        word = self.of(list(fits))
        n, after = fits[word]
        given = {"kernel": word, "bias": self.maybe()}
        if n != features:
            after, given["transpose"] = n, True
        if self.maybe(4):
            return [{"dense": {"features": after, **given}}], after
        given["activation"] = self.of(ACTIVATIONS)
        return [{"dense": {"features": after, **given}}], after

    def repeat(self, features, scope, depth, before) -> tuple[Steps, int]:
        inner = scope.inner()
        attributes: dict[str, Any] = {"times": self.of((4, 2, 1, 5))}
        if self.maybe(4):
            attributes["input"] = word = self.fresh(inner)
            inner.values[word] = features
        body, _ = self.steps(features, inner, depth - 1, 2, keep=True)
        attributes["layers"] = body
        if self.maybe(4):
            self.count += 1
            attributes["index"] = index = f"i{self.count}"
            last = {"dense": {"features": features, "bias_init": f"0.1 * ${index}"}}
            attributes["layers"] = [*body, last]
        return [{"repeat": attributes}], features

    def each(self, features, scope, depth, before) -> tuple[Steps, int]:
        """A repeat with steps of their own for every layer."""
        layers, after = [], features
        for _ in range(self.pick.integer(1, 3)):
            steps, after = self.steps(after, scope.inner(), depth - 1, 2)
            layers.append(steps)
        return [{"repeat": {"each": layers}}], after

    def growing(self, features, scope, depth, before) -> tuple[Steps, int]:
        """A repeat whose layers differ."""
        widths = [self.width() for _ in range(self.pick.integer(1, 4))]
        layers: Steps = [{"dense": "$width"}, self.of(("tanh", "batch_norm", {"dropout": 0.5}))]
        return [{"repeat": {"over": widths, "index": "width", "layers": layers}}], widths[-1]

    def residual(self, features, scope, depth, before) -> tuple[Steps, int]:
        kind = self.of(("identity", "project", "pad"))
        keep = kind == "identity"
        body, after = self.steps(features, scope.inner(), depth - 1, 3, keep)
        if kind == "pad" and after < features:
            body, after = [*body, {"dense": features + 1}], features + 1
        if keep and self.maybe():
            return [{"residual": body}], after
        return [{"residual": {"body": body, "shortcut": kind}}], after

    def highway(self, features, scope, depth, before) -> tuple[Steps, int]:
        body, _ = self.steps(features, scope.inner(), depth - 1, 2, keep=True)
        return [{"highway": body}], features

    def parallel(self, features, scope, depth, before) -> tuple[Steps, int]:
        several = [
            self.steps(features, scope.inner(), depth - 1, 2)
            for _ in range(self.pick.integer(1, 3))
        ]
        branches, widths = [each for each, _ in several], [after for _, after in several]
        if self.maybe(4):
            branches, widths = [*branches, []], [*widths, features]
        if self.maybe():
            return [{"parallel": {"branches": branches}}], sum(widths)
        branches = [[*each, {"dense": 3}] for each in branches]
        return [{"parallel": {"branches": branches, "join": "add"}}], 3

    # Blocks

    def block(self, word: str, variant: str, section: dict[str, Any]) -> str:
        name = f"{word}_{variant}" if variant else word
        self.blocks.setdefault(name, section)
        return name

    def unit(self, features, scope, depth, before) -> tuple[Steps, int]:
        """A block with a parameter and a default."""
        kind, after = self.of(("tanh", "batch_norm", "layer_norm")), self.width()
        layers = [{"dense": "$features"}, kind, {"dropout": "$rate"}]
        section = {"params": {"features": "int", "rate": 0.25}, "layers": layers}
        word = self.block("unit", kind, section)
        given = {"features": after, "rate": 0.5} if self.maybe(3) else after
        return [{word: given}], after

    def deep(self, features, scope, depth, before) -> tuple[Steps, int]:
        """A block with a repeat of another block."""
        times, after = self.of((4, 3)), self.width()
        gated = {
            "h": {"dense": {"features": "$x.features", "activation": "tanh"}},
            "gate": {"dense": {"features": "$x.features", "activation": "sigmoid"}},
            "y": "gate * h + (1 - gate) * x",
        }
        inner = self.block("gated", "", {"nodes": gated, "output": "y"})
        layers = [
            {"dense": "2 * $half"},
            {"repeat": {"times": "$times", "layers": [inner, {"dropout": 0.25}]}, "name": "tower"},
        ]
        section = {"params": {"half": "int", "times": 4}, "layers": layers}
        half = max(after // 2, 1)
        return [{self.block("deep", "", section): {"half": half, "times": times}}], 2 * half

    def wrapped(self, features, scope, depth, before) -> tuple[Steps, int]:
        """A block that is handed two lists of steps."""
        nodes = {
            "left": {"layers": "$one", "from": "x"},
            "right": {"layers": "$two", "from": "x"},
            "y": "left * 0.5 + right",
        }
        params = {"one": "layers", "two": "layers"}
        word = self.block("both", "", {"params": params, "nodes": nodes, "output": "y"})
        one, _ = self.steps(features, scope.inner(), depth - 1, 2, keep=True)
        two, _ = self.steps(features, scope.inner(), depth - 1, 2, keep=True)
        return [{word: {"one": one, "two": two}}], features
