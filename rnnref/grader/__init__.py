"""Grades notebooks: students' cells run in a sandbox, the tests where the answers are."""
