"""The page in a real browser, used as a person would: `make test-page`. Skipped with a reason where there is none."""
