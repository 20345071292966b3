#!/usr/bin/env python3
"""Compiles SmolLM2-135M-Instruct for both targets and answers a question on
the host, streaming. Usage: demo.py BUILD [--output DIR] [QUESTION]

Commands and times go to stderr, the answer to stdout.
"""
import argparse
import os
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"
QUESTION = "What is gravity? Answer in one sentence."


def run(command, shown, environment=None):
    """Runs `command`, which a user would type as `shown`."""
    print(f"[demo] {shlex.join(shown)}", file=sys.stderr, flush=True)
    code = subprocess.run(command, env=environment, check=False).returncode
    if code:
        sys.exit(f"[demo] {shown[0]} failed")


def report_sizes(package):
    """One line per part of the package: its files and their size."""
    for part in sorted(os.listdir(package)):
        folder = os.path.join(package, part)
        if os.path.isdir(folder):
            names = sorted(os.listdir(folder))
            size = sum(os.path.getsize(os.path.join(folder, name))
                       for name in names)
            print(f"[demo] {part}: {', '.join(names)} ({size / 1e6:.0f} MB)",
                  file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", help="the build directory")
    parser.add_argument("question", nargs="?", default=QUESTION)
    parser.add_argument("--output", help="the package (BUILD/demo)")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    package = options.output or os.path.join(build, "demo")
    models = os.environ.get("QEFF_MODELS_DIR",
                            os.path.join(ROOT, "build", "models"))
    subprocess.run(
        [sys.executable, os.path.join(ROOT, "utils", "fetch_models.py")],
        check=True)

    arguments = [os.path.join(models, MODEL), "-o", package]
    run([os.path.join(build, "bin", "qeff-compile"), *arguments],
        ["qeff-compile", *arguments])
    report_sizes(package)
    arguments = ["generate", package, "--chat", "--prompt", options.question]
    environment = dict(os.environ, PYTHONPATH=os.path.join(build, "python"))
    run([sys.executable, "-m", "qeff", *arguments], ["qeff", *arguments],
        environment)


if __name__ == "__main__":
    main()
