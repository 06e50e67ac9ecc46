"""Two axes of time in one network: an encoder's and a decoder's, each with lengths of its own."""

import cells
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from test_cells import own

AXES = "axes: {source: time, target: time}\n"
SOURCE, TARGET = np.array([7, 2, 5, 1], np.int32), np.array([1, 6, 4, 6], np.int32)
UNEVEN = {
    "x": "{shape: [source, 6], at_most: any}",
    "y": "{shape: [target, 5], at_most: any}",
}
EVEN = {"x": "[source, 6]", "y": "[target, 5]"}
ATTENDING = {
    "memory": "{layers: [{bidirectional: [{gru: 4}]}], from: x}",
    "seen": "{dense: {features: 7, activation: tanh}, from: [memory, h@target-1]}",
    "much": "exp(score)",
    "score": "{dense: 1, from: seen}",
    "found": "sum(much * memory, over=source) / sum(much, over=source)",
    "h": "{gru_step: 8, from: {x: [y, found], h: h@target-1}}",
    "said": "{dense: 3, from: [h, found]}",
}


def network(nodes, outputs, kinds=UNEVEN, initial="{}"):
    inputs = "".join(f"    {name}: {kind}\n" for name, kind in kinds.items())
    lines = "".join(f"    {name}: {node}\n" for name, node in nodes.items())
    tail = f"  initial: {initial}\n  outputs: [{outputs}]\n"
    return f"{AXES}network:\n  inputs:\n{inputs}  nodes:\n{lines}{tail}"


def attending(kinds=UNEVEN):
    return network(ATTENDING, "said", kinds, "{h: last(memory)}")


@pytest.fixture
def batch():
    """Sequences over both axes, with other numbers where they have ended, and their lengths."""
    draw = np.random.default_rng(5)

    def padded(lengths, features):
        x = draw.normal(size=(4, lengths.max(), features)).astype(np.float32)
        there = np.arange(lengths.max()) < lengths[:, None]
        return np.where(there[..., None], x, 30 * x)

    arrays = {"x": padded(SOURCE, 6), "y": padded(TARGET, 5)}
    return arrays | {"source:length": SOURCE, "target:length": TARGET}


def alone(batch, i):
    """An example by itself, without its padding."""
    return {"x": batch["x"][i : i + 1, : SOURCE[i]], "y": batch["y"][i : i + 1, : TARGET[i]]}


def of_steps(value, i, over):
    """What an example has in a padded batch, for a value over these axes."""
    ends = {"source": SOURCE, "target": TARGET}
    return value[(i, *(slice(ends[axis][i]) for axis in over))]


def test_a_decoder_that_attends_is_that_of_its_equations(compiled, batch):
    made = compiled(attending())
    weights = made.weights
    forward = cells.Gru(own(weights, "memory/bidirectional/forward/gru"), 4)
    backward = cells.Gru(own(weights, "memory/bidirectional/backward/gru"), 4)
    decoder = cells.Gru(weights, 8)
    layer = decoder.layer
    given = jax.jit(lambda batch: made(**batch))(batch)
    for i in range(4):
        x, y = alone(batch, i).values()
        memory = np.concatenate([forward.run(x), backward.run(x[:, ::-1])[:, ::-1]], axis=-1)[0]
        h, outputs = memory[-1:], []
        for given_y in y[0]:
            beside = np.broadcast_to(h, (len(memory), 8))
            score = layer("score", np.tanh(layer("seen", memory, beside)))
            much = np.exp(score) / np.exp(score).sum()
            found = (much * memory).sum(axis=0, keepdims=True)
            h, _ = decoder.step(np.concatenate([given_y[None], found], axis=-1), h)
            outputs.append(layer("said", h, found)[0])
        np.testing.assert_allclose(of_steps(given, i, ["target"]), outputs, rtol=2e-5, atol=5e-6)


VALUES = {
    "both": ("x1 + y1", ["source", "target"]),
    "ended": ("last(x)", []),
    "turned": ("reverse(both, over=source)", ["source", "target"]),
    "turned_too": ("reverse(both, over=target)", ["source", "target"]),
    "means": ("mean(both, over=source)", ["target"]),
    "most": ("max(both, over=target)", ["source"]),
    "last_of_both": ("last(both, over=target)", ["source"]),
    "before": ("both@target-1 + both@source-1", ["source", "target"]),
    "after": ("both@target+1 - both@source+2", ["source", "target"]),
    "sums": ("0.5 * sums@target-1 + both", ["source", "target"]),
    "back": ("0.5 * back@source+1 + tanh(both)", ["source", "target"]),
    "h": ("{dense: 3, from: [both, h@target-1]}", ["source", "target"]),
    "g": ("{dense: 3, from: [both, g@source-1]}", ["source", "target"]),
    "soft": ("softmax(both, over=target)", ["source", "target"]),
    "near": ("{conv: {features: 2, kernel: 3, over: target}, from: both}", ["source", "target"]),
    "high": (
        "{max_pool: {window: 3, over: target, padding: same}, from: both}",
        ["source", "target"],
    ),
    "held": ("{stack: {over: target, length: 6}, from: both}", ["source"]),
    "read": ("{attention: {heads: 1}, from: {query: at@t-1, memory: x1}}", ["target"]),
    "at": ("{dense: 3, from: [read, y]}", ["target"]),
    "of_both": (
        "{attention: {heads: 1, over: source}, from: {query: y1, memory: both}}",
        ["target"],
    ),
    "slow": ("{dense: 2, from: [y, slow@t-1], every: 2}", ["target"]),
    "fast": ("{dense: 2, from: [x, fast@t-1], every: 2}", ["source"]),
}
FIRST = {"x1": "{dense: 3, from: x}", "y1": "{dense: 3, from: y}"}


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_values_over_both_axes_are_those_of_each_example_alone(compiled, batch, device):
    nodes = FIRST | {name: text for name, (text, _) in VALUES.items()}
    whole = compiled(network(nodes, ", ".join(VALUES)), device=device)
    single = compiled(network(nodes, ", ".join(VALUES), EVEN))
    given = jax.jit(lambda batch: whole(**batch))(batch)
    for i in range(4):
        expected = single(**alone(batch, i))
        for (name, (_, over)), one, other in zip(VALUES.items(), given, expected, strict=True):
            problem = f"`{name}` of example {i}"
            found = of_steps(one, i, over)
            np.testing.assert_allclose(found, other[0], rtol=2e-5, atol=2e-5, err_msg=problem)


def test_what_stands_behind_the_end_is_nowhere_felt(compiled, batch):
    made = compiled(attending())

    @jax.jit
    def run(params, x, y):
        def total(params, x, y):
            outputs = made(params, **batch | {"x": x, "y": y})
            there = np.arange(6) < TARGET[:, None]
            return jnp.sum(jnp.square(outputs), where=there[..., None])

        return jax.grad(total, argnums=(0, 1, 2))(params, x, y)

    x, y = batch["x"], batch["y"]
    gone = [np.arange(7) >= SOURCE[:, None], np.arange(6) >= TARGET[:, None]]
    to_params, *to_inputs = run(made.params, x, y)
    others = [np.where(g[..., None], 7 - each, each) for g, each in zip(gone, (x, y), strict=True)]
    for one, other in zip(
        *map(jax.tree.leaves, (to_params, run(made.params, *others)[0])), strict=True
    ):
        assert np.abs(one).max() > 0
        np.testing.assert_array_equal(one, other)
    for pulled, absent in zip(to_inputs, gone, strict=True):
        assert not np.asarray(pulled)[absent].any()
        assert (np.abs(np.asarray(pulled)[~absent]).max(axis=-1) > 0).all()


def test_batch_norm_takes_the_points_that_are_there_of_both(compiled, batch):
    nodes = FIRST | {"both": "x1 * y1", "z": "{batch_norm: {}, from: both}"}
    made = compiled(network(nodes, "z"))
    rows = np.array([True, True, False, True])
    _, params, statistics = nnx.split(made.module.build(jax.random.key(0)), nnx.Param, ...)
    params, statistics = nnx.to_pure_dict(params), nnx.to_pure_dict(statistics)
    given = batch | {"mask": rows}
    _, after = made.module.forward(params, statistics, given, train=True)
    x1, y1 = (
        batch[name] @ np.asarray(params[f"{name}1"]["kernel"]) + params[f"{name}1"]["bias"]
        for name in "xy"
    )
    both = np.asarray(x1)[:, :, None] * np.asarray(y1)[:, None]
    there = (np.arange(7) < SOURCE[:, None])[:, :, None] & (np.arange(6) < TARGET[:, None])[:, None]
    points = both[there & rows[:, None, None]]
    np.testing.assert_allclose(after["z"]["mean"], 0.1 * points.mean(axis=0), rtol=2e-4, atol=1e-4)


TRAINED = """
axes: {source: time, target: time}
network:
  inputs: {words: {int: [source], below: data}, reply: {int: [target], below: data}}
  nodes:
    memory: {layers: [{embed: 4}, {gru: 6}], from: words}
    said: {embed: 4, from: reply@t-1}
    h: {gru: 6, from: {x: said, h0: last(memory)}}
    logits: {dense: $reply.below, from: h}
  initial: {reply: 5}
  output: logits
data: {reversal: {count: 24, longest: 6, alphabet: 5, test: 4, validation: 4}}
train:
  loss: cross_entropy
  metrics: [accuracy, perplexity]
  optimizer: {sgd: 0.5}
  epochs: 2
  batch_size: 5
"""
EXACT = TRAINED.replace("last(memory)", "end").replace(
    "    said", "    end: last(memory)\n    said"
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    import graphc as gc
    from graphc.core.span import Source

    model = gc.compile(Source("test", f"graphc: 1\n{EXACT}"))
    return model.train(run=str(tmp_path_factory.mktemp("axes") / "run")), model


def test_losses_and_metrics_are_means_over_the_steps_of_the_reply(trained):
    run, model = trained
    data = model.dataset()
    split = data.splits["train"]
    outputs = run.predict({name: split[name] for name in split})
    lengths = split["target:length"]
    shifted = outputs - outputs.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    each = -np.take_along_axis(logs, split["reply"][..., None], axis=-1)[..., 0]
    there = np.arange(each.shape[1]) < lengths[:, None]
    found = run.evaluate("train")
    assert found["loss"] == pytest.approx(each[there].mean(), rel=1e-5)
    right = (outputs.argmax(axis=-1) == split["reply"])[there].mean()
    assert found["accuracy"] == pytest.approx(right, rel=1e-5)


def test_a_run_predicts_from_sequences_one_by_one(trained):
    run, _ = trained
    words, reply = [[1, 2, 3], [4, 0, 1, 2, 3]], [[3, 2, 1, 5], [3, 2]]
    both = run.predict({"words": words, "reply": reply})
    for i in range(2):
        one = run.predict({"words": [words[i]], "reply": [reply[i]]})
        np.testing.assert_allclose(both[i, : len(reply[i])], one[0], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("kinds", [UNEVEN, EVEN], ids=["uneven", "even"])
def test_a_cycle_that_reads_nothing_else_is_as_long_as_its_axis(compiled, batch, kinds):
    nodes = {
        "end": "first(x)",
        "h": "{dense: {features: 6, activation: tanh}, from: h@target-1}",
        "g": "{dense: {features: 2, activation: tanh}, from: g@target+1}",
        "z": "concat(h, g, y)",
    }
    made = compiled(network(nodes, "z", kinds, "{h: end, g: {learned: {}}}"))
    layer, whole = cells.Cell(made.weights, 0).layer, batch if kinds is UNEVEN else None
    given = whole or {name: batch[name] for name in "xy"}
    found = jax.jit(lambda given: made(**given))(given)
    for i in range(4):
        steps = TARGET[i] if whole else 6
        h, g, forth, back = batch["x"][i, 0], made.weights["initial/g"], [], []
        for _ in range(steps):
            h, g = np.tanh(layer("h", h)), np.tanh(layer("g", g))
            forth.append(h)
            back.append(g)
        expected = np.concatenate([forth, back[::-1], batch["y"][i, :steps]], axis=-1)
        np.testing.assert_allclose(found[i, :steps], expected, rtol=2e-5, atol=5e-6)


def test_a_cycle_over_time_goes_on_at_every_row(compiled, batch):
    text = """network:
  inputs: {image: [3, 5], y: {shape: [time, 5], at_most: any}}
  nodes:
    rows: {stream: rows, from: image}
    h: {dense: {features: 4, activation: tanh}, from: [rows, y, h@time-1]}
    end: last(h, over=time)
  outputs: [h, end]
"""
    made = compiled(text)
    image = np.random.default_rng(3).normal(size=(4, 3, 5)).astype(np.float32)
    layer = cells.Cell(made.weights, 0).layer
    given = {"image": image, "y": batch["y"], "time:length": TARGET}
    found, end = jax.jit(lambda given: made(**given))(given)
    for i in range(4):
        h, steps = np.zeros((3, 4)), []
        for y in batch["y"][i, : TARGET[i]]:
            h = np.tanh(layer("h", image[i], np.broadcast_to(y, (3, 5)), h))
            steps.append(h)
        np.testing.assert_allclose(end[i], h, rtol=2e-5, atol=5e-6)
        np.testing.assert_allclose(found[i, : len(steps)], steps, rtol=2e-5, atol=5e-6)
