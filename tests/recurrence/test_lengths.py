"""Sequences of different length: each example is what it would be alone."""

import cells
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_cells import CELLS, UNITS, own

LENGTHS = np.array([9, 4, 1, 4], np.int32)
THERE = np.arange(9) < LENGTHS[:, None]
REDUCTIONS = ("mean", "sum", "max", "min", "prod", "variance", "std", "norm")
UNEVEN, EVEN = "{shape: [time, 6], at_most: any}", "[time, 6]"


def spec(layers, kind=UNEVEN):
    return f"network: {{inputs: {{x: {kind}}}, layers: [{layers}]}}"


def nodes(lines, kind=UNEVEN):
    """A network that gives each of the nodes."""
    written = "\n".join(f"    {name}: {node}" for name, node in lines.items())
    inputs = f"  inputs: {{x: {kind}}}\n  nodes:\n"
    return f"network:\n{inputs}{written}\n  outputs: [{', '.join(lines)}]\n"


def garbage(x, seed=0):
    """The sequences with other numbers where they have ended."""
    noise = np.random.default_rng(seed).normal(scale=30, size=x.shape).astype(np.float32)
    return np.where(THERE[..., None], x, noise)


@pytest.fixture
def padded(sequences):
    return {"x": garbage(sequences), "time:length": LENGTHS}


def assert_as_alone(whole, alone, batch, steps=True):
    """The values of a padded batch are those of each example by itself."""
    given = jax.tree.leaves(jax.jit(lambda batch: whole(**batch))(batch))
    for i, length in enumerate(LENGTHS):
        expected = jax.tree.leaves(alone(batch["x"][i : i + 1, :length]))
        for number, (one, other) in enumerate(zip(given, expected, strict=True)):
            found = one[i, :length] if steps else one[i]
            problem = f"output {number} of example {i}"
            np.testing.assert_allclose(found, other[0], rtol=2e-5, atol=5e-6, err_msg=problem)


def jitted(network):
    return jax.jit(lambda x: network(x=x))


@pytest.mark.parametrize("layer", CELLS)
def test_a_cell_is_what_it_is_for_each_example_alone(layer, compiled, padded):
    network = compiled(spec(f"{{{layer}}}"))
    cell = CELLS[layer](own(network.weights, layer.split(":")[0]), UNITS)
    assert_as_alone(network, cell.run, padded)


def test_a_bidirectional_layer_begins_at_the_end_of_each_example(compiled, padded):
    network = compiled(spec("{bidirectional: [{lstm: 5}]}"))
    weights = own(network.weights, "bidirectional")
    forward = cells.Lstm(own(weights, "forward/lstm"), UNITS)
    backward = cells.Lstm(own(weights, "backward/lstm"), UNITS)

    def alone(x):
        back = backward.run(x[:, ::-1])[:, ::-1]
        return np.concatenate([forward.run(x), back], axis=-1)

    assert_as_alone(network, alone, padded)


def test_what_makes_one_value_of_a_sequence_takes_its_own_steps(compiled, padded):
    over = {word: f"{{{word}: {{over: time}}, from: x}}" for word in REDUCTIONS}
    over |= {"end": "last(x)", "begin": "first(x)"}
    whole, single = (compiled(nodes(over, kind)) for kind in (UNEVEN, EVEN))
    assert_as_alone(whole, jitted(single), padded, steps=False)


def test_what_reads_other_steps_reads_those_of_the_example(compiled, padded):
    lines = {
        "turned": "reverse(x)",
        "before": "x@t-1 + x@t-2",
        "after": "x@t+1 - x@t+2",
        "sums": "0.5 * sums@t+1 + x",
        "h": "{dense: 4, from: [x, h@t+1]}",
        "y": "{dense: 2, from: [x, h, y@t-1]}",
        "from_the_end": "h + mean(last(x))",
    }
    whole, single = (compiled(nodes(lines, kind)) for kind in (UNEVEN, EVEN))
    assert_as_alone(whole, jitted(single), padded)


def test_an_associative_scan_stops_with_the_example(compiled, padded):
    lines = {"forward": "0.5 * forward@t-1 + x", "backward": "0.5 * backward@t+1 + x"}
    whole, single = compiled(nodes(lines), device="gpu"), compiled(nodes(lines, EVEN))
    assert whole.model.source.count("affine_while_present") == 3
    assert_as_alone(whole, jitted(single), padded)


def test_what_stands_behind_the_end_is_nowhere_felt(compiled, sequences):
    layers = "{bidirectional: [{lstm: 5}]}, {gru: 5}, {mean: {over: time}}, {dense: 2}"
    network = compiled(spec(layers))

    @jax.jit
    def run(params, x):
        batch = {"x": x, "time:length": LENGTHS, "mask": np.array([True, True, True, False])}

        def total(params, x):
            outputs = network(params, **batch | {"x": x})
            return jnp.sum(jnp.square(outputs[:3])), outputs

        return jax.grad(total, argnums=(0, 1), has_aux=True)(params, x)

    first = run(network.params, garbage(sequences, 1))
    second = run(network.params, garbage(sequences, 2))
    (to_params, to_x), outputs = first
    np.testing.assert_array_equal(outputs[:3], second[1][:3])
    for one, other in zip(*map(jax.tree.leaves, (to_params, second[0][0])), strict=True):
        assert np.abs(one).max() > 0
        np.testing.assert_array_equal(one, other)
    gone = ~THERE | (np.arange(4) == 3)[:, None]
    assert not np.asarray(to_x)[gone].any()
    assert (np.abs(np.asarray(to_x)[~gone]).max(axis=-1) > 0).all()


def test_batch_norm_takes_the_steps_that_are_there(compiled, padded):
    network = compiled(spec("batch_norm, last, {batch_norm: {scale: false}}"))
    model = network.module.build(jax.random.key(0))
    params, statistics = _pure(model)
    batch = padded | {"mask": np.array([True, True, True, False])}
    _, after = network.module.forward(params, statistics, batch, train=True)
    there = padded["x"][:3][THERE[:3]]
    mean, variance = there.mean(axis=0), there.var(axis=0)
    np.testing.assert_allclose(after["batch_norm"]["mean"], 0.1 * mean, rtol=2e-4, atol=1e-5)
    np.testing.assert_allclose(
        after["batch_norm"]["var"], 0.9 + 0.1 * variance, rtol=2e-4, atol=1e-5
    )
    last = (padded["x"][np.arange(3), LENGTHS[:3] - 1] - mean) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(
        after["batch_norm_2"]["mean"], 0.1 * last.mean(axis=0), rtol=2e-4, atol=1e-5
    )


def _pure(model):
    from flax import nnx

    _, params, statistics = nnx.split(model, nnx.Param, ...)
    return nnx.to_pure_dict(params), nnx.to_pure_dict(statistics)


TRAINED = """
network:
  inputs: {x: INPUT}
  layers: [{gru: 4}, {dense: 3}]
data:
  npz: {path: PATH, inputs: [x], target: tags, steps: [x, tags]LENGTHS}
train:
  loss: cross_entropy
  metrics: [accuracy, f1, confusion_matrix, perplexity]
  optimizer: {sgd: 0.1}
  epochs: 1
  batch_size: 4
"""


@pytest.fixture
def tagged(tmp_path, sequences, compiled):
    """A network that tags every step, and one for sequences of equal length."""
    tags = np.random.default_rng(4).integers(0, 3, (4, 9))
    path = tmp_path / "tags.npz"
    np.savez(path, x=np.tile(sequences, (5, 1, 1)), tags=np.tile(tags, (5, 1)), n=LENGTHS[[0] * 20])
    text = TRAINED.replace("PATH", str(path))
    whole = compiled(text.replace("INPUT", EVEN).replace("LENGTHS", ", lengths: n"))
    single = compiled(text.replace("INPUT", EVEN).replace("LENGTHS", ""))
    return whole, single, tags.astype(np.int32)


def test_losses_and_metrics_are_means_over_the_steps_that_are_there(tagged, sequences):
    whole, single, tags = tagged
    expected = {}
    wrong = np.where(THERE, tags, 2)
    batch = {"x": garbage(sequences), "tags": wrong, "time:length": LENGTHS}
    states = [
        each.module.init(jax.random.key(0)) | {"params": whole.params} for each in (whole, single)
    ]
    found = jax.jit(whole.module.evaluate_step)(states[0], batch)
    evaluate = jax.jit(single.module.evaluate_step)
    for i, length in enumerate(LENGTHS):
        alone = {"x": sequences[i : i + 1, :length], "tags": tags[i : i + 1, :length]}
        totals = evaluate(states[1], alone)
        expected = {name: expected.get(name, 0) + np.asarray(totals[name]) for name in totals}
    assert found["count"] == LENGTHS.sum()
    for name, total in expected.items():
        np.testing.assert_allclose(found[name], total, rtol=2e-5, atol=1e-5)
    numbers = [each.module.means(jax.device_get(found)) for each in (whole, single)]
    assert numbers[0]["accuracy"] == numbers[1]["accuracy"]


def test_a_training_step_is_compiled_once_for_all_lengths(tagged, sequences):
    whole, _, tags = tagged
    state = whole.module.init(jax.random.key(0))
    losses, traces = set(), []

    @jax.jit
    def step(state, batch, key):
        traces.append(key)
        return whole.module.train_step(state, batch, key)

    for lengths in (LENGTHS, LENGTHS[::-1].copy(), np.full(4, 9, np.int32)):
        batch = {"x": sequences, "tags": tags, "time:length": lengths, "mask": np.ones(4, bool)}
        state, totals = step(state, batch, jax.random.key(1))
        assert totals["finite"] and totals["count"] == lengths.sum()
        losses.add(float(totals["loss"]))
    assert len(losses) == 3
    assert len(traces) == 1


def test_a_batch_without_lengths_has_sequences_of_full_length(compiled, sequences):
    whole, single = (compiled(spec("{gru: 4}, last", kind)) for kind in (UNEVEN, EVEN))
    np.testing.assert_array_equal(whole(x=sequences), single(x=sequences))


def test_without_lengths_no_mask_is_written(compiled):
    source = compiled(spec("{bidirectional: [{lstm: 4}]}, last", EVEN)).model.source
    assert "mask" not in source and "present" not in source
