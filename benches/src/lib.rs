//! Benchmarks of overt, as ratios in one run.
