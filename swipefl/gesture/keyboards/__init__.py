"""Where keyboards come from: rows of letters, the layouts of the package, files of other keyboards. Plain data only."""
