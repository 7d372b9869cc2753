"""Student kits: a problem set with all it needs, and without the answers, in one zip."""
