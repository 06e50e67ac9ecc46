"""The forms of a convolution that are compared are the same convolution."""

import numpy as np
import pytest

from benchmarks.convolutions import PRODUCTS_OF, Shape, function_of, inputs_of

SHAPES = [Shape(8, 3, 5, 3, padding="same"), Shape(9, 2, 4, 4, 2, "same"), Shape(8, 3, 5, 3)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("form", PRODUCTS_OF.values(), ids=list(PRODUCTS_OF))
def test_each_form_is_the_convolution_of_the_library(shape, form):
    given = inputs_of(shape)
    expected, found = function_of(shape)(given), function_of(shape, form=form)(given)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
