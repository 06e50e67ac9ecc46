"""The sets that come with scikit-learn."""

from __future__ import annotations

import numpy as np

from graphc.data.examples import Examples
from graphc.ops.sources import Bundled, Digits


def load_bundled(source: Bundled, folder: str) -> Examples:
    """The set of this name; `folder` is not used."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{source.name}")()
    fields = source.fields(folder)
    if source.target == "target":
        arrays = {"features": bunch.data, "target": bunch.target[:, None]}
        return Examples(fields, arrays)
    names = tuple(str(each) for each in bunch.target_names)
    if isinstance(source, Digits):
        arrays = {"image": (bunch.images / 16.0)[..., None].astype(np.float32)}
    else:
        arrays = {"features": bunch.data}
    return Examples(fields, arrays | {"label": bunch.target}, class_names=names)
