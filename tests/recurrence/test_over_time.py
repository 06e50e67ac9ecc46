"""Operations over the steps of sequences: windows, probabilities, attention, stacks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_lengths import EVEN, LENGTHS, THERE, UNEVEN, assert_as_alone, garbage, jitted, nodes
from test_step_by_step import agrees

import graphc as gc
from graphc.core.diagnostic import RunError, SpecError
from graphc.core.span import Source
from graphc.graph.stepping import obstacles
from graphc.runtime.use import prepared

STEPS = {
    "same": "{conv: {features: 5, kernel: 3, over: time}, from: x}",
    "even": "{conv: {features: 6, kernel: 4, over: time, groups: 2}, from: x}",
    "causal": "{conv: {features: 5, dilation: 2, over: time, padding: causal}, from: x}",
    "each": "{depthwise_conv: {over: time}, from: same}",
    "past": "{depthwise_conv: {multiplier: 2, over: time, padding: causal}, from: causal}",
    "normed": "{conv: {features: 2, over: time, kernel_norm: weight_norm}, from: x}",
    "largest": "{max_pool: {window: 4, over: time, padding: same}, from: x}",
    "last_largest": "{max_pool: {window: 3, over: time, padding: causal}, from: x}",
    "mean": "{average_pool: {window: 3, over: time, padding: same}, from: largest}",
    "last_mean": "{average_pool: {window: 4, over: time, padding: causal}, from: x}",
    "share": "softmax(x, over=time)",
    "entropy": "share * log_softmax(x, over=time)",
    "read": "{attention: {heads: 2, causal: true, rotary: true, head_features: 4}, from: x}",
    "seen": "{attention: 2, from: {query: read, memory: x, visible: some}}",
    "both": "{attention: 3, from: {query: x, memory: h}}",
    "h": "{gru: 4, from: x}",
    "some": "greater(mean(x), 0)",
}
ONCE = {
    "end": "last(x)",
    "q": "{dense: 4, from: end}",
    "pooled": "{attention: {heads: 2, over: time}, from: {query: q, memory: x}}",
    "seeds": "{weight: [3, 4]}",
    "several": "{attention: 2, from: {query: seeds, memory: x, visible: some}}",
    "some": "greater(mean(x), 0)",
    "array": "stack(x, over=time, length=11)",
    "weighed": "sum(softmax(mean(x), over=time) * x, over=time)",
}


def network(lines, kind):
    """A network that gives what varies over examples and is a number."""
    given = [name for name in lines if name not in ("some", "seeds")]
    return nodes(lines, kind).replace(f"[{', '.join(lines)}]", f"[{', '.join(given)}]")


@pytest.fixture
def padded(sequences):
    return {"x": garbage(sequences), "time:length": LENGTHS}


@pytest.mark.parametrize("lines, steps", [(STEPS, True), (ONCE, False)], ids=["steps", "once"])
def test_each_example_is_what_it_is_alone(lines, steps, compiled, padded):
    whole, single = (compiled(network(lines, kind)) for kind in (UNEVEN, EVEN))
    assert_as_alone(whole, jitted(single), padded, steps)


GRID = {
    "grid": "{layers: [{reshape: [3, 2]}, {stream: rows}], from: x}",
    "near": "{conv: {features: 4, over: time, padding: causal}, from: grid}",
    "beside": "{conv: {features: 4, over: rows, padding: causal}, from: grid}",
    "mean": "{average_pool: {window: 3, over: time, padding: same}, from: grid}",
    "share": "softmax(grid, over=time)",
    "own": "{attention: {heads: 2, over: time, causal: true}, from: grid}",
    "rows": "{attention: {heads: 2, over: rows}, from: {query: x, memory: grid}}",
    "array": "stack(near, over=rows, length=4)",
}


def test_with_two_axes_the_one_that_is_said_counts(compiled, padded):
    whole, single = (compiled(nodes(GRID, kind)) for kind in (UNEVEN, EVEN))
    assert_as_alone(whole, jitted(single), padded)


@pytest.mark.parametrize("lines, steps", [(STEPS, True), (ONCE, False)], ids=["steps", "once"])
def test_absent_steps_have_no_gradient_and_weigh_nothing(lines, steps, compiled, sequences):
    made = compiled(network(lines, UNEVEN))

    @jax.jit
    def run(x):
        def total(params, x):
            batch = {"x": x, "time:length": LENGTHS, "mask": np.array([True, True, True, False])}
            outputs = made(params, **batch)
            there = jnp.asarray(THERE & (np.arange(4) < 3)[:, None] if steps else np.arange(4) < 3)
            kept = (
                jnp.where(there.reshape(*there.shape, *(1,) * (y.ndim - there.ndim)), y, 0.0)
                for y in outputs
            )
            return sum(jnp.sum(jnp.square(y)) for y in kept), outputs

        return jax.grad(total, argnums=(0, 1), has_aux=True)(made.params, x)

    (to_params, to_x), outputs = run(garbage(sequences, 1))
    (others, _), _ = run(garbage(sequences, 2))
    assert all(np.isfinite(y).all() for y in outputs)
    for one, other in zip(*map(jax.tree.leaves, (to_params, others)), strict=True):
        np.testing.assert_array_equal(one, other)
    gone = ~THERE | (np.arange(4) == 3)[:, None]
    assert not np.asarray(to_x)[gone].any()
    assert (np.abs(np.asarray(to_x)[~gone]).max(axis=-1) > 0).all()


def test_probabilities_of_absent_steps_are_zero(compiled, padded):
    lines = {"y": "softmax(x, over=time)", "z": "log_softmax(x, over=time)"}
    made = compiled(nodes(lines, UNEVEN))
    share, logarithm = map(np.asarray, jax.jit(lambda batch: made(**batch))(padded))
    assert not share[~THERE].any() and not logarithm[~THERE].any()
    np.testing.assert_allclose(share.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.exp(logarithm[THERE]), share[THERE], rtol=1e-4)


@pytest.mark.parametrize("padding", ["same", "causal"])
def test_windows_over_steps_are_those_of_torch(padding, compiled, sequences):
    torch = pytest.importorskip("torch")
    window = f"kernel: 4, dilation: 2, over: time, padding: {padding}"
    pool = f"window: 4, over: time, padding: {padding}"
    lines = {
        "conv": f"{{conv: {{features: 4, groups: 2, {window}}}, from: x}}",
        "each": f"{{depthwise_conv: {{multiplier: 2, {window}}}, from: x}}",
        "most": f"{{max_pool: {{{pool}}}, from: x}}",
        "mean": f"{{average_pool: {{{pool}}}, from: x}}",
    }
    made = compiled(nodes(lines, EVEN))
    found = jax.jit(lambda: made(x=sequences))()
    ends = (6, 0) if padding == "causal" else (3, 3)
    near = (3, 0) if padding == "causal" else (1, 2)
    x = torch.tensor(sequences).transpose(1, 2)
    wide, close = (torch.nn.functional.pad(x, each) for each in (ends, near))

    def convolved(name, groups):
        kernel, bias = (torch.tensor(made.weights[f"{name}/{word}"]) for word in ("kernel", "bias"))
        kernel = kernel.permute(2, 1, 0)
        return torch.nn.functional.conv1d(wide, kernel, bias, dilation=2, groups=groups)

    count = torch.nn.functional.pad(torch.ones_like(x), near)
    means = [torch.nn.functional.avg_pool1d(each, 4, 1) for each in (close, count)]
    lowest = torch.nn.functional.pad(x, near, value=-torch.inf)
    most = torch.nn.functional.max_pool1d(lowest, 4, 1)
    expected = [convolved("conv", 2), convolved("each", 6), most, means[0] / means[1]]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other.transpose(1, 2), rtol=1e-5, atol=1e-5)


def test_a_convolution_over_time_is_the_same_at_each_place_of_an_image(compiled):
    x = np.random.default_rng(2).normal(size=(2, 5, 3, 4, 2)).astype(np.float32)
    layer = "conv: {features: 3, kernel: 2, over: time, padding: causal}"
    made = compiled(f"network: {{inputs: {{x: [time, 3, 4, 2]}}, layers: [{{{layer}}}]}}")
    kernel, bias = made.weights["conv/kernel"], made.weights["conv/bias"]
    before = np.concatenate([np.zeros_like(x[:, :1]), x[:, :-1]], axis=1)
    expected = before @ kernel[0] + x @ kernel[1] + bias
    np.testing.assert_allclose(made(x=x), expected, rtol=1e-4, atol=1e-5)


def attend(weights, name, query, memory, heads):
    """Attention of one query [n] to a memory [steps, m], written out."""

    def project(word, x):
        return x @ weights[f"{name}/{word}/kernel"] + weights[f"{name}/{word}/bias"]

    q, keys, values = project("query", query), project("key", memory), project("value", memory)
    read = []
    for part in np.split(np.arange(len(q)), heads):
        scores = np.exp(keys[:, part] @ q[part] / np.sqrt(len(part)))
        read.append(scores @ values[:, part] / scores.sum())
    return project("out", np.concatenate(read))


def test_a_cycle_reads_a_whole_sequence_at_every_step(compiled, sequences):
    image = np.random.default_rng(5).normal(size=(4, 5, 7)).astype(np.float32)
    text = """
network:
  inputs: {x: [time, 6], image: [5, 7]}
  nodes:
    rows: {stream: rows, from: image}
    read: {attention: {heads: 2, over: rows}, from: {query: h@time-1, memory: rows}}
    h: {dense: {features: 4, activation: tanh}, from: [x, read]}
  output: h
"""
    made = compiled(text)
    weights = made.weights
    expected = np.zeros((4, 9, 4))
    for i in range(4):
        h = np.zeros(4)
        for t in range(9):
            read = attend(weights, "read", h, image[i], 2)
            both = np.concatenate([sequences[i, t], read])
            expected[i, t] = h = np.tanh(both @ weights["h/kernel"] + weights["h/bias"])
    found = jax.jit(lambda: made(x=sequences, image=image))()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("memory", ["image", "rows"])
def test_every_step_reads_tokens_or_the_steps_of_another_axis(memory, compiled, sequences):
    image = np.random.default_rng(5).normal(size=(4, 5, 7)).astype(np.float32)
    text = f"""
network:
  inputs: {{x: [time, 6], image: [5, 7]}}
  nodes:
    rows: {{stream: rows, from: image}}
    y: {{attention: 2, from: {{query: x, memory: {memory}}}}}
    z: rows
  outputs: [y, z]
"""
    made = compiled(text)
    found, _ = jax.jit(lambda: made(x=sequences, image=image))()
    for i, t in ((0, 0), (3, 8)):
        expected = attend(made.weights, "y", sequences[i, t], image[i], 2)
        np.testing.assert_allclose(found[i, t], expected, rtol=1e-4, atol=1e-5)


def test_what_may_read_nothing_reads_no_later_and_no_absent_step(compiled, padded):
    lines = {
        "none": "greater(mean(x), 1000)",
        "y": "{attention: {heads: 2, causal: true}, from: {query: x, visible: none}}",
        "z": "{attention: 2, from: {query: end, memory: x, visible: none}}",
        "end": "last(x)",
    }
    made = compiled(nodes(lines, UNEVEN))
    _, y, z, _ = jax.jit(lambda batch: made(**batch))(padded)
    for i, length in enumerate(LENGTHS):
        x = padded["x"][i, :length]
        for t in range(length):
            values = x[: t + 1].mean(axis=0) @ made.weights["y/value/kernel"]
            out = (values + made.weights["y/value/bias"]) @ made.weights["y/out/kernel"]
            expected = out + made.weights["y/out/bias"]
            np.testing.assert_allclose(y[i, t], expected, rtol=1e-4, atol=1e-4)
        assert np.isfinite(z[i]).all()


STEPWISE = {
    "windows": "conv: {features: 5, over: time, padding: causal}",
    "wide": "conv: {features: 6, kernel: 3, dilation: 4, over: time, padding: causal}",
    "single": "conv: {features: 6, kernel: 1, over: time}",
    "each": "depthwise_conv: {over: time, padding: causal, kernel: 4}",
    "normed": "conv: {features: 6, over: time, padding: causal, kernel_norm: weight_norm}",
    "pools": "max_pool: {window: 4, over: time, padding: causal}",
    "means": "average_pool: {window: 4, over: time, padding: causal}",
    "repeated": "repeat: {times: 4, layers: [{conv: {features: 6, over: time, padding: causal}}]}",
    "nested": "repeat: {times: 4, layers: [{residual: [{conv: {features: 6, over: time, "
    "padding: causal, dilation: 2, activation: tanh}}, {dense: 6}]}]}",
}


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_what_reads_steps_before_its_own_goes_step_by_step(device, compiled, sequences):
    layers = ", ".join(f"{{{layer}}}" for layer in STEPWISE.values())
    text = f"network: {{inputs: {{x: [time, 6]}}, layers: [{{dense: 6}}, {layers}]}}"
    agrees(compiled(text, device=device), sequences)


def test_so_does_a_layer_that_is_given_its_kernel(compiled, sequences):
    text = """
network:
  inputs: {x: [time, 6]}
  nodes:
    first: {conv: {features: 6, over: time, padding: causal}, from: x}
    second:
      conv: {features: 6, over: time, padding: causal}
      from: {x: first, kernel: first.kernel}
  output: second
"""
    state = agrees(compiled(text), sequences)
    assert {path: each.shape for path, each in state.items()} == {
        "first/past": (4, 2, 6),
        "second/past": (4, 2, 6),
    }


OBSTACLES = {
    "{conv: {features: 5, over: time}}": "`conv` needs all steps",
    "{max_pool: {window: 2, over: time, padding: same}}": "`max_pool` needs all steps",
    "{softmax: {over: time}}": "`softmax` needs all steps",
    "{attention: {heads: 2, causal: true}}": "`attention` needs all steps",
    "{stack: {over: time, length: 9}}": "`stack` needs all steps",
}


@pytest.mark.parametrize("layer, part", OBSTACLES.items())
def test_what_needs_other_steps_has_no_step_form(layer, part):
    model = gc.compile(
        Source("test", f"graphc: 1\nnetwork: {{inputs: {{x: [time, 6]}}, layers: [{layer}]}}")
    )
    assert "def step(" not in model.source
    found = obstacles(model.graph, model.compiled.checked.document.place("network"))
    assert part in found[0].message and found[0].located


def test_a_stack_of_a_stream_is_the_array_itself(compiled):
    image = np.random.default_rng(5).normal(size=(4, 5, 7)).astype(np.float32)
    text = """
network:
  inputs: {image: [5, 7]}
  nodes: {rows: {stream: rows, from: image}, y: 'stack(2 * rows, over=rows, length=5)'}
  output: y
"""
    np.testing.assert_array_equal(compiled(text)(image=image), 2 * image)


STACKED = """graphc: 1
network:
  inputs: {x: [time, 2]}
  layers: [{stack: {over: time, length: 4}}, flatten, {dense: 2}]
data:
  npz: {path: PATH, inputs: [x], target: y, steps: [x], lengths: n}
train: {loss: cross_entropy}
"""


def test_longer_sequences_than_a_stack_takes_are_told(tmp_path):
    path = tmp_path / "x.npz"
    n = np.tile([3, 5], 10)
    np.savez(path, x=np.zeros((20, 5, 2), np.float32), y=np.tile([0, 1], 10), n=n)
    text = STACKED.replace("PATH", str(path))
    with pytest.raises(RunError) as caught:
        gc.compile(Source("test", text)).dataset()
    assert caught.value.diagnostics[0].code == "GC531" and caught.value.diagnostics[0].located
    form = gc.compile(Source("test", text.replace("length: 4", "length: 6"))).dataset()
    assert prepared(form, np.zeros((2, 6, 2)))["x"].shape == (2, 6, 2)
    with pytest.raises(RunError) as caught:
        prepared(form, np.zeros((2, 7, 2)))
    assert caught.value.diagnostics[0].code == "GC614"


def test_a_block_on_a_cycle_cannot_need_all_steps():
    text = """graphc: 1
blocks:
  turn: {nodes: {far: reverse(x), r: far + other}, inputs: {x: any, other: any}, output: r}
network:
  inputs: {x: [time, 6]}
  nodes: {a: {turn: {}, from: {x: A, other: B}}, h: x + a}
  output: h
"""
    gc.compile(Source("test", text.replace("A", "x").replace("B", "h@t-1")))
    with pytest.raises(SpecError) as caught:
        gc.compile(Source("test", text.replace("A", "h@t-1").replace("B", "x")))
    assert [each.code for each in caught.value.diagnostics] == ["GC235"]
