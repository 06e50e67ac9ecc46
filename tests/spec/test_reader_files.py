"""From a path to a tree: each reason for which a file cannot be read has its own error."""

import os

import pytest

from graphc.core.diagnostic import SpecError
from graphc.core.tree import plain
from graphc.spec.reader import read_file


def file_error(path) -> SpecError:
    with pytest.raises(SpecError) as error:
        read_file(str(path))
    return error.value


def test_a_file_is_read_and_knows_its_folder(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes("\ufeffa: é\r\n".encode())
    node = read_file(str(path))
    assert plain(node) == {"a": "é"}
    assert (node.span.source.name, node.span.source.folder) == (str(path), str(tmp_path))


def test_a_missing_file_is_an_error_that_names_a_similar_one(tmp_path):
    (tmp_path / "lenet.yaml").write_text("a: 1")
    error = file_error(tmp_path / "lenett.yaml").diagnostics[0]
    assert error.code == "GC100"
    assert error.message == f"the file `{tmp_path / 'lenett.yaml'}` does not exist"
    assert error.help == "a file with a similar name exists: `lenet.yaml`"


def test_a_missing_file_may_be_a_spec_that_ships_with_graphc(tmp_path):
    error = file_error(tmp_path / "lenet5").diagnostics[0]
    assert error.help == "graphc has a spec `zoo/lenet5`"
    assert file_error(tmp_path / "nothing").diagnostics[0].help is None


def test_a_folder_is_an_error(tmp_path):
    error = file_error(tmp_path).diagnostics[0]
    assert (error.code, error.message) == ("GC118", f"`{tmp_path}` is a folder")


def test_an_unreadable_file_is_an_error(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    error = file_error("a.yaml").diagnostics[0]
    message = "the file `a.yaml` cannot be read: permission denied"
    assert (error.code, error.message) == ("GC119", message)


def test_a_path_with_a_nul_is_an_error():
    assert file_error("a\0b").diagnostics[0].code == "GC119"


def test_a_file_that_is_not_utf8_is_an_error_at_its_byte(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes("a: é\nb: ".encode() + b"\xe9\n")
    error = file_error(path).diagnostics[0]
    assert (error.code, error.span.line, error.span.column) == ("GC116", 2, 4)
    assert error.message == "byte 9 of the file, 0xE9, is not UTF-8"


def test_a_utf16_file_is_an_error_of_its_own(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: 1", encoding="utf-16")
    error = file_error(path).diagnostics[0]
    assert (error.code, error.message) == ("GC116", "the file is UTF-16, and a spec is UTF-8")


def test_a_large_file_is_refused_without_being_read_whole(tmp_path):
    path = tmp_path / "a.yaml"
    with open(path, "wb") as file:
        os.truncate(file.fileno(), 10_000_001)
    assert file_error(path).diagnostics[0].code == "GC117"
