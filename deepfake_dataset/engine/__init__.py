"""Where work runs: one item a process, with limits."""
