"""What the tests of the data room share: where the real sets are, and a server to download from."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from graphc.core.diagnostic import Diagnostic, RunError
from graphc.core.operation import ShapeError


@pytest.fixture
def real_sets() -> Path:
    folder = os.environ.get("GRAPHC_DATA")
    if not folder:
        pytest.skip("GRAPHC_DATA does not name a folder with the real sets")
    return Path(folder)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No set is anywhere: the cache is an empty folder, and no other folder is named."""
    monkeypatch.delenv("GRAPHC_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "graphc" / "data"


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., str]:
    """Writes a text file and returns the folder that it is in."""

    def write(text: str, name: str = "table.csv") -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path)

    return write


@contextmanager
def _problem(code: str) -> Iterator[list[Diagnostic]]:
    found: list[Diagnostic] = []
    with pytest.raises((RunError, ShapeError)) as caught:
        yield found
    error = caught.value
    if isinstance(error, ShapeError):
        found.append(Diagnostic(error.code, error.message, help=error.help))
    else:
        found += error.diagnostics
    assert [each.code for each in found] == [code]
    assert not found[0].message.endswith(".")


@pytest.fixture
def problem() -> Callable:
    """A context that expects one problem with this code, and gives it in a list."""
    return _problem


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1]
        body = self.server.bodies.get(name)  # type: ignore[attr-defined]
        if body is None:
            self.send_error(404)
            return
        missing = self.server.missing  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) - missing])

    def log_message(self, format: str, *args: object) -> None:
        pass


class Site:
    """A server on this machine: what it serves, and how many bytes it leaves out at the end."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server
        server.bodies, server.missing = {}, 0  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{server.server_address[1]}/"

    def serve(self, name: str, body: bytes, missing: int = 0) -> str:
        self.server.bodies[name], self.server.missing = body, missing  # type: ignore[attr-defined]
        return self.url + name


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Site(server)
        server.shutdown()
        thread.join()
