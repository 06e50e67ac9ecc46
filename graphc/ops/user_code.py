"""Code of the user's own."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, replace
from functools import cache

from graphc.core.attributes import Bool, Int, Ints, Kind, Many, Text
from graphc.core.code import Code, code, imported
from graphc.core.declaration import attribute, primary
from graphc.core.diagnostic import Diagnostic, Report, SpecError
from graphc.core.operation import Opaque, Operation, ShapeError, Weight
from graphc.core.registry import operations
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, describe
from graphc.core.types import DTYPES, Type, join_domains

CONTEXT = ("train", "key", "mask")
"""What emitted code hands down besides values."""
_GIVEN = ("self", "rngs", *CONTEXT)
_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
_REFERENCE = rf"{_WORD}(\.{_WORD})*:{_WORD}"


def is_argument(word: str) -> bool:
    """Whether a value or an attribute can be handed over under this name."""
    return bool(re.fullmatch(_WORD, word)) and not keyword.iskeyword(word) and word not in _GIVEN


@dataclass(frozen=True)
class Reference(Kind):
    """A definition in a module, as Python packages write it: `module:Name`."""

    def read(self, tree: Tree) -> str:
        text = tree.text if isinstance(tree, Scalar) else ""
        words = re.findall(_WORD, text)
        if re.fullmatch(_REFERENCE, text) and not any(map(keyword.iskeyword, words)):
            return text
        raise self.refuse(tree, _respelt(text))

    def schema(self) -> dict:
        return {"type": "string", "pattern": f"^{_REFERENCE}$"}

    def __str__(self) -> str:
        return "`module:Name`"


def _respelt(text: str) -> str | None:
    """What was probably meant: `layers.py:Gate`, `models/layers:Gate` or `layers.Gate`."""
    module, _, word = text.removeprefix("./").rpartition(":" if ":" in text else ".")
    module = module.removesuffix(".py").replace("/", ".")
    meant = f"{module}:{word}"
    return f"write `{meant}`" if meant != text and re.fullmatch(_REFERENCE, meant) else None


@dataclass(frozen=True)
class Arguments(Kind):
    """Plain values by name, in the order of their names."""

    def read(self, tree: Tree) -> tuple[tuple[str, object], ...]:
        if not isinstance(tree, Mapping):
            raise self.refuse(tree, "write `{name: value}`")
        report = Report()
        rows = [
            (report.attempt(_argument, key), report.attempt(_plain, each)) for key, each in tree
        ]
        report.stop()
        return tuple(sorted(rows))

    def write(self, value: tuple[tuple[str, object], ...]) -> object:
        return {word: _written(each) for word, each in value}

    def schema(self) -> dict:
        kinds = ["number", "string", "boolean", "array"]
        names = {"pattern": f"^(?!({'|'.join(_GIVEN)})$){_WORD}$"}
        return {"type": "object", "propertyNames": names, "additionalProperties": {"type": kinds}}

    def __str__(self) -> str:
        return "a mapping of names to values"


def _argument(key: Scalar) -> str:
    if is_argument(key.text):
        return key.text
    given = f"`{key.text}` is given by the emitted code" if key.text in _GIVEN else None
    message = f"`{key.text}` cannot be the name of an argument"
    raise SpecError(Diagnostic("GC221", message, key.span, help=given))


def _plain(tree: Tree) -> object:
    """A number, a string, true, false, or a tuple of them."""
    if isinstance(tree, Sequence):
        return tuple(_plain(item) for item in tree)
    value = tree.value if isinstance(tree, Scalar) else None
    if value is None or (isinstance(value, float) and not abs(value) < float("inf")):
        message = (
            f"expected a finite number, a string, true, false or a list, found {describe(tree)}"
        )
        raise SpecError(Diagnostic("GC210", message, tree.span))
    return value


def _written(value: object) -> object:
    return [_written(each) for each in value] if isinstance(value, tuple) else value


@dataclass(frozen=True)
class Signature:
    """What can be seen of a definition without running it.

    Args:
        is_class: whether it is a class, which is built once, rather than a function.
        takes: what a call takes of `train`, `key` and `mask`.
        seeded: whether building it takes `rngs`.
    """

    is_class: bool
    takes: tuple[str, ...] = ()
    seeded: bool = True


@dataclass(frozen=True)
class Python(Operation):
    """A function, or a layer (a class), in a Python file of your own beside the spec.

    A function gives `y = name(x, **arguments)`. A class is an `nnx.Module`, built once:
    `y = Name(**arguments, rngs=rngs)(x)`. Several values (`from: [a, b]`) come in their order,
    named ones (`from: {a: h, b: x}`) under their names. By keyword come, where the signature has
    them, `train` (true in training), `key` (a random key, None in evaluation), `mask` (the rows of
    the batch that are there, None for all), and for a constructor `rngs`.

    Arrays are [batch, *shape], float32, int32 or bool. `graphc check` reads the file and never
    runs it; whether the value is as declared here is found out before training. `nnx.Param` holds
    parameters, any other variable a statistic, which a call may move; random state is refused.
    """

    name = "python"
    variadic = True
    traits = (Opaque(),)

    definition: str = primary(Reference(), "the file `module.py`, and a class or function in it")
    output: tuple[int, ...] | None = attribute(
        Ints(), "the shape of the value for one example; if left out, that of the first input", None
    )
    dtype: str | None = attribute(
        Text(DTYPES),
        "the kind of numbers; if left out, float, or without `output` the input's",
        None,
    )
    below: int | None = attribute(
        Int(1), "for whole numbers, one more than the largest, where that is known", None
    )
    arguments: tuple[tuple[str, object], ...] = attribute(
        Arguments(), "further arguments, by name; lists arrive as tuples", ()
    )
    takes: tuple[str, ...] | None = attribute(
        Many(Text(CONTEXT)), "what a call is given; if left out, what its signature has", None
    )
    installed: bool = attribute(
        Bool(), "whether the module is one that is installed, rather than a file of yours", False
    )
    names: tuple[str, ...] = ()  # type: ignore[misc]
    seen: Signature | None = None

    @property
    def module(self) -> str:
        """The module's name."""
        return self.definition.partition(":")[0]

    @property
    def word(self) -> str:
        """The name of the class or function."""
        return self.definition.partition(":")[2]

    @property
    def signature(self) -> Signature:
        """What was seen of it; until its file is read, a class is what starts with a capital."""
        return self.seen or Signature(self.word.lstrip("_")[:1].isupper(), self.takes or ())

    def infer(self, *types: Type) -> Type:
        kind = types[0]
        if self.output is not None or self.dtype is not None:
            kind = Type(kind.shape if self.output is None else self.output, self.dtype or "float")
        if self.below is not None and kind.dtype != "int":
            help = "write `dtype: int` beside it"
            raise ShapeError("`below` belongs to whole numbers", help, "GC210")
        domain, presence = join_domains(types)
        return replace(kind, below=self.below or kind.below, domain=domain, presence=presence)

    def weights(self, *types: Type) -> dict[str, Weight]:
        return {"*": Weight(None)} if self.signature.is_class else {}

    def build_code(self, *types: Type) -> Code | None:
        if not self.signature.is_class:
            return None
        rngs = ["rngs=$rngs"] if self.signature.seeded else []
        return _code(f"$definition({', '.join([*self._arguments(), *rngs])})")

    def call_code(self, *types: Type) -> Code:
        function = "$self" if self.signature.is_class else "$definition"
        places = [f"$item_{i}" for i in range(len(types))]
        values = [f"{each}={i}" for each, i in zip(self.names, places, strict=False)] or places
        further = [] if self.signature.is_class else self._arguments()
        context = [f"{each}=${each}" for each in CONTEXT if each in self.signature.takes]
        return _code(f"{function}({', '.join([*values, *further, *context])})")

    def _arguments(self) -> list[str]:
        return [f"{word}=$arguments.{word}" for word, _ in self.arguments]

    def holes(self, *types: Type) -> dict[str, object]:
        values = {f"arguments.{word}": value for word, value in self.arguments}
        return {"definition": imported(self.module, self.word), **values}


_code = cache(code)
operations.add(Python)
