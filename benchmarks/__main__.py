"""Run every benchmark, one after the other."""

from __future__ import annotations

from benchmarks import files, lists, writes

for benchmark in (writes, lists, files):
    print(f"\n{(benchmark.__doc__ or '').splitlines()[0]}\n")
    benchmark.main()
