"""The written text of a month: its figures, its sentences without a model, and the check of a model's sentences."""
