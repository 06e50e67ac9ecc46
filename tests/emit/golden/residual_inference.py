"""residual, written by graphc for inference from specs/residual.yaml."""

import functools
import zlib

import jax
import jax.numpy as jnp
from flax import nnx

CONTRACT = 1


def at(key, *path):
    """The key of the node at `path`: names and repeat indices folded in one by one."""
    if key is None:
        return None
    for part in path:
        key = jax.random.fold_in(key, zlib.crc32(part.encode()) if isinstance(part, str) else part)
    return key


class Residual(nnx.Module):
    """Block `residual`, specs/hand.yaml:3."""

    def __init__(self, in_features, features, *, key):
        self.body_conv = nnx.Conv(
            in_features, features, (3, 3), strides=2, rngs=nnx.Rngs(at(key, "body", "conv"))
        )
        self.body_conv_2 = nnx.Conv(
            features,
            features,
            (3, 3),
            use_bias=False,
            kernel_init=nnx.initializers.he_normal(),
            rngs=nnx.Rngs(at(key, "body", "conv_2")),
        )
        self.shortcut = nnx.Linear(
            in_features, features, use_bias=False, rngs=nnx.Rngs(at(key, "shortcut"))
        )

    def __call__(self, x):
        body_conv = self.body_conv(x)
        y = nnx.relu(body_conv)
        body_conv_2 = self.body_conv_2(y)
        shortcut = self.shortcut(x[..., ::2, ::2, :])
        y = body_conv_2 + shortcut
        return nnx.relu(y)


class Network(nnx.Module):
    """The network, specs/hand.yaml:21."""

    def __init__(self, *, key):
        self.stage1 = Residual(1, 4, key=at(key, "stage1"))
        self.stage2 = Residual(4, 8, key=at(key, "stage2"))
        self.stage3 = Residual(8, 16, key=at(key, "stage3"))
        self.logits = nnx.Linear(16, 4, rngs=nnx.Rngs(at(key, "logits")))

    def __call__(self, image):
        stage1 = self.stage1(image)
        stage2 = self.stage2(stage1)
        stage3 = self.stage3(stage2)
        x = jnp.mean(stage3, axis=(-3, -2))
        return self.logits(x)


def build(key):
    """The model with fresh weights."""
    return Network(key=key)


def call(model, batch):
    """The outputs for a batch."""
    return model(batch["image"])


@functools.cache
def graphdef():
    """The structure of the model without its arrays."""
    return nnx.graphdef(nnx.eval_shape(lambda: build(jax.random.key(0))))


def forward(params, statistics, batch):
    """The outputs for a batch, over pure state."""
    return call(nnx.merge(graphdef(), params, statistics), batch)


def main():
    """Print the path, the shape and the size of every parameter."""
    model = nnx.eval_shape(lambda: build(jax.random.key(0)))
    rows = [
        ("/".join(map(str, path)), str(list(variable.shape)), variable.size)
        for path, variable in nnx.to_flat_state(nnx.state(model, nnx.Param))
    ]
    rows.append(("total", "", sum(size for _, _, size in rows)))
    width, middle = (max(len(row[column]) for row in rows) for column in (0, 1))
    for path, shape, size in rows:
        print(f"{path:{width}}  {shape:{middle}}  {size:>12,}")


if __name__ == "__main__":
    main()
