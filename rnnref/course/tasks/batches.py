"""Batches of sequences of different lengths."""

import numpy as np


def batch(sequences):
    """Put lists of integers side by side.

    Returns the array (T, B), 0 after the end of the shorter ones, and the lengths (B,).
    """
    lengths = np.array([len(sequence) for sequence in sequences], np.intp)
    table = np.zeros((lengths.max(), len(sequences)), np.intp)
    for i, sequence in enumerate(sequences):
        table[: len(sequence), i] = sequence
    return table, lengths
