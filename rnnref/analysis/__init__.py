"""Networks seen from outside: whether gradients are right, and what they do over time."""
