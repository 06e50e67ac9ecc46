"""Values that are computed again on the way back: how the source says so."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from graphc.emit.trees import call, fresh, lambda_, name, reads

Value = Callable[[list[ast.expr], ast.expr | None], ast.expr]
_MODULE = "module"


def again(
    value: Value,
    operands: Sequence[ast.expr],
    module: ast.expr | None,
    networks: Sequence[str],
    memory: bool,
) -> ast.expr:
    """`nnx.remat(lambda block, x: block(x, train=train))(self.block, x)`.

    Modules are arguments, so that their running statistics move. Without any it is
    `jax.checkpoint(lambda x: square(x))(x)`.

    Args:
        value: the expression of the value for operands and a module.
        networks: the local names of other modules that it calls.
        memory: whether it takes a memory.
    """
    words: list[str] = []
    for each in operands:
        words.append(each.id if isinstance(each, ast.Name) else fresh("x", words))
    inner: list[ast.expr] = [name(word) for word in words]
    given = dict(zip(words, operands, strict=True)) | {word: name(word) for word in networks}
    if module is None:
        made = value(inner, None)
    else:
        read = set(reads(value(inner, name(_MODULE)))) - {_MODULE}
        word = fresh(_word(module), read | {*given})
        made = value(inner, name(word))
        given = {word: module} | given
    has_modules = module is not None or bool(networks)
    return call(remat(lambda_(given, made), has_modules, memory), list(given.values()))


def kept_outside(value: Value, operands: Sequence[ast.expr], module: ast.expr | None) -> ast.expr:
    """The same within a function whose gradient is taken, which may read modules but not hand
    them on: `jax.checkpoint(lambda x: self.block(x))(x)`.
    """
    return again(lambda inner, _: value(inner, module), operands, None, (), False)


def remat(function: ast.expr, has_modules: bool, memory: bool, looped: bool = False) -> ast.expr:
    """The function whose values are computed again.

    Args:
        has_modules: whether modules are among its arguments.
        memory: whether it takes a memory, which is written to where one goes step by step.
        looped: whether it is the body of a loop, out of which XLA moves nothing anyway.
    """
    if memory:
        return call("recomputed", [function, name("memory")])
    options = {"prevent_cse": ast.Constant(False)} if looped else {}
    return call("nnx.remat" if has_modules else "jax.checkpoint", [function], **options)


def _word(module: ast.expr) -> str:
    """What a module is called where it stands: `block` of `self.block`."""
    if isinstance(module, ast.Attribute):
        return module.attr
    return module.id if isinstance(module, ast.Name) else "layer"
