"""Equal layers as one module with stacked arrays, and layers beside one another as a wider one."""

import jax
import jax.numpy as jnp
from flax import nnx


def stack(make, keys):
    """The layers `make(key)` for each key, as one module whose arrays have a leading axis."""
    state = jax.vmap(lambda key: nnx.as_pure(nnx.state(make(key))))(keys)
    return nnx.merge(nnx.graphdef(nnx.eval_shape(lambda: make(keys[0]))), state)


def scan_layers(call, layers, x, keys):
    """x through the stacked layers, one after another, as one compiled loop.

    `call(layer, x, key)` is the value of one layer. Its running statistics are updated in `layers`;
    parameters are not returned from the loop, which would copy them.
    """
    graphdef, params, rest = nnx.split(layers, nnx.Param, ...)

    def step(x, layer):
        params, rest, key = layer
        layer = nnx.merge(graphdef, params, rest)
        x = call(layer, x, key)
        return x, nnx.as_pure(nnx.split(layer, nnx.Param, ...)[2])

    x, rest = jax.lax.scan(step, x, (nnx.as_pure(params), nnx.as_pure(rest), keys))
    nnx.update(layers, rest)
    return x


def recomputed(call, memory):
    """`nnx.remat(call)`: its values are computed again on the way back, rather than kept.

    What goes step by step writes to its memory, and is called as it is.
    """
    return nnx.remat(call) if memory is None else call


def beside(*layers):
    """Layers that read the same input as one wider layer, whose value is theirs side by side.

    Each draws its own weights first. One product does the work of several, which is faster where
    they are small.
    """
    wide = layers[0]
    wide.kernel = nnx.Param(jnp.concatenate([layer.kernel[...] for layer in layers], axis=-1))
    if wide.bias is not None:
        wide.bias = nnx.Param(jnp.concatenate([layer.bias[...] for layer in layers], axis=-1))
    wide.out_features = sum(layer.out_features for layer in layers)
    return wide
