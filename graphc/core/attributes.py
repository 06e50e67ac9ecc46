"""The kinds of attributes: how each is read from a tree, written back, and described to an editor.

A kind is strict: a string is not a number, a float is not an int. The document's `$parameters`
have been replaced before a kind sees a value.
"""

from __future__ import annotations

import re
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphc.core.diagnostic import Diagnostic, Report, SpecError, listing, similar
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, describe, scalar_value

if TYPE_CHECKING:
    from graphc.core.declaration import Declaration
    from graphc.core.registry import Registry


LARGEST = 2**63 - 1
LARGEST_SIZE = 2**31 - 1


class Kind(ABC):
    """What values an attribute takes."""

    @abstractmethod
    def read(self, tree: Tree) -> object:
        """The value; raises SpecError GC210 with the tree's place."""

    def write(self, value: object) -> object:
        """The value as plain data that `read` understands."""
        return list(value) if isinstance(value, tuple) else value

    @abstractmethod
    def schema(self) -> dict:
        """The JSON Schema (draft 7) of its values."""

    def short_schema(self) -> dict:
        """That of what may be written for a declaration whose primary attribute it is.

        There a mapping holds attributes, and no value.
        """
        return self.schema()

    def holding(self, word: str) -> str | None:
        """A value in which `word` has its place, `{adam: {b1: ...}}`; None where it has none."""
        return None

    @abstractmethod
    def __str__(self) -> str:
        """As a noun phrase: "an integer of at least 1"."""

    def refuse(self, tree: Tree, help: str | None = None) -> SpecError:
        found = f"a list of {len(tree)}" if isinstance(tree, Sequence) else describe(tree)
        message = f"expected {self}, found {found}"
        return SpecError(Diagnostic("GC210", message, tree.span, help=help))


@dataclass(frozen=True)
class Int(Kind):
    """An integer of at least `minimum`."""

    minimum: int | None = None

    def read(self, tree: Tree) -> int:
        value = tree.value if isinstance(tree, Scalar) else None
        if type(value) is not int or (self.minimum is not None and value < self.minimum):
            raise self.refuse(tree, unquoted(tree))
        if abs(value) > LARGEST:
            raise self.refuse(tree, f"the largest integer is {LARGEST}")
        return value

    def schema(self) -> dict:
        return {"type": "integer"} | ({} if self.minimum is None else {"minimum": self.minimum})

    def __str__(self) -> str:
        return "an integer" + ("" if self.minimum is None else f" of at least {self.minimum}")


@dataclass(frozen=True)
class Float(Kind):
    """A finite number between `minimum` and `maximum`; `below` is an exclusive bound."""

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None

    def read(self, tree: Tree) -> float:
        value = tree.value if isinstance(tree, Scalar) else None
        if type(value) not in (int, float) or not self._allows(value):
            raise self.refuse(tree, unquoted(tree))
        return float(value)

    def _allows(self, value: float) -> bool:
        return (
            abs(value) <= sys.float_info.max
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def schema(self) -> dict:
        bounds = {
            "minimum": self.minimum,
            "maximum": self.maximum,
            "exclusiveMinimum": self.above,
            "exclusiveMaximum": self.below,
        }
        return {"type": "number"} | {k: v for k, v in bounds.items() if v is not None}

    def __str__(self) -> str:
        words = {"at least": self.minimum, "at most": self.maximum}
        words |= {"more than": self.above, "less than": self.below}
        bounds = [f"{word} {value:g}" for word, value in words.items() if value is not None]
        return "a number" + (f" of {' and '.join(bounds)}" if bounds else "")


def unquoted(tree: Tree) -> str | None:
    """The help for a number in quotes."""
    if isinstance(tree, Scalar) and tree.quoted and type(scalar_value(tree.text)) in (int, float):
        return f"leave the quotes out: `{tree.text}`"
    return None


@dataclass(frozen=True)
class Bool(Kind):
    """true or false."""

    def read(self, tree: Tree) -> bool:
        value = tree.value if isinstance(tree, Scalar) else None
        if not isinstance(value, bool):
            word = tree.text.lower() if isinstance(tree, Scalar) else ""
            known = {"yes": "true", "on": "true", "no": "false", "off": "false"}
            raise self.refuse(tree, f"write `{known[word]}`" if word in known else None)
        return value

    def schema(self) -> dict:
        return {"type": "boolean"}

    def __str__(self) -> str:
        return "true or false"


@dataclass(frozen=True)
class Text(Kind):
    """Any string, or one of `choices`."""

    choices: tuple[str, ...] = ()

    def read(self, tree: Tree) -> str:
        if not isinstance(tree, Scalar):
            raise self.refuse(tree)
        if self.choices and tree.text not in self.choices:
            raise self.refuse(tree, similar(tree.text, self.choices, "choice"))
        if not self.choices and not isinstance(tree.value, str):
            raise self.refuse(tree, f'quote it: `"{tree.text}"`' if tree.text else None)
        return tree.text

    def schema(self) -> dict:
        return {"enum": list(self.choices)} if self.choices else {"type": "string"}

    def __str__(self) -> str:
        if len(self.choices) == 1:
            return f"`{self.choices[0]}`"
        return f"one of {listing(self.choices)}" if self.choices else "a string"


@dataclass(frozen=True)
class Ints(Kind):
    """A list of integers of at least `minimum`."""

    minimum: int | None = 1

    def read(self, tree: Tree) -> tuple[int, ...]:
        if not isinstance(tree, Sequence):
            raise self.refuse(tree)
        return tuple(read_size(Int(self.minimum), each) for each in tree)

    def schema(self) -> dict:
        return {"type": "array", "items": Int(self.minimum).schema()}

    def __str__(self) -> str:
        least = "" if self.minimum is None else f" of at least {self.minimum}"
        return f"a list of integers{least}"


def read_size(item: Int, tree: Tree) -> int:
    """An entry of a shape, a window or a stride."""
    value = item.read(tree)
    if value > LARGEST_SIZE:
        raise item.refuse(tree, f"the largest size is {LARGEST_SIZE}")
    return value


@dataclass(frozen=True)
class Texts(Kind):
    """A list of strings."""

    def read(self, tree: Tree) -> tuple[str, ...]:
        if not isinstance(tree, Sequence):
            raise self.refuse(tree)
        return tuple(Text().read(item) for item in tree)

    def schema(self) -> dict:
        return {"type": "array", "items": {"type": "string"}}

    def __str__(self) -> str:
        return "a list of strings"


@dataclass(frozen=True)
class Names(Kind):
    """A list of different names, two at least: what an operation calls its outputs."""

    def read(self, tree: Tree) -> tuple[str, ...]:
        if not isinstance(tree, Sequence) or len(tree) < 2:
            raise self.refuse(tree)
        report = Report()
        names: list[str | None] = []
        for item in tree:
            names.append(report.attempt(_name, item, names))
        report.stop()
        return tuple(names)  # type: ignore[arg-type]

    def schema(self) -> dict:
        name = {"type": "string", "pattern": f"^{NAME.pattern}$"}
        return {"type": "array", "items": name, "minItems": 2, "uniqueItems": True}

    def __str__(self) -> str:
        return "a list of at least two names"


NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _name(tree: Tree, before: list[str | None]) -> str:
    """A name that is none of those before it."""
    if not isinstance(tree, Scalar) or not NAME.fullmatch(tree.text):
        found = f"`{tree.text}`" if isinstance(tree, Scalar) else describe(tree)
        help = "a name is letters, digits and `_`, and starts with no digit"
        raise SpecError(Diagnostic("GC221", f"{found} cannot be a name", tree.span, help=help))
    if tree.text in before:
        message = f"the name `{tree.text}` stands twice"
        raise SpecError(Diagnostic("GC222", message, tree.span, help="choose another name"))
    return tree.text


@dataclass(frozen=True)
class Many(Kind):
    """A list of values of one kind; a single value stands for a list of one."""

    kind: Kind

    def read(self, tree: Tree) -> tuple:
        items = tree.items if isinstance(tree, Sequence) else (tree,)
        report = Report()
        values = tuple(report.attempt(self.kind.read, item) for item in items)
        report.stop()
        return values

    def write(self, value: tuple) -> object:
        return [self.kind.write(each) for each in value]

    def schema(self) -> dict:
        one = self.kind.schema()
        return {"anyOf": [one, {"type": "array", "items": one}]}

    def __str__(self) -> str:
        return f"{self.kind} or a list of them"


@dataclass(frozen=True)
class Either(Kind):
    """The first of several kinds that takes the value."""

    kinds: tuple[Kind, ...]

    def read(self, tree: Tree) -> object:
        helps = []
        for kind in self.kinds:
            try:
                return kind.read(tree)
            except SpecError as error:
                helps += [each.help for each in error.diagnostics if each.help]
        raise self.refuse(tree, next(iter(helps), None))

    def schema(self) -> dict:
        return {"anyOf": [kind.schema() for kind in self.kinds]}

    def __str__(self) -> str:
        return " or ".join(str(kind) for kind in self.kinds)


_WORDS = ("true", "false", "yes", "no", "on", "off")
_SWITCHES = tuple(form for word in _WORDS for form in (word, word.title(), word.upper()))


@dataclass(frozen=True)
class Name:
    """The name of a value as an attribute has it; `graphc.build` finds the value."""

    written: Scalar


@dataclass(frozen=True)
class Named(Kind):
    """The name of a value that a layer takes in place of a weight of its own."""

    def read(self, tree: Tree) -> Name:
        if not isinstance(tree, Scalar) or not isinstance(tree.value, str):
            raise self.refuse(tree)
        if tree.text in _SWITCHES:
            raise self.refuse(tree)
        return Name(tree)

    def schema(self) -> dict:
        word = "[A-Za-z_][A-Za-z0-9_]*"
        pattern = rf"^{word}(\.{word})?(@.*)?$"
        return {"type": "string", "pattern": pattern, "not": {"enum": list(_SWITCHES)}}

    def __str__(self) -> str:
        return "the name of a value"


@dataclass(frozen=True)
class Nested(Kind):
    """Several attributes under one key: those of a declaration that needs no name."""

    declaration: type[Declaration]

    def read(self, tree: Tree) -> Declaration:
        return self.declaration.read(tree, tree.span)

    def write(self, value: Any) -> object:
        return value.write()

    def schema(self) -> dict:
        forms = self.declaration.schema()["anyOf"]
        return {"anyOf": [form for form in forms if form.get("type") != "null"]}

    def holding(self, word: str) -> str | None:
        return f"{{{word}: ...}}" if _has(self.declaration, word) else None

    def __str__(self) -> str:
        names = [each.name for each in self.declaration.attributes()]
        return f"a mapping of {listing(names)}"


@dataclass(frozen=True)
class Declared(Kind):
    """One entry of a registry, by name, `{name: primary}` or `{name: {attribute: value}}`."""

    registry: Registry
    trait: type | None = None

    def read(self, tree: Tree) -> Declaration:
        name, attributes = self._parts(tree)
        declaration = self.registry.find(name.text, name.span)
        if self.trait is not None and declaration.trait(self.trait) is None:
            help = f"make `{name.text}` a step of its own; these can: {listing(self.names())}"
            raise SpecError(
                Diagnostic(
                    "GC210",
                    f"`{name.text}` cannot stand here, where {self} is wanted",
                    name.span,
                    help=help,
                )
            )
        return declaration.read(attributes, name.span)

    def _parts(self, tree: Tree) -> tuple[Scalar, Tree | None]:
        if isinstance(tree, Mapping) and len(tree) == 1:
            return tree.entries[0]
        if isinstance(tree, Scalar) and isinstance(tree.value, str):
            return tree, None
        raise self.refuse(tree, f"there are {listing(self.names(), 40)}")

    def holding(self, word: str) -> str | None:
        if word in self.names():
            return f"{{{word}: ...}}"
        if self.trait is not None:
            return None
        having = (each.name for each in self.registry if _has(each, word))
        return next((f"{{{name}: {{{word}: ...}}}}" for name in having), None)

    def names(self) -> list[str]:
        return [
            each.name
            for each in self.registry
            if self.trait is None or each.trait(self.trait) is not None
        ]

    def write(self, value: Declaration) -> object:
        attributes = value.write()
        return value.name if attributes is None else {value.name: attributes}

    @property
    def definition(self) -> str:
        """The name of its JSON Schema among a document's definitions."""
        words = [self.trait.__name__.lower()] if self.trait else []
        return "_".join([*words, *self.registry.noun.split()])

    def schema(self) -> dict:
        return {"$ref": f"#/definitions/{self.definition}"}

    def __str__(self) -> str:
        words = [self.trait.__name__.lower()] if self.trait else []
        noun = " ".join([*words, self.registry.noun])
        return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def _has(declaration: type[Declaration], word: str) -> bool:
    return any(each.name == word for each in declaration.attributes())
