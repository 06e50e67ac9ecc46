"""The schema in yaml-language-server itself, where it is installed: completion, hover, problems."""

import json
import shutil
import subprocess
from threading import Timer

import pytest

from graphc.core.registry import operations
from graphc.insight.schema import spec_schema

SERVER = shutil.which("yaml-language-server")
pytestmark = pytest.mark.skipif(SERVER is None, reason="needs yaml-language-server")
SECONDS = 60
HEAD = "graphc: 1\nnetwork:\n  inputs: {image: [8, 8, 1]}\n"


class Editor:
    """What an editor asks of the server, about texts with the cursor at `|`."""

    def __init__(self, folder):
        (folder / "graphc.json").write_text(json.dumps(spec_schema()))
        self.folder, self.count, self.texts, self.problems = folder, 0, 0, {}
        self.process = subprocess.Popen(
            [SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.timer = Timer(SECONDS, self.process.kill)
        self.timer.start()
        texts = {"completion": {"completionItem": {"snippetSupport": True}}}
        capabilities = {"textDocument": texts, "workspace": {"configuration": True}}
        about = {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities}
        self.ask("initialize", about)
        self.send(method="initialized", params={})

    def close(self):
        self.timer.cancel()
        self.process.kill()
        self.process.communicate()

    def send(self, **message):
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self.process.stdin.flush()

    def receive(self):
        """The next answer; what the server asks is answered, and what it says is kept."""
        while True:
            length = 0
            while line := self.process.stdout.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name == b"Content-Length" else length
            assert length, "the server hangs or is gone"
            message = json.loads(self.process.stdout.read(length))
            if message.get("method") == "textDocument/publishDiagnostics":
                self.problems[message["params"]["uri"]] = message["params"]["diagnostics"]
            elif message.get("method") == "workspace/configuration":
                items = message["params"]["items"]
                yaml = {"completion": True, "hover": True, "schemaStore": {"enable": False}}
                found = [yaml if each.get("section") == "yaml" else None for each in items]
                self.send(id=message["id"], result=found)
            elif "method" in message and "id" in message:
                self.send(id=message["id"], result=None)
            if "method" not in message or message["method"].endswith("Diagnostics"):
                return message

    def ask(self, method, params):
        self.count += 1
        self.send(id=self.count, method=method, params=params)
        while (message := self.receive()).get("id") != self.count or "method" in message:
            pass
        return message["result"]

    def open(self, text):
        """Open a spec whose first line names the schema; gives the place of the cursor."""
        text = f"# yaml-language-server: $schema=graphc.json\n{text}"
        before, _, after = text.partition("|")
        self.texts += 1
        uri = (self.folder / f"{self.texts}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": before + after}
        self.send(method="textDocument/didOpen", params={"textDocument": document})
        line = before.count("\n")
        place = {"line": line, "character": len(before.rpartition("\n")[2])}
        return {"textDocument": {"uri": uri}, "position": place}

    def completed(self, text):
        """Labels with what they insert."""
        items = self.ask("textDocument/completion", self.open(text))["items"]
        return {each["label"]: each["textEdit"]["newText"] for each in items}

    def hover(self, text):
        return self.ask("textDocument/hover", self.open(text))["contents"]["value"]

    def underlined(self, text):
        """Lines of the spec (from 1) and messages."""
        uri = self.open(text)["textDocument"]["uri"]
        while uri not in self.problems:
            self.receive()
        return [(each["range"]["start"]["line"], each["message"]) for each in self.problems[uri]]


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    editor = Editor(tmp_path_factory.mktemp("editor"))
    yield editor
    editor.close()


def test_sections_are_completed(editor):
    assert {"network", "blocks", "train", "data"} <= set(editor.completed("graphc: 1\n|"))
    assert {"inputs", "layers", "nodes"} <= set(editor.completed("graphc: 1\nnetwork:\n  |"))
    assert {"params", "nodes"} <= set(editor.completed("graphc: 1\nblocks:\n  mine:\n    |"))


def test_steps_are_completed_with_what_they_need(editor):
    found = editor.completed(HEAD + "  layers:\n    - |")
    assert found["relu"] == "relu" and found["conv"] == "conv: "
    assert found["repeat"] == "repeat: {times: $1, layers: [$2]}"
    assert found["batch_norm"] == "batch_norm" and found["batch_norm: {...}"] == "batch_norm: {$1}"
    assert {"relu", "dense"} <= set(editor.completed(HEAD + "  layers:\n    - flatten\n    - d|"))
    assert {"relu", "dense"} <= set(editor.completed(HEAD + "  layers:\n  - residual:\n      - |"))


@pytest.mark.parametrize("form", ["{k|}", "{features: 3, k|}", "\n        |"])
def test_attributes_are_completed(editor, form):
    found = editor.completed(HEAD + f"  layers:\n    - conv: {form}")
    assert {"kernel", "stride", "padding", "activation"} <= set(found)


def test_words_are_completed(editor):
    step = HEAD + "  layers:\n    - conv: {features: 3, %s: |}"
    assert set(editor.completed(step % "padding")) >= {"same", "valid"}
    assert {"relu", "tanh"} <= set(editor.completed(step % "activation"))
    assert {"he_normal", "zeros"} <= set(editor.completed(step % "kernel_init"))
    assert {"mnist", "iris"} <= set(editor.completed("data: |"))
    assert editor.completed("train:\n  optimizer: |")["adam: ..."] == "{adam: $1}"


def _text(name):
    """The beginning of what is said of an operation."""
    return operations[name].summary().partition("`")[0][:40]


@pytest.mark.parametrize(
    "text, words",
    [
        (HEAD + "  layers: [{conv: {fea|tures: 3}}]", "how many channels come out"),
        (HEAD + "  layers: [{co|nv: {features: 3}}]", _text("conv")),
        (HEAD + "  layers: [{co|nv: {features: 3}}]", "LeCun"),
        (HEAD + "  layers: [fla|tten]", _text("flatten")),
        (HEAD + "  layers: [{resi|dual: [relu]}]", "`graphc ops residual`"),
        (HEAD + "  layers: [{dense: {features: 3, activation: re|lu}}]", "The positive part"),
        ("train: {optimizer: {ad|am: 1e-3}}", "running moments of the gradient"),
        ("da|ta: mnist", "where examples come from"),
    ],
)
def test_hovering_explains(editor, text, words):
    assert words in editor.hover(text)


@pytest.mark.parametrize(
    "step, message",
    [
        ("conv: {features: 3, kernle: 5}", "Property kernle is not allowed."),
        ("conv: {kernel: 5}", 'Missing property "features".'),
        ("conv", "a step is an operation, and this one needs attributes: `dense: 10`"),
        ("dense: many", "a word can stand here only as a parameter: `$units`, `4 * $units`"),
        ("dense: 0", "Value is below the minimum of 1."),
    ],
)
def test_mistakes_are_underlined(editor, step, message):
    assert editor.underlined(HEAD + f"  layers:\n    - {step}\n") == [(5, message)]


def test_good_specs_are_not_underlined(editor):
    text = HEAD + "  layers: [flatten, {mine: 3}, {dense: $units // 2}]\nparams: {units: 8}\n"
    assert editor.underlined(text + "blocks: {mine: {params: {n: int}, layers: [relu]}}\n") == []
