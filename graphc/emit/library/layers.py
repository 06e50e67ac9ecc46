"""Equal layers as one module with stacked arrays."""

import jax
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
