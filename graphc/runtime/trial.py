"""Code of the user's, tried on shapes alone before it runs: does it do what the spec declares?"""

from __future__ import annotations

import importlib
import os
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from graphc.build.modules import place
from graphc.build.user_code import Use, UserCode
from graphc.core.diagnostic import Diagnostic, Note, Report, SpecError
from graphc.core.importing import importing
from graphc.core.operation import Weight
from graphc.core.span import Span
from graphc.core.types import BATCH, Type, is_uneven
from graphc.runtime.state import state_shapes
from graphc.runtime.steps import batch_shapes

DTYPES = {"float": jnp.float32, "int": jnp.int32, "bool": jnp.bool_}
ARRAYS = (jax.Array, np.ndarray)
_OTHER_AXES = 3
_FRAMES = 3
_LONGEST = 200
Failure = (Exception, SystemExit)


def try_steps(code: UserCode, batch_size: int) -> None:
    """Build and call the user's code in each step that runs some.

    Raises:
        SpecError: GC245 where the code raises, GC246 where it does not do what the spec declares.
    """
    report = Report()
    first = {use.operation.definition: use for use in reversed(code.uses)}
    with importing(code.folders, code.names):
        found = {name: report.attempt(_definition, use, code) for name, use in first.items()}
    for use in code.uses:
        if (definition := found[use.operation.definition]) is not None:
            report.attempt(_Trial(use, definition, code, batch_size).run)
    report.stop()


def try_training(
    module: ModuleType, code: UserCode, lines: Mapping, arrays: Mapping, batch_size: int
) -> None:
    """Trace a step of training, in which the user's code is differentiated.

    Args:
        module: the emitted module.
        lines: its line map.
        arrays: [examples, ...] by field.

    Raises:
        SpecError: GC245.
    """
    batch = batch_shapes(arrays, batch_size)
    try:
        jax.eval_shape(module.train_step, state_shapes(module), batch, jax.random.key(0))
    except Failure as error:
        frames = traceback.extract_tb(error.__traceback__)
        numbers = [each.lineno for each in frames if each.filename == module.__file__]
        spans = [lines[each][1] for each in numbers if each in lines]
        span = spans[-1] if spans else code.uses[0].span
        raise SpecError(_raised(error, span, code, "tracing the training step")) from None


def arrays_of(module: ModuleType) -> dict[str, Weight]:
    """Every array of an emitted module by its stored path."""
    state = nnx.state(nnx.eval_shape(lambda: module.build(jax.random.key(0))))
    return {
        "/".join(map(str, path)): Weight(
            variable.get_value().shape, isinstance(variable, nnx.Param)
        )
        for path, variable in nnx.to_flat_state(state)
    }


def _definition(use: Use, code: UserCode) -> Any:
    operation = use.operation
    try:
        return getattr(importlib.import_module(operation.module), operation.word)
    except Failure as error:
        what = f"importing `{operation.definition}`"
        raise SpecError(_raised(error, use.span, code, what)) from None


class _Trial:
    """One step on shapes."""

    def __init__(self, use: Use, definition: Callable, code: UserCode, batch_size: int) -> None:
        self.use, self.definition, self.code = use, definition, code
        self.operation, self.signature = use.operation, use.operation.signature
        self.name = f"`{use.operation.definition}`"
        self.sizes = {BATCH: batch_size}

    def run(self) -> None:
        """In training and, where that may differ, in evaluation."""
        key = jax.eval_shape(lambda: jax.random.key(0))
        shapes = [self._shape(kind) for kind in self.use.types]
        for train in (True, False) if self.signature.takes else (True,):
            jax.eval_shape(lambda *given, train=train: self._once(train, *given), key, *shapes)

    def _once(self, train: bool, key: Any, *values: Any) -> None:
        call, before = self._called(key), None
        if self.signature.is_class:
            before = self._state(call)
            self._check_state(before)
        names = self.operation.names
        named = dict(zip(names, values, strict=True)) if names else {}
        steps = (_OTHER_AXES,) if any(map(is_uneven, self.use.types)) else ()
        mask = jnp.ones((self.sizes[BATCH], *steps), bool)
        context = {"train": train, "key": key if train else None}
        context["mask"] = mask if train or steps else None
        given = {word: context[word] for word in self.signature.takes}
        what = f"calling {self.name}"
        if given:
            what += " in training" if train else " in evaluation"
        found = self._guarded(what, lambda: call(*(() if names else values), **named, **given))
        if before is not None:
            self._compare_states(before, self._state(call))
        self._compare(found)

    def _called(self, key: Any) -> Callable:
        """The function with its further arguments, or the module."""
        arguments = dict(self.operation.arguments)
        if not self.signature.is_class:
            return partial(self.definition, **arguments)
        seed = {"rngs": nnx.Rngs(key)} if self.signature.seeded else {}
        return self._guarded(f"building {self.name}", partial(self.definition, **arguments, **seed))

    def _guarded(self, what: str, function: Callable[[], Any]) -> Any:
        try:
            return function()
        except Failure as error:
            raise SpecError(_raised(error, self.use.span, self.code, what)) from None

    def _state(self, module: Any) -> dict[str, tuple]:
        """What each variable is."""
        if not isinstance(module, nnx.Module):
            message = f"{self.name} makes a `{type(module).__name__}`, which is no `nnx.Module`"
            raise self._differs(message, "a class is a layer; write anything else as a function")
        found = {}
        for path, variable in nnx.to_flat_state(nnx.state(module)):
            value = variable.get_value()
            shape = (value.shape, value.dtype) if isinstance(value, ARRAYS) else None
            found["/".join(map(str, path))] = type(variable), shape
        return found

    def _check_state(self, state: dict[str, tuple]) -> None:
        for name, (kind, shape) in state.items():
            if issubclass(kind, nnx.RngState):
                message = f"{self.name} keeps random state in `{name}`"
                raise self._differs(message, "let its call take `key`, and hand that to the layer")
            if shape is None:
                message = f"the variable `{name}` of {self.name} holds no array"
                raise self._differs(message, "give it `jnp.array(...)`")

    def _compare_states(self, before: dict[str, tuple], after: dict[str, tuple]) -> None:
        changed = sorted(each for each in before | after if before.get(each) != after.get(each))
        if changed:
            message = f"calling {self.name} adds, removes or reshapes the variable `{changed[0]}`"
            raise self._differs(message, "make every variable in the constructor")

    def _compare(self, found: Any) -> None:
        if not isinstance(found, ARRAYS):
            message = f"{self.name} gives a `{type(found).__name__}`, which is no array"
            raise self._differs(message, "return one array")
        kind = self.operation.infer(*self.use.types)
        wanted = self._shape(kind)
        if (found.shape, found.dtype) == (wanted.shape, wanted.dtype):
            return
        message = f"{self.name} gives {self._text(found, kind)}, not {self._text(wanted, kind)}"
        names = {np.dtype(dtype): word for word, dtype in DTYPES.items()}
        word, axes = names.get(found.dtype), len(kind.domain)
        say = [f"`output: {list(found.shape[axes:])}`"] if found.shape != wanted.shape else []
        say += [f"`dtype: {word}`"] if word and found.dtype != wanted.dtype else []
        help = f"write {' and '.join(say)}"
        if word is None:
            help = f"give {wanted.dtype}: `.astype(jnp.{wanted.dtype})`"
        elif found.shape[:axes] != wanted.shape[:axes]:
            help = "keep the axes before those of one example"
        raise self._differs(message, help)

    def _text(self, array: Any, kind: Type) -> str:
        sizes = [str(each) for each in array.shape]
        for i, axis in enumerate(kind.domain):
            if array.shape[i : i + 1] == (self._size(axis),):
                sizes[i] = axis.name
        return f"{array.dtype} [{', '.join(sizes)}]"

    def _size(self, axis: Any) -> int:
        return self.sizes.get(axis, _OTHER_AXES)

    def _shape(self, kind: Type) -> jax.ShapeDtypeStruct:
        axes = map(self._size, kind.domain)
        return jax.ShapeDtypeStruct((*axes, *kind.shape), DTYPES[kind.dtype])

    def _differs(self, message: str, help: str | None) -> SpecError:
        return SpecError(Diagnostic("GC246", message, self.use.span, help=help))


def _raised(error: BaseException, span: Span, code: UserCode, what: str) -> Diagnostic:
    """GC245: what the user's code raised, and the lines of it that led there."""
    text = str(error).strip().split("\n")[0][:_LONGEST]
    reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
    notes = tuple(_trail(error, code))[-_FRAMES:]
    return Diagnostic("GC245", f"{what} raises {reason}", span, notes)


def _trail(error: BaseException, code: UserCode) -> Iterator[Note]:
    own = {os.path.abspath(path): path for _, path in code.files}
    for frame in traceback.extract_tb(error.__traceback__):
        path = own.get(os.path.abspath(frame.filename))
        if path is not None:
            where = "in the module" if frame.name == "<module>" else f"in `{frame.name}`"
            yield Note(where, place(path, frame.lineno or 1))
