//! The `obsgate` program.

fn main() {}
