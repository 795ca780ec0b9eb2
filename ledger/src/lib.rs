//! A log node: sequences entries durably, signs checkpoints, serves tiles.
