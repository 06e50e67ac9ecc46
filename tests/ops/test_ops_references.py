"""Operations against plain numpy."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import graphc.ops
from graphc.core.registry import losses, metrics, operations
from graphc.core.types import BATCH, Axis, Type
from graphc.emit.library.metrics import mean_ratio

assert graphc.ops
pytestmark = pytest.mark.usefixtures("quick_compile")
IMAGE = Type((7, 6, 3))
TIME = Axis("time", "time")


def normal(shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


def apply(flax_form, operation, types, arrays, **options):
    return flax_form.call(operation, types, arrays, flax_form.build(operation, types), **options)


def test_padded_rows_do_not_move_the_statistics_of_batch_norm(flax_form):
    kind, x = Type((4,)), normal((6, 4))
    operation = operations["batch_norm"](momentum=0.5)
    there = jnp.arange(6) < 4
    poisoned = jnp.where(there[:, None], x, 1e6)
    masked, alone = (flax_form.build(operation, [kind]) for _ in range(2))
    y = flax_form.call(operation, [kind], [poisoned], masked, mask=there)
    expected = flax_form.call(operation, [kind], [x[:4]], alone)
    np.testing.assert_allclose(y[:4], expected, rtol=1e-4, atol=1e-5)
    mean, var = np.mean(x[:4], axis=0), np.var(x[:4], axis=0)
    np.testing.assert_allclose(masked.mean[...], 0.5 * mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(masked.var[...], 0.5 + 0.5 * var, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        expected, (x[:4] - mean[None]) / np.sqrt(var + 1e-5)[None], rtol=1e-4, atol=1e-4
    )


def test_padded_images_and_steps_do_not_count_either(flax_form):
    operation = operations["batch_norm"]()
    for kind, there in [
        (Type((2, 2, 3)), jnp.arange(3) < 2),
        (Type((3,), domain=(BATCH, TIME)), jnp.arange(12).reshape(3, 4) % 4 < 2),
    ]:
        x = flax_form.array(kind)
        shaped = there.reshape(there.shape + (1,) * (x.ndim - there.ndim))
        one, other = (
            apply(flax_form, operation, [kind], [jnp.where(shaped, x, fill)], mask=there)
            for fill in (7.0, -50.0)
        )
        keep = np.broadcast_to(shaped, x.shape)
        np.testing.assert_array_equal(np.asarray(one)[keep], np.asarray(other)[keep])


def test_batch_norm_uses_running_statistics_and_keeps_them_in_evaluation(flax_form):
    kind, x = Type((4,)), normal((6, 4))
    operation = operations["batch_norm"]()
    module = flax_form.build(operation, [kind])
    y = flax_form.call(operation, [kind], [x], module, train=False)
    np.testing.assert_allclose(y, x / np.sqrt(1 + 1e-5), rtol=1e-5)
    assert (module.mean[...] == 0).all()


def test_layer_norm_normalises_each_point_over_the_last_axis(flax_form):
    x = normal((3, 5))
    y = apply(flax_form, operations["layer_norm"](), [Type((5,))], [x])
    expected = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


def test_dropout_depends_on_its_key_alone_and_evaluation_needs_none(flax_form):
    operation, kind, x = operations["dropout"](0.5), Type((50,)), jnp.ones((4, 50))
    one, again = (apply(flax_form, operation, [kind], [x], seed=1) for _ in range(2))
    other = apply(flax_form, operation, [kind], [x], seed=2)
    assert (one == again).all()
    assert not (one == other).all()
    assert set(np.unique(one)) == {0.0, 2.0}
    assert (apply(flax_form, operation, [kind], [x], train=False) == x).all()
    assert flax_form.source(operation, [kind]) == "self(x, deterministic=not train, rngs=key)"


@pytest.mark.parametrize(
    ("sizes", "strides"), [((7,), (2,)), ((7, 6), (2, 2)), ((5, 3, 4), (1, 3, 2))]
)
def test_projection_is_a_strided_convolution_with_a_kernel_of_one(flax_form, sizes, strides):
    smaller = (-(-size // step) for size, step in zip(sizes, strides, strict=True))
    x, types = normal((2, *sizes, 3)), [Type((*sizes, 3)), Type((*smaller, 5))]
    operation = operations["shortcut"]("project")
    module = flax_form.build(operation, types)
    found = flax_form.call(operation, types, [x, None], module)
    one = (1,) * len(sizes)
    conv = nnx.Conv(3, 5, one, strides=strides, use_bias=False, rngs=nnx.Rngs(0))
    conv.kernel[...] = module.kernel[...].reshape(*one, 3, 5)
    np.testing.assert_allclose(found, conv(x), rtol=1e-5, atol=1e-6)


def test_padded_shortcut_takes_every_second_place_and_adds_zeros(flax_form):
    x, like = normal((2, 7, 6, 3)), Type((4, 3, 5))
    operation = operations["shortcut"]("pad")
    found = apply(flax_form, operation, [IMAGE, like], [x, None])
    assert (found[..., :3] == x[:, ::2, ::2]).all()
    assert (found[..., 3:] == 0).all()
    assert flax_form.source(operation, [Type((4,)), Type((6,))]) == "jnp.pad(x, ((0, 0), (0, 2)))"


@pytest.mark.parametrize(("axis", "letters"), [(-1, "bijc,cf->bijf"), (0, "bijc,if->bfjc")])
def test_dense_along_an_axis_is_a_product_at_every_place_of_the_others(flax_form, axis, letters):
    operation, x = operations["dense"](4, axis=axis), normal((2, 7, 6, 3))
    module = flax_form.build(operation, [IMAGE])
    found = flax_form.call(operation, [IMAGE], [x], module)
    expected = np.einsum(letters, x, module.kernel[...])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    plain = operations["dense"](4, axis=-1)
    assert flax_form.source(plain, [IMAGE]) == "self(x)"


@pytest.mark.parametrize("kind", ["identity", "project", "pad"])
def test_shortcut_between_equal_shapes_is_its_input(flax_form, kind):
    operation = operations["shortcut"](kind)
    assert operation.build_code(IMAGE, IMAGE) is None
    assert operation.weights(IMAGE, IMAGE) == {}
    assert flax_form.source(operation, [IMAGE, IMAGE]) == "x"


def test_operands_are_indexed_only_where_they_lack_an_axis(flax_form):
    stream, example = Type((3,), domain=(BATCH, TIME)), Type(())
    number = operations["constant"](1).infer()
    multiply, subtract = operations["multiply"](), operations["subtract"]()
    assert flax_form.source(multiply, [stream, stream]) == "item_0 * item_1"
    assert flax_form.source(multiply, [stream, example]) == "item_0 * item_1[:, None, None]"
    assert flax_form.source(multiply, [stream, Type((3,))]) == "item_0 * item_1[:, None]"
    assert flax_form.source(subtract, [number, stream]) == "a - b"
    learned = Type((3,), domain=(), presence=frozenset())
    assert flax_form.source(subtract, [learned, stream]) == "a[None, None] - b"


def test_axes_that_come_in_another_order_are_transposed(flax_form):
    one = Type((), domain=(BATCH, TIME, flax_form.NODES))
    other = Type((2,), domain=(BATCH, flax_form.NODES, TIME))
    found = flax_form.source(operations["subtract"](), [one, other])
    assert found == "a[:, :, :, None] - jnp.transpose(b, (0, 2, 1, 3))"
    arrays = [flax_form.array(one, 1), flax_form.array(other, 2)]
    value = apply(flax_form, operations["subtract"](), [one, other], arrays)
    np.testing.assert_array_equal(value, arrays[0][..., None] - arrays[1].transpose(0, 2, 1, 3))


def test_concat_repeats_what_is_constant_over_an_axis(flax_form):
    types = [Type((2,), domain=(BATCH, TIME)), Type((3,)), Type(())]
    arrays = [flax_form.array(each, i) for i, each in enumerate(types)]
    found = apply(flax_form, operations["concat"](), types, arrays)
    assert found.shape == (3, 4, 6)
    np.testing.assert_array_equal(found[:, 2, 2:5], arrays[1])
    np.testing.assert_array_equal(found[:, 3, 5], arrays[2])


def test_constants_keep_the_form_they_were_written_in(flax_form):
    assert flax_form.source(operations["constant"](2), []) == "2"
    assert flax_form.source(operations["constant"](-0.5), []) == "-0.5"


def test_where_between_two_numbers_is_a_float(flax_form):
    number = operations["constant"](1).infer()
    types = [Type((), "bool"), number, number]
    value = flax_form.call(operations["where"](), types, [jnp.array([True, False]), 1, 0])
    assert value.dtype == jnp.float32


def test_cross_entropy_is_minus_the_logarithm_of_the_probability(flax_form):
    output, target = Type((5,)), Type((), "int", 5)
    logits, labels = normal((8, 5)), jnp.arange(8) % 5
    found = flax_form.loss(losses["cross_entropy"](), output, target, [logits, labels])
    exponentials = np.exp(logits)
    probability = exponentials / exponentials.sum(1, keepdims=True)
    np.testing.assert_allclose(found, -np.log(probability[np.arange(8), labels]), rtol=1e-5)
    assert found.dtype == jnp.float32
    extreme = flax_form.loss(losses["cross_entropy"](), output, target, [1e4 * logits, labels])
    assert jnp.isfinite(extreme).all()


def test_cross_entropy_on_a_stream_is_one_number_for_each_step(flax_form):
    output, target = Type((5,), domain=(BATCH, TIME)), Type((), "int", 5, (BATCH, TIME))
    arrays = [flax_form.array(output), flax_form.array(target)]
    losses["cross_entropy"]().check(output, target)
    assert flax_form.loss(losses["cross_entropy"](), output, target, arrays).shape == (3, 4)


def test_accuracy_counts_the_right_answers(flax_form):
    logits = jnp.eye(3)
    arrays = [logits, jnp.array([0, 1, 1])]
    found = flax_form.loss(metrics["accuracy"](), Type((3,)), Type((), "int", 3), arrays)
    np.testing.assert_array_equal(found, [1, 1, 0])
    assert found.dtype == jnp.float32


PLACES = Type((2, 4, 3)), Type((2, 4), "int", 3)


def test_cross_entropy_at_every_place_is_the_mean_over_places(flax_form):
    arrays = [normal((5, 2, 4, 3)), jnp.arange(40).reshape(5, 2, 4) % 3]
    found = flax_form.loss(losses["cross_entropy"](), *PLACES, arrays)
    flat = [arrays[0].reshape(40, 3), arrays[1].reshape(40)]
    each = flax_form.loss(losses["cross_entropy"](), Type((3,)), Type((), "int", 3), flat)
    np.testing.assert_allclose(found, each.reshape(5, 8).mean(1), rtol=1e-5)


def test_accuracy_at_every_place_is_the_share_of_right_places(flax_form):
    right = np.arange(16).reshape(2, 2, 4) % 3
    logits = 1e3 * np.eye(3, dtype=np.float32)[right]
    right[1, 0] = (right[1, 0] + 1) % 3
    found = flax_form.loss(metrics["accuracy"](), *PLACES, [logits, jnp.asarray(right)])
    np.testing.assert_array_equal(found, [1, 0.5])
    assert found.dtype == jnp.float32


@pytest.mark.parametrize(
    ("output", "target"),
    [
        PLACES,
        (Type((3,)), Type((), "int", 3)),
        (Type((7, 3)), Type((7,), "int", 3)),
        (Type((2, 3), domain=(BATCH, TIME)), Type((2,), "int", 3, (BATCH, TIME))),
    ],
    ids=["image", "one class", "line", "stream"],
)
def test_mean_iou_counts_what_both_and_what_either_say(flax_form, output, target):
    measure = metrics["mean_iou"]()
    measure.check(output, target)
    logits, right = flax_form.array(output), flax_form.array(target, 2)
    found = flax_form.loss(measure, output, target, [logits, right])
    points = logits.shape[: len(output.domain)]
    assert found.shape == (*points, 2, 3)
    assert found.dtype == jnp.float32
    guess, axes = np.argmax(logits, -1), tuple(range(len(points), right.ndim))
    for k in range(3):
        both = ((guess == k) & (right == k)).sum(axes)
        either = ((guess == k) | (right == k)).sum(axes)
        np.testing.assert_array_equal(found[..., k], np.stack([both, either], -1))


def test_mean_iou_is_a_mean_over_the_classes_that_were_met(flax_form):
    assert mean_ratio(np.array([[2.0, 1.0, 0.0], [4.0, 4.0, 0.0]])) == 0.375
    assert mean_ratio(jnp.array([[2.0, 0.0], [2.0, 5.0]])) == 0.5


@pytest.mark.parametrize(
    ("table", "name", "each"),
    [(losses, "mean_squared_error", np.square), (metrics, "mean_absolute_error", np.abs)],
)
@pytest.mark.parametrize("shapes", [((4,), (4,)), ((2, 3, 1), ()), ((), ()), ((1,), ())])
def test_distances_are_means_over_features(flax_form, table, name, each, shapes):
    output, target = (Type(shape) for shape in shapes)
    y, t = flax_form.array(output, 1), flax_form.array(target, 2)
    table[name]().check(output, target)
    found = flax_form.loss(table[name](), output, target, [y, t])
    wide = np.asarray(t).reshape(t.shape + (1,) * (y.ndim - t.ndim))
    expected = each(np.asarray(y) - wide).reshape(3, -1).mean(1)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
