"""Embeddings → points in a plane, and how far such a map can be believed."""
