"""The learning rate of each step, as the emitted optimiser has it."""

import math

import jax
import jax.numpy as jnp
import pytest

import graphc as gc
from graphc.core.diagnostic import SpecError
from graphc.core.span import Source

SPEC = """
network:
  inputs: {features: [4]}
  layers: [{dense: 3}]
data: iris
train:
  loss: cross_entropy
  optimizer: {sgd: {learning_rate: RATE}}
  epochs: 10
  batch_size: 11
"""
EPOCH = 10  # 108 of 150 examples are left to train on, by 11


def module(rate):
    source = Source("rates.yaml", SPEC.replace("RATE", rate))
    return gc.compile(source, device="cpu").module()


def rates(rate, steps, **more):
    """The rate of each of so many steps: gradients of 1 move a weight by it."""
    rule = module(rate).optimizer()
    weights = {"w": jnp.zeros(())}
    one = {"w": jnp.ones(())}

    def step(memory, _):
        with jax.numpy_dtype_promotion("standard"):
            updates, memory = rule.update(one, memory, weights, **more)
        return memory, -updates["w"]

    return jax.jit(lambda: jax.lax.scan(step, rule.init(weights), None, steps)[1])().tolist()


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("0.5", lambda t: 0.5),
        ("{constant: 0.5}", lambda t: 0.5),
        ("{constant: {rate: 0.5, warmup: 2}}", lambda t: 0.5 * min(t / 20, 1)),
        ("{constant: {rate: 0.5, warmup: 4 steps}}", lambda t: 0.5 * min(t / 4, 1)),
        ("{step: {rate: 1, every: 3}}", lambda t: 0.1 ** (t // 30)),
        ("{step: {rate: 1, every: 30 steps, factor: 0.5}}", lambda t: 0.5 ** (t // 30)),
        ("{exponential: {rate: 1, factor: 0.9}}", lambda t: 0.9 ** (t / 10)),
        (
            "{exponential: {rate: 1, factor: 0.5, every: 0.5, end: 0.1}}",
            lambda t: max(0.5 ** (t / 5), 0.1),
        ),
        ("{polynomial: 1}", lambda t: 1 - t / 100),
        (
            "{polynomial: {rate: 1, end: 0.2, power: 2, over: 5}}",
            lambda t: 0.2 + 0.8 * (1 - min(t / 50, 1)) ** 2,
        ),
        ("{cosine: 1}", lambda t: (1 + math.cos(math.pi * t / 100)) / 2),
        (
            "{cosine: {rate: 2, end: 0.5, over: 50 steps}}",
            lambda t: 0.5 + 1.5 * (1 + math.cos(math.pi * min(t / 50, 1))) / 2,
        ),
        (
            "{cosine: {rate: 1, warmup: 1}}",
            lambda t: t / 10 if t < 10 else (1 + math.cos(math.pi * (t - 10) / 90)) / 2,
        ),
        (
            "{cosine: {rate: 1, warmup: 30 steps}}",
            lambda t: t / 30 if t < 30 else (1 + math.cos(math.pi * (t - 30) / 70)) / 2,
        ),
        (
            "{piecewise: {rates: [0.3, 0.2, 0.1], at: [2, 5]}}",
            lambda t: 0.3 if t < 20 else 0.2 if t < 50 else 0.1,
        ),
    ],
)
def test_schedules_follow_their_formulas(rate, expected):
    found = rates(rate, 100)
    assert found == pytest.approx([expected(t) for t in range(100)], rel=1e-4, abs=1e-5)


def test_one_cycle_rises_and_falls():
    found = rates("{one_cycle: {rate: 1, rise: 0.25, start_divisor: 10}}", 100)
    assert found[0] == pytest.approx(0.1)
    assert max(found) == found[25] == pytest.approx(1)
    assert found == sorted(found[:25]) + sorted(found[25:], reverse=True)
    assert found[-1] < 0.01


def test_a_plateau_reduces_the_rate_down_to_its_end():
    rate = "{reduce_on_plateau: {rate: 1, factor: 0.5, patience: 2, end: 0.25}}"
    found = rates(rate, 100, value=jnp.ones(()))
    assert [found[step] for step in (0, 28, 35, 55, 99)] == [1, 1, 0.5, 0.25, 0.25]


@pytest.mark.parametrize(("data", "count"), [("iris", "10"), ("{signals: 200}", "14")])
def test_the_steps_of_an_epoch_are_known_where_the_data_says_its_size(data, count):
    text = SPEC.replace("data: iris", f"data: {data}").replace("RATE", "{cosine: 1}")
    text = text if data == "iris" else text.replace("features: [4]", "signal: [128, 1]")
    text = text.replace("[{dense: 3}]", "[flatten, {dense: 8}]") if data != "iris" else text
    assert f"EPOCH_STEPS = {count}\n" in gc.compile(Source("it.yaml", text)).source


def test_the_steps_of_a_file_are_put_in_when_it_is_loaded(tmp_path):
    rows = [f"{i},{i % 3},{'ab'[i % 2]}" for i in range(60)]
    (tmp_path / "it.csv").write_text("\n".join(["x,y,kind", *rows]) + "\n")
    text = SPEC.replace("data: iris", "data: {csv: {path: it.csv, target: kind}}")
    text = text.replace("RATE", "{cosine: 1}").replace("[4]", "[2]").replace("dense: 3", "dense: 2")
    model = gc.compile(Source("it.yaml", text.replace("epochs: 10", "epochs: 2"), str(tmp_path)))
    assert "EPOCH_STEPS = 1\n" in model.source and "`graphc train` puts in" in model.source
    with jax.numpy_dtype_promotion("standard"):
        run = model.train(tmp_path / "run", cache=False)
    assert "EPOCH_STEPS = 4\n" in (tmp_path / "run/model.py").read_text()
    assert "epoch_steps: 4  # table" in (tmp_path / "run/spec.yaml").read_text()
    assert run.result["steps"] == 8
    text = text.replace("cosine: 1", "cosine: {rate: 1, over: 41 steps}")
    with pytest.raises(SpecError, match="GC421"):
        gc.compile(Source("it.yaml", text, str(tmp_path))).train(tmp_path / "other")


def test_a_single_rate_needs_no_times():
    assert rates("{piecewise: {rates: [0.1], at: []}}", 3) == pytest.approx([0.1] * 3)
