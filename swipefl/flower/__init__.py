"""Coordinators, or a lab's devices, on Flower: a ServerApp, two ClientApps, and what they say to one another."""
