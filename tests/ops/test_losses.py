"""Losses against those of PyTorch and scikit-learn."""

import numpy as np
import pytest

import graphc.ops
from graphc.core.operation import ShapeError
from graphc.core.registry import losses
from graphc.core.types import Type

assert graphc.ops
pytestmark = pytest.mark.usefixtures("quick_compile")
ROWS, CLASSES, PLACES = 9, 4, (3, 2)


def draw(seed=0):
    return np.random.default_rng(seed)


def logits(*shape, seed=0):
    return (3 * draw(seed).normal(size=(ROWS, *shape))).astype(np.float32)


def classes(*places, n=CLASSES):
    return draw(1).integers(0, n, (ROWS, *places)).astype(np.int32)


def answers(*shape):
    return draw(2).random((ROWS, *shape)) < 0.4


def mean(each):
    """Over all but the examples."""
    return np.asarray(each).reshape(ROWS, -1).mean(axis=1)


@pytest.fixture
def value(flax_form):
    """The loss of every example, once output and target were checked."""

    def of(name, output, target, below=None, **attributes):
        made = losses[name](**attributes)
        kinds = {"i": "int", "b": "bool", "f": "float"}
        types = [
            Type(each.shape[1:], kinds[each.dtype.kind], below if each is target else None)
            for each in (output, target)
        ]
        made.check(*types)
        return flax_form.loss(made, *types, [output, target])

    return of


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


@pytest.mark.parametrize("places", [(), PLACES])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, (0.5, 1.0, 2.0, 3.0)])
def test_cross_entropy_is_smoothed_and_weighted_as_in_torch(
    value, torch, places, smoothing, weights
):
    output, target = logits(*places, CLASSES), classes(*places)
    found = value(
        "cross_entropy",
        output,
        target,
        CLASSES,
        label_smoothing=smoothing,
        class_weights=weights,
    )
    expected = torch.nn.functional.cross_entropy(
        torch.tensor(output.reshape(-1, CLASSES)),
        torch.tensor(target.reshape(-1)).long(),
        weight=None if weights is None else torch.tensor(weights),
        label_smoothing=smoothing,
        reduction="none",
    )
    np.testing.assert_allclose(found, mean(expected), rtol=1e-4)


@pytest.mark.parametrize("weight", [1.0, 3.5])
@pytest.mark.parametrize(
    ("output", "target"),
    [((), ()), ((1,), ()), ((1,), (1,)), ((5,), (5,)), ((*PLACES, 1), PLACES)],
    ids=str,
)
@pytest.mark.parametrize("kind", ["bool", "int", "float"])
def test_binary_cross_entropy_is_that_of_torch(value, torch, weight, output, target, kind):
    x, right = logits(*output), answers(*target)
    if kind == "int":
        right = right.astype(np.int32)
    if kind == "float":
        right = draw(3).random(right.shape).astype(np.float32)
    found = value("binary_cross_entropy", x, right, 2, positive_weight=weight)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor(x).reshape(right.shape),
        torch.tensor(right, dtype=torch.float32),
        pos_weight=torch.tensor(weight),
        reduction="none",
    )
    np.testing.assert_allclose(found, mean(expected), rtol=1e-4, atol=1e-6)


def test_binary_cross_entropy_of_large_logits_is_finite(value):
    x = np.array([100.0, -100.0, 0, 0, 0, 0, 0, 0, 0], np.float32)
    right = np.arange(ROWS) == 1
    for weight in (1.0, 2.0):
        found = value("binary_cross_entropy", x, right, positive_weight=weight)
        np.testing.assert_allclose(found[:2], [100, 100 * weight], rtol=1e-5)


def test_hinge_is_that_of_scikit_learn(value):
    from sklearn.metrics import hinge_loss

    output, target = logits(CLASSES), classes()
    found = value("hinge", output, target, CLASSES)
    assert np.mean(found) == pytest.approx(hinge_loss(target, output, labels=range(CLASSES)))
    single, right = logits(), answers()
    expected = hinge_loss(right, single)
    assert np.mean(value("hinge", single, right)) == pytest.approx(expected, rel=1e-5)
    assert np.mean(value("hinge", single[:, None], right)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_is_a_weighted_cross_entropy(value, torch, gamma):
    output, target = logits(*PLACES, CLASSES), classes(*PLACES)
    log = torch.log_softmax(torch.tensor(output), -1).numpy()
    right = np.take_along_axis(log, target[..., None], -1)[..., 0]
    found = value("focal", output, target, CLASSES, gamma=gamma)
    np.testing.assert_allclose(
        found, mean(-((1 - np.exp(right)) ** gamma) * right), rtol=1e-3, atol=1e-6
    )
    single, yes = logits(), answers()
    share = 1 / (1 + np.exp(-single.astype(float)))
    share = np.where(yes, share, 1 - share)
    expected = -((1 - share) ** gamma) * np.log(share)
    np.testing.assert_allclose(value("focal", single, yes, gamma=gamma), expected, rtol=1e-4)
    weighted = value("focal", single, yes, gamma=gamma, alpha=0.25)
    np.testing.assert_allclose(weighted, np.where(yes, 0.25, 0.75) * expected, rtol=1e-4)


def test_kl_divergence_is_that_of_torch(value, torch):
    output = logits(*PLACES, CLASSES)
    target = draw(4).dirichlet(np.ones(CLASSES), (ROWS, *PLACES)).astype(np.float32)
    expected = torch.nn.functional.kl_div(
        torch.log_softmax(torch.tensor(output), -1), torch.tensor(target), reduction="none"
    ).sum(-1)
    np.testing.assert_allclose(value("kl_divergence", output, target), mean(expected), rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "word", "attributes", "others"),
    [
        ("mean_squared_error", "mse_loss", {}, {}),
        ("mean_absolute_error", "l1_loss", {}, {}),
        ("huber", "huber_loss", {}, {}),
        ("huber", "huber_loss", {"delta": 2.5}, {"delta": 2.5}),
        ("poisson", "poisson_nll_loss", {}, {"log_input": True}),
    ],
)
@pytest.mark.parametrize("shapes", [((), ()), ((1,), ()), ((), (1,)), ((5,), (5,))], ids=str)
def test_losses_of_numbers_are_those_of_torch(value, torch, name, word, attributes, others, shapes):
    output, target = logits(*shapes[0]), np.abs(logits(*shapes[1], seed=5))
    expected = getattr(torch.nn.functional, word)(
        torch.tensor(output), torch.tensor(target).reshape(output.shape), reduction="none", **others
    )
    found = value(name, output, target, **attributes)
    np.testing.assert_allclose(found, mean(expected), rtol=1e-4, atol=1e-6)


NUMBER, CLASS, YES = Type((1,)), Type((), "int", 3), Type((), "bool")


@pytest.mark.parametrize(
    ("name", "attributes", "output", "target", "part"),
    [
        ("huber", {}, Type((3,)), CLASS, "classes go with `cross_entropy`"),
        ("poisson", {}, Type((1,)), YES, "yes or no goes with `binary_cross_entropy`"),
        ("cross_entropy", {}, Type((2,)), YES, "yes or no goes with `binary_cross_entropy`"),
        ("cross_entropy", {}, Type((1,)), Type((), "int", 2), "or use `binary_cross_entropy`"),
        ("cross_entropy", {"class_weights": (1, 2)}, Type((3,)), CLASS, "one for each class"),
        ("binary_cross_entropy", {}, Type((3,)), CLASS, "classes go with `cross_entropy`"),
        ("binary_cross_entropy", {}, Type((2,)), YES, "`cross_entropy` with a logit for each"),
        ("hinge", {}, Type((1,)), NUMBER, "numbers go with `mean_squared_error`"),
        ("focal", {"alpha": 0.5}, Type((3,)), CLASS, "give `cross_entropy` its `class_weights`"),
        ("kl_divergence", {}, Type((3,)), CLASS, "classes go with `cross_entropy`"),
    ],
)
def test_a_loss_that_does_not_fit_names_the_one_that_does(name, attributes, output, target, part):
    with pytest.raises(ShapeError) as caught:
        losses[name](**attributes).check(output, target)
    assert part in caught.value.help
