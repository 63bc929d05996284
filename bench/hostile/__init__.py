"""Thousands of inputs that nobody should send, and how Headlight bears them: `python -m bench.hostile`.

Every generator takes a `random.Random` and gives one input: the same ones for the same seed. files.py makes files of bytes,
questions.py texts and JSON, checkpoints.py what lies beside a model's weights; trying.py puts them to Headlight's own
functions, visiting.py to its open page, and counting.py counts what came of them.
"""
