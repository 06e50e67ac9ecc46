"""What a command imports, which is how long it takes to start."""

import gc
import subprocess
import sys

import pytest

from graphc.cli import check

SCRIPT = """
import sys
from graphc.cli.main import main
status = main(sys.argv[2:])
found = [name for name in sys.argv[1].split(",") if name in sys.modules]
sys.exit(f"imported {found}" if found else status)
"""
HEAVY = "jax,jaxlib,flax,optax,orbax,numpy,sklearn,scipy,rich"


@pytest.mark.parametrize(
    "arguments, unwanted",
    [
        (["--help"], f"{HEAVY},networkx,yaml,graphc.checker,importlib.metadata"),
        (["--version"], f"{HEAVY},networkx,yaml,graphc.checker"),
        (["check", "a.yaml"], f"{HEAVY},graphc.compiler,graphc.passes"),
        (["check", "a.yaml", "--set", "search.over.units=[8, 16]"], f"{HEAVY},optuna"),
        (["show", "a.yaml"], HEAVY),
        (["show", "a.yaml", "--format", "dot"], HEAVY),
        (["show", "a.yaml", "--format", "html"], HEAVY),
        (["diff", "a.yaml", "a.yaml"], HEAVY),
        (["compile", "a.yaml"], HEAVY),
        (["explain-compile", "a.yaml"], HEAVY),
        (["data", "a.yaml"], "jax,graphc.data.omniglot,graphc.data.words"),
        (["ops", "dense"], HEAVY),
        (["schema"], HEAVY),
        (["train", "--help"], f"{HEAVY},networkx"),
        (["sweep", "--help"], f"{HEAVY},networkx,optuna"),
        (["help", "GC100"], f"{HEAVY},networkx"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_imports_nothing_it_does_not_need(spec, arguments, unwanted):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, unwanted, *arguments], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_garbage_is_looked_for_seldom_while_a_command_runs(graphc, spec, monkeypatch):
    before, during = gc.get_threshold(), []
    monkeypatch.setattr(check.command, "callback", lambda **_: during.append(gc.get_threshold()))
    graphc("check", spec)
    assert during[0] > before
    assert gc.get_threshold() == before
