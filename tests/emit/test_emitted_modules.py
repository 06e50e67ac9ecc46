"""Emitted modules run: they train, evaluate, and keep the contract of docs/emitted-module.md."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from graphc.graph.weights import WeightMap

KEY = jax.random.key(7)
STEPS = 12


@pytest.fixture(autouse=True, scope="module")
def strict():
    with jax.numpy_rank_promotion("raise"), jax.numpy_dtype_promotion("strict"):
        yield


def run(made, batch, steps=STEPS):
    """Steps on one batch, with donation: the state, the first totals and the last."""
    state, seen = made.init(KEY), []
    for _ in range(steps):
        state, totals = made.train_step(state, batch, made.module.at(KEY, state["step"]))
        seen.append(totals)
    return state, seen[0], seen[-1]


ROWS_OF_HALVES = (slice(0, 5), slice(5, None))


def paths(tree):
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {"/".join(str(key.key) for key in path): leaf for path, leaf in leaves}


def same(one, other):
    return all(jax.tree.leaves(jax.tree.map(lambda a, b: bool(jnp.array_equal(a, b)), one, other)))


def test_every_program_trains_and_evaluates(program_name, emitted, hand):
    made = emitted(program_name)
    batch = hand.batch_for(made.program)
    state, first, last = run(made, batch)
    assert last["finite"]
    assert last["count"] == hand.ROWS - 3
    assert last["loss"] < 0.9 * first["loss"]
    assert int(state["step"]) == STEPS
    totals = made.evaluate_step(state, batch)
    measured = {term.name for term in made.program.plan.objectives[0].metrics}
    assert set(totals) == {"loss", "count"} | measured
    assert np.isfinite(totals["loss"])
    assert all(each.dtype == jnp.float32 for each in totals.values())
    assert set(made.module.means(totals)) == {"loss"} | measured


def test_a_step_runs_in_a_loop_on_the_device(emitted, hand):
    made = emitted("noisy_rolled")
    batch = hand.batch_for(made.program)

    @jax.jit
    def loop(state, steps):
        def step(carry):
            i, state = carry
            key = made.module.at(KEY, state["step"])
            return i + 1, made.module.train_step(state, batch, key)[0]

        return jax.lax.while_loop(lambda carry: carry[0] < steps, step, (0, state))[1]

    looped, stepped = loop(made.init(KEY), 3), run(made, batch, 3)[0]
    for one, other in zip(jax.tree.leaves(looped), jax.tree.leaves(stepped), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-6)


def test_stored_paths_are_those_of_the_weight_map(program_name, emitted):
    made = emitted(program_name)
    state = jax.eval_shape(made.module.init, KEY)
    entries = WeightMap.of(made.program.networks).entries
    stored = {
        True: {each.stored for each in entries if each.weight.trainable},
        False: {each.stored for each in entries if not each.weight.trainable},
    }
    assert set(paths(state["params"])) == stored[True]
    assert set(paths(state["statistics"])) == stored[False]
    arrays = paths(state["params"]) | paths(state["statistics"])
    for entry in entries:
        array = np.empty(arrays[entry.stored].shape)
        for each in entry.view:
            array = each.get(array)
        assert array.shape == entry.weight.shape


def canonical(made, state):
    weights = WeightMap.of(made.program.networks)
    return weights.split(paths(state["params"]) | paths(state["statistics"]))


@pytest.mark.parametrize("kind", ["highway", "noisy"])
def test_a_rolled_stack_is_the_unrolled_one(kind, emitted, hand):
    rolled, unrolled = emitted(f"{kind}_rolled"), emitted(f"{kind}_unrolled")
    states = [made.init(KEY) for made in (rolled, unrolled)]
    start = [canonical(made, state) for made, state in zip((rolled, unrolled), states, strict=True)]
    assert same(*start)
    batch = hand.batch_for(rolled.program)
    ends = []
    for made in (rolled, unrolled):
        state, _, totals = run(made, batch, steps=3)
        ends.append((canonical(made, state), totals))
    (one, totals), (other, others) = ends
    for path in one:
        np.testing.assert_allclose(one[path], other[path], rtol=2e-4, atol=2e-6, err_msg=path)
    np.testing.assert_allclose(totals["loss"], others["loss"], rtol=1e-5)


def test_layers_of_one_input_are_what_they_are_apart(emitted, hand):
    merged, apart = emitted("merged_rolled"), emitted("highway_rolled")
    states = [made.init(KEY) for made in (merged, apart)]
    assert same(
        *(canonical(made, state) for made, state in zip((merged, apart), states, strict=True))
    )
    batch = hand.batch_for(merged.program)
    ends = [run(made, batch, steps=3) for made in (merged, apart)]
    one, other = (canonical(made, end[0]) for made, end in zip((merged, apart), ends, strict=True))
    for path in one:
        np.testing.assert_allclose(one[path], other[path], rtol=2e-4, atol=2e-6, err_msg=path)


def test_a_run_of_names_keeps_the_keys_of_its_nodes(emitted):
    made = emitted("run_of_names")
    arrays = canonical(made, made.module.init(KEY))
    for word in ("h1", "h2", "h3"):
        layer = made.module.Highway(key=made.module.at(KEY, word))
        assert jnp.array_equal(arrays[f"{word}/h/kernel"], layer.h.kernel[...])


def test_rows_that_are_not_there_change_nothing(emitted, hand):
    made = emitted("noisy_rolled")
    batch = hand.batch_for(made.program)
    other = dict(batch, features=batch["features"].at[-3:].set(100.0))
    assert same(run(made, batch, 2)[0], run(made, other, 2)[0])


def test_counts_add_up_over_batches_and_not_their_ratios(emitted, hand):
    made = emitted("segmentation")
    state, batch = made.init(KEY), hand.batch_for(made.program)
    present = jax.tree.map(lambda each: each[batch["mask"]], batch)
    halves = [jax.tree.map(lambda each, rows=rows: each[rows], present) for rows in ROWS_OF_HALVES]
    evaluate = jax.jit(made.module.evaluate_step)
    whole, parts = evaluate(state, present), [evaluate(state, half) for half in halves]
    together = jax.tree.map(jnp.add, *parts)
    padded = made.evaluate_step(state, batch)
    expected = made.module.means(whole)
    for totals in (together, padded):
        found = made.module.means(totals)
        np.testing.assert_allclose(*map(list, (found.values(), expected.values())), rtol=1e-5)
    outputs, _ = made.module.forward(state["params"], state["statistics"], present)
    guess, right = np.argmax(outputs, axis=-1), np.asarray(present["label"])
    ratios = [
        np.sum((guess == k) & (right == k)) / np.sum((guess == k) | (right == k))
        for k in range(hand.CLASSES)
    ]
    np.testing.assert_allclose(expected["mean_iou"], np.mean(ratios), rtol=1e-5)


def test_a_batch_without_a_mask_is_all_there(emitted, hand):
    made = emitted("noisy_rolled")
    batch = hand.batch_for(made.program)
    del batch["mask"]
    totals = jax.jit(made.module.evaluate_step)(made.init(KEY), batch)
    assert totals["count"] == hand.ROWS


def test_what_is_not_finite_leaves_the_state_alone(emitted, hand):
    made = emitted("noisy_rolled")
    batch = hand.batch_for(made.program)
    state = made.init(KEY)
    bad = dict(batch, features=batch["features"].at[0, 0].set(jnp.nan))
    before = jax.tree.map(jnp.copy, state)
    after, totals = made.train_step(state, bad, KEY)
    assert not totals["finite"]
    assert same(before, after)


def test_keys_are_arguments(emitted, hand):
    made = emitted("noisy_rolled")
    batch = hand.batch_for(made.program)
    one, other, third = (
        made.train_step(made.init(KEY), batch, key)[0] for key in (KEY, KEY, jax.random.key(8))
    )
    assert same(one, other)
    assert not same(one, third)


def test_one_network_called_by_another_is_one_set_of_weights(emitted, hand):
    made = emitted("shared_network")
    model = made.module.build(KEY)
    batch = hand.batch_for(made.program)
    outputs = made.module.call(model, batch)
    encoder, classifier = model["encoder"], model["classifier"]
    one, other = encoder(batch["left"]), encoder(batch["right"])
    expected = classifier.logits(jnp.concatenate([one, one - other], axis=-1))
    np.testing.assert_allclose(outputs, expected, rtol=1e-6)


def test_several_outputs_come_in_their_order(emitted, hand):
    made = emitted("two_outputs")
    logits, code = made.module.call(made.module.build(KEY), hand.batch_for(made.program))
    assert logits.shape == (hand.ROWS, 4)
    assert code.shape == (hand.ROWS, 16)


def test_main_prints_every_parameter(emitted, capsys):
    made = emitted("lenet")
    made.module.main()
    lines = capsys.readouterr().out.splitlines()
    assert len({len(line) for line in lines}) == 1
    weights = WeightMap.of(made.program.networks)
    assert [line.split()[0] for line in lines[:-1]] == sorted(each.path for each in weights.entries)
    assert lines[-1].split() == ["total", f"{weights.parameters:,}"]


def test_a_program_without_a_plan_ends_after_forward(hand):
    whole = hand.highway_unrolled()
    bare = hand.Program(whole.name, whole.origin, whole.networks)
    module = hand.load(hand.emit(bare).source)
    assert not hasattr(module, "init") and not hasattr(module, "losses")
    outputs, statistics = module.forward(
        module.nnx.to_pure_dict(module.nnx.state(module.build(KEY))),
        {},
        {"features": jnp.zeros((2, 12))},
    )
    assert outputs.shape == (2, 4)
    assert statistics == {}
