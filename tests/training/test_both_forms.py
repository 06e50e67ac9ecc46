"""One loss in the long form is the same training as in the short form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import graphc as gc

NETWORK = "inputs: {%s}, layers: [%s]"
SHORT = """
graphc: 1
network: {NETWORK}
data: DATA
train: {loss: cross_entropy, optimizer: {sgd: 0.1}, batch_size: 4}
"""
LONG = """
graphc: 1
networks: {model: {NETWORK}}
data: DATA
train:
  objectives:
    own: {minimize: "cross_entropy(model(INPUT), TARGET)", update: model, optimizer: {sgd: 0.1}}
  batch_size: 4
"""
TABLE = """
  csv:
    path: tags.csv
    target: tag
    features: []
    index: [word]
    sequence: sentence
    target_of: step
    validation: 0
    test: 0
"""


def modules(folder, network, data, field, target):
    """The modules of both forms."""
    found = []
    for name, text in {"short": SHORT, "long": LONG}.items():
        text = text.replace("NETWORK", network).replace("DATA", data)
        path = folder / f"{name}.yaml"
        path.write_text(text.replace("INPUT", field).replace("TARGET", target))
        found.append(gc.compile(path).module())
    return found


def moved(module, batch, network=None):
    """The weights after a step from weights that are the same for both, and the totals."""
    state = module.init(jax.random.key(0))
    own = state["params"] if network is None else state["params"][network]
    own = jax.tree.map(lambda each: jnp.sin(jnp.arange(each.size)).reshape(each.shape), own)
    params = own if network is None else state["params"] | {network: own}
    after, totals = jax.jit(module.train_step)(state | {"params": params}, batch, jax.random.key(1))
    return after["params"] if network is None else after["params"][network], totals


def require_same(short, long, batch):
    one, totals = moved(short, batch)
    other, same = moved(long, batch, "model")
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), one, other)
    means = short.means(jax.device_get(totals)), long.means(jax.device_get(same))
    np.testing.assert_allclose(means[0]["loss"], means[1]["own"], rtol=1e-5)


@pytest.mark.parametrize("rows", [4, 3])
def test_of_examples(tmp_path, rows):
    network = NETWORK % ("features: [4]", "{dense: 8}, tanh, {dense: 3}")
    draw = np.random.default_rng(0)
    batch = {
        "features": jnp.asarray(draw.normal(size=(4, 4)), jnp.float32),
        "label": jnp.array([0, 1, 2, 1]),
        "mask": jnp.arange(4) < rows,
    }
    require_same(*modules(tmp_path, network, "iris", "features", "label"), batch)


@pytest.mark.parametrize("rows", [4, 3])
def test_of_the_steps_of_sequences_of_different_length(tmp_path, rows):
    lines = [f"{i},{'abc'[step % 3]},{step % 2}" for i in range(4) for step in range(2 + i)]
    (tmp_path / "tags.csv").write_text("\n".join(["sentence,word,tag", *lines]))
    network = NETWORK % ("word: {int: [time], below: 3}", "{embed: 4}, {gru: 4}, {dense: 2}")
    draw = np.random.default_rng(0)
    batch = {
        "word": jnp.asarray(draw.integers(0, 3, (4, 5)), jnp.int32),
        "tag": jnp.asarray(draw.integers(0, 2, (4, 5)), jnp.int32),
        "time:length": jnp.array([2, 3, 4, 5]),
        "mask": jnp.arange(4) < rows,
    }
    require_same(*modules(tmp_path, network, TABLE, "word", "tag"), batch)
