"""What the scripts have in common: the files of results, the command line, the processes."""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def stored(name):
    """Return the results of a script's earlier runs, a dict; empty if there are none."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def store(name, results):
    """Write a script's results."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def run_studies(name, studies):
    """Run the studies that the command line names, by default all; other results stay.

    `studies` is a dict from names to functions, ``study(pool) -> results``.
    """
    parser = argparse.ArgumentParser(prog=f"python -m experiments.{name}")
    parser.add_argument("study", nargs="*", help=f"{'; '.join(studies)}. By default all")
    asked = parser.parse_args().study
    for study in asked:
        if study not in studies:
            parser.error(f"study must be one of {'; '.join(studies)}, got {study}")
    results = stored(name)
    with ProcessPoolExecutor() as pool:
        for study in asked or studies:
            results[study] = studies[study](pool)
            store(name, results)
