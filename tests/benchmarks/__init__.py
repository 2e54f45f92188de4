"""How fast, as ratios: ours alternates with others, on the same Postgres: `make bench`, docs/performance.md."""
