"""Sums over kernel matrices that are never held: blocks of the upper half, any number of kernels at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.two_sample import Floats, Labels

Matrix = NDArray[np.floating]
Block = NDArray[np.float32]
Kernel = Callable[[Block], Block]  # from -|a - b|^2 / 2 to the kernel; may write into what it is given
BLOCK = 1024  # rows of a block: 4 MB of kernel


@dataclass(frozen=True, kw_only=True)
class KernelSums:
    """What is left of one kernel matrix K (diagonal zero) and the label columns L.

    Attributes:
        inside: (1 + B,) diag(L' K L). both: (1 + B,) L' K 1. total: 1' K 1. squares: the sum of K^2.
    """

    inside: Floats
    both: Floats
    total: float
    squares: float

    def mmd2(self, n: int, m: int) -> Floats:
        """(1 + B,) unbiased squared MMD for each label column with n ones and m zeros.

        Source: Gretton et al., JMLR 13, 2012, lemma 6.
        """
        xy, yy = self.both - self.inside, self.total - 2.0 * self.both + self.inside
        values: Floats = self.inside / (n * (n - 1.0)) + yy / (m * (m - 1.0)) - 2.0 * xy / (n * float(m))
        return values


def gaussian(exponent: Block) -> Block:
    """exp(-|a - b|^2 / 2), in place."""
    return np.exp(exponent, out=exponent)


def pooled_rows(x: Matrix, y: Matrix, unit: float) -> Block:
    """(n + m, d) float32 rows of both around their mean, in `unit`s.

    Around the mean, since differences of large norms would lose digits.
    """
    n = len(x)
    rows = np.empty((n + len(y), x.shape[1]), dtype=np.float32)
    rows[:n], rows[n:] = x - (centre := x.mean(axis=0)), y - centre
    rows -= rows.mean(axis=0)
    rows *= np.float32(1.0 / unit)
    return rows


def exponent_blocks(rows: Block, block: int = BLOCK) -> Iterator[tuple[slice, slice, Block]]:
    """The upper half of -|a - b|^2 / 2, block by block.

    rows (N, d) float32. Yields (rows, columns, exponents); the array is used again for the next block. The
    exponent comes out of one product of rows with two more columns: a.b - |a|^2/2 - |b|^2/2.
    """
    size, d = rows.shape
    block = min(block, size)
    half = (-0.5 * np.einsum("ij,ij->i", rows, rows, dtype=np.float64)).astype(np.float32)
    left, right = np.ones((block, d + 2), np.float32), np.ones((block, d + 2), np.float32)
    buffer = np.empty(block * block, dtype=np.float32)
    for top in range(0, size, block):
        down = slice(top, min(top + block, size))
        a = left[: down.stop - top]
        a[:, :d], a[:, d] = rows[down], half[down]
        for start in range(top, size, block):
            across = slice(start, min(start + block, size))
            b = right[: across.stop - start]
            b[:, :d], b[:, d + 1] = rows[across], half[across]
            exponents = buffer[: len(a) * len(b)].reshape(len(a), len(b))
            np.matmul(a, b.T, out=exponents)
            yield down, across, exponents


def kernel_sums(
    rows: Block, labels: Labels, kernels: Sequence[Kernel] = (gaussian,), block: int = BLOCK
) -> list[KernelSums]:
    """The sums of every kernel in one pass over distances; memory is one block, two with several kernels.

    rows (N, d) float32, as `pooled_rows` makes them; labels (N, 1 + B). Products are float32, their sums
    float64.
    """
    count, columns = len(kernels), labels.shape[1]
    ones = np.ones(min(block, len(rows)), dtype=np.float32)
    inside, sums, squares = np.zeros((count, columns)), np.zeros((count, len(rows))), np.zeros(count)
    for down, across, exponents in exponent_blocks(rows, block):
        twice = 2.0 if down != across else 1.0
        for k, make in enumerate(kernels):
            kernel = make(exponents if count == 1 else exponents.copy())
            if twice == 1.0:
                np.fill_diagonal(kernel, 0.0)
            else:
                sums[k, across] += ones[: len(kernel)] @ kernel
            sums[k, down] += kernel.sum(axis=1)
            product = kernel @ labels[across]
            product *= labels[down]
            inside[k] += twice * product.sum(axis=0, dtype=np.float64)
            if count > 1:
                squares[k] += twice * float(np.vdot(kernel, kernel))
    return [
        KernelSums(
            inside=inside[k],
            both=sums[k] @ labels,
            total=float(sums[k].sum()),
            squares=float(squares[k]) if count > 1 else float("nan"),
        )
        for k in range(count)
    ]
