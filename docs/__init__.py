"""The course's web site, built from the same sources as everything else.

``python -m docs`` (or ``make site``) writes it to ``build/site``. Hand-written pages lie in
``docs/text``; lectures and problem sets come from their own texts, and the other pages are
generated from the package, the tables of the checks and the executed lectures.
"""
