"""The step `python`: found beside the file that says so, looked at, and never run."""

from textwrap import dedent

import pytest

import graphc as gc
from graphc.checker import check
from graphc.core.diagnostic import SpecError
from graphc.core.span import Source
from graphc.ops.user_code import Signature
from graphc.spec.dump import dump

SPEC = "network:\n  inputs: {x: [8], z: [8]}\n  nodes:\n    y: {%s, from: %s}\n  output: y\n"
BODY = "x = 1 / 0\n\n\ndef waves(x):\n    return x\n"


@pytest.fixture
def files(tmp_path):
    def write(texts=None, **more):
        for name, text in ((texts or {}) | more).items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        return tmp_path

    return write


def checked(folder, step="python: layers:waves", values="x"):
    return check(Source("spec.yaml", SPEC % (step, values), str(folder)))


def refused(folder, step="python: layers:waves"):
    with pytest.raises(SpecError) as error:
        checked(folder, step)
    (problem,) = error.value.diagnostics
    return problem


def seen(folder, word, module="layers"):
    (use,) = checked(folder, f"python: {module}:{word}").user_code.uses
    return use.operation.signature


def test_nothing_is_run(files, capsys):
    found = checked(files(layers="raise SystemExit(print('run'))\n" + BODY))
    assert found.user_code.definitions == ("layers:waves",)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "text, signature",
    [
        ("def f(x): ...", Signature(False, (), False)),
        ("def f(x, mask, *, train): ...", Signature(False, ("train", "mask"), False)),
        ("def f(train, /, x, **key): ...", Signature(False, (), False)),
        ("if 1:\n    f = 1\nelse:\n    def f(x, key): ...", Signature(False, ("key",), False)),
        ("class f:\n    def __call__(self, x): ...", Signature(True, (), True)),
        ("class f(nnx.Module):\n    def __call__(self, x): ...", Signature(True, (), False)),
        (
            "class f(nnx.Module):\n"
            "    def __init__(self, *, rngs): ...\n"
            "    def __call__(self, x, *, key): ...",
            Signature(True, ("key",), True),
        ),
        (
            "class base(nnx.Module):\n    def __call__(self, x, mask=None): ...\n"
            "class f(base):\n    def __init__(self, n): ...",
            Signature(True, ("mask",), False),
        ),
        ("from more import g as f", Signature(False, ("train",), False)),
        ("from .more import g as f", Signature(False, ("train",), False)),
    ],
)
def test_what_a_definition_takes_is_read_from_its_file(files, text, signature):
    text = text.replace("class f:", "class f(object):")
    if "(object)" in text:
        signature = Signature(True, (), False)
    more = "def g(x, train): ..."
    folder = files({"parts/layers": text, "parts/more": more, "more": more})
    assert seen(folder, "f", "parts.layers") == signature


@pytest.mark.parametrize(
    "text",
    [
        "f = partial(g, 1)",
        "from nowhere import f",
        "from more import *",
        "class f(Other):\n    def __init__(self): ...",
        "class f(f): ...",
    ],
)
def test_what_is_hidden_must_be_said(files, text):
    folder = files(layers=text, more="")
    assert refused(folder, "python: layers:f").code == "GC244"
    (use,) = checked(folder, "python: {definition: layers:f, takes: key}").user_code.uses
    assert use.operation.signature.takes == ("key",)


def test_a_file_that_is_no_python_is_an_error_at_the_step_with_the_line(files):
    problem = refused(files(layers="def waves(x)\n    return x\n"))
    assert (problem.code, str(problem.span)) == ("GC241", "spec.yaml:4:17")
    assert str(problem.notes[0]).endswith("layers.py:1:1")


def test_files_that_are_imported_belong_to_it(files):
    texts = {
        "parts/layers": "import jax\nfrom . import gates\nfrom .more.waves import w\ndef f(x): ...",
        "parts/gates": "import parts.layers\ndef g():\n    import helpers",
        "parts/more/waves": "",
        "parts/more/__init__": "",
        "helpers": "",
    }
    names = checked(files(texts, other=""), "python: parts.layers:f").user_code.names
    assert names == tuple(sorted(f"{name}.py" for name in texts))


def test_a_file_that_is_imported_must_have_a_name_of_its_own(files):
    problem = refused(files(layers="import this\n" + BODY, this=""))
    assert problem.code == "GC243"
    assert problem.message.endswith(
        "this.py` has the name of a module of Python's standard library"
    )
    assert str(problem.notes[0]).endswith("layers.py:1:1")


@pytest.mark.parametrize("name", ["model", "optax"])
def test_a_file_with_the_name_of_something_else_is_refused(files, name):
    assert refused(files({name: BODY}), f"python: {name}:waves").code == "GC243"


def test_a_file_lies_beside_the_one_that_names_it(files):
    folder = files({"layers": "", "parts/layers": BODY})
    block = "blocks:\n  waved:\n    layers: [{python: layers:waves}]\n"
    (folder / "parts" / "blocks.yaml").write_text(block)
    text = "use: {parts: ./parts/blocks.yaml}\nnetwork:\n  inputs: {x: [8]}\n  layers: [%s]\n"
    source = Source("spec.yaml", text % "parts/waved", str(folder))
    assert check(source).user_code.files == (("layers.py", folder / "parts" / "layers.py"),)
    (folder / "layers.py").write_text(BODY)
    both = Source("spec.yaml", text % "parts/waved, {python: layers:waves}", str(folder))
    with pytest.raises(SpecError, match="would be one module"):
        check(both)


@pytest.mark.parametrize(
    "step, values",
    [
        ("python: layers:waves", "x"),
        ("python: layers:waves", "[x, z]"),
        ("python: layers:waves", "{x: z}"),
        ("python: layers:waves", "{b: x, a: [x, z]}"),
        ("python: {definition: layers:waves, output: [3], arguments: {b: [1, [2]], a: no}}", "z"),
    ],
)
def test_a_step_is_the_same_after_a_round_trip(files, step, values):
    networks = checked(files(layers=BODY), step, values).networks
    again = check(Source("again.yaml", dump(networks), str(files()))).networks
    assert again == networks


def test_graphs_in_python_have_it_too(files, monkeypatch):
    monkeypatch.chdir(files(layers=BODY))
    g = gc.Graph(x=(8,), z=(8,))
    h = g.python("x", "layers:waves", output=[3], name="h")
    g.output(y=g.python("layers:waves", h, "z", name="y"))
    text = "network:\n  inputs: {x: [8], z: [8]}\n  nodes:\n"
    text += "    h: {python: {definition: layers:waves, output: [3]}, from: x}\n"
    text += "    y: {python: layers:waves, from: [h, z]}\n  output: y\n"
    assert g.graph == gc.load(Source("same.yaml", text))
    with pytest.raises(SpecError, match="GC240"):
        gc.compile(g, python=False)
