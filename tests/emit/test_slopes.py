"""Gradients as values in networks: the function that stands in the source, and its numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import graphc as gc
from graphc.core.span import Source

X = jnp.asarray(np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32))


class Compiled:
    def __init__(self, text, inference=False):
        compiled = gc.compile(Source("slopes.yaml", f"graphc: 1\n{text}"), inference=inference)
        self.source, self.module = compiled.source, compiled.module()
        self.model = self.module.build(jax.random.key(0))

    def __call__(self, **batch):
        return self.module.call(self.model, batch)


def network(nodes, inputs="{x: [4]}", output="y", inference=False, **more):
    lines = "".join(f"    {line.strip()}\n" for line in nodes.strip().splitlines())
    before = "".join(f"{key}:\n{text}" for key, text in more.items())
    text = f"{before}network:\n  inputs: {inputs}\n  nodes:\n{lines}  output: {output}\n"
    return Compiled(text, inference)


def assert_close(found, wanted, **near):
    np.testing.assert_allclose(found, wanted, **({"rtol": 1e-4, "atol": 1e-5} | near))


def test_the_way_is_a_function_and_a_number_that_is_read_comes_out_of_it():
    made = network(
        """
        h: {layers: [{dense: 8}, tanh, {dense: 1}], from: x}
        slope: {gradient: {of: h, with_respect_to: x}}
        y: h + slope
        """
    )
    body = made.source[made.source.index("    def __call__") : made.source.index("\n\n\ndef build")]
    assert body.splitlines() == [
        "    def __call__(self, x):",
        "        def h_dense_2_of_x(x):",
        "            x = self.h_dense(x)",
        "            x = nnx.tanh(x)",
        "            x = self.h_dense_2(x)",
        "            return jnp.sum(x), x",
        "",
        "        slope, h_dense_2 = jax.grad(h_dense_2_of_x, has_aux=True)(x)",
        "        return h_dense_2 + slope",
    ]


def test_a_gradient_of_a_gradient():
    made = network(
        """
        u: sum(x ** 3)
        v: gradient(u, x)
        total: sum(v)
        w: {gradient: {of: total, with_respect_to: x}}
        y: w + 0 * u
        """
    )
    assert_close(made(x=X), 6 * X)


@pytest.mark.parametrize("inference", [False, True])
def test_by_a_copy_of_a_value_is_not_by_the_value(inference):
    """`flatten` of [4] would else be bypassed, as dropout in use, and equal nodes be one."""
    made = network(
        """
        a: {identity: , from: x}
        b: {flatten: , from: x}
        c: 2 * x
        d: 2 * x
        e: {dropout: 0.5, from: x}
        u: sum(a * b * c * d * e)
        ga: gradient(u, a)
        gb: gradient(u, b)
        gc: gradient(u, c)
        ge: gradient(u, e)
        gx: gradient(u, x)
        y: {concat: , from: [ga, gb, gc, ge, gx]}
        """,
        inference=inference,
    )
    once = 4 * X**4
    assert_close(made(x=X), jnp.concatenate([once, once, once / 2, once, 5 * once], axis=1))


def test_ways_that_read_one_another():
    made = network(
        """
        r: x ** 2
        q: z ** 2
        p: sum(r + x * q)
        k: sum(q + z * r)
        y: {concat: , from: [gx, gz]}
        gx: gradient(p, x)
        gz: gradient(k, z)
        """,
        "{x: [4], z: [4]}",
    )
    z = X + 1
    assert_close(made(x=X, z=z), jnp.concatenate([2 * X + z**2, 2 * z + X**2], axis=1))


def test_a_way_that_only_the_inner_gradient_goes():
    """By `a`: of the gradient by `x`, whose way goes through a layer that does not read `a`."""
    made = network(
        """
        h: tanh(x)
        u: sum(a * h ** 2)
        v: sum(gradient(u, x))
        y: gradient(v, a)
        """,
        "{x: [4], a: [4]}",
    )
    t = jnp.tanh(X)
    assert_close(made(x=X, a=X), 2 * t * (1 - t**2))


def test_arrays_that_layers_share():
    made = network(
        """
        d: {dense: 4, from: x}
        h: tanh(d)
        u: {dense: {features: 4, kernel: d.kernel}, from: h}
        y: gradient(sum(u), h)
        """
    )
    kernel = made.model.d.kernel[...]
    assert_close(made(x=X), jnp.broadcast_to(jnp.sum(kernel, axis=1), X.shape))


def test_in_a_block_that_is_repeated():
    made = network(
        "y: {repeat: {times: 3, layers: [down]}, from: x}",
        blocks="""  down:
    inputs: {h: any}
    nodes: {e: sum(h ** 2), g: "gradient(e, h)", y: h - 0.25 * g}
    output: y
""",
    )
    assert_close(made(x=X), X / 8)


def test_at_the_end_of_a_chain():
    made = network("y: {layers: [square, sum, {gradient: {with_respect_to: x}}], from: x}")
    assert_close(made(x=X), 2 * X)


SEQUENCE = """
    h: {lstm: 5, from: x}
    last: {layers: [last, {dense: 1}], from: h}
    each: {dense: 1, from: h}
    y: {concat: , from: [a, b]}
    a: gradient(last, x)
    b: gradient(each, x)
"""


@pytest.mark.parametrize("number", ["last", "each"])
def test_through_a_cycle(number):
    """By each step of a sequence, of numbers that come of all before it."""
    made = network(SEQUENCE, "{x: [time, 3]}")
    whole = network(SEQUENCE, "{x: [time, 3]}", output=number)
    x = jnp.asarray(np.random.default_rng(1).normal(size=(2, 6, 3)).astype(np.float32))
    wanted = jax.grad(lambda x: jnp.sum(whole(x=x)))(x)
    place = slice(0, 3) if number == "last" else slice(3, 6)
    assert_close(made(x=x)[..., place], wanted)


def test_steps_that_pad_a_sequence_change_nothing():
    made = network(SEQUENCE, "{x: {float: [time, 3], at_most: 6}}")
    x = jnp.asarray(np.random.default_rng(1).normal(size=(2, 6, 3)).astype(np.float32))
    lengths = jnp.array([6, 4])
    alone = made(**{"x": x[1:, :4], "time:length": lengths[1:]})
    found = made(**{"x": x.at[1, 4:].set(5.0), "time:length": lengths})
    assert_close(found[1, :4], alone[0])
    assert not np.any(found[1, 4:])


def test_no_step_is_taken_before_those_behind_it():
    """A gradient by a step changes with what comes after it."""
    assert "def step(" in network("y: {lstm: 5, from: x}", "{x: [time, 3]}").source
    assert "def step(" not in network(SEQUENCE, "{x: [time, 3]}").source


def test_lines_of_the_function_are_those_of_the_nodes():
    text = "graphc: 1\nnetwork:\n  inputs: {x: [4]}\n  nodes:\n    u: {dense: 1, from: x}\n"
    text += "    y: {gradient: {of: u, with_respect_to: x}}\n  output: y\n"
    compiled = gc.compile(Source("slopes.yaml", text)).compiled
    lines = compiled.source.splitlines()
    named = {lines[i - 1].strip(): path for i, (path, _) in compiled.emitted.lines.items()}
    assert named["return jnp.sum(self.u(x))"] == "u"
    assert named["y = jax.grad(u_of_x)(x)"] == "y"


def test_values_on_the_way_that_others_read_come_out_too():
    made = network(
        """
        h: {gru: 5, from: x}
        u: {layers: [last, {dense: 1}], from: h}
        g: gradient(u, x)
        each: {layers: [{dense: 3}], from: h}
        y: {concat: , from: [g, each, u]}
        """,
        "{x: [time, 3]}",
    )
    assert "(h, u_dense) = jax.grad(" in made.source
    assert made.source.count("self.h(x)") == 1
