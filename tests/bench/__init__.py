"""Benchmarks: `make bench` prints tables and writes .bench/bench.json. Never run as tests."""
