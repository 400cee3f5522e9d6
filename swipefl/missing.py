"""Packages that swipefl needs, and that are not installed; nothing but Python itself is loaded to tell."""

import sys

from swipefl.errors import Remedy, UsageError

# How what brings a module is called, where that is more than hyphens for underscores.
_BROUGHT_BY = {
    "google": "protobuf",
    "grpc": "grpcio",
    "grpc_health": "grpcio-health-checking",
    "grpc_reflection": "grpcio-reflection",
}


def missing_package(error: BaseException) -> UsageError | None:
    """The error for a package that something needs and that is not installed; None for what ended otherwise."""
    module = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if not module or module == __name__.partition(".")[0] or module in sys.stdlib_module_names:
        return None
    what = "swipefl needs {package}, which is not installed"
    package = _BROUGHT_BY.get(module, module.replace("_", "-"))
    return UsageError("no-package", what, Remedy.INSTALL_PACKAGE, package=package)
