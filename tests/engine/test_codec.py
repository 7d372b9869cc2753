import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnnref.engine.codec import Bounds, CodecError, decode, encode


def there_and_back(value):
    tree, buffers = encode(value)
    return decode(json.loads(json.dumps(tree, allow_nan=False)), [bytes(b) for b in buffers])


def same(a, b):
    """Equal in type and every bit; lists, tuples and dicts part by part."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return repr(a) == repr(b)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.complex_numbers(allow_nan=True)
    | st.text()
)
dtypes = st.sampled_from(
    "bool int8 uint16 int64 uint64 float32 float64 complex64 complex128 >f8 >i4".split()
)
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, min_side=0))
values = st.recursive(
    scalars | arrays,
    lambda parts: (
        st.lists(parts, max_size=4)
        | st.lists(parts, max_size=4).map(tuple)
        | st.dictionaries(st.text(), parts, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_a_value_comes_back_bit_for_bit(value):
    assert same(there_and_back(value), value)


@pytest.mark.parametrize("value", [2**53 + 1, -(2**200), math.inf, -0.0, complex(math.nan, -0.0)])
def test_numbers_that_json_would_spoil(value):
    assert repr(there_and_back(value)) == repr(value)


def test_memory_order_is_kept():
    a = np.arange(24.0).reshape(2, 3, 4)
    for array in (
        a,
        np.asfortranarray(a),
        a[0, 0, ::2],
        a[:, ::2],
        a[..., ::-1],
        a.transpose(1, 0, 2),
    ):
        back = there_and_back(array)
        assert same(back, array)
        assert back.flags.c_contiguous == array.flags.c_contiguous
        assert back.flags.f_contiguous == array.flags.f_contiguous
        assert back.flags.writeable


def test_a_decoded_array_shares_no_memory():
    array = np.zeros(3)
    tree, buffers = encode(array)
    decode(tree, buffers)[0] = 1
    assert not array.any()


@pytest.mark.parametrize(
    ("scalar", "plain"),
    [
        (np.float32(0.5), 0.5),
        (np.int8(-3), -3),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),
        (np.complex64(1j), 1j),
        (np.str_("a"), "a"),
    ],
)
def test_numpy_scalars_become_python_numbers(scalar, plain):
    assert same(there_and_back(scalar), plain)


class Evil(np.ndarray):
    pass


class Sly(float):
    pass


class Pretender(type):
    def __eq__(cls, other):
        return True

    __hash__ = type.__hash__


class Anything(metaclass=Pretender):
    pass


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (np.zeros(2).view(Evil), "a subclass of ndarray called Evil"),
        (Sly(1), "a subclass of float called Sly"),
        (np.ma.masked_array([1]), "MaskedArray"),
        (Anything(), "a value of type Anything"),
        ({1, 2}, "a value of type set"),
        (len, "builtin_function_or_method"),
        (np.array([None]), "dtype object"),
        (np.zeros(2, np.float16), "float16"),
        (np.zeros(2, np.longdouble), "longdouble" if np.longdouble(0).itemsize == 8 else "float"),
        (np.float16(1), "float16"),
        (np.array(["a"]), "dtype str"),
        (np.zeros(2, "M8[s]"), "datetime64"),
        (np.zeros(2, [("a", "f8")]), "void"),
        ([1, ({"a": Sly(2)},)], "Sly"),
        ({1: 2}, "a key of type int"),
    ],
)
def test_other_types_are_refused_by_name(value, named):
    with pytest.raises(CodecError, match=named):
        encode(value)


def nested(levels):
    return [nested(levels - 1)] if levels else []


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (nested(40), "deep"),
        ([0] * 50, "values"),
        (np.zeros(9), "bytes"),
        ("x" * 65, "bytes"),
        ({"x" * 65: 0}, "bytes"),
        (2**64, "integer"),
    ],
)
def test_bounds_hold_both_ways(value, word):
    small = Bounds(items=50, size=64, digits=8)
    with pytest.raises(CodecError, match=word):
        encode(value, small)
    tree, buffers = encode(value, Bounds(depth=50))
    with pytest.raises(CodecError, match=word):
        decode(tree, buffers, small)


def test_a_list_within_itself_is_too_deep():
    loop = []
    loop.append(loop)
    with pytest.raises(CodecError, match="deep"):
        encode(loop)


def array(**changes):
    return {"array": {"dtype": "<f8", "shape": [2], "order": "C", "buffer": 0, **changes}}


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"what": 1},
        {"int": "7"} | {"float": "nan"},
        {"int": "0x_1"},
        {"int": 5},
        {"int": "0x" + "f" * 5000},
        {"float": "1"},
        {"float": ["nan"]},
        {"complex": [1.0]},
        {"complex": ["a", 1.0]},
        {"tuple": {"0": 1}},
        {"dict": [["a", 1]]},
        2**60,
        array(dtype="|O"),
        array(dtype="O"),
        array(dtype="<f2"),
        array(dtype="<f8,<f8"),
        array(dtype=None),
        array(shape=[3]),
        array(shape=[-2]),
        array(shape=[True, 2]),
        array(shape=[2.0]),
        array(shape="2"),
        array(shape=[1] * 40 + [2]),
        array(shape=[2**40, 2**40, 0]),
        array(order="K"),
        array(buffer=1),
        array(buffer=-1),
        array(buffer="0"),
        {"array": [1, 2]},
        [array(), array()],
        None,
    ],
)
def test_what_encode_does_not_give_is_refused(tree):
    with pytest.raises(CodecError):
        decode(tree, [bytes(16)])


def test_a_boolean_is_0_or_1():
    with pytest.raises(CodecError, match="boolean"):
        decode(array(dtype="|b1"), [b"\x02\x01"])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda parts: (
            st.lists(parts, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    "int float complex tuple dict array dtype shape order buffer".split()
                ),
                parts,
                max_size=4,
            )
        ),
        max_leaves=15,
    ),
    st.lists(st.binary(max_size=16), max_size=2),
)
def test_hostile_trees_give_a_value_or_a_codec_error(tree, buffers):
    try:
        value = decode(tree, buffers)
    except CodecError:
        return
    assert same(there_and_back(value), value)
