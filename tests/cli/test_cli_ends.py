"""How a command ends: exit status, and what is said where."""

import subprocess
import sys

import click
import pytest

from graphc.cli import check as check_command
from graphc.cli.colour import painted
from graphc.cli.main import COMMANDS
from graphc.cli.main import graphc as group
from graphc.core.diagnostic import Diagnostic, InternalError, RunError


def test_help_names_every_command_with_its_own_first_line():
    context = click.Context(group)
    for name, text in COMMANDS.items():
        command = group.get_command(context, name)
        assert command.help.split("\n")[0] == f"{text}."


def test_version(graphc):
    assert graphc("--version").out.startswith("graphc 0.")


@pytest.mark.parametrize("arguments", [["--bad"], ["check"], ["chek"], ["show", "a", "b"]])
def test_wrong_usage_has_status_2(graphc, arguments):
    done = graphc(*arguments)
    assert done.status == 2 and "Usage: graphc" in done.err


def test_an_unknown_command_suggests_one(graphc):
    assert "a command with a similar name exists: `check`" in graphc("chek").err


@pytest.mark.parametrize(
    "error, status, text",
    [
        (RunError(Diagnostic("GC608", "the disk is full")), 1, "error[GC608]: the disk is full\n"),
        (KeyboardInterrupt(), 1, "interrupted\n"),
    ],
)
def test_expected_ends_show_no_traceback(graphc, spec, monkeypatch, error, status, text):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(check_command, "check", fail)
    done = graphc("check", "a.yaml")
    assert (done.status, done.err.lstrip("\n")) == (status, text)


@pytest.mark.parametrize("error", [InternalError("a pass broke"), KeyError("x")])
def test_a_fault_of_graphc_shows_its_traceback_and_says_so(graphc, spec, monkeypatch, error):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(check_command, "check", fail)
    done = graphc("check", "a.yaml")
    assert done.status == 1
    assert done.err.startswith("Traceback") and "a fault of graphc itself" in done.err


def test_a_broken_pipe_is_silent():
    process = subprocess.Popen(
        [sys.executable, "-m", "graphc.cli.main", "schema"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


def test_colour_is_for_terminals_without_no_color(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert painted("x", bold=True) == "x"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert painted("x", bold=True) == "\x1b[1mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert painted("x", bold=True) == "x"
