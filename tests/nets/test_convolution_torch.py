"""Convolution, pooling and text features against PyTorch."""

import numpy as np
import pytest

from rnnref import (
    ConvParams,
    conv_backward,
    conv_forward,
    max_pool_backward,
    max_pool_forward,
    text_features,
)

torch = pytest.importorskip(
    "torch", reason="PyTorch, the optional extra `oracle`, is not installed"
)
functional = torch.nn.functional

# PyTorch has (B, C, height, width) and filters (C_out, C_in, k_h, k_t).
IMAGE, FILTERS = (1, 3, 2, 0), (0, 3, 2, 1)


def tensor(array, axes=None):
    """Return the array as a leaf, its axes in PyTorch's order."""
    array = array if axes is None else array.transpose(axes)
    return torch.tensor(array.copy(), requires_grad=True)


def assert_close(array, other, axes=None):
    if axes is not None:
        array = array.transpose(axes)
    np.testing.assert_allclose(array, other.detach().numpy(), rtol=0, atol=1e-10)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@pytest.mark.parametrize("kernel", [(3, 3), (1, 5), (2, 4)])
def test_convolution(normal, kernel):
    params, x = ConvParams(normal(4, *kernel, 2), normal(4)), normal(7, 3, 5, 2)
    y, cache = conv_forward(params, x)
    dy = normal(*y.shape)
    dx, dparams = conv_backward(dy, cache)

    F, b, image = tensor(params.F, FILTERS), tensor(params.b), tensor(x, IMAGE)
    out = functional.conv2d(image, F, b, padding="same")
    out.backward(tensor(dy, IMAGE))

    assert_close(y, out, IMAGE)
    assert_close(dx, image.grad, IMAGE)
    assert_close(dparams.F, F.grad, FILTERS)
    assert_close(dparams.b, b.grad)


@pytest.mark.parametrize("pool", [(2, 2), (3, 1)])
def test_pooling(normal, pool):
    x = normal(7, 3, 5, 2)
    y, cache = max_pool_forward(x, pool)
    dy = normal(*y.shape)

    image = tensor(x, IMAGE)
    out = functional.max_pool2d(image, pool[::-1], ceil_mode=True)
    out.backward(tensor(dy, IMAGE))

    assert_close(y, out, IMAGE)
    assert_close(max_pool_backward(dy, cache), image.grad, IMAGE)


def test_text_features(normal):
    extractor = text_features(7, channels=(2, 3))
    params, images = extractor.init(np.random.default_rng(0)), normal(13, 3, 7)
    features, _, cache = extractor.forward(params, images)
    dfeatures = normal(*features.shape)
    dimages, dparams = extractor.backward(dfeatures, cache)

    pixels = tensor(images[..., None], IMAGE)
    weights = [(tensor(conv.F, FILTERS), tensor(conv.b)) for conv in params]
    x = pixels
    for F, b in weights:
        x = torch.relu(functional.conv2d(x, F, b, padding="same"))
        x = functional.max_pool2d(x, 2, ceil_mode=True)
    x = x.permute(3, 0, 2, 1).flatten(2)
    x.backward(torch.tensor(dfeatures.copy()))

    assert_close(features, x)
    assert_close(dimages[..., None], pixels.grad, IMAGE)
    for dconv, (F, b) in zip(dparams, weights, strict=True):
        assert_close(dconv.F, F.grad, FILTERS)
        assert_close(dconv.b, b.grad)
