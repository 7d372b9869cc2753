"""Comparison, diagnosis and scores of any exercise; knows no answer and imports no other room."""
