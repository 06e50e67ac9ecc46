"""Pools, lookups, cross-entropies, guesses, attention and dropouts: their forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from benchmarks.forms import Programs, programs_of, ratios_of, verdict, wrong
from benchmarks.measure import Sample
from benchmarks.options import Options
from benchmarks.report import Result, Table
from graphc.core.forms import MANY_CLASSES
from graphc.emit.library.attention import read_by
from graphc.emit.library.dropout import Dropout
from graphc.emit.library.metrics import is_largest
from graphc.emit.library.pooling import max_pool

IMAGES = (
    ((128, 28, 28, 6), 2, 2),
    ((64, 32, 32, 16), 2, 2),
    ((64, 32, 32, 16), 3, 2),
    ((32, 56, 56, 64), 3, 2),
    ((64, 16, 16, 32), 3, 1),
)
"""Images, and the window and stride of a pool of them."""
LOOKUPS = (
    (32, 66, 64),
    (4_096, 66, 64),
    (4_096, 66, 256),
    (4_096, 1_000, 64),
    (4_096, 10_000, 128),
    (2_048, 30_000, 256),
)
"""How many numbers are looked up, of how many there are, and features."""
CLASSES = (
    (32, 10),
    (128, 10),
    (128, 1_000),
    (4_096, 66),
    (4_096, 1_000),
    (512, 10_000),
)
"""Points, and classes."""
GUESSES = ((128, 100), (2_048, MANY_CLASSES), (2_048, 66), (2_048, 256), (512, 10_000))
FEW_GUESSES = ((32, 10), (128, 10), (2_048, MANY_CLASSES - 1))
"""The same, where the right ones are counted beside the cross-entropy."""
TOKENS = (
    (128, 17, 4, 16),
    (32, 128, 4, 32),
    (8, 256, 8, 64),
    (4, 1_024, 8, 64),
)
"""Examples, tokens, heads, and features of a head."""
DROPPED = (
    ((32, 128),),
    ((128, 512),),
    ((64, 128, 256),),
    ((128, 32, 32, 64),),
    ((2_708, 16),),
    ((2_708, 18),),
    ((19_717, 16),),
    ((19_717, 51),),
)
"""Arrays of which numbers are dropped."""
RATE = 0.5
SMALL = 1e6
"""Numbers up to which an operation is repeated within a program: a call would hide it."""
WAYS = ("forward", "training")


def run(options: Options) -> Result:
    """A table for each operation: the time of what is emitted over that of each other form."""
    rounds = options.rounds or (3 if options.quick else 9)
    tables, notes, numbers = [], [], {}
    for name in options.chosen(TABLES):
        title, sizes, programs = TABLES[name]
        found = {}
        for size in sizes[: 1 if options.quick else None]:
            forms = programs(*size)
            first, row = next(iter(forms)), _words(size)
            found[row] = ratios_of(forms, first, rounds)
            notes += wrong(f"{name}, {row}", first, found[row], first)
        tables.append(_table(title, found))
        numbers[name] = {
            row: {form: {way: each.values for way, each in ways.items()} for form, ways in forms}
            for row, forms in ((row, forms.items()) for row, forms in found.items())
        }
    return Result(tables, verdict(notes), numbers)


def _table(title: str, found: Mapping[str, Mapping[str, Mapping[str, Sample]]]) -> Table:
    forms = list(next(iter(found.values())))
    columns = [f"{form}, {way}" for form in forms for way in WAYS]
    rows = [
        [row, *(each[form][way].text("{:.2f}") for form in forms for way in WAYS)]
        for row, each in found.items()
    ]
    return Table([title, *columns], rows)


def _words(size: tuple) -> str:
    shape, *others = size
    shape = shape if isinstance(shape, tuple) else (shape,)
    return ", ".join([" x ".join(f"{each:,}" for each in shape), *(f"{each:,}" for each in others)])


def _pools(shape: tuple[int, ...], window: int, stride: int) -> dict[str, Programs]:
    windows, strides = (window, window), (stride, stride)
    x = jax.random.normal(jax.random.key(0), shape)
    forms: dict[str, Callable] = {
        "slices": lambda x: max_pool(x, windows, strides, "SAME"),
        "reduce_window": lambda x: nnx.max_pool(x, windows, strides, "SAME"),
    }
    return _programs(forms, x, prod(shape))


def _lookups(count: int, below: int, features: int) -> dict[str, Programs]:
    draw = np.random.default_rng(0)
    table = draw.normal(size=(below, features)).astype(np.float32)
    # Numbers are given as floats, for `value_and_grad` is by all that is given.
    given = table, draw.integers(0, below, count).astype(np.float32)
    forms: dict[str, Callable] = {
        "gather": lambda given: jnp.take(given[0], given[1].astype(jnp.int32), axis=0),
        "one-hot": lambda given: nnx.one_hot(given[1].astype(jnp.int32), below) @ given[0],
        "gradient of one-hot": lambda given: summed(given[0], given[1].astype(jnp.int32)),
    }
    return _programs(forms, given, count * below)


@jax.custom_vjp
def summed(table: jax.Array, numbers: jax.Array) -> jax.Array:
    """The rows of a table; its gradient is one product, without a scatter."""
    return jnp.take(table, numbers, axis=0)


def _summed_backward(kept: tuple, pulled: jax.Array) -> tuple:
    numbers, below = kept[0], len(kept[1])
    return nnx.one_hot(numbers, below).T @ pulled, None


summed.defvjp(lambda table, numbers: (summed(table, numbers), (numbers, table)), _summed_backward)


def _entropies(points: int, classes: int) -> dict[str, Programs]:
    draw = np.random.default_rng(0)
    given = (
        draw.normal(size=(points, classes)).astype(np.float32),
        draw.integers(0, classes, points).astype(np.float32),
    )

    def form(loss: Callable) -> Callable:
        return lambda given: loss(given[0], given[1].astype(jnp.int32))

    forms = {
        "gather": form(optax.softmax_cross_entropy_with_integer_labels),
        "mask": form(masked),
        "one-hot": form(
            lambda logits, labels: optax.softmax_cross_entropy(logits, nnx.one_hot(labels, classes))
        ),
        "written out": form(written),
    }
    return _programs(forms, given, points * classes)


def masked(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """What `optax` gives, without a gather: all but the right class are left out of a sum."""
    right = jnp.arange(logits.shape[-1]) == labels[..., None]
    own = jnp.sum(jnp.where(right, logits, 0), axis=-1)
    return jax.nn.logsumexp(logits, axis=-1) - own


@jax.custom_vjp
def written(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """The same, with the gradient by hand: the probabilities less one at the right class."""
    return masked(logits, labels)


def _written_forward(logits: jax.Array, labels: jax.Array) -> tuple:
    most = jnp.max(logits, axis=-1, keepdims=True)
    powers = jnp.exp(logits - most)
    total = jnp.sum(powers, axis=-1, keepdims=True)
    right = jnp.arange(logits.shape[-1]) == labels[..., None]
    own = jnp.sum(jnp.where(right, logits, 0), axis=-1)
    return (jnp.log(total) + most)[..., 0] - own, (powers, total, labels)


def _written_backward(kept: tuple, pulled: jax.Array) -> tuple:
    powers, total, labels = kept
    right = jnp.arange(powers.shape[-1]) == labels[..., None]
    return (powers / total - right) * pulled[..., None], None


written.defvjp(_written_forward, _written_backward)


def _guesses(points: int, classes: int) -> dict[str, Programs]:
    draw = np.random.default_rng(0)
    logits = draw.normal(size=(points, classes)).astype(np.float32)
    labels = draw.integers(0, classes, points).astype(np.int32)

    def form(right: Callable) -> Callable:
        def measured(logits: jax.Array) -> jax.Array:
            losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
            return losses + right(logits, labels)

        return measured

    forms = {
        "compared": form(is_largest),
        "argmax": form(lambda logits, labels: jnp.argmax(logits, axis=-1) == labels),
    }
    return _programs(forms, logits, points * classes)


def _few_guesses(points: int, classes: int) -> dict[str, Programs]:
    return dict(reversed(_guesses(points, classes).items()))


def _attention(examples: int, tokens: int, heads: int, features: int) -> dict[str, Programs]:
    shape = (3, examples, tokens, heads, features)
    given = jax.random.normal(jax.random.key(0), shape)
    past = jnp.tril(jnp.ones((tokens, tokens), bool))

    def form(read: Callable) -> Callable:
        def attend(given: jax.Array) -> jax.Array:
            query, keys, values = given
            scores = jnp.einsum("...qhd,...khd->...hqk", query * features**-0.5, keys)
            return read(jnp.where(past, scores, jnp.finfo(scores.dtype).min), values)

        return attend

    forms = {
        "written out": form(read_by),
        "derived": form(
            lambda scores, values: jnp.einsum(
                "...hqk,...khd->...qhd", jax.nn.softmax(scores), values
            )
        ),
        "jax.nn": lambda given: jax.nn.dot_product_attention(*given, is_causal=True),
    }
    return _programs(forms, given, examples * heads * tokens**2)


def _dropouts(shape: tuple[int, ...]) -> dict[str, Programs]:
    x = jax.random.normal(jax.random.key(0), shape)

    def form(drop: Callable) -> Callable:
        def dropped(x: jax.Array) -> jax.Array:
            # Of a key that is known when it is compiled nothing would be left to draw.
            key = jax.random.key(jax.lax.bitcast_convert_type(x.ravel()[0], jnp.int32))
            return drop(x, deterministic=False, rngs=key)

        return dropped

    forms = {"16 bits": form(Dropout(RATE)), "nnx.Dropout": form(nnx.Dropout(RATE))}
    return _programs(forms, x, prod(shape))


def _programs(forms: Mapping[str, Callable], given: object, numbers: int) -> dict[str, Programs]:
    times = 1 if numbers > SMALL else 200
    return {word: programs_of(form, given, times) for word, form in forms.items()}


TABLES = {
    "pooling": ("slices : reduce_window, images, window, stride", IMAGES, _pools),
    "lookups": ("gather : others, numbers, of so many, features", LOOKUPS, _lookups),
    "attention": ("written out : others, examples, tokens, heads, features", TOKENS, _attention),
    "dropouts": ("16 bits : others, numbers", DROPPED, _dropouts),
    "guesses": ("compared : argmax, points, classes", GUESSES, _guesses),
    "few_guesses": ("argmax : compared, points, classes", FEW_GUESSES, _few_guesses),
    "entropies": ("gather : others, points, classes", CLASSES, _entropies),
}
CHOICES = tuple(TABLES)
