"""Features of images of text: convolution, ReLU and pooling, stage by stage."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from rnnref.nets.activations import relu
from rnnref.nets.convolution import conv_backward, conv_forward, init_conv
from rnnref.nets.pooling import max_pool_backward, max_pool_forward
from rnnref.nets.sequences import lengths_to_mask
from rnnref.shapes import (
    ShapeError,
    require_count,
    require_float,
    require_lengths,
    require_pair,
    require_shape,
)


class TextFeatures(NamedTuple):
    """What turns images of text into sequences of features; see `text_features`.

    Parameters
    ----------
    init : callable
        ``init(rng) -> params``, a tuple with the `ConvParams` of each stage.
    forward : callable
        ``forward(params, images, lengths=None) -> (features, lengths, cache)``: images
        (T, B, height), column by column, of which the first lengths[i] belong to image i, all if
        not given; features (T', B, n_out), of which the first of the new lengths, an array (B,),
        belong to image i, and the others are zero.
    backward : callable
        ``backward(dfeatures, cache) -> (dimages, dparams)``.
    n_in : int
        Height of the images.
    n_out : int
        Number of features at each step.

    Examples
    --------
    >>> from rnnref import text_features
    >>> extractor = text_features(height=24)
    >>> extractor.n_in, extractor.n_out
    (24, 96)
    """

    init: Callable
    forward: Callable
    backward: Callable
    n_in: int
    n_out: int


class StageCache(NamedTuple):
    """What the backward pass needs of one stage."""

    conv: NamedTuple
    y: np.ndarray  # after the ReLU
    pool: NamedTuple


class TextFeaturesCache(NamedTuple):
    """What the backward pass needs of the forward pass."""

    own: np.ndarray  # (T, B, 1), True where a column belongs to its image
    stages: tuple
    pooled: tuple  # (T', B, height', C), the shape of the last stage's output


def text_features(height, channels=(8, 16), *, kernel=(3, 3), pool=(2, 2), dtype=np.float64):
    """Return a convolutional network that turns images of text into sequences of features.

    Parameters
    ----------
    height : int
        Height of the images in pixels.
    channels : tuple of int
        Number of filters of each stage.
    kernel : tuple of int
        Width and height of the filters.
    pool : tuple of int
        Width p_t and height p_h of the windows of which each stage keeps the largest number.
    dtype : dtype, default float64

    Returns
    -------
    TextFeatures
        With n_out = height' · channels[-1], height' being the height divided by p_h and rounded
        up once for each stage.

    Raises
    ------
    ShapeError
        If `channels` is empty. By forward and backward: if an array has another shape than
        `TextFeatures` says, or a length is negative or more than T.
    TypeError
        If a size is no integer, or `dtype` is not float32, float64 or complex128. By forward and
        backward: if an array has another dtype, or lengths are not integers.
    ValueError
        If a size is less than 1, or `kernel` or `pool` is no pair.

    Notes
    -----
    The first half of a reader of scene text (D3): a recurrent network and `ctc_loss` go on top. A
    stage is a convolution, a ReLU and a pooling; the last stage's height and channels together
    are the features of a step. Each stage divides the width by p_t and rounds it up, and the
    lengths likewise: CTC needs as many steps as the text has letters, and one more for each
    letter that is doubled.

    The columns after an image's own count as background, zero, in every stage. So the features
    do not depend on the other images of the batch.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import lengths_to_mask, text_features
    >>> rng = np.random.default_rng(0)
    >>> extractor = text_features(height=24)
    >>> params, images = extractor.init(rng), rng.random((60, 2, 24))
    >>> features, lengths, cache = extractor.forward(params, images, [60, 33])
    >>> features.shape, lengths
    ((15, 2, 96), array([15,  9]))
    >>> mask = lengths_to_mask(lengths)  # for the layers above
    >>> dimages, dparams = extractor.backward(features, cache)  # L = ½ Σ features²
    >>> dimages.shape, dparams[1].F.shape
    ((60, 2, 24), (16, 3, 3, 8))
    """
    height = n_rows = require_count("text_features", "height", height)
    channels = tuple(require_count("text_features", "channels", C) for C in channels)
    if not channels:
        raise ShapeError("text_features: channels must hold at least 1 number, got 0")
    kernel = require_pair("text_features", "kernel", kernel)
    pool = require_pair("text_features", "pool", pool)
    dtype = require_float("text_features", dtype)
    for _ in channels:
        n_rows = _divide(n_rows, pool[1])
    return TextFeatures(
        init=partial(_init, channels=channels, kernel=kernel, dtype=dtype),
        forward=partial(_forward, height=height, pool=pool),
        backward=_backward,
        n_in=height,
        n_out=n_rows * channels[-1],
    )


def _init(rng, *, channels, kernel, dtype):
    return tuple(
        init_conv(rng, C_in, C_out, kernel, dtype=dtype)
        for C_in, C_out in zip((1, *channels), channels, strict=False)
    )


def _forward(params, images, lengths=None, *, height, pool):
    dtype = params[0].b.dtype
    require_shape("text_features", "images", images, f"T, B, height={height}", dtype)
    T, B, _ = images.shape
    lengths = np.full(B, T) if lengths is None else lengths
    lengths = require_lengths("text_features", lengths, B, T)
    own = lengths_to_mask(lengths, T)[..., None]
    x = np.where(own, images, 0)[..., None]
    stages = []
    for conv in params:
        y, conv_cache = conv_forward(conv, x)
        relu(y, out=y)
        y *= lengths_to_mask(lengths, len(y))[..., None, None]  # zero also for the pooling
        x, pool_cache = max_pool_forward(y, pool)
        lengths = _divide(lengths, pool[0])
        stages.append(StageCache(conv_cache, y, pool_cache))
    n_steps, _, n_rows, C = x.shape
    features = x.reshape(n_steps, B, n_rows * C)
    return features, lengths, TextFeaturesCache(own, tuple(stages), x.shape)


def _backward(dfeatures, cache):
    own, stages, pooled = cache
    T, B, n_rows, C = pooled
    wanted = f"T'={T}, B={B}, D={n_rows * C}"
    require_shape("text_features", "dfeatures", dfeatures, wanted, stages[0].y.dtype)
    dx, dparams = dfeatures.reshape(pooled), []
    for stage in reversed(stages):
        dy = max_pool_backward(dx, stage.pool)
        dy *= stage.y > 0  # ReLU′, and 0 in columns after an image's own
        dx, dconv = conv_backward(dy, stage.conv)
        dparams.append(dconv)
    return dx[..., 0] * own, tuple(reversed(dparams))


def _divide(n, by):
    """Return n / by, rounded up."""
    return -(-n // by)
