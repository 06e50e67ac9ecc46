"""Scaling: fitted once, kept as plain data, applied to what is predicted later."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from graphc.core.types import Type
from graphc.data.examples import Examples
from graphc.data.load import prepare
from graphc.data.scaling import Moments, Scaling
from graphc.ops.sources import Iris, Mnist

FLOATS = st.floats(-1e6, 1e6, width=32)


@given(arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 4)), elements=FLOATS))
def test_it_survives_json(array):
    scaling = Scaling.fit({"x": array}, ["x"])
    assert Scaling.from_dict(json.loads(json.dumps(scaling.as_dict()))) == scaling


@given(arrays(np.float64, st.tuples(st.integers(2, 9), st.integers(1, 4)), elements=FLOATS))
def test_it_equals_numpy(array):
    moments = Moments.of(array)
    np.testing.assert_allclose(moments.mean, array.mean(axis=0), rtol=1e-9, atol=1e-9)
    constant = np.ptp(array, axis=0) == 0
    wanted = np.where(constant, 1, array.std(axis=0))
    np.testing.assert_allclose(moments.deviation, wanted, rtol=1e-6, atol=1e-9)


def test_a_constant_feature_is_centred_and_not_divided():
    scaling = Scaling.fit({"x": np.full((100, 1), 0.1)}, ["x"])
    assert scaling.moments["x"].deviation == (1.0,)
    assert abs(scaling.apply({"x": np.array([[0.1]])})["x"]).max() < 1e-12


def test_a_field_of_single_numbers_has_one_mean():
    scaling = Scaling.fit({"x": np.array([1.0, 3.0])}, ["x"])
    assert scaling.apply({"x": np.array([5.0])})["x"].tolist() == [3.0]


def test_large_offsets_keep_their_digits():
    years = np.array([[1.6e9], [1.6e9 + 1], [1.6e9 + 2]])
    scaled = Scaling.fit({"t": years}, ["t"]).apply({"t": years})["t"]
    np.testing.assert_allclose(scaled[:, 0], [-1.2247449, 0, 1.2247449], rtol=1e-6)


def test_other_fields_pass_through():
    labels = np.array([1, 2])
    assert Scaling({}).apply({"label": labels})["label"] is labels


def test_it_is_fitted_on_the_training_part_only():
    fields = {"features": Type((1,)), "label": Type((), "int", 2)}
    train = {"features": np.arange(8.0)[:, None], "label": np.arange(8) % 2}
    source = Mnist(validation=0, normalize="standard")
    test = {"features": np.full((4, 1), 1e6), "label": np.arange(4) % 2}
    data = prepare(source, Examples(fields, train, test))
    assert data.scaling.moments["features"].mean == (3.5,)
    assert data.splits["test"]["features"].min() > 1e5


def test_what_predict_scales_is_what_training_saw():
    fields = {"features": Type((1,)), "label": Type((), "int", 2)}
    raw = {"features": np.arange(8.0)[:, None], "label": np.arange(8) % 2}
    data = prepare(Iris(validation=0, test=0), Examples(fields, raw))
    again = Scaling.from_dict(data.scaling.as_dict()).apply({"features": raw["features"]})
    assert (again["features"] == data.splits["train"]["features"]).all()
