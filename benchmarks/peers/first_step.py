"""A first training step of an MLP in Flax NNX, as one writes it by hand: DATA.npz is its batch."""

import sys

import numpy as np
import optax
from flax import nnx


class MLP(nnx.Module):
    def __init__(self, rngs):
        self.first = nnx.Linear(784, 512, rngs=rngs)
        self.second = nnx.Linear(512, 256, rngs=rngs)
        self.logits = nnx.Linear(256, 10, rngs=rngs)

    def __call__(self, image):
        x = nnx.relu(self.first(image.reshape(len(image), -1)))
        return self.logits(nnx.relu(self.second(x)))


def loss_of(model, image, label):
    return optax.softmax_cross_entropy_with_integer_labels(model(image), label).mean()


@nnx.jit
def train_step(model, optimizer, image, label):
    loss, gradients = nnx.value_and_grad(loss_of)(model, image, label)
    optimizer.update(model, gradients)
    return loss


def main(path):
    model = MLP(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    with np.load(path) as batch:
        loss = train_step(model, optimizer, batch["image"], batch["label"])
    print(f"epoch 1/1  loss {float(loss):.4f}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
