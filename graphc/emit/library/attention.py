"""Tokens that read one another, and their positions."""

import math

import jax
import jax.numpy as jnp
from flax import nnx

from graphc.emit.library.dropout import Dropout
from graphc.emit.library.keys import at


class Attention(nnx.Module):
    """Multi-head attention over the tokens of values [..., tokens, features].

    `nnx.MultiHeadAttention` keeps random state and a cache of past tokens, and turns no positions.
    """

    def __init__(
        self,
        in_features,
        *,
        heads,
        head_features=None,
        memory_features=None,
        features=None,
        causal=False,
        rotary=None,
        dropout=0.0,
        rngs,
        **options,
    ):
        """The `options` are those of the four `nnx.Linear`."""
        self.heads, self.causal, self.rotary = heads, causal, rotary
        width = heads * (head_features or in_features // heads)
        memory_features, features = memory_features or in_features, features or in_features
        key = rngs.params()

        def linear(name, inputs, outputs):
            return nnx.Linear(inputs, outputs, rngs=nnx.Rngs(at(key, name)), **options)

        self.query = linear("query", in_features, width)
        self.key = linear("key", memory_features, width)
        self.value = linear("value", memory_features, width)
        self.out = linear("out", width, features)
        self.drop = Dropout(dropout)

    def __call__(self, x, memory=None, *, visible=None, there=None, train=False, key=None):
        """What each token of x reads of the memory, or of x itself.

        `visible` [..., tokens of x or 1, tokens of the memory] is true where it may be read. Tokens
        that are not `there` [..., tokens of the memory], or are later where it is causal, are never
        read: what sees nothing reads the mean of those that it might see.
        """
        memory = x if memory is None else memory
        layers = ((self.query, x), (self.key, memory), (self.value, memory))
        query, keys, values = (self.split(layer(tokens)) for layer, tokens in layers)
        if self.rotary is not None:
            query, keys = rotate(query, self.rotary), rotate(keys, self.rotary)
        scores = jnp.einsum("...qhd,...khd->...hqk", query * query.shape[-1] ** -0.5, keys)
        lowest = jnp.finfo(scores.dtype).min
        if visible is not None:
            scores = jnp.where(visible[..., None, :, :], scores, lowest / 2)
        if there is not None:
            scores = jnp.where(there[..., None, None, :], scores, lowest)
        if self.causal:
            past = jnp.tril(jnp.ones(scores.shape[-2:], bool))
            past = jnp.expand_dims(past, range(scores.ndim - 2))
            scores = jnp.where(past, scores, lowest)
        kept = None
        if train and self.drop.rate:
            kept = self.drop(jnp.ones_like(scores), deterministic=False, rngs=key)
        read = read_by(scores, values, kept)
        return self.out(jax.lax.collapse(read, read.ndim - 2))

    def split(self, x):
        """[..., tokens, heads * n] as [..., tokens, heads, n]."""
        return x.reshape(*x.shape[:-1], self.heads, -1)


def read_by(scores, values, kept=None):
    """What tokens read: softmax(scores) [..., heads, q, k] of values [..., k, heads, n].

    That is [..., q, heads, n]; dropout multiplies the weights by `kept`. In the gradient the sums
    over k, which softmax has there, are those of what was read over n (Dao et al.,
    "FlashAttention", 2022): fewer passes through arrays of q times k.
    """

    @jax.custom_vjp
    def read(scores, values, kept):
        return forward(scores, values, kept)[0]

    def forward(scores, values, kept):
        weights = nnx.softmax(scores)
        rest = weights if kept is None else weights * kept
        found = jnp.einsum("...hqk,...khn->...qhn", rest, values)
        return found, (weights, values, kept, found)

    def backward(saved, pulled):
        weights, values, kept, found = saved
        rest, to_weights = weights, jnp.einsum("...qhn,...khn->...hqk", pulled, values)
        if kept is not None:
            rest, to_weights = weights * kept, to_weights * kept
        to_values = jnp.einsum("...hqk,...qhn->...khn", rest, pulled)
        sums = jnp.swapaxes(jnp.sum(pulled * found, axis=-1), -1, -2)[..., None]
        return weights * (to_weights - sums), to_values, None

    read.defvjp(forward, backward)
    return read(scores, values, kept)


def rotate(x, base):
    """Rotary positions: the features 2i and 2i + 1 of token t, turned by t * base ** (-2i / n).

    x is [..., tokens, heads, n]. The product of two tokens turned so depends on the positions by
    their distance alone.
    """
    tokens, _, n = x.shape[-3:]
    angles = jnp.outer(jnp.arange(float(tokens)), base ** (-jnp.arange(0.0, n, 2) / n))
    angles = jnp.expand_dims(angles, (*range(x.ndim - 3), -2))
    even, odd, cos, sin = x[..., ::2], x[..., 1::2], jnp.cos(angles), jnp.sin(angles)
    turned = jnp.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1)
    return turned.reshape(x.shape)


def sinusoids(tokens, features):
    """Positions as waves [tokens, features].

    The feature 2i of token t is sin(t / 10000 ** (2i / n)), and 2i + 1 the cosine of the same.
    """
    place = jnp.arange(features)
    rates = 10000.0 ** (-(place - place % 2) / features)
    angles = jnp.outer(jnp.arange(float(tokens)), rates)
    return jnp.where(place[None] % 2 == 0, jnp.sin(angles), jnp.cos(angles))


def patches(x, size):
    """Images [..., h, w, c] cut into tiles: [..., tiles, numbers of a tile], row by row."""
    axes = range(x.ndim - len(size) - 1, x.ndim - 1)
    points, c = x.shape[: axes[0]], x.shape[-1]
    counts = [x.shape[axis] // length for axis, length in zip(axes, size, strict=True)]
    split = [part for pair in zip(counts, size, strict=True) for part in pair]
    x = x.reshape(*points, *split, c)
    x = jnp.moveaxis(x, range(axes[0], x.ndim - 1, 2), axes)
    return x.reshape(*points, math.prod(counts), -1)
