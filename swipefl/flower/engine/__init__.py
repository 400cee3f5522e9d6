"""Flower's engine for simulations, Ray underneath: `pool.py` hands it tasks, `dispatching.py` runs in its process."""
