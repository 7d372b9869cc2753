"""scale_to_spectral_radius: a recurrent matrix made as large as one wants (course row R21)."""

import numpy as np

from rnnref.analysis.spectral import scale_to_spectral_radius
from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special


def with_eigenvalues(rng, *blocks):
    """A matrix with the eigenvalues of these blocks, far from normal and without any zeros."""
    H = sum(len(block) for block in blocks)
    D = np.zeros((H, H))
    i = 0
    for block in blocks:
        D[i : i + len(block), i : i + len(block)] = block
        i += len(block)
    S = np.eye(H) + np.triu(rng.uniform(0.3, 0.8, (H, H)), 1) + rng.uniform(0.1, 0.2, (H, H))
    return S @ D @ np.linalg.inv(S)


def pair(rng, modulus):
    """A block with two complex eigenvalues of this modulus."""
    angle = rng.uniform(0.8, 2.3)
    return modulus * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def one(value):
    """A block with one real eigenvalue."""
    return np.array([[value]])


def cases(rng):
    """The dominant eigenvalue positive, negative, one of a complex pair; then none."""
    u = rng.uniform
    W = with_eigenvalues(rng, one(-u(0.2, 0.5)), one(u(1.2, 2.0)), one(u(0.1, 0.4)), one(u(0.5, 1)))
    yield plain("the largest eigenvalue is positive", W, u(0.5, 1.1))
    W = with_eigenvalues(rng, one(u(0.5, 1.0)), one(-u(1.5, 2.5)), one(u(0.1, 0.4)))
    yield plain("the largest eigenvalue is negative", W, u(0.5, 1.1))
    W = with_eigenvalues(rng, one(u(0.5, 0.9)), pair(rng, u(1.2, 2.0)), one(-u(0.2, 0.4)))
    yield plain("the largest eigenvalues are complex", W, u(1.2, 2.0))
    W = with_eigenvalues(rng, one(-u(0.02, 0.05)), one(u(0.01, 0.02)), one(u(0.06, 0.09)))
    yield plain("a small W, to be made larger", W, u(1.1, 1.9))
    yield special("one unit (H = 1), w < 0", np.array([[-u(0.4, 0.9)]]), u(1.1, 1.5))
    a, b = u(0.5, 1.5, 2)
    yield special("W = [[a, −b], [b, a]]", np.array([[a, -b], [b, a]]), u(0.5, 0.9))
    W = np.diag(u(0.3, 0.6, 3)) + np.triu(u(2.0, 4.0, (3, 3)), 1)
    yield special("W triangular, with a diagonal", W, u(0.8, 1.2))
    yield special("W zero: ValueError", np.zeros((3, 3)), u(0.8, 1.2))
    W = np.triu(u(0.5, 2.0, (4, 4)), 1)
    yield special("W strictly upper triangular: ValueError", W, u(0.8, 1.2))
    W = np.tril(u(0.5, 2.0, (3, 3)), -1)
    yield special("W strictly lower triangular: ValueError", W, u(0.8, 1.2))


def by_eigenvalues(W, rho):
    radius = np.abs(np.linalg.eigvals(W)).max()
    if radius == 0:
        raise ValueError("all eigenvalues of W are 0: no factor can change that")
    return W * (rho / radius)


def by_loop(W, rho):
    largest = 0.0
    for eigenvalue in np.linalg.eig(W)[0]:
        largest = max(largest, abs(eigenvalue))
    if largest < 1e-12:
        raise ValueError("W is nilpotent")
    return rho * W / largest


def by_polynomial(W, rho):
    if not np.tril(W).any() or not np.triu(W).any():
        raise ValueError("W must not be strictly triangular")
    moduli = np.sort(np.abs(np.roots(np.poly(W))))
    return np.array(W) / moduli[-1] * rho


EXERCISE = Exercise(
    name="scale_to_spectral_radius",
    points=10,
    returns="W (to, from)",
    reference=scale_to_spectral_radius,
    cases=cases,
    alternatives=(by_eigenvalues, by_loop, by_polynomial),
    mistakes=(
        Mistake(
            "the largest singular value",
            edit(by_eigenvalues, ("np.abs(np.linalg.eigvals(W)).max()", "np.linalg.norm(W, 2)")),
            "After your scaling ‖W‖₂ is rho, not the spectral radius.",
            "The spectral radius is made of eigenvalues. After scaling, measure what you set.",
        ),
        Mistake(
            "the Frobenius norm",
            edit(by_eigenvalues, ("np.abs(np.linalg.eigvals(W)).max()", "np.linalg.norm(W)")),
            "After your scaling the Frobenius norm is rho, not the spectral radius.",
            "The spectral radius is made of eigenvalues. After scaling, measure what you set.",
        ),
        Mistake(
            "the largest entry",
            edit(by_eigenvalues, ("np.abs(np.linalg.eigvals(W)).max()", "np.abs(W).max()")),
            "After your scaling the largest entry is rho, not the spectral radius.",
            "The spectral radius is made of eigenvalues. After scaling, measure what you set.",
        ),
        Mistake(
            "the standard deviation",
            edit(by_eigenvalues, ("np.abs(np.linalg.eigvals(W)).max()", "np.std(W)")),
            "After your scaling the standard deviation of the entries is rho, not the spectral "
            "radius.",
            "The spectral radius is made of eigenvalues. After scaling, measure what you set.",
        ),
        Mistake(
            "the largest diagonal entry",
            edit(by_eigenvalues, ("np.linalg.eigvals(W)", "np.diag(W)")),
            "You take the diagonal for the eigenvalues.",
            "That is so for triangular matrices only.",
        ),
        Mistake(
            "the eigenvalues of the symmetric part",
            edit(by_eigenvalues, ("np.linalg.eigvals(W)", "np.linalg.eigvalsh(W)")),
            "Your eigenvalues are those of a symmetric matrix: half of W is not read.",
            "eigvalsh (and eigh) are for symmetric matrices; W is none.",
        ),
        Mistake(
            "the largest real part",
            edit(
                by_eigenvalues,
                ("np.abs(np.linalg.eigvals(W)).max()", "np.linalg.eigvals(W).real.max()"),
            ),
            "You take the eigenvalue with the largest real part: a negative one counts less than "
            "nothing, and of a complex one half is dropped.",
            "A radius: how far from 0 are the eigenvalues?",
        ),
        Mistake(
            "the largest size of a real part",
            edit(by_eigenvalues, ("np.linalg.eigvals(W)", "np.linalg.eigvals(W).real")),
            "Right for real eigenvalues; of complex ones you drop the imaginary part.",
            "How far from 0 is a + bi?",
        ),
        Mistake(
            "the smallest eigenvalue",
            edit(by_eigenvalues, (".max()", ".min()")),
            "You take the eigenvalue nearest to 0.",
            "The radius of a disc that holds all eigenvalues: which of them lies at its edge?",
        ),
        Mistake(
            "rho is not used",
            edit(by_eigenvalues, ("W * (rho / radius)", "W / radius")),
            "After your scaling the spectral radius is 1, whatever rho is.",
            "One of the arguments is not used.",
        ),
        Mistake(
            "multiplied by rho alone",
            edit(by_eigenvalues, ("W * (rho / radius)", "W * rho")),
            "Your spectral radius is rho times what it was.",
            "What must it be divided by first?",
        ),
        Mistake(
            "the other way round",
            edit(by_eigenvalues, ("W * (rho / radius)", "W * (radius / rho)")),
            "Your factor is upside down.",
            "A larger rho should give a larger matrix. After scaling, measure what was to be set.",
        ),
        Mistake(
            "a root too many",
            edit(by_eigenvalues, ("W * (rho / radius)", "W * np.sqrt(rho / radius)")),
            "Your factor is the root of what it should be.",
            "If W is doubled, what becomes of its eigenvalues?",
        ),
        Mistake(
            "writes into W",
            edit(by_eigenvalues, ("return W * (rho / radius)", "W *= rho / radius\n    return W")),
            "The numbers are right, but the caller's W is overwritten: call it twice and compare.",
            "`W *= …` writes into the array that was given.",
        ),
        Mistake(
            "no error for eigenvalues that are all 0",
            edit(
                by_eigenvalues,
                (
                    '    if radius == 0:\n        raise ValueError("all eigenvalues of W are 0: no '
                    'factor can change that")\n',
                    "",
                ),
            ),
            "Right, but you divide by 0 if all eigenvalues are 0.",
            "Which matrices have no other eigenvalue than 0? Say so by a ValueError.",
        ),
        Mistake(
            "unchanged if eigenvalues are all 0",
            edit(
                by_eigenvalues,
                (
                    'raise ValueError("all eigenvalues of W are 0: no factor can change that")',
                    "return W.copy()",
                ),
            ),
            "Right, but if all eigenvalues are 0 you return W as it is.",
            "A caller who asked for a spectral radius will not get it: say so by a ValueError.",
        ),
        Mistake(
            "an error for W = 0 only",
            edit(by_eigenvalues, ("if radius == 0", "if not W.any()")),
            "Right, and W = 0 is refused; but it is not the only matrix with no eigenvalue but 0.",
            "What are the eigenvalues of a strictly triangular matrix?",
        ),
        Mistake(
            "only one kind of triangle",
            edit(
                by_polynomial,
                ("not np.tril(W).any() or not np.triu(W).any()", "not np.tril(W).any()"),
            ),
            "Right, but strictly lower triangular matrices are not refused.",
            "Look at the eigenvalues themselves, not at where the zeros are.",
        ),
        Mistake(
            "every triangle refused",
            edit(
                by_polynomial,
                (
                    "not np.tril(W).any() or not np.triu(W).any()",
                    "len(W) > 1 and (not np.tril(W, -1).any() or not np.triu(W, 1).any())",
                ),
            ),
            "Right, but you refuse triangular matrices with a diagonal, too.",
            "The eigenvalues of a triangular matrix stand on its diagonal.",
        ),
    ),
)
