"""Metrics against those of scikit-learn, over several batches of which one is padded."""

import jax.numpy as jnp
import numpy as np
import pytest
import sklearn.metrics as reference

import graphc.ops
from graphc.core.forms import MANY_CLASSES
from graphc.core.operation import ShapeError
from graphc.core.registry import metrics
from graphc.core.types import Type
from graphc.emit.library.metrics import mean_average_precision, score_counts
from graphc.testing import forms

assert graphc.ops
pytestmark = pytest.mark.usefixtures("quick_compile")
ROWS, BATCH, CLASSES = 40, 16, 4
AVERAGES = ("macro", "micro")
KINDS = {"i": "int", "b": "bool", "f": "float"}


def draw(seed=0):
    return np.random.default_rng(seed)


def logits(*shape, seed=0):
    return (2 * draw(seed).normal(size=(ROWS, *shape))).astype(np.float32)


def classes(*places, n=CLASSES):
    return draw(1).integers(0, n, (ROWS, *places)).astype(np.int32)


def answers(*shape):
    return draw(2).random((ROWS, *shape)) < 0.4


def measured(name, output, target, below=None, **attributes):
    """The metric over three batches; the rows that pad the last one are not counted."""
    metric = metrics[name](**attributes)
    types = [
        Type(each.shape[1:], KINDS[each.dtype.kind], below if each is target else None)
        for each in (output, target)
    ]
    metric.check(*types)
    total, count = 0, 0
    for start in range(0, ROWS, BATCH):
        rows = np.arange(start, start + BATCH) % ROWS
        mask = np.arange(start, start + BATCH) < ROWS
        each = np.asarray(forms.loss(metric, *types, [output[rows], jnp.asarray(target[rows])]))
        assert each.dtype == np.float32
        assert (each.ndim > 1) == metric.counts
        total = total + each[mask].sum(axis=0, dtype=np.float64)
        count += mask.sum()
    return forms.metric_value(metric, *types, total, count)


@pytest.mark.parametrize("places", [(), (3, 2)])
@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize(
    ("name", "word"),
    [("precision", "precision_score"), ("recall", "recall_score"), ("f1", "f1_score")],
)
def test_classes_are_counted_over_the_whole_split(places, average, name, word):
    output, target = logits(*places, CLASSES), classes(*places)
    target[target == 3] = 0  # a class that is guessed and never right
    output[..., 2] = -9  # one that is right and never guessed
    found = measured(name, output, target, CLASSES, average=average)
    guess = output.argmax(-1)
    expected = getattr(reference, word)(
        target.reshape(-1), guess.reshape(-1), average=average, zero_division=0
    )
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("average", [None, "binary", *AVERAGES])
@pytest.mark.parametrize("shape", [(), (1,), (2,)])
@pytest.mark.parametrize(
    ("name", "word"),
    [("precision", "precision_score"), ("recall", "recall_score"), ("f1", "f1_score")],
)
def test_yes_or_no_is_two_classes(average, shape, name, word):
    output, right = logits(*shape), answers()
    target = right.astype(np.int32) if shape == (2,) else right
    guess = output.argmax(-1) if shape == (2,) else output.reshape(ROWS) > 0
    found = measured(name, output, target, 2, average=average)
    assert found == pytest.approx(
        getattr(reference, word)(right, guess, average=average or "binary")
    )


@pytest.mark.parametrize("average", [None, *AVERAGES])
@pytest.mark.parametrize(
    ("name", "word"),
    [("precision", "precision_score"), ("recall", "recall_score"), ("f1", "f1_score")],
)
def test_each_of_several_labels_is_counted(average, name, word):
    output, right = logits(5), answers(5)
    found = measured(name, output, right, average=average)
    expected = getattr(reference, word)(right, output > 0, average=average or "macro")
    assert found == pytest.approx(expected)


def test_nothing_met_is_nothing_and_no_warning():
    never, no = np.full(ROWS, -1, np.float32), np.zeros(ROWS, bool)
    assert [measured(name, never, no) for name in ("precision", "recall", "f1")] == [0, 0, 0]
    assert measured("roc_auc", never, no) == 0.5
    assert measured("average_precision", never, no) == 0


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("shape", [(), (1,), (2,)])
def test_roc_auc_is_that_of_all_pairs(scale, shape):
    right = answers()
    output = scale * (logits(*shape) + right.reshape(ROWS, *(1 for _ in shape)))
    if shape == (2,):
        output[:, 0] = 0
    scores = output[:, 1] if shape == (2,) else output.reshape(ROWS)
    target = right.astype(np.int32)
    found = measured("roc_auc", output.astype(np.float32), target, 2)
    expected = reference.roc_auc_score(right, scores)
    assert found == pytest.approx(expected, abs=0.05 if scale == 0.01 else 0.01)


def test_roc_auc_of_equal_scores_gives_half_a_point():
    right = answers()
    scores = np.round(logits()).astype(np.float32)
    assert measured("roc_auc", scores, right) == pytest.approx(
        reference.roc_auc_score(right, scores)
    )


def test_roc_auc_of_labels_is_their_mean():
    output, right = logits(3), answers(3)
    expected = reference.roc_auc_score(right, output, average="macro")
    assert measured("roc_auc", output, right) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("shape", [(), (1,), (2,)])
def test_average_precision_is_that_of_binned_scores(scale, shape):
    right = answers()
    output = scale * (logits(*shape) + right.reshape(ROWS, *(1 for _ in shape)))
    if shape == (2,):
        output[:, 0] = 0
    scores = output[:, 1] if shape == (2,) else output.reshape(ROWS)
    found = measured("average_precision", output.astype(np.float32), right.astype(np.int32), 2)
    bins = np.round(64 * np.arcsinh(scores))
    assert found == pytest.approx(reference.average_precision_score(right, bins))


def test_the_bins_change_little_of_many_scores():
    right = draw(2).random(2000) < 0.3
    scores = (2 * draw(0).normal(size=2000) + right).astype(np.float32)
    counts = np.asarray(score_counts(scores, right.astype(np.int32)), np.float64).sum(axis=0)
    expected = reference.average_precision_score(right, scores)
    assert mean_average_precision(counts) == pytest.approx(expected, abs=0.003)


def test_average_precision_of_equal_scores_takes_them_together():
    right, scores = answers(), np.round(logits()).astype(np.float32)
    expected = reference.average_precision_score(right, scores)
    assert measured("average_precision", scores, right) == pytest.approx(expected)


def test_average_precision_of_labels_is_their_mean():
    output, right = logits(3), answers(3)
    expected = reference.average_precision_score(right, output, average="macro")
    assert measured("average_precision", output, right) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("places", [(), (3, 2)])
def test_the_confusion_matrix_has_rows_of_right_classes(places):
    output, target = logits(*places, CLASSES), classes(*places)
    found = measured("confusion_matrix", output, target, CLASSES)
    guess = output.argmax(-1).reshape(-1)
    np.testing.assert_array_equal(found, reference.confusion_matrix(target.reshape(-1), guess))
    single, right = logits(), answers()
    found = measured("confusion_matrix", single, right)
    np.testing.assert_array_equal(found, reference.confusion_matrix(right, single > 0))


@pytest.mark.parametrize("count", [1, 2, CLASSES])
@pytest.mark.parametrize("places", [(), (3, 2)])
def test_top_k_looks_at_the_best_k(count, places):
    output, target = logits(*places, CLASSES), classes(*places)
    expected = (
        reference.top_k_accuracy_score(
            target.reshape(-1), output.reshape(-1, CLASSES), k=count, labels=range(CLASSES)
        )
        if count < CLASSES
        else 1.0
    )
    assert measured("top_k", output, target, CLASSES, count=count) == pytest.approx(expected)


@pytest.mark.parametrize("places", [(), (3, 2)])
@pytest.mark.parametrize("many", [CLASSES, MANY_CLASSES])
def test_the_first_of_the_largest_logits_is_the_one_that_counts(places, many):
    output = np.round(logits(*places, many))
    target = np.where(logits(*places) > 0, output.argmax(-1), classes(*places, n=many))
    alike = (output == output.max(axis=-1, keepdims=True)).sum(axis=-1) > 1
    assert alike.any()
    expected = (output.argmax(-1) == target).mean()
    assert measured("accuracy", output, target, many) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("output", "target"),
    [((), ()), ((1,), ()), ((5,), (5,)), ((3, 2, 1), (3, 2)), ((1,), (1,))],
    ids=str,
)
def test_accuracy_of_single_logits_is_the_share_above_or_below_0(output, target):
    x, right = logits(*output), answers(*target)
    expected = np.mean((x.reshape(right.shape) > 0) == right)
    assert measured("accuracy", x, right) == pytest.approx(expected)
    assert measured("accuracy", x, right.astype(np.int32), 2) == pytest.approx(expected)


def test_perplexity_is_that_of_the_mean_cross_entropy():
    output, target = logits(7, CLASSES), classes(7)
    shares = np.exp(output) / np.exp(output).sum(-1, keepdims=True)
    expected = reference.log_loss(
        target.reshape(-1), shares.reshape(-1, CLASSES), labels=range(CLASSES)
    )
    assert measured("perplexity", output, target, CLASSES) == pytest.approx(
        np.exp(expected), rel=1e-5
    )


@pytest.mark.parametrize("shape", [(), (1,), (3,)])
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("mse", "mean_squared_error"),
        ("mean_squared_error", "mean_squared_error"),
        ("mae", "mean_absolute_error"),
        ("r2", "r2_score"),
    ],
)
def test_metrics_of_numbers(shape, name, word):
    output, target = logits(*shape), logits(*shape, seed=3) + np.float32(5)
    expected = getattr(reference, word)(target.reshape(ROWS, -1), output.reshape(ROWS, -1))
    assert measured(name, output, target) == pytest.approx(expected, rel=1e-4)


def test_rmse_is_the_root_of_the_mean_and_no_mean_of_roots():
    output, target = logits(3), logits(3, seed=3)
    expected = np.sqrt(reference.mean_squared_error(target, output))
    assert measured("rmse", output, target) == pytest.approx(expected, rel=1e-5)


def test_r2_of_a_target_that_never_changes_is_0():
    assert measured("r2", logits(), np.ones(ROWS, np.float32)) == 0


@pytest.mark.parametrize(
    ("name", "attributes", "output", "target", "part"),
    [
        ("top_k", {"count": 5}, Type((3,)), Type((), "int", 3), "the best 5 of 3 classes"),
        ("f1", {"average": "binary"}, Type((3,)), Type((), "int", 3), "needs two classes"),
        ("recall", {"average": "binary"}, Type((3,)), Type((3,), "bool"), "several labels"),
        ("confusion_matrix", {}, Type((3,)), Type((3,), "bool"), "any number may be right"),
        ("roc_auc", {}, Type((3,)), Type((), "int", 3), "needs yes or no"),
        ("r2", {}, Type((3,)), Type((), "int", 3), "compares numbers"),
        ("accuracy", {}, Type((1,)), Type((1,)), "needs the numbers of the right classes"),
    ],
)
def test_a_metric_that_does_not_fit_says_why(name, attributes, output, target, part):
    with pytest.raises(ShapeError) as caught:
        metrics[name](**attributes).check(output, target)
    assert part in caught.value.message
