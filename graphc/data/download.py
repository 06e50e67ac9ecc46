"""Downloads that are complete and correct, or leave nothing behind."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from graphc.core.diagnostic import Diagnostic, RunError

_CHUNK = 1 << 16


def download(url: str, path: Path, sha256: str, timeout: float = 20.0) -> None:
    """Store what `url` serves at `path`, if it has this checksum.

    The bytes go to a temporary file beside `path`, which is renamed when it is complete, so that
    no other process ever sees a part. `timeout` is for each wait for the network, in seconds.

    Raises:
        RunError: GC503 for a wrong checksum, GC504 where the network or the server failed or the
            connection was cut, GC505 where the file could not be written.
    """
    digest = hashlib.sha256()
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            for chunk in _chunks(url, timeout):
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() != sha256:
            help = "try again later, or get the file elsewhere; nothing was stored"
            raise wrong_checksum(url, digest.hexdigest(), sha256, help)
        os.replace(partial, path)
    except OSError as error:  # the network's errors have become RunError in `_chunks`
        message = f"`{path}` cannot be written: {error.strerror or error}"
        help = "make room, or choose another folder with `data_dir`"
        raise RunError(Diagnostic("GC505", message, help=help)) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def wrong_checksum(what: object, found: str, expected: str, help: str) -> RunError:
    """The error of bytes that are not the published ones."""
    sums = f"starts with `{found[:12]}`, not with `{expected[:12]}`"
    message = f"`{what}` is damaged: its SHA-256 {sums}"
    return RunError(Diagnostic("GC503", message, help=help))


def _chunks(url: str, timeout: float) -> Iterator[bytes]:
    """The body of `url`, checked against the length that the server named."""
    try:
        with urlopen(Request(url, headers={"User-Agent": "graphc"}), timeout=timeout) as answer:
            yield from _complete(answer, answer.headers.get("Content-Length"))
    except HTTPError as error:
        error.close()
        raise _failed(url, f"the server answered {error.code} {error.reason}".strip()) from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise _failed(url, str(reason) or type(error).__name__) from error


def _complete(answer: IO[bytes], length: str | None) -> Iterator[bytes]:
    received = 0
    while chunk := answer.read(_CHUNK):
        received += len(chunk)
        yield chunk
    if length is not None and received != int(length):
        raise OSError(f"the connection ended after {received} of {length} bytes")


def _failed(url: str, reason: str) -> RunError:
    return RunError(Diagnostic("GC504", f"downloading `{url}` failed: {reason}"))
