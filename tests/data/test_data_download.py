"""A download is complete and correct, or leaves nothing behind."""

import errno
import hashlib
import os
import socket

import pytest

from graphc.data.download import download

BODY = b"data" * 50_000
SUM = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "new" / "file.gz"


def _left(target):
    return sorted(path.name for path in target.parent.glob("*"))


def test_a_file_is_stored_under_its_name(site, target):
    download(site.serve("file.gz", BODY), target, SUM)
    assert target.read_bytes() == BODY
    assert _left(target) == ["file.gz"]


def test_a_wrong_checksum_stores_nothing(site, target, problem):
    url = site.serve("file.gz", b"other")
    with problem("GC503") as found:
        download(url, target, SUM)
    wrong = hashlib.sha256(b"other").hexdigest()[:12]
    assert found[0].message == (
        f"`{url}` is damaged: its SHA-256 starts with `{wrong}`, not with `{SUM[:12]}`"
    )
    assert _left(target) == []


def test_a_wrong_checksum_keeps_what_was_there(site, target):
    target.parent.mkdir()
    target.write_bytes(b"old")
    with pytest.raises(Exception, match="GC503"):
        download(site.serve("file.gz", b"other"), target, SUM)
    assert target.read_bytes() == b"old"


def test_a_missing_page_is_reported_with_its_status(site, target, problem):
    with problem("GC504") as found:
        download(site.url + "nothing.gz", target, SUM)
    assert found[0].message == (
        f"downloading `{site.url}nothing.gz` failed: the server answered 404 Not Found"
    )
    assert _left(target) == []


def test_a_connection_that_is_cut_stores_nothing(site, target, problem):
    with problem("GC504") as found:
        download(site.serve("file.gz", BODY, missing=7), target, SUM)
    assert found[0].message.endswith(": the connection ended after 199993 of 200000 bytes")
    assert _left(target) == []


def test_no_network_is_reported(target, problem, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/file.gz"
        with problem("GC504") as found:
            download(url, target, SUM)
    assert "Connection refused" in found[0].message


def test_a_server_that_does_not_answer_is_given_up(target, problem, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with problem("GC504") as found:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/file.gz"
            download(url, target, SUM, timeout=0.1)
    assert found[0].message.endswith("timed out")


def test_a_full_disk_stores_nothing(site, target, problem, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with problem("GC505") as found:
        download(site.serve("file.gz", BODY), target, SUM)
    assert found[0].message == f"`{target}` cannot be written: No space left on device"
    assert _left(target) == []


def test_a_folder_that_cannot_be_made_is_reported(site, target, problem):
    target.parent.write_text("a file")
    with problem("GC505") as found:
        download(site.serve("file.gz", BODY), target, SUM)
    assert found[0].message == f"`{target}` cannot be written: File exists"
