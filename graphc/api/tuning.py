"""A spec compiled by other forms, to be measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from graphc import compiler
from graphc.core.forms import FORMS, Forms
from graphc.runtime.tuning import Fastest, Tried, tune

if TYPE_CHECKING:
    from graphc.api.model import Model
    from graphc.data.dataset import Dataset


def tuned_by(model: Model, seconds: float) -> Iterator[Tried | Fastest]:
    """What `Model.tune` gives."""
    checked, known, dataset = model.compiled.checked, model.compiled.choices, model.dataset()

    def other(forms: Forms) -> tuple[compiler.Compiled, Dataset]:
        compiled = compiler.compile(checked, (), known.without, known.device, forms=forms)
        data = replace(dataset, sparse=compiled.program.sparse)
        return type(model)(compiled)._compiled_for(data), data

    return tune(other, FORMS[known.device], seconds)
