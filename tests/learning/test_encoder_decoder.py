"""The encoder–decoder against loops over its equations, and what must not matter to it."""

import numpy as np
import pytest

from rnnref import ShapeError, adam_step, check_gradient, lengths_to_mask, seq2seq

VS, VT, H = 6, 5, 4
SOURCE_LENGTHS, TARGET_LENGTHS = [3, 5, 1], [4, 2, 3]
END = 4


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def batch(rng):
    source, target = rng.integers(VS, size=(5, 3)), rng.integers(VT, size=(4, 3))
    return source, target, lengths_to_mask(SOURCE_LENGTHS), lengths_to_mask(TARGET_LENGTHS)


def naive_loss(params, source, target):
    """Return the loss for simple recurrent networks, one sequence, one step at a time."""
    (_, (enc,)), ((_, (dec,)), out) = params
    total = 0.0
    for i, (S, T) in enumerate(zip(SOURCE_LENGTHS, TARGET_LENGTHS, strict=True)):
        h = np.zeros(H)
        for s in range(S):
            h = np.tanh(enc.U[:, source[s, i]] + enc.W @ h + enc.b)
        fed = 0
        for t in range(T):
            h = np.tanh(dec.U[:, fed] + dec.W @ h + dec.b)
            o = out.V @ h + out.c
            fed = target[t, i]
            total -= np.log(np.exp(o[fed]) / np.sum(np.exp(o)))
    return total / len(SOURCE_LENGTHS)


def test_the_loss_is_that_of_explicit_loops(rng, batch):
    net = seq2seq(VS, VT, H, cell="rnn")
    params = net.init(rng)
    source, target, source_mask, target_mask = batch
    loss, _ = net.loss(params, source, target, source_mask=source_mask, target_mask=target_mask)
    assert loss == pytest.approx(naive_loss(params, source, target), rel=1e-12)


@pytest.mark.parametrize("embedding", [None, 3])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_gradients(rng, batch, without_b_hn, cell, layers, embedding):
    net = seq2seq(VS, VT, H, embedding=embedding, cell=cell, layers=layers, dropout=0.2)
    params = net.init(rng)
    source, target, source_mask, target_mask = batch

    def f(params):
        return net.loss(
            params,
            source,
            target,
            source_mask=source_mask,
            target_mask=target_mask,
            rng=np.random.default_rng(1),
        )

    check_gradient(lambda p: f(without_b_hn(p))[0], params, f(params)[1], rng=rng)


def test_padding_has_no_influence(rng, batch):
    net = seq2seq(VS, VT, H)
    params = net.init(rng)
    source, target, source_mask, target_mask = batch
    masks = {"source_mask": source_mask, "target_mask": target_mask}
    other_source = np.where(source_mask, source, (source + 1) % VS)
    loss, _ = net.loss(params, source, target, **masks)
    for other_target in ((target + 1) % VT, -1, VT):
        other_target = np.where(target_mask, target, other_target)
        assert net.loss(params, other_source, other_target, **masks)[0] == loss


def naive_translation(net, params, source, length, limit):
    """Write by trying each symbol's loss as the next one."""
    written = []
    for _ in range(limit):
        losses = [
            net.loss(params, source[:length, None], np.array([*written, k])[:, None])[0]
            for k in range(VT)
        ]
        if np.argmin(losses) == END:
            break
        written.append(int(np.argmin(losses)))
    return written


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_translation_takes_the_likeliest_symbol_each_time(batch, cell):
    net = seq2seq(VS, VT, H, cell=cell)
    source, _, source_mask, _ = batch
    lengths = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        encoder, ((symbols, body), dense) = net.init(rng)
        dense = dense._replace(V=6 * dense.V, c=rng.normal(size=VT))
        params = encoder, ((symbols, body), dense)
        lists = net.translate(params, source, source_mask=source_mask, end=END, limit=6)
        for i, n in enumerate(SOURCE_LENGTHS):
            assert lists[i] == naive_translation(net, params, source[:, i], n, 6)
        lengths |= {len(one) for one in lists}
    assert {0, 6} < lengths  # some end at once, some never, some between


def test_it_learns_to_reverse(rng):
    net = seq2seq(4, 4, 24, cell="gru")
    params, state = net.init(rng), None
    for _ in range(300):
        source = rng.integers(1, 4, size=(3, 16))
        target = source[::-1]
        _, grads = net.loss(params, source, target)
        params, state = adam_step(params, grads, state, lr=0.02)
    source = rng.integers(1, 4, size=(3, 50))
    lists = net.translate(params, source, end=0, limit=3)
    right = np.mean([one == source[::-1, i].tolist() for i, one in enumerate(lists)])
    assert right > 0.9


def test_bad_shapes(rng, batch):
    net = seq2seq(VS, VT, H)
    params = net.init(rng)
    with pytest.raises(ShapeError, match=r"seq2seq: source must have shape \(S, B\), got \(5,\)"):
        net.loss(params, batch[0][:, 0], batch[1])
    with pytest.raises(ShapeError, match=r"seq2seq: target must have shape \(T, B=3\), got"):
        net.loss(params, batch[0], batch[1][:, :2])
    with pytest.raises(ShapeError, match=r"seq2seq: target_mask must have shape \(T=4, B=3\), got"):
        net.loss(params, batch[0], batch[1], target_mask=np.ones((3, 4), bool))
    with pytest.raises(ValueError, match="seq2seq: limit must be at least 0, got -1"):
        net.translate(params, batch[0], end=END, limit=-1)
