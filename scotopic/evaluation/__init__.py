"""Evaluation of methods: score results, check them, compare methods, and report."""
