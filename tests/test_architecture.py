import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def run(*command: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rooms_import_only_from_rooms_below():
    run(str(BIN / "lint-imports"), "--no-cache")


def test_the_code_passes_the_linter():
    run(sys.executable, "-m", "ruff", "check", "--no-cache", "graphc", "tests", "benchmarks")


def test_the_code_is_formatted():
    run(
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--no-cache",
        "--check",
        "graphc",
        "tests",
        "benchmarks",
    )


def test_no_file_of_the_package_is_longer_than_500_lines():
    long = [
        f"{path.relative_to(ROOT)}: {count}"
        for path in (ROOT / "graphc").rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 500
    ]
    assert not long
