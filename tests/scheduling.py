"""Which tests run in one process: those of a file, and all that share a server that is expensive to start."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

#: Folders whose tests stay together: one browser and one API server are enough.
_TOGETHER = ("tests/browser/",)


class SharedServers(LoadScopeScheduling):
    """Hands out files, in the order of their names, to the processes of pytest-xdist."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in _TOGETHER if file.startswith(folder)), file)
