"""`python -m benchmarks.judge RUN JUDGE`: what a classifier makes of the images that a run draws.

JUDGE is a run of specs/mnist_judge: a network `features` and a network `head`.
"""

from __future__ import annotations

import sys

import numpy as np
import scipy.linalg
from scipy.special import softmax

import graphc as gc

COUNT, SURE = 10_000, 0.9


def main(run: str, judge: str, value: str = "fake") -> None:
    """Print how sure the judge is, of which classes, and how far the features are apart."""
    drawn = gc.load_run(run).samples(value, COUNT)
    by = gc.load_run(judge)
    written = np.asarray(by.dataset().splits["test"]["image"])
    features, classes = _seen(by, drawn)
    real, known = _seen(by, written)
    halves = np.array_split(real, 2)
    print(
        f"more than {SURE} sure: {_sure(classes):.3f} of {COUNT:,}; of written: {_sure(known):.3f}"
    )
    print(f"drawn of each class: {np.bincount(classes.argmax(1), minlength=classes.shape[1])}")
    print(f"Frechet distance: {_frechet(features, real):.1f}; of halves: {_frechet(*halves):.1f}")


def _seen(judge: gc.Run, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The features of images, and the probabilities of their classes."""
    features = np.asarray(judge.predict(images, "features"))
    return features, softmax(judge.predict(features, "head"), axis=1)


def _sure(probabilities: np.ndarray) -> float:
    return float((probabilities.max(axis=1) > SURE).mean())


def _frechet(one: np.ndarray, other: np.ndarray) -> float:
    """The Frechet distance of two normal distributions (Heusel et al. 2017)."""
    means = one.mean(axis=0) - other.mean(axis=0)
    first, second = (np.cov(each.astype(np.float64), rowvar=False) for each in (one, other))
    # The root of a product of singular matrices, by way of a symmetric one.
    root = _root(first)
    between = np.trace(_root(root @ second @ root))
    return float(means @ means + np.trace(first) + np.trace(second) - 2 * between)


def _root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = scipy.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


if __name__ == "__main__":
    main(*sys.argv[1:])
