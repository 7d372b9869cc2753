"""Sizes at which layers are compared."""

RECURRENT_AXES = "(T, B, D, H)"
RECURRENT = [
    (25, 1, 93, 100),  # the character model of D4
    (25, 32, 64, 128),
    (50, 32, 128, 128),
    (100, 16, 64, 256),
    (20, 64, 128, 512),
]
