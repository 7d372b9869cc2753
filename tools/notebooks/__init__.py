"""Build, check and run the course's notebooks from their text.

The only edited source is text in jupytext's py:percent format::

    lectures/NN_name.py     -> lectures/NN_name.ipynb
    solutions/<set>.py      -> solutions/<set>/<set>.ipynb     (nbgrader's source)
                            -> assignments/<set>/<set>.ipynb   (nbgrader's release)

The text of a problem set stands beside nbgrader's source folder, never in it: nbgrader releases
every file of that folder to the students.

Use, from the project's root (``--only NAME …`` limits each to some notebooks)::

    python -m tools.notebooks build     write the notebooks whose text has changed
    python -m tools.notebooks check     report what is out of date, leaked, or against the rules
    python -m tools.notebooks run       execute the notebooks and grade the solutions

The text
--------
It has no YAML header: kernel and language are the same everywhere. A cell's header says what the
cell is, and the builder writes nbgrader's metadata (schema 3) from it:

=================================================  ===========================  ===================
header                                             cell                         grade_id, cell id
=================================================  ===========================  ===================
``# %% [markdown]``                                text                         none, ``cell-7``
``# %%``                                           code                         none, ``cell-8``
``# %% tags=["hide-input"]``                       text or code, lectures only  none, ``cell-9``
``# %% locked="setup"`` (or with ``[markdown]``)   read-only                    ``setup``
``# %% solution="linear_rnn"``                     solution                     ``linear_rnn``
``# %% test="linear_rnn" points=10``               test                         ``test_linear_rnn``
``# %% [markdown] written="why_unroll" points=5``  hand-graded answer           ``why_unroll``
=================================================  ===========================  ===================

* A test cell is one call, ``check("linear_rnn", linear_rnn)``; the builder adds the hidden region
  with ``check.hidden`` and the same arguments.
* In a solution cell, signature and docstring stand outside ``### BEGIN SOLUTION`` and
  ``### END SOLUTION``: what is left without the region is the student's stub.
* A written cell is the model answer and its rubric. The release says "YOUR ANSWER HERE" in its
  place, or in the place of a marked region if there is one; the question stands in the cell before.
* A code cell that makes a figure ends in ``show(fig, alt="…")`` of ``rnnref.course.plots``.
"""
