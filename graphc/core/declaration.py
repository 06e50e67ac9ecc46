"""One declaration for one thing a spec can name: its attributes, their types and their meaning.

Operations, initialisers, losses, metrics, optimisers and data sources are all frozen dataclasses
whose fields are attributes. From the fields come the reader, the writer, the JSON Schema and the
help text, so that none of them can disagree.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass
from functools import partial
from typing import Any, ClassVar, Self

from graphc.core.attributes import Kind
from graphc.core.diagnostic import Diagnostic, Report, SpecError, listing, similar
from graphc.core.span import Span
from graphc.core.tree import Mapping, Scalar, Sequence, Tree


def attribute(kind: Kind, help: str, default: object = MISSING, primary: bool = False) -> Any:
    """A field that is an attribute of the spec; without a default it is required."""
    metadata = {"kind": kind, "help": help, "primary": primary}
    return dataclasses.field(default=default, metadata=metadata)  # type: ignore[call-overload]


def primary(kind: Kind, help: str, default: object = MISSING) -> Any:
    """The attribute that the short form `name: value` gives."""
    return attribute(kind, help, default, primary=True)


@dataclass(frozen=True)
class Attribute:
    """What is known of one attribute."""

    name: str
    kind: Kind
    help: str
    default: object
    primary: bool

    @property
    def required(self) -> bool:
        return self.default is MISSING

    def holds(self, word: str) -> str | None:
        """A value of it in which the word has its place, with the default's name if that has it."""
        if isinstance(self.default, Declaration):
            for each in self.default.attributes():
                value = "..." if each.name == word else each.holds(word)
                if value is not None:
                    return f"{{{self.default.name}: {{{each.name}: {value}}}}}"
        return self.kind.holding(word)


class _OfClassOrInstance:
    """A method that is told the class, and the instance or None where it is called on the class."""

    def __init__(self, function: Callable) -> None:
        self.function = function

    def __get__(self, instance: object, owner: type) -> Callable:
        return partial(self.function, owner, instance)


@dataclass(frozen=True)
class Declaration:
    """The base of everything a spec can name.

    Class attributes:
        name: the word in the spec.
        also: words for it elsewhere, for which a spec that uses them is told the name.
        traits: what passes may know about it; each trait is an instance that carries data.
    """

    name: ClassVar[str]
    also: ClassVar[tuple[str, ...]] = ()
    traits: ClassVar[tuple[object, ...]] = ()

    @classmethod
    def attributes(cls) -> tuple[Attribute, ...]:
        """The attributes in the order of their fields."""
        return tuple(
            Attribute(each.name, default=each.default, **each.metadata)
            for each in dataclasses.fields(cls)
            if "kind" in each.metadata
        )

    @_OfClassOrInstance
    def trait(cls, instance: Declaration | None, kind: type) -> object | None:
        """The trait of this kind, if it has one; of a class, what its instances may have.

        A trait that names an attribute as `given` is that of instances which are given it.
        """
        for trait in cls.traits:
            given = instance and getattr(trait, "given", None)
            if isinstance(trait, kind) and (not given or getattr(instance, given)):
                return trait
        return None

    @classmethod
    def primary(cls) -> Attribute | None:
        """The attribute that the short form gives."""
        return next((each for each in cls.attributes() if each.primary), None)

    @classmethod
    def short_allowed(cls) -> bool:
        """Whether the bare name is enough."""
        return not any(each.required for each in cls.attributes())

    @classmethod
    def read(cls, tree: Tree | None, span: Span) -> Self:
        """An instance from what stands under its name; all problems are reported at once."""
        report = Report()
        values: dict[str, object] = {}
        first = cls.primary()
        if isinstance(tree, Mapping):
            values = cls._read_mapping(tree, report)
        elif tree is not None and not _is_null(tree):
            if first is None:
                message = f"`{cls.name}` has no primary attribute"
                report.error("GC211", message, tree.span, help=cls._offer())
            else:
                cls._read_one(first, tree, values, report)
        cls._check_missing(tree, span, report)
        report.stop()
        made = cls(**values)
        if complaint := made.complaint():
            message, word = complaint if isinstance(complaint, tuple) else (complaint, "")
            key = tree.key(word) if isinstance(tree, Mapping) else None
            raise SpecError(Diagnostic("GC210", message, span if key is None else key.span))
        return made

    def complaint(self) -> str | tuple[str, str] | None:
        """What is wrong with attributes that are right one by one, if anything is.

        With the attribute that it is about, where it is about one more than about others.
        """
        return None

    @classmethod
    def _check_missing(cls, tree: Tree | None, span: Span, report: Report) -> None:
        """Report what is required and not written; a misspelt attribute is one mistake, not two."""
        attributes, first = cls.attributes(), cls.primary()
        written = {key.text for key, _ in tree} if isinstance(tree, Mapping) else set()
        if first is not None and isinstance(tree, Scalar | Sequence) and not _is_null(tree):
            written = {first.name}
        unknown = written.difference(each.name for each in attributes)
        for each in attributes:
            if not each.required or each.name in written:
                continue
            meant = any(each.holds(word) for word in unknown)
            if not meant and not similar(each.name, unknown, "attribute"):
                message = f"`{cls.name}` needs `{each.name}`: {each.kind}"
                report.error("GC212", message, span, help=cls._example(each))

    @classmethod
    def _read_mapping(cls, tree: Mapping, report: Report) -> dict[str, object]:
        known = {each.name: each for each in cls.attributes()}
        values: dict[str, object] = {}
        for key, value in tree:
            if key.text not in known:
                help = similar(key.text, known, "attribute") or cls._held(key.text) or cls._offer()
                message = f"`{cls.name}` has no attribute `{key.text}`"
                report.error("GC202", message, key.span, help=help)
                continue
            cls._read_one(known[key.text], value, values, report)
        return values

    @classmethod
    def _read_one(cls, each: Attribute, tree: Tree, values: dict, report: Report) -> None:
        try:
            values[each.name] = each.kind.read(tree)
        except SpecError as error:
            report.diagnostics += [
                within(found, cls.name, each.name) for found in error.diagnostics
            ]

    @classmethod
    def _held(cls, word: str) -> str | None:
        """The attribute below which the word has its place, as a help."""
        found = ((each.name, each.holds(word)) for each in cls.attributes())
        held = [(value.count("{"), f"write `{name}: {value}`") for name, value in found if value]
        return min(held, key=lambda pair: pair[0])[1] if held else None

    @classmethod
    def _offer(cls) -> str:
        names = [each.name for each in cls.attributes()]
        return f"its attributes are {listing(names)}" if names else f"write `{cls.name}` alone"

    @classmethod
    def _example(cls, missing: Attribute) -> str:
        if missing.primary and sum(each.required for each in cls.attributes()) == 1:
            return f"write `{cls.name}: ...` or `{cls.name}: {{{missing.name}: ...}}`"
        return f"write `{cls.name}: {{{missing.name}: ...}}`"

    def write(self) -> object:
        """What `read` takes to make an equal instance: None, the primary value, or a mapping."""
        changed = {}
        for each in self.attributes():
            value = getattr(self, each.name)
            if each.required or value != each.default:
                changed[each.name] = None if value is None else each.kind.write(value)
        first = self.primary()
        if not changed:
            return None
        if first is not None and set(changed) == {first.name}:
            value = changed[first.name]
            return value if not isinstance(value, dict) else changed
        return changed

    @classmethod
    def schema(cls) -> dict:
        """The JSON Schema of what may stand under its name."""
        properties = {
            each.name: {"description": each.help, **each.kind.schema()} for each in cls.attributes()
        }
        required = [each.name for each in cls.attributes() if each.required]
        full: dict = {"type": "object", "properties": properties, "additionalProperties": False}
        if required:
            full["required"] = required
        forms = [full]
        first = cls.primary()
        if first is not None and all(name == first.name for name in required):
            forms.insert(0, first.kind.short_schema())
        if not required:
            forms.append({"type": "null"})
        return {"description": cls.summary(), "anyOf": forms}

    @classmethod
    def summary(cls) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(cls) or cls.name).split("\n")[0]


def within(diagnostic: Diagnostic, owner: str, key: str) -> Diagnostic:
    """A kind's message, with the attribute it is about."""
    if not diagnostic.message.startswith("expected "):
        return diagnostic
    message = f"`{key}` of `{owner}`: {diagnostic.message}"
    return dataclasses.replace(diagnostic, message=message)


def _is_null(tree: Tree) -> bool:
    return isinstance(tree, Scalar) and tree.value is None
