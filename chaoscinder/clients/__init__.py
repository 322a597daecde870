"""The only code that talks to a network. Answers become nouns here, and client errors become our own."""
