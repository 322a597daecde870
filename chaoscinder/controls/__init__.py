"""Controls: what spans a whole experiment."""
