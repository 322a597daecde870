"""Serves one OpenStack WSGI application on 127.0.0.1 with waitress; runs inside the lab's own virtual environment.

usage: serve.py [MODULE_TO_LOAD_FIRST,...]MODULE PORT [what the service itself is told, as --config-file X]

Each service parses sys.argv when it is imported, so that is rewritten before.
"""

import importlib
import sys


def main() -> None:
    """Load the application and serve it until a signal ends the process."""
    (*first, module), port, told = sys.argv[1].split(","), int(sys.argv[2]), sys.argv[3:]
    sys.argv = [f"{module.split('.')[0]}-api", *told]
    for name in first:  # Neutron without its router plugin: a model that its port query names is loaded by nobody else
        importlib.import_module(name)
        importlib.import_module("sqlalchemy.orm").configure_mappers()
    application = importlib.import_module(module).application
    from waitress import serve

    serve(application, host="127.0.0.1", port=port, threads=8, connection_limit=200, channel_timeout=120, ident=None)


if __name__ == "__main__":
    main()
