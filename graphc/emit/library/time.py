"""Sequences: cycles over their steps."""

import copy
import functools
import itertools

import jax
import jax.numpy as jnp
from flax import nnx

from graphc.emit.library.arrays import present
from graphc.emit.library.layers import scan_layers


class Memory:
    """What a network carries from step to step: arrays [batch, ...] by the paths of their values.

    Args:
        before: what the last call ended with; None to begin.
        fresh: whether to begin all the same, where that is known only when it runs.
    """

    def __init__(self, before=None, fresh=False):
        self.before, self.fresh = before, fresh
        self.first, self.last, self.path = {}, {}, ""

    def recall(self, name, begin):
        """A value as the last call left it, or `begin`."""
        path = self.path + name
        if self.before is None:
            self.first[path] = begin
        elif self.fresh is False:
            self.first[path] = self.before[path]
        else:
            self.first[path] = jnp.where(self.fresh, begin, self.before[path])
        return self.first[path]

    def keep(self, name, value):
        """Leave a value to the next call."""
        self.last[self.path + name] = value


def within(memory, *path):
    """The part of a memory that belongs to the node at `path`."""
    if memory is None:
        return None
    inner = copy.copy(memory)
    inner.path += "".join(f"{part}/" for part in path)
    return inner


def over_time(
    step, now, before, constants=(), *, give=1, reverse=False, unroll=1, memory=None, names=()
):
    """The values of a cycle at every step, arrays [batch, time, ...].

    `step(*now, *constants, *before)` gives what is asked for (`give` values) and last the carried
    values, which the next step is given as `before`. A memory knows them by `names`. A round of the
    loop is `unroll` steps.
    """
    if memory is not None:
        before = [memory.recall(*each) for each in zip(names, before, strict=True)]

    def one(before, now):
        after = as_tuple(step(*now, *constants, *before))
        return after[-len(before) :], after[:give]

    now = time_first(now)
    last, after = jax.lax.scan(one, tuple(before), now, reverse=reverse, unroll=unroll)
    if memory is not None:
        for name, value in zip(names, last, strict=True):
            memory.keep(name, value)
    after = time_first(after)
    return after[0] if give == 1 else after


def recur(
    step,
    now,
    before,
    kernels,
    constants=(),
    *,
    give=1,
    reverse=False,
    unroll=1,
    memory=None,
    names=(),
):
    """`over_time` for a step that multiplies by `kernels`, which come before the constants.

    The gradients of the kernels are one product each behind the backward loop, over the values of
    all steps, where jax would add up a product of every step.
    """
    fixed = step, give, {"reverse": reverse, "unroll": unroll}
    if memory is not None:
        before = [memory.recall(*each) for each in zip(names, before, strict=True)]

    @jax.custom_vjp
    def run(now, before, kernels, constants):
        def one(before, now):
            after = as_tuple(step(*now, *kernels, *constants, *before))
            return after[-len(before) :], after[:give]

        return jax.lax.scan(one, before, now, **fixed[-1])

    run.defvjp(
        lambda *arrays: recur_forward(fixed, *arrays),
        lambda kept, wanted: recur_backward(fixed, kept, *wanted),
    )
    last, after = run(time_first(now), tuple(before), tuple(kernels), tuple(constants))
    if memory is not None:
        for name, value in zip(names, last, strict=True):
            memory.keep(name, value)
    after = time_first(after)
    return after[0] if give == 1 else after


def recur_forward(fixed, now, before, kernels, constants):
    """What is asked for, and for the way back what was before each step and each product."""
    step, give, loop = fixed

    def one(before, now):
        products = []

        def multiply(index, value):
            products.append(value @ kernels[index])
            return products[-1]

        after = as_tuple(step(*now, *cuts(multiply, kernels), *constants, *before))
        return after[-len(before) :], (after[:give], before, tuple(products))

    last, (after, before, products) = jax.lax.scan(one, before, now, **loop)
    return (last, after), (now, before, products, kernels, constants)


def recur_backward(fixed, kept, pulled, wanted):
    """The gradients: the steps in the other order without their products, then the kernels."""
    step, give, loop = fixed
    now, before, products, kernels, constants = kept
    owners = []

    def one(carry, at):
        pulled, sums = carry
        now, before, products, wanted = at

        def again(now, before, constants, added):
            owners.clear()
            values, left = [], iter(zip(products, added, strict=True))

            def multiply(index, value):
                owners.append(index)
                values.append(value)
                product, more = next(left)
                return known(value, kernels[index], product) + more

            after = as_tuple(step(*now, *cuts(multiply, kernels), *constants, *before))
            return (after[:give], after[-len(before) :]), values

        added = jax.tree.map(jnp.zeros_like, products)
        _, pull, values = jax.vjp(again, now, before, constants, added, has_aux=True)
        to_now, pulled, to_constants, to_products = pull((wanted, pulled))
        return (pulled, jax.tree.map(jnp.add, sums, to_constants)), (to_now, to_products, values)

    carry = pulled, jax.tree.map(jnp.zeros_like, constants)
    steps = now, before, products, wanted
    loop = loop | {"reverse": not loop["reverse"]}
    (start, sums), (to_now, to_products, values) = scan_once(one, carry, steps, **loop)
    to_kernels = jax.tree.map(jnp.zeros_like, list(kernels))
    for index, *pair in zip(owners, values, to_products, strict=True):
        value, product = (each.reshape(-1, each.shape[-1]) for each in pair)
        _, pull = jax.vjp(lambda kernel, value=value: value @ kernel, kernels[index])
        to_kernels[index] = jax.tree.map(jnp.add, to_kernels[index], *pull(product))
    return to_now, start, tuple(to_kernels), sums


def scan_once(one, carry, steps, **options):
    """`jax.lax.scan` that keeps values of a step which are the same array once.

    The gradient by a product is often that by what is added to it.
    """
    found = []

    def distinct(carry, step):
        carry, values = one(carry, step)
        values, tree = jax.tree.flatten(values)
        once = {id(each): each for each in values}
        found[:] = tree, [list(once).index(id(each)) for each in values]
        return carry, list(once.values())

    carry, once = jax.lax.scan(distinct, carry, steps, **options)
    tree, places = found
    return carry, jax.tree.unflatten(tree, [once[place] for place in places])


class Cut:
    """A kernel inside of `recur`: `value @ cut` is what `multiply(value)` gives."""

    def __init__(self, multiply):
        self.multiply = multiply

    def __rmatmul__(self, value):
        return self.multiply(value)


def cuts(multiply, kernels):
    """The kernels, so that `multiply(index, value)` works out each product with one."""
    return [Cut(functools.partial(multiply, index)) for index in range(len(kernels))]


def known(value, kernel, product):
    """`value @ kernel`, which is known to be `product`."""

    @jax.custom_vjp
    def same(value, product):
        return product

    def backward(value, pulled):
        _, pull = jax.vjp(lambda value: value @ kernel, value)
        return (*pull(pulled), None)

    same.defvjp(lambda value, product: (product, value), backward)
    return same(value, product)


def time_first(arrays):
    """Arrays [batch, time, ...] as [time, batch, ...], or the other way round; parts too."""
    return jax.tree.map(lambda each: jnp.swapaxes(each, 0, 1), tuple(arrays))


def add_by_parts(product, parts):
    """The columns of a product as parts, to each of which the part that belongs to it is added.

    XLA reads parts faster in the step of a loop than the columns of a value of that step.
    """
    ends = list(itertools.accumulate(part.shape[-1] for part in parts))
    columns = jnp.split(product, ends[:-1], axis=-1)
    return [each + part for each, part in zip(columns, parts, strict=True)]


def as_tuple(values):
    """What a step gives, as a tuple of one or more."""
    return values if isinstance(values, tuple) else (values,)


def ticks(like, every, memory=None, name=""):
    """Whether a step of `like` [batch, time, ...] is one of every so many: bool [batch, time]."""
    steps = jnp.arange(like.shape[1])
    if memory is not None:
        count = memory.recall(name, jnp.zeros(like.shape[0], jnp.int32))
        memory.keep(name, count + like.shape[1])
        steps += count[:, None]
    return jnp.broadcast_to(steps % every == 0, like.shape[:2])


def affine_scan(factor, begin, term=0.0, *, reverse=False, memory=None, name=""):
    """`h[t] = factor[t] * h[t - 1] + term[t]` for all steps at once, [batch, time, ...].

    Two steps one after the other are a step of the same form, so that they can be put together in
    any order: in rounds whose number is the logarithm of theirs.
    """

    def joined(first, then):
        return first[0] * then[0], first[1] * then[0] + then[1]

    if memory is not None:
        begin = memory.recall(name, begin)
    factor, term = jnp.broadcast_arrays(factor, term + jnp.zeros_like(begin)[:, None])
    place = -1 if reverse else 0
    term = term.at[:, place].add(factor[:, place] * begin)
    after = jax.lax.associative_scan(joined, (factor, term), reverse=reverse, axis=1)[1]
    if memory is not None:
        memory.keep(name, after[:, -1])
    return after


def shift(x, begin, offset, memory=None, name=""):
    """The steps of `x` [batch, time, ...] by `offset` later; `begin` [batch, ...] comes before.

    A memory keeps the last steps of `x`, [batch, steps, ...].
    """
    if memory is not None:
        start = jnp.broadcast_to(begin[:, None], (x.shape[0], -offset, *x.shape[2:]))
        x = jnp.concatenate([memory.recall(name, start), x], axis=1)
        memory.keep(name, x[:, offset:])
        return x[:, :offset]
    steps = min(abs(offset), x.shape[1])
    filled = jnp.broadcast_to(begin[:, None], (x.shape[0], steps, *x.shape[2:]))
    if offset < 0:
        return jnp.concatenate([filled, x[:, : x.shape[1] - steps]], axis=1)
    return jnp.concatenate([x[:, steps:], filled], axis=1)


def scan_recurrent(call, layers, x, keys, memory):
    """`scan_layers` for layers with a memory, which has their values as [batch, layers, ...]."""
    if memory is None:
        return scan_layers(lambda layer, x, key: call(layer, x, key, None), layers, x, keys)
    graphdef, state = nnx.split(layers)
    before = memory.before
    if before is not None:
        inside = [path for path in before if path.startswith(memory.path)]
        names = [path.removeprefix(memory.path) for path in inside]
        before = {
            name: jnp.moveaxis(before[path], 1, 0) for name, path in zip(names, inside, strict=True)
        }

    def step(x, layer):
        state, key, before = layer
        inner = Memory(before, memory.fresh)
        x = call(nnx.merge(graphdef, state), x, key, inner)
        return x, (inner.first, inner.last)

    x, (first, last) = jax.lax.scan(step, x, (nnx.as_pure(state), keys, before))
    for name in last:
        memory.first[memory.path + name] = jnp.moveaxis(first[name], 0, 1)
        memory.keep(name, jnp.moveaxis(last[name], 0, 1))
    return x


def present_points(batch, shape):
    """The mask of the points that are there, for the steps of every example: bool `shape`."""
    mask = batch.get("mask", jnp.ones(shape[:1], bool))
    return jnp.broadcast_to(present(mask, jnp.empty(shape)), shape)


def present_steps(batch, x, axis="time"):
    """The mask of the steps of `x` [batch, steps, ...] that are there: bool [batch, steps]."""
    lengths = batch.get(f"{axis}:length", jnp.full(x.shape[:1], x.shape[1]))
    rows = batch.get("mask", jnp.ones(x.shape[:1], bool))
    return (jnp.arange(x.shape[1])[None] < lengths[:, None]) & rows[:, None]


def in_pieces(batch, streams, steps):
    """The streams of a batch, arrays [batch, time, ...], cut: [pieces, batch, steps, ...].

    The last piece is filled up with the last step, for sequences that have lengths.
    """
    found = {}
    for name in streams:
        x = batch[name]
        spare = [(0, -x.shape[1] % steps), *[(0, 0)] * (x.ndim - 2)]
        x = jnp.pad(x, [(0, 0), *spare], mode="edge")
        found[name] = jnp.moveaxis(x.reshape(len(x), -1, steps, *x.shape[2:]), 1, 0)
    starts = steps * jnp.arange(len(found[streams[0]]), dtype=jnp.int32)
    for name in batch:
        if name.endswith(":length"):
            found[name] = jnp.clip(batch[name] - starts[:, None], 0, steps)
    return found


def while_present(loop, mask, step, now, before, *others, **options):
    """`over_time` or `recur`, the `loop`, in which a step that is not there changes nothing.

    What is carried stays as it is after the end of an example, or in reverse before its last step.
    The mask goes along as numbers, for which `recur` has gradients.
    """

    def held(there, *values):
        after = as_tuple(step(*values))
        kept = [
            jnp.where(present(there > 0, new), new, old)
            for new, old in zip(after[-len(before) :], values[-len(before) :], strict=True)
        ]
        return (*after[: -len(before)], *kept)

    return loop(held, [mask.astype(jnp.float32), *now], before, *others, **options)


def affine_while_present(mask, factor, begin, term=0.0, **options):
    """`affine_scan` in which a step that is not there changes nothing."""
    there = present(mask, begin[:, None])
    factor, term = jnp.where(there, factor, 1.0), jnp.where(there, term, 0.0)
    return affine_scan(factor, begin, term, **options)


def where_present(mask, x, other):
    """The steps of `x` that are there, `other` in place of those that are not."""
    return jnp.where(present(mask, x), x, other)


def some_present(mask):
    """The mask with the first step of every example: a mean of no steps is not a number."""
    return mask.at[:, 0].set(True)


def log_softmax_present(x, mask):
    """Logarithms of probabilities over the steps [batch, time, ...] that are there; 0 elsewhere."""
    there = present(some_present(mask), x)
    return jnp.where(there, nnx.log_softmax(x, axis=1, where=there), 0.0)


def stack_steps(x, length, *, axis=1, mask=None):
    """The steps of `x` along an axis as so many numbers, with zeros where there is no step."""
    if mask is not None:
        x = where_present(mask, x, jnp.zeros((), x.dtype))
    if x.shape[axis] > length:
        raise ValueError(f"a sequence has {x.shape[axis]} steps, and `stack` is for {length}")
    behind = [(0, 0)] * x.ndim
    behind[axis] = 0, length - x.shape[axis]
    return jnp.pad(x, behind)


def last_present(x, mask):
    """The last step of each example that is there: [batch, time, ...] -> [batch, ...]."""
    return x[jnp.arange(x.shape[0]), jnp.maximum(jnp.sum(mask, axis=1) - 1, 0)]


def reverse_present(x, mask):
    """The steps [batch, time, ...] that are there in the other order, the others where they are."""
    steps = jnp.arange(x.shape[1])[None]
    places = jnp.where(mask, jnp.sum(mask, axis=1, keepdims=True) - 1 - steps, steps)
    return x[jnp.arange(x.shape[0])[:, None], places]
