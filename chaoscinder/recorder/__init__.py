"""Continuous recording, from before the baseline to after the rollbacks, by processes of their own.

1. Nothing is measured inside the process that runs the experiment: it parses JSON, waits and breaks things.
2. Everything is on disk as it happens; what could not be observed is a problem that is told, never a gap that is hidden.
3. Both processes live in a session of their own, ignore Ctrl-C, end in order on SIGTERM and when their parent dies.

sampler     looks at the web UI on an absolute schedule            exchange   one HTTP request with one deadline
ledger      numbered writes through the application                recording  both processes, as the control holds them
cluster     watches of Kubernetes                                  clouds     polls of Nova and Cinder
"""
