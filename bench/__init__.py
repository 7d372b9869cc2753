"""Speed of the reference package; `python -m bench` measures and writes `bench/results/`."""
