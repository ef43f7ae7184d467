"""Run the benchmarks, or those that are named: `python -m benchmarks [api] [files] [ledger] [--quick]`."""

from __future__ import annotations

import sys

from benchmarks import api, files, ledger

KNOWN = {"api": api, "files": files, "ledger": ledger}

# Processes that write beside this one import it again.
if __name__ == "__main__":
    asked = [word for word in sys.argv[1:] if word != "--quick"]
    if unknown := [word for word in asked if word not in KNOWN]:
        raise SystemExit(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(KNOWN)}.")
    for name in asked or KNOWN:
        print(f"\n{(KNOWN[name].__doc__ or '').splitlines()[0]}")
        KNOWN[name].main(quick="--quick" in sys.argv)
