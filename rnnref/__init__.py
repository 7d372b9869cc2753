"""Recurrent neural networks in NumPy, each forward pass beside its backward pass.

The public names are loaded on first use, so that ``rnnref.course``, the part that students'
notebooks import, can be imported without the answers.
"""

from importlib import import_module

__version__ = "0.1.0"

_NAMES = {
    "rnnref.analysis.gradient_check": ("GradientComparison", "check_entries", "check_gradient"),
    "rnnref.analysis.jacobians": (
        "explicit_terms",
        "gradient_profile",
        "jacobian_bound",
        "jacobian_norms",
        "state_jacobian",
        "step_jacobian",
    ),
    "rnnref.analysis.scalar_tape": ("Scalar", "ScalarEdge", "ScalarNode", "scalar_graph"),
    "rnnref.analysis.sensitivity": ("gated_lstm", "input_jacobian", "input_sensitivity"),
    "rnnref.analysis.spectral": ("scale_to_spectral_radius", "spectral_norm", "spectral_radius"),
    "rnnref.baselines.autoregression": (
        "ARParams",
        "ar_forecast",
        "ar_predict",
        "delay_taps",
        "fit_autoregression",
    ),
    "rnnref.baselines.hidden_markov": (
        "HMMParams",
        "hmm_backward",
        "hmm_forward",
        "hmm_predict",
        "hmm_viterbi",
        "sample_hmm",
    ),
    "rnnref.baselines.hidden_markov_fit": ("fit_hmm",),
    "rnnref.baselines.linear_dynamical_system": (
        "LDSParams",
        "kalman_filter",
        "kalman_smoother",
        "sample_lds",
    ),
    "rnnref.baselines.linear_dynamical_system_fit": ("fit_lds",),
    "rnnref.baselines.window_network": (
        "WindowParams",
        "init_window_network",
        "window_backward",
        "window_forward",
        "window_layer",
    ),
    "rnnref.learning.bodies": ("recurrent_body",),
    "rnnref.learning.clipping": ("clip_by_global_norm",),
    "rnnref.learning.encoder_decoder": ("EncoderDecoder", "seq2seq"),
    "rnnref.learning.fit": ("FitResult", "History", "fit"),
    "rnnref.learning.heads": ("classifier", "tagger"),
    "rnnref.learning.language_model": ("char_lm", "sample"),
    "rnnref.learning.network_loss": ("mean_loss", "network_loss"),
    "rnnref.learning.optimisers": (
        "adagrad_step",
        "adam_step",
        "momentum_step",
        "rmsprop_step",
        "sgd_step",
    ),
    "rnnref.learning.torch_weights": ("from_torch", "to_torch"),
    "rnnref.losses.cross_entropy": ("binary_cross_entropy", "softmax_cross_entropy"),
    "rnnref.losses.ctc": ("ctc_loss",),
    "rnnref.losses.ctc_decode": ("ctc_beam_search", "ctc_collapse", "ctc_greedy"),
    "rnnref.losses.ctc_lattice": ("ctc_alignment", "ctc_extend_label"),
    "rnnref.losses.squared_error": ("mse",),
    "rnnref.nets.compose": ("Layer", "bidirectional", "stack"),
    "rnnref.nets.convolution": ("ConvParams", "conv_backward", "conv_forward", "init_conv"),
    "rnnref.nets.dense": ("DenseParams", "dense_backward", "dense_forward", "init_dense"),
    "rnnref.nets.dropout": ("dropout_backward", "dropout_forward"),
    "rnnref.nets.embedding": (
        "embedding_backward",
        "embedding_forward",
        "init_embedding",
        "one_hot",
    ),
    "rnnref.nets.forward_recursion": ("rnn_forward_recursion",),
    "rnnref.nets.gru": ("GRUParams", "gru_backward", "gru_forward", "init_gru"),
    "rnnref.nets.layers": (
        "dense_layer",
        "dropout_layer",
        "embedding_layer",
        "gru_layer",
        "last_step_layer",
        "lstm_layer",
        "one_hot_layer",
        "rnn_layer",
    ),
    "rnnref.nets.lstm": ("LSTMParams", "LSTMState", "init_lstm", "lstm_backward", "lstm_forward"),
    "rnnref.nets.output_recurrence": (
        "OutputRNNParams",
        "init_output_rnn",
        "output_rnn_backward",
        "output_rnn_forward",
    ),
    "rnnref.nets.pooling": ("max_pool_backward", "max_pool_forward"),
    "rnnref.nets.rnn": ("RNNParams", "init_rnn", "rnn_backward", "rnn_forward"),
    "rnnref.nets.sequences": (
        "last_valid",
        "lengths_to_mask",
        "pad_sequences",
        "reverse_within_lengths",
    ),
    "rnnref.nets.text_features": ("TextFeatures", "text_features"),
    "rnnref.shapes": ("ShapeError",),
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__():
    return sorted({*globals(), *__all__})
