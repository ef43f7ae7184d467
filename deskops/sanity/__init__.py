"""Doubts about an entry: it is kept where somebody says so, and waits for another pair of eyes."""
