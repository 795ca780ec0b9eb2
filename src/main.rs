//! The `matricula` command.

fn main() {}
