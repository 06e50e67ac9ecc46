"""Sequences that are learnt from in pieces: `train: {truncate: 4}`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import graphc as gc
from graphc.cli.main import main
from graphc.core.diagnostic import RunError
from graphc.core.span import Source

SPEC = """
graphc: 1
network:
  inputs: {{x: {kind}}}
  nodes:
    h: {{{cell}: 5, from: x}}
    y: {{dense: 2, from: h}}
  output: y
data: {{npz: {{path: a.npz, inputs: [x], target: y, kind: number, steps: [x, y]{lengths}}}}}
train: {{loss: mean_squared_error, optimizer: {{sgd: {rate}}}, {more}}}
"""
LENGTHS = np.array([12, 7, 4, 1], np.int32)


@pytest.fixture
def batch():
    draw = np.random.default_rng(0)
    x, y = (draw.normal(size=(4, 12, size)).astype(np.float32) for size in (6, 2))
    return {"x": x, "y": y, "mask": np.ones(4, bool)}


@pytest.fixture
def made(tmp_path):
    """A spec with more in its `train` section."""
    draw = np.random.default_rng(0)
    arrays = {name: draw.normal(size=(8, 12, size)) for name, size in {"x": 6, "y": 2}.items()}
    np.savez(tmp_path / "a.npz", **arrays, n=np.array([12, 7, 4, 1] * 2))

    def make(more="", uneven=False, rate=0.1, cell="elman", **options):
        kind = "{shape: [time, 6], at_most: any}" if uneven else "[time, 6]"
        lengths = ", lengths: n" if uneven else ""
        text = SPEC.format(kind=kind, lengths=lengths, more=more, rate=rate, cell=cell)
        (tmp_path / "a.yaml").write_text(text)
        return gc.compile(tmp_path / "a.yaml", **options)

    return make


def by_hand(params, batch, steps):
    """The weights after an update for each piece of so many steps."""
    lengths = batch.get("time:length", np.full(4, 12))

    def values(params, x, h):
        cell = params["h"]["h"]
        found = []
        for t in range(x.shape[1]):
            h = jnp.tanh(jnp.concatenate([x[:, t], h], 1) @ cell["kernel"] + cell["bias"])
            found.append(h @ params["y"]["kernel"] + params["y"]["bias"])
        return jnp.stack(found, 1), h

    def loss(params, x, y, there, h):
        found, h = values(params, x, h)
        each = jnp.mean((found - y) ** 2, axis=-1)
        return jnp.sum(each * there) / jnp.sum(there), h

    h = jnp.zeros((4, 5))
    there = (np.arange(12) < lengths[:, None]).astype(np.float32)
    for at in range(0, 12, steps):
        now = slice(at, at + steps)
        given = batch["x"][:, now], batch["y"][:, now], there[:, now], h
        gradients, h = jax.grad(loss, has_aux=True)(params, *given)
        params = jax.tree.map(lambda each, slope: each - 0.1 * slope, params, gradients)
    return params


def learnt(model, batch):
    module = model.module()
    state = module.init(jax.random.key(0))
    after, totals = jax.jit(module.train_step)(state, batch, jax.random.key(1))
    assert bool(totals["finite"]) and int(after["step"]) == 1
    return state["params"], after["params"], totals


def assert_equal(one, other, rtol=1e-5):
    assert jax.tree.leaves(one)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol, 1e-6), one, other)


def test_every_piece_moves_the_weights_and_the_state_goes_on(made, batch):
    before, after, totals = learnt(made("truncate: 4"), batch)
    assert_equal(after, by_hand(before, batch, 4))
    assert totals["count"] == 48


def test_a_piece_as_long_as_the_sequence_is_all_of_it(made, batch):
    assert_equal(learnt(made("truncate: 12"), batch)[1], learnt(made(), batch)[1])


def test_sequences_that_have_ended_move_nothing(made, batch):
    batch["time:length"] = LENGTHS
    model = made("truncate: 5", uneven=True)
    before, after, totals = learnt(model, batch)
    assert totals["count"] == LENGTHS.sum()
    assert_equal(after, by_hand(before, batch, 5))
    short = {**batch, "time:length": np.minimum(LENGTHS, 5)}
    assert_equal(learnt(model, short)[1], by_hand(before, {**short}, 12))


def test_what_comes_to_a_step_by_parts_comes_in_pieces(made, batch):
    batch["time:length"] = LENGTHS
    cell = {"uneven": True, "cell": "lstm_peephole"}
    parts, columns = (made("truncate: 5", without=each, **cell) for each in ([], ["gates"]))
    assert "add_by_parts" in parts.source
    assert_equal(learnt(parts, batch)[1], learnt(columns, batch)[1])


def test_a_learned_beginning_learns_from_the_first_piece(tmp_path):
    text = """
graphc: 1
network:
  inputs: {text: {int: [time], below: data}}
  nodes:
    e: {embed: 4, from: text}
    h: {dense: {features: 4, activation: tanh}, from: [e, h@t-1]}
    y: {dense: $text.below, from: h}
  initial: {h: {learned: {}}}
  output: y
data: {help_topics: {length: 12}}
train: {loss: cross_entropy, optimizer: {sgd: 0.1}, truncate: 4}
"""
    model = gc.compile(Source("a.yaml", text))
    draw = np.random.default_rng(0)
    symbols = draw.integers(1, 50, (4, 13)).astype(np.int32)
    batch = {"text": symbols[:, :-1], "next": symbols[:, 1:]}
    before, after, _ = learnt(model, batch)
    moved = jax.tree.map(lambda one, other: bool((one != other).any()), before, after)
    assert all(jax.tree.leaves(moved))


def test_schedules_count_the_updates_of_pieces(made):
    rate = "{learning_rate: {exponential: {rate: 0.1, factor: 0.5}}}"
    more = "truncate: 5, batch_size: 4, epochs: 2"
    model = made(more, uneven=True, rate=rate)
    assert "EPOCH_STEPS = 6" in gc.Model(model.with_data()[1]).source


def test_pieces_of_sequences_of_one_length_are_equal(made, capsys):
    model = made("truncate: 5")
    with pytest.raises(RunError, match="12 steps have no equal pieces of 5") as found:
        model.train()
    (problem,) = found.value.diagnostics
    assert problem.code == "GC532" and problem.help == "say `truncate: 4` or `truncate: 6`"
    assert problem.span.line == 10


def test_a_run_that_learns_in_pieces_goes_on_as_if_never_stopped(made, tmp_path):
    made("truncate: 4, batch_size: 2, epochs: 3")
    command = ["verify-resume", str(tmp_path / "a.yaml"), "--kills", "1", "--epochs", "3"]
    assert main(command) == 0


def test_what_goes_wrong_in_a_piece_is_found_there(made, batch):
    model = made("truncate: 4")
    module = model.module()
    state = module.init(jax.random.key(0))
    batch["y"][2, 9] = 1e30
    found, totals = jax.jit(module.train_step)(state, batch, jax.random.key(1))
    assert not bool(totals["finite"])
    assert_equal(state["params"], found["params"], rtol=0)


def test_a_run_says_in_which_piece_it_went_wrong(made, tmp_path):
    model = made("truncate: 4, batch_size: 8")
    arrays = dict(np.load(tmp_path / "a.npz"))
    arrays["y"][:, 6] = 1e30
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(RunError) as found:
        model.train(tmp_path / "run")
    (problem,) = found.value.diagnostics
    assert problem.code == "GC601" and "not finite at step 0" in problem.message
    assert problem.notes[-1].text == "that is in piece 2 of the 3 pieces of its sequences"
