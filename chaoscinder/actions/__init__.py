"""Actions: commands that change something, each with an undo of the opposite verb."""
