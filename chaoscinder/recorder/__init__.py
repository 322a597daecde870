"""Continuous recording, from before the baseline to after the rollbacks, by processes of their own.

1. Nothing is measured inside the process that runs the experiment: it parses JSON, waits and breaks things.
2. Everything is on disk as it happens; what could not be observed is a problem that is told, never a gap that is hidden.
3. Each process lives in a session of its own, ignores Ctrl-C, ends in order on SIGTERM and when its parent dies.

sampler     looks at one address on an absolute schedule           exchange   one HTTP request with one deadline
plan        which series there are, what a sampler is told         stream     when the bytes of an answer came in
ledger      numbered writes through the application                recording  all processes, as the control holds them
cluster     watches of Kubernetes                                  clouds     polls of Nova and Cinder
selftest    how good the sampler is on this machine                fault_server, fault_process   a server that breaks on demand
"""
