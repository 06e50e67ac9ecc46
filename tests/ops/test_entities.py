"""Entities found in tags: F1 as conlleval counts it."""

import numpy as np
import pytest

import graphc.ops
from graphc.core.operation import ShapeError
from graphc.core.registry import metrics
from graphc.core.types import BATCH, TIME, Type
from graphc.emit.library.metrics import entity_hits, mean_f1
from graphc.testing import forms

assert graphc.ops
pytestmark = pytest.mark.usefixtures("quick_compile")
TYPES = 3
TAGS = ["O", *(f"{part}-{kind}" for kind in "xyz" for part in "BI")]
STEPS = (BATCH, TIME)


def entities(tags):
    """Type, begin and end of each entity, read from left to right."""
    found, begin, before = [], 0, "O"
    for step, tag in enumerate([*tags, "O"]):
        if before != "O" and (tag[0] in "BO" or tag[2:] != before[2:]):
            found.append((before[2:], begin, step))
        if tag != "O" and (before == "O" or tag[0] == "B" or tag[2:] != before[2:]):
            begin = step
        before = tag
    return set(found)


def draw(length, seed):
    return np.random.default_rng(seed).integers(0, len(TAGS), (20, length)).astype(np.int32)


def one_hot(tags):
    return np.eye(len(TAGS), dtype=np.float32)[tags]


def measured(guess, right, average="micro"):
    metric = metrics["entity_f1"](average)
    types = Type((len(TAGS),), domain=STEPS), Type((), "int", len(TAGS), STEPS)
    metric.check(*types)
    counts = np.asarray(forms.loss(metric, *types, [one_hot(guess), right]))
    assert counts.shape == (*right.shape, 3, TYPES)
    return forms.metric_value(metric, *types, counts.sum(axis=(0, 1)), right.size)


def expected(guess, right):
    several = [
        (entities(TAGS[i] for i in one), entities(TAGS[i] for i in other))
        for one, other in zip(guess, right, strict=True)
    ]
    found = sum(len(one & other) for one, other in several)
    return 2 * found / sum(len(one) + len(other) for one, other in several)


def test_all_entities_together_are_counted_as_read_from_left_to_right():
    right = draw(30, 0)
    guess = np.where(np.random.default_rng(2).random(right.shape) < 0.8, right, draw(30, 1))
    assert 0.2 < measured(guess, right) < 0.8
    assert measured(guess, right) == pytest.approx(expected(guess, right))
    assert measured(right, right) == 1
    assert measured(right, right, "macro") == 1


def test_what_is_inside_without_a_begin_begins_an_entity():
    right = np.array([[0, 2, 2, 4, 0]], np.int32)  # O I-x I-x I-y O
    assert measured(np.array([[0, 1, 2, 3, 0]], np.int32), right) == 1
    assert measured(np.array([[0, 1, 1, 3, 0]], np.int32), right) == pytest.approx(2 / 5)


def test_steps_past_the_end_are_none():
    right = np.array([[1, 2, 2, 2], [0, 3, 4, 4]], np.int32)
    guess = np.array([[1, 2, 5, 1], [0, 3, 1, 2]], np.int32)
    counts = entity_hits(one_hot(guess), right, np.array([2, 2]))
    assert mean_f1(np.asarray(counts).sum(axis=(0, 1, 3))[:, None]) == 1
    assert counts.sum(axis=(0, 1, 3)).tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (Type((), "int", 6, STEPS), "two for each type"),
        (Type((), "int", 7), "a tag for each step"),
    ],
)
def test_other_classes_are_refused(kind, word):
    with pytest.raises(ShapeError, match=word):
        metrics["entity_f1"]().check(Type((kind.below,), domain=kind.domain), kind)
