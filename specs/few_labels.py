"""The digits of scikit-learn, of which few have a label to learn from."""

import numpy as np
from sklearn.datasets import load_digits


def digits(labels, seed=0):
    """Splits of `image`, `label` and `labelled`, which is 1 where the label counts and else 0.

    Args:
        labels: how many training images of each digit have a label that counts.
        seed: draws the splits, and with them these images.
    """
    pixels, label = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(label))
    fields = {
        "image": (pixels[order] / 16).reshape(-1, 8, 8, 1).astype("float32"),
        "label": label[order].astype("int32"),
        "labelled": np.ones(len(order), "float32"),
    }
    test, validation, train = (
        {name: array[rows] for name, array in fields.items()}
        for rows in (slice(360), slice(360, 504), slice(504, None))
    )
    same = train["label"][:, None] == np.arange(10)
    number = np.sum(np.cumsum(same, axis=0) * same, axis=1)  # 1 for the first of its digit
    train["labelled"] = (number <= labels).astype("float32")
    return {"train": train, "validation": validation, "test": test}
