#!/usr/bin/env python3
"""Runs all tests of a build directory: lit and unit tests, then the Python
tests. The last line is `N passed, N failed`; the exit code is 1 if any failed.
"""
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def count_junit(path):
    """(passed, failed) of a JUnit file; a skipped test counts as failed."""
    passed = failed = 0
    if not os.path.exists(path):
        return 0, 1
    for case in ElementTree.parse(path).iter("testcase"):
        bad = any(case.find(tag) is not None
                  for tag in ("failure", "error", "skipped"))
        failed += bad
        passed += not bad
    return passed, failed


def run_lit(build):
    report = os.path.join(build, "test", "lit.xml")
    if os.path.exists(report):
        os.remove(report)
    subprocess.run(
        [sys.executable, "-c", "from lit.main import main; main()", "-sv",
         "--xunit-xml-output", report, os.path.join(build, "test"),
         os.path.join(build, "test", "unit")], check=False)
    return count_junit(report)


def run_pytest(build, arguments):
    report = os.path.join(build, "test", "pytest.xml")
    if os.path.exists(report):
        os.remove(report)
    environment = dict(os.environ, QEFF_BUILD_DIR=build,
                       PYTHONPATH=os.path.join(build, "python"))
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         "--junitxml", report, os.path.join(ROOT, "test", "python"),
         *arguments], check=False, env=environment, cwd=ROOT)
    return count_junit(report)


def main():
    build = os.path.abspath(sys.argv[1])
    arguments = sys.argv[2:]
    subprocess.run([sys.executable, os.path.join(ROOT, "utils",
                                                 "fetch_models.py")],
                   check=True)
    results = [run_lit(build), run_pytest(build, arguments)]
    passed = sum(result[0] for result in results)
    failed = sum(result[1] for result in results)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
