"""The nouns: frozen dataclasses without I/O, named with the clouds' own words.

Times called ..._at are aware UTC datetimes. Times called at_s are cluster seconds on the run's axis (0 is the start of the run);
wall seconds are at_s divided by the run's rate. Durations are ..._s.
"""
