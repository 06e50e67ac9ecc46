"""docs/extending.md, followed as it is written."""

import re
from pathlib import Path

import pytest

import graphc as gc
import graphc.ops
from graphc.core import plugins
from graphc.core.registry import operations
from graphc.core.span import Source

assert list(graphc.ops.operations)  # all of them are imported

PAGE = Path(__file__).resolve().parents[2] / "docs" / "extending.md"
FILES = ("octaves/layers.py", "octaves/operations.py", "pyproject.toml", "test_octaves.py")
SPEC = """
network:
  inputs: {place: [2]}
  layers: [{octaves: 6}, {dense: {features: 3, activation: sigmoid}}]
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:python|toml)\n(.*?)```", text, re.DOTALL)
    for name, block in zip(FILES, blocks, strict=True):
        assert f"`{name}`" in text
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(block)
    information = tmp_path / "octaves-0.1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: octaves\nVersion: 0.1\n")
    offered = re.search(r"^octaves = .*", blocks[2], re.MULTILINE).group().replace('"', "")
    (information / "entry_points.txt").write_text(f"[graphc.operations]\n{offered}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(operations, "_entries", dict(operations._entries))
    plugins.offered.cache_clear()
    yield tmp_path
    plugins.offered.cache_clear()


def test_a_spec_and_a_graph_take_the_operation(package):
    model = gc.compile(Source("a.yaml", SPEC))
    assert "from octaves.layers import octaves" in model.source
    assert "octaves(place, 6)" in model.source
    assert gc.Graph(x=(2,)).octaves("x", 6).type.shape == (24,)
    assert model.compiled.weights.parameters == 24 * 3 + 3


def test_its_test_passes(package):
    names = {}
    exec((package / "test_octaves.py").read_text(), names)
    names["test_octaves_keeps_its_contract"]()


def test_the_emitted_module_runs(package):
    import jax
    import jax.numpy as jnp

    module = gc.compile(Source("a.yaml", SPEC)).module()
    outputs = module.call(module.build(jax.random.key(0)), {"place": jnp.ones((5, 2))})
    assert outputs.shape == (5, 3)
