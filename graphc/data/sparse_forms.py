"""Arrays of which most numbers are 0, as programs are handed them."""

from __future__ import annotations

from math import inf

import numpy as np

from graphc.data.places import cheapest, place_in_row

MORE = ("rows", "columns", "values")
"""What is said of the numbers that do not fit into the places of their rows."""


def by_column(name: str, array: np.ndarray, price: float = inf) -> dict[str, np.ndarray]:
    """The numbers of [..., n] that are not 0 and their columns, both [..., most].

    Of examples [examples, rows, n], the fullest rows may have more: these are `MORE` beside them,
    each [examples, numbers], in the order of their rows.

    Args:
        price: see `Prices.over`.

    Example:
        >>> by_column("x", np.array([[0.0, 3.0], [2.0, 0.0]]))["x:columns"].tolist()
        [[1], [0]]
    """
    rows = array.reshape(-1, array.shape[-1])
    numbers, places = np.nonzero(rows)
    counts = np.bincount(numbers, minlength=len(rows))
    at = place_in_row(numbers, len(rows))
    most = max(1, int(counts.max(initial=0)))
    if array.ndim == 3:
        most = cheapest(counts.reshape(array.shape[:-1]), price, range(1, most + 1))
    columns = np.zeros((len(rows), most), np.int32)
    values = np.zeros((len(rows), most), array.dtype)
    fits = at < most
    first = numbers[fits], at[fits]
    columns[first], values[first] = places[fits], rows[numbers[fits], places[fits]]
    shape = (*array.shape[:-1], most)
    found = {f"{name}:columns": columns.reshape(shape), f"{name}:values": values.reshape(shape)}
    if not fits.all():
        more = _more(array, numbers[~fits], places[~fits])
        found |= {f"{name}:more:{part}": more[part] for part in MORE}
    return found


def _more(array: np.ndarray, numbers: np.ndarray, places: np.ndarray) -> dict[str, np.ndarray]:
    """Some numbers of [examples, rows, n]; examples with fewer have zeros of their last row."""
    examples, rows = np.divmod(numbers, array.shape[1])
    places_over = place_in_row(examples, len(array))
    shape = len(array), places_over.max() + 1
    found = {
        "rows": np.full(shape, array.shape[1] - 1, np.int32),
        "columns": np.zeros(shape, np.int32),
        "values": np.zeros(shape, array.dtype),
    }
    said = {"rows": rows, "columns": places, "values": array[examples, rows, places]}
    for part, each in said.items():
        found[part][examples, places_over] = each
    return found
