"""The embedded sandbox: one process that speaks the Kubernetes API, Keystone, Nova and Cinder on 127.0.0.1.

An island. It imports nothing of the pack but the clock, and the pack reaches it only over HTTP, through a kubeconfig and a clouds.yaml.

1. One world on a timer heap: controllers are functions of objects and the present moment, never sleeping threads.
2. The same code runs on a turned clock in tests and on the wall clock, at any rate, for people.
3. What is not supported is answered 501 with the path, never with a silent empty object.
"""
