"""What is emitted for code of the user's: an import, and calls that a person would write."""

from textwrap import dedent

import pytest

from graphc.compiler import compile
from graphc.core.span import Source

LAYERS = """
class Gate(nnx.Module):
    def __init__(self, features, *, ratio=4, rngs): ...
    def __call__(self, x, *, train, key=None): ...
class Still(nnx.Module):
    def __init__(self): ...
    def __call__(self, x, mask): ...
def waves(x, *, scale=1.0): ...
def at(x): ...
def blend(x, other, *, train): ...
"""


@pytest.fixture
def source(tmp_path):
    """The source of a network whose nodes these are."""
    (tmp_path / "layers.py").write_text(LAYERS)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "waves.py").write_text("def waves(x): ...")

    def write(nodes, head=""):
        inner = "".join(f"    {line}\n" for line in dedent(nodes).strip().splitlines())
        text = f"{dedent(head)}\nnetwork:\n  inputs: {{x: [8]}}\n  nodes:\n{inner}  output: y\n"
        return compile(Source("spec.yaml", text, str(tmp_path))).source

    return write


def test_a_function_is_imported_and_called(source):
    text = source("y: {python: {definition: layers:waves, arguments: {scale: 0.5}}}")
    assert "from flax import nnx\n\nfrom layers import waves\n\nCONTRACT" in text
    assert "        return waves(x, scale=0.5)\n" in text
    assert "def __init__" not in text


def test_a_class_is_built_with_keys_and_given_what_it_takes(source):
    text = source(
        """
        h: {python: {definition: layers:Gate, arguments: {features: 8, ratio: 2}}}
        y: {python: layers:Still, from: h}
        """
    )
    assert "from layers import Gate, Still\n" in text
    assert '        self.h = Gate(features=8, ratio=2, rngs=nnx.Rngs(at(key, "h")))\n' in text
    assert "        self.y = Still()\n" in text
    assert "    def __call__(self, x, *, train=False, key=None, mask=None):\n" in text
    assert '        h = self.h(x, train=train, key=at(key, "h"))\n' in text
    assert "        return self.y(h, mask=mask)\n" in text


def test_values_come_in_order_or_by_name(source):
    text = source(
        """
        h: {dense: 8}
        a: {python: layers:blend, from: [x, h]}
        y: {python: layers:blend, from: {x: a, other: x}}
        """
    )
    assert "a = blend(x, h, train=train)\n" in text
    assert "return blend(other=x, x=a, train=train)\n" in text


def test_a_name_with_another_meaning_is_imported_under_its_module_s(source):
    text = source(
        """
        waves: {python: layers:waves}
        h: {python: more.waves:waves, from: waves}
        z: {dense: 8, from: h}
        y: {python: layers:at, from: z}
        """
    )
    assert "from layers import at as layers_at\n" in text
    assert "from layers import waves as layers_waves\n" in text
    assert "from more.waves import waves as more_waves_waves\n" in text
    assert "waves = layers_waves(x)\n        h = more_waves_waves(waves)\n" in text
    assert "return layers_at(z)\n" in text


def test_blocks_that_differ_in_an_argument_are_one_class(source):
    head = """
    blocks:
      gated:
        params: {parts: int}
        layers:
          - python: {definition: layers:Gate, arguments: {features: 8, ratio: $parts}}
    """
    text = source("y: {layers: [{gated: 2}, {gated: 4}]}", head)
    assert "def __init__(self, parts, *, key):" in text
    assert 'Gate(features=8, ratio=parts, rngs=nnx.Rngs(at(key, "python")))' in text
    assert "self.y_gated_2 = Gated(4, " in text


def test_layers_with_such_code_are_never_rolled(tmp_path):
    (tmp_path / "layers.py").write_text(LAYERS)
    text = "network:\n  inputs: {x: [8]}\n  layers:\n    - repeat: {times: 5, layers: [%s]}\n"
    text %= "{dense: 8}, {python: {definition: layers:Gate, arguments: {features: 8}}}"
    compiled = compile(Source("spec.yaml", text, str(tmp_path)))
    assert "scan" not in compiled.source and "for i in range(5)" in compiled.source
    (roll,) = [each for each in compiled.passes if each.name == "roll"]
    (left,) = [each for each in roll.remarks if not each.done]
    assert (left.rule, left.text) == (
        4,
        "`repeat` (5 layers) is not rolled: it runs code of your own, in which anything may stand",
    )


def test_what_such_code_does_is_never_done_once_for_two(source):
    branch = "[{python: layers:waves}]"
    text = source(f"y: {{parallel: {{branches: [{branch}, {branch}]}}}}")
    assert text.count("waves(x)") == 2
