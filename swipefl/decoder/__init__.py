"""From a gesture to words: checkpoint, encoder, search, lexicon; `evaluation.py` judges."""
