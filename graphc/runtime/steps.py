"""The compiled programs: a chunk of training steps, one batch of evaluation, one of outputs.

Pure functions of the emitted module. Each program is compiled once, ahead of its first run, and
refuses arrays of other shapes rather than being compiled again.
"""

from __future__ import annotations

import atexit
import inspect
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from graphc.core.types import are_lengths, is_shared
from graphc.data.neighbours import SEEDS
from graphc.runtime.state import State, initial, soon_compiled

Batch = Mapping[str, Any]
Totals = dict[str, Any]
NUMBERS = "NUMBERS"
SPARED = 2**20
"""Bytes of a state up to which it is not written over: the next dispatch need not wait then."""


@dataclass(frozen=True)
class Counted:
    """Floating point operations, bytes that are read and written, and how many loops there are.

    A round of each loop counts once.
    """

    flops: float
    bytes: float
    loops: int


def counted(compiled: Any) -> Counted:
    """XLA's count of a compiled program."""
    found, loops = compiled.cost_analysis() or {}, compiled.as_text().count(" while(")
    return Counted(found.get("flops", 0.0), found.get("bytes accessed", 0.0), loops)


class Program:
    """A function that is traced and compiled once.

    Args:
        donate: which arguments are used up.
        spared: unless they have so many bytes at most.
        first: arguments that are the same in every call, before the others.
        options: what XLA is told.

    Attributes:
        function: which one.
        seconds: how long that took, without what else was done meanwhile.
        nodes: how many nodes of a graph it takes at a time, where it draws neighbours of them.
    """

    def __init__(
        self,
        function: Callable,
        donate: tuple[int, ...] = (),
        first: tuple = (),
        options: Mapping[str, str | int] | None = None,
        spared: int = 0,
    ) -> None:
        self.function, self._first = function, first
        self._donate, self._spared, self._options = donate, spared, options
        self._lasting = False
        self._traced: Any = None
        self._under_way: Background | None = None
        self._run: Callable | None = None
        self.seconds = 0.0
        self.nodes: int | None = None

    @property
    def compiled(self) -> bool:
        return self._run is not None

    @property
    def memory(self) -> Any:
        """XLA's plan for what was compiled: bytes of arguments, outputs and temporaries."""
        assert self._run is not None, "it is not compiled"
        return self._run.memory_analysis()  # type: ignore[attr-defined]

    @property
    def counted(self) -> Counted:
        """XLA's count of what was compiled."""
        assert self._run is not None, "it is not compiled"
        return counted(self._run)

    def shapes(self, *arguments: Any) -> Any:
        """Shapes and dtypes of the result, by the one trace that `compile` then uses."""
        if self._traced is None:
            started = time.perf_counter()
            used = self._used(arguments)
            run = jax.jit(self.function, donate_argnums=used, compiler_options=self._options)
            self._traced = run.trace(*self._first, *arguments)
            self.seconds += time.perf_counter() - started
        return self._traced.out_info

    def _used(self, arguments: tuple) -> list[int]:
        """Which arguments are used up, by their number among all; none if they last."""
        used = jax.tree.leaves([arguments[each] for each in self._donate])
        self._lasting = sum(each.size * each.dtype.itemsize for each in used) <= self._spared
        return [] if self._lasting else [len(self._first) + each for each in self._donate]

    def begin_compiling(self, *arguments: Any) -> None:
        """Compile for arguments like these while other things are done; shapes do for arrays."""
        if self._under_way is None and self._run is None:
            self.shapes(*arguments)
            started = time.perf_counter()
            self._under_way = Background(self._traced.lower().compile)
            self.seconds += time.perf_counter() - started

    def compile(self, *arguments: Any, stop: Callable[[], object] = lambda: None) -> bool:
        """Compile for arguments like these, which are not used up.

        Returns False if `stop()` became true before the end: the compilation is then left to
        itself, for XLA knows no way to interrupt it.
        """
        self.begin_compiling(*arguments)
        started, under_way = time.perf_counter(), self._under_way
        if under_way is not None:
            self._under_way = None
            self._run = under_way.wait(stop)
            self.seconds += time.perf_counter() - started
        return self.compiled

    def leave(self) -> None:
        """Let be what was begun: nobody waits for it, nor does the end of the process."""
        if self._under_way is not None:
            self._under_way.leave()

    def __call__(self, *arguments: Any) -> Any:
        if self._run is None:
            self.compile(*arguments)
        return self._run(*self._first, *arguments)  # type: ignore[misc]

    @property
    def lasting(self) -> bool:
        """Whether what it is given outlasts it: more may be begun with what it gives."""
        return self._lasting

    def begin(self, *arguments: Any) -> Any:
        """What it gives, which need not be there yet; `ended` says whether it counts."""
        return self(*arguments)

    def ended(self, arguments: tuple, found: Any) -> Any:
        """What `begin` of these arguments came to."""
        return found


class Background:
    """A call in a thread of its own, while signals are heard.

    The main thread hears of a signal only between two instructions of Python, and a compilation is
    a single one. An ordinary exit would end the thread in the middle of XLA, which aborts the
    process: it waits for the end, or ends as one that was stopped where the call was left.
    """

    def __init__(self, function: Callable[[], Any]) -> None:
        self._value: Any = None
        self._error: BaseException | None = None
        self._left = False
        self._thread = threading.Thread(target=self._call, args=(function,), daemon=True)
        self._thread.start()
        atexit.register(self._end)

    def _call(self, function: Callable[[], Any]) -> None:
        try:
            self._value = function()
        except BaseException as error:
            self._error = error

    def wait(self, stop: Callable[[], object]) -> Any:
        """What the function returns or raises; None if `stop()` comes first, and it is left."""
        while self._thread.is_alive() and not stop():
            self._thread.join(0.02)
        if self._thread.is_alive():
            self.leave()
            return None
        atexit.unregister(self._end)
        if self._error is not None:
            raise self._error
        return self._value

    def leave(self) -> None:
        """End the process with status 1 if it is to end before the call."""
        self._left = True

    def _end(self) -> None:
        if self._left and self._thread.is_alive():
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(1)
        self._thread.join()


class Hasty(Program):
    """The loop over training steps, without a look at the numbers of each.

    Where one is not finite when it is over, the same steps are gone through again with a guard. The
    arrays it is given are kept for that.
    """

    def __init__(self, module: ModuleType) -> None:
        super().__init__(_unguarded(module), options=compiler_options(module))
        self._careful = Program(_chunk(module), donate=(0, 1), options=compiler_options(module))

    def __call__(self, *arguments: Any) -> Any:
        return self.ended(arguments, self.begin(*arguments))

    @property
    def lasting(self) -> bool:
        return not self._careful.compiled

    def begin(self, *arguments: Any) -> Any:
        return super().__call__(*arguments) if self.lasting else self._careful(*arguments)

    def ended(self, arguments: tuple, found: Any) -> Any:
        if self.lasting and not bool(found[-1]):
            return self._careful(*arguments)
        return found


class Programs:
    """The programs of one emitted module.

    Args:
        module: what `import_module` gave.
        steps_per_dispatch: with 1, the training program is a single step, without a loop: on the
            CPU a library convolution in a loop trains 4 to 27 times slower. Otherwise it is a loop
            whose length is an argument.
        nodes: how many nodes of a graph are evaluated at a time, where neighbours are drawn for
            them; None where all examples are evaluated as they are.

    Attributes:
        init: `(key) -> state`, with fresh weights.
        train: `(state, totals, data, order, start, count, key) -> (state, totals, done, finite)`.
            Runs the steps `start` to `start + count` of the epoch and stops before the first that
            is not finite, which leaves the state of the last good one. `data` is the whole split,
            `order` int32 [steps, batch]; state and totals are donated, or used up, for a `Hasty`
            one keeps them until it is over.
        evaluate: `(weights, batch) -> totals`, with the `params` (or their `average`) and the
            `statistics` of a state.
        predict: `(params, statistics, batch) -> outputs` in evaluation mode.
    """

    def __init__(
        self, module: ModuleType, steps_per_dispatch: int, nodes: int | None = None
    ) -> None:
        self.module, self.nodes = module, nodes
        self.init = Program(initial(module), options=soon_compiled())
        self.train = _training(module, steps_per_dispatch)
        options = compiler_options(module)
        self.evaluate = Program(module.evaluate_step, options=options)
        self.predict = Program(_predict(module), options=options)
        self.predict.nodes = nodes

    def means(self, *totals: Batch) -> dict[str, Any]:
        """What totals say, those of several batches added up in float64 on the host.

        A metric is a float, or nested lists of them where it is an array.
        """
        return _means(self.module, jax.device_get([dict(each) for each in totals]))


class Lockstep:
    """The programs of one emitted module for several runs side by side, each with its own slot.

    What a run computes depends on its own slot and on how many there are, not on the others: those
    whose count of steps is 0, or whose numbers are not finite, keep the state that they have.

    Args:
        module: what `import_module` gave.
        slots: how many runs.
        numbers: in what the runs differ, arrays [slots]: what `NUMBERS` of the module holds; see
            `graphc.runtime.lifted`.

    Attributes:
        train: `Programs.train` with a leading axis of slots for everything but the data.
        evaluate: `(weights, batch) -> totals`, of weights and totals with that axis.
    """

    def __init__(self, module: ModuleType, slots: int, numbers: tuple[jax.Array, ...] = ()) -> None:
        self.module, self.slots = module, slots
        train, evaluate = numbered(module, _chunk(module)), numbered(module, module.evaluate_step)
        axes, options = (0, 0, None, 0, 0, 0, 0), compiler_options(module)
        self.train = Program(jax.vmap(train, (0, *axes)), (0, 1), (numbers,), options)
        self.evaluate = Program(jax.vmap(evaluate, (0, 0, None)), (), (numbers,), options)

    def means(self, *totals: Batch) -> list[dict[str, Any]]:
        """`Programs.means` of each slot."""
        parts = jax.device_get([dict(each) for each in totals])
        several = (
            [{name: sums[slot] for name, sums in each.items()} for each in parts]
            for slot in range(self.slots)
        )
        return [_means(self.module, each) for each in several]


def numbered(module: ModuleType, function: Callable) -> Callable:
    """A function of the module whose first argument is what `NUMBERS` is while it is traced."""

    def call(numbers: tuple, *arguments: Any) -> Any:
        if numbers:
            setattr(module, NUMBERS, numbers)
        return function(*arguments)

    return call


def _means(module: ModuleType, parts: Sequence[Batch]) -> dict[str, Any]:
    sums = {name: sum(np.asarray(each[name], np.float64) for each in parts) for name in parts[0]}
    return {name: np.asarray(value).tolist() for name, value in module.means(sums).items()}


def batch_at(data: Batch, rows: Any) -> Totals:
    """The examples `rows` of a split, with their mask; the row -1 is there in number only.

    It wraps around to the last example, whose numbers are finite.
    """
    batch = {name: array if is_shared(name) else array[rows] for name, array in data.items()}
    batch["mask"] = rows >= 0
    for name in filter(are_lengths, data):
        batch[name] = jnp.where(rows >= 0, batch[name], 0)
    return batch


def batch_shapes(arrays: Batch, batch_size: int) -> Totals:
    """Shapes and dtypes of a batch of these arrays [examples, ...]."""
    shapes = {
        name: jax.ShapeDtypeStruct(
            array.shape if is_shared(name) else (batch_size, *array.shape[1:]), array.dtype
        )
        for name, array in arrays.items()
    }
    return shapes | {"mask": jax.ShapeDtypeStruct((batch_size,), jnp.bool_)}


def step_key(key: Any, step: Any) -> Any:
    """The random key of a training step: `at(key, step)` of the emitted module."""
    return jax.random.fold_in(key, step)


def no_totals(totals: Batch) -> Totals:
    """Sums before the first batch, of the shapes that `totals` have.

    numpy makes them in no time, a device array takes 0.1 ms.
    """
    return {name: np.zeros(totals[name].shape, np.float32) for name in sorted(totals)}


def _step(module: ModuleType, state: State, totals: Totals, data: Batch, rows: Any, key: Any):
    """One guarded step; what is not finite is not added to the totals."""
    found, measured = module.train_step(state, batch_at(data, rows), step_key(key, state["step"]))
    finite = measured["finite"]
    added = {name: totals[name] + jnp.where(finite, measured[name], 0) for name in totals}
    return found, added, finite


def _chunk(module: ModuleType) -> Callable:
    def chunk(state, totals, data, order, start, count, key):
        def more(carry):
            done, _, _, finite = carry
            return (done < count) & finite

        def step(carry):
            done, state, totals, _ = carry
            found, added, finite = _step(module, state, totals, data, order[start + done], key)
            return done + finite.astype(jnp.int32), found, added, finite

        first = (jnp.zeros((), jnp.int32), state, totals, jnp.array(True))
        done, state, totals, finite = jax.lax.while_loop(more, step, first)
        return state, totals, done, finite

    return chunk


def _one(module: ModuleType) -> Callable:
    def one(state, totals, data, order, start, count, key):
        del count
        found, added, finite = _step(module, state, totals, data, order[start], key)
        return found, added, finite.astype(jnp.int32), finite

    return one


def _unguarded(module: ModuleType) -> Callable:
    def chunk(state, totals, data, order, start, count, key):
        def step(number, carry):
            state, totals = carry
            batch = batch_at(data, order[start + number])
            own = step_key(key, state["step"])
            state, measured = module.train_step(state, batch, own, guarded=False)
            return state, {name: totals[name] + measured[name] for name in totals}

        state, totals = jax.lax.fori_loop(0, count, step, (state, totals))
        return state, totals, count, _finite((state, totals))

    return chunk


def _finite(tree: Any) -> jax.Array:
    """Whether all numbers of a tree are finite."""
    floats = [each for each in jax.tree.leaves(tree) if jnp.issubdtype(each.dtype, jnp.inexact)]
    return jnp.all(jnp.stack([jnp.isfinite(each).all() for each in floats]))


def _training(module: ModuleType, steps_per_dispatch: int) -> Program:
    """The training program, by what a module offers."""
    options = compiler_options(module)
    if steps_per_dispatch == 1:
        return Program(_one(module), (0, 1), options=options, spared=SPARED)
    if "guarded" in inspect.signature(module.train_step).parameters:
        return Hasty(module)
    return Program(_chunk(module), (0, 1), options=options, spared=SPARED)


def compiler_options(module: ModuleType) -> dict[str, str] | None:
    """What the module tells XLA, as far as the one at hand knows the words."""
    wanted = getattr(module, "COMPILER_OPTIONS", {})
    return {name: value for name, value in wanted.items() if _known(name, value)} or None


@cache
def _known(name: str, value: str) -> bool:
    """Whether XLA takes an option: those of its experiments come and go."""
    nothing = jax.jit(lambda: 0, compiler_options={name: value})
    try:
        nothing.lower().compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True


def _predict(module: ModuleType) -> Callable:
    def predict(params, statistics, batch):
        if SEEDS in batch:
            batch = module.draw_the_same(batch)
        return module.forward(params, statistics, batch)[0]

    return predict
