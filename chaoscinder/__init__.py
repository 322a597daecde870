"""chaoscinder: does a stateful application on OpenStack Cinder survive the loss of its node?"""

__version__ = "0.1.0"
