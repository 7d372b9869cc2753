"""First weight matrices, drawn in float64, so that a seed means the same in every dtype."""

import numpy as np


def glorot_uniform(rng, n_to, n_from, dtype):
    """Return an (n_to, n_from) matrix, uniform in ±√(6 / (n_to + n_from)).

    It keeps the variance of a signal about equal forwards and backwards: Glorot and Bengio (2010),
    eq. 16.
    """
    limit = np.sqrt(6 / (n_to + n_from))
    return rng.uniform(-limit, limit, (n_to, n_from)).astype(dtype)


def orthogonal(rng, n, dtype):
    """Return a uniformly distributed orthogonal (n, n) matrix.

    All its singular values are 1, so at first neither states nor gradients grow or vanish because
    of it: Saxe, McClelland and Ganguli (2014). The signs make the distribution uniform, which Q
    of a QR factorisation alone is not: Mezzadri (2007).
    """
    Q, R = np.linalg.qr(rng.normal(size=(n, n)))
    return (Q * np.sign(np.diag(R))).astype(dtype)
