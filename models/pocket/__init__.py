"""The bundled models: weights, model cards, and the recipe that trains them (`python -m models.pocket.train`)."""
