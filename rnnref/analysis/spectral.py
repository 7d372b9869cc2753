"""Eigenvalues and singular values of a recurrent matrix: two sizes that need not agree."""

import math

import numpy as np

from rnnref.shapes import require_float, require_shape


def spectral_radius(W):
    """Return the largest modulus of an eigenvalue, ρ(W).

    Parameters
    ----------
    W : ndarray, shape (H, H)

    Returns
    -------
    float

    Raises
    ------
    ShapeError
        If `W` is not square.
    TypeError
        If `W` is no array, or none of float32, float64 or complex128.
    ValueError
        If an entry is not finite.

    Notes
    -----
    ``ρ(W) = max_i |λ_i|``, the rate of growth in the end, since ``‖Wⁿ‖^(1/n) → ρ(W)``. It is no
    norm: D3 takes it for ‖W‖₂, which is never smaller and, if W is not normal, may be much larger
    (`spectral_norm`).

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import spectral_radius
    >>> print(f"{spectral_radius(np.array([[0.0, -2.0], [2.0, 0.0]])):.2f}")  # eigenvalues ± 2i
    2.00
    """
    require_square("spectral_radius", W)
    return float(np.abs(np.linalg.eigvals(W)).max())


def spectral_norm(W):
    """Return the largest singular value, ‖W‖₂.

    Parameters
    ----------
    W : ndarray, shape (H, H)

    Returns
    -------
    float

    Raises
    ------
    ShapeError
        If `W` is not square.
    TypeError
        If `W` is no array, or none of float32, float64 or complex128.
    ValueError
        If an entry is not finite.

    Notes
    -----
    ``‖W‖₂ = max ‖Wv‖₂ / ‖v‖₂`` over v ≠ 0, the most that one product with W can stretch a vector.
    D3 gives it as the largest eigenvalue, which is right for a symmetric W, by modulus, and
    for any other normal one.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import spectral_norm, spectral_radius
    >>> W = np.array([[0.5, 5.0], [0.0, 0.5]])
    >>> print(f"{spectral_radius(W):.2f} {spectral_norm(W):.2f}")
    0.50 5.05
    """
    require_square("spectral_norm", W)
    return float(np.linalg.norm(W, 2))


def scale_to_spectral_radius(W, rho):
    """Multiply a matrix by the number that gives it a chosen spectral radius.

    Parameters
    ----------
    W : ndarray, shape (H, H)
    rho : float
        The spectral radius wanted, more than 0.

    Returns
    -------
    ndarray, shape (H, H)
        ``(rho / ρ(W)) W``, of the same dtype.

    Raises
    ------
    ShapeError
        If `W` is not square.
    TypeError
        If `W` is no array, or none of float32, float64 or complex128.
    ValueError
        If `rho` is not a positive number, an entry of `W` is not finite, or `W` is nilpotent, as
        zero and every strictly triangular matrix are: their eigenvalues are all 0 and stay so.

    Notes
    -----
    Rounding gives a nilpotent W eigenvalues of up to about ``ε^(1/H) ‖W‖``, far from 0 even for
    H = 4. So W is judged by its zeros and its powers instead: nilpotent means ``W^H = 0``.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import scale_to_spectral_radius
    >>> scale_to_spectral_radius(np.array([[0.5, 5.0], [0.0, 0.5]]), 1.0)
    array([[ 1., 10.],
           [ 0.,  1.]])
    """
    require_square("scale_to_spectral_radius", W)
    if not 0 < rho < math.inf:
        raise ValueError(f"scale_to_spectral_radius: rho must be a positive number, got {rho}")
    if _is_nilpotent(W):
        raise ValueError(
            "scale_to_spectral_radius: W must have an eigenvalue other than 0, got a nilpotent "
            "matrix"
        )
    return W * (float(rho) / spectral_radius(W))


def _is_nilpotent(W):
    """Tell whether W^H = 0: exactly where the zeros of W decide it, else but for rounding."""
    # A unit that no other one feeds, or that feeds no other one, has W_ii as an eigenvalue.
    while W.size:
        links = W != 0
        np.fill_diagonal(links, False)
        inner = links.any(axis=0) & links.any(axis=1)
        if inner.all():
            return _has_vanishing_power(W)
        if np.diagonal(W)[~inner].any():
            return False
        W = W[inner][:, inner]
    return True


def _has_vanishing_power(W):
    """Tell whether a square among W², W⁴, … of at most 2H factors is no more than rounding."""
    H, rounding = len(W), len(W) * np.finfo(W.dtype).eps
    power = W / np.linalg.norm(W, 2)  # to norm 1, lest squares over- or underflow
    for _ in range(math.ceil(math.log2(H))):
        power = power @ power
        norm = np.linalg.norm(power, 2)
        if norm <= rounding:
            return True
        power /= norm
    return False


def require_square(where, W):
    """Raise unless `W` is a square matrix of finite numbers.

    Raises
    ------
    ShapeError
        If it is not square.
    TypeError
        If it is no array, or none of float32, float64 or complex128.
    ValueError
        If an entry is not finite.
    """
    require_shape(where, "W", W, "H, H")
    H = len(W)
    require_shape(where, "W", W, f"H={H}, H={H}")
    require_float(where, W.dtype)
    if not np.isfinite(W).all():
        raise ValueError(f"{where}: W must be finite, got nan or inf among its entries")
