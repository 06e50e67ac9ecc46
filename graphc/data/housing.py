"""California housing: a table that was published, with the features of scikit-learn."""

from __future__ import annotations

import io

import numpy as np

from graphc.data.examples import Examples
from graphc.data.files import KNOWN, damaged, locate, read
from graphc.ops.sources import CaliforniaHousing

_COLUMNS = (
    "longitude",
    "latitude",
    "housing_median_age",
    "total_rooms",
    "total_bedrooms",
    "population",
    "households",
    "median_income",
    "median_house_value",
)


def load_california_housing(source: CaliforniaHousing, folder: str) -> Examples:
    """The districts; raises RunError GC502 to GC504 where the file is not there or damaged."""
    found = locate(source, folder)
    (file,) = KNOWN[source.folder]
    data = read(found, file)
    header, _, rows = data.partition(b"\n")
    if tuple(header.decode("utf-8", "replace").strip().split(",")) != _COLUMNS:
        raise damaged(str(found / file.name), "its columns have other names")
    table = np.loadtxt(io.BytesIO(rows), np.float64, delimiter=",")
    column = {name: table[:, place] for place, name in enumerate(_COLUMNS)}
    homes = column["households"]
    features = np.stack(
        [
            column["median_income"],
            column["housing_median_age"],
            column["total_rooms"] / homes,
            column["total_bedrooms"] / homes,
            column["population"],
            column["population"] / homes,
            column["latitude"],
            column["longitude"],
        ],
        axis=1,
    )
    target = column["median_house_value"][:, None] / 100_000
    return Examples(source.fields(folder), {"features": features, "target": target})
