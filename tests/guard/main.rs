//! The guard against bytes: a table of forms, every way of splitting them, a second parser, and hyper.

#![cfg(test)]

mod agreement;
mod cases;
mod differential;
mod drive;
mod reference;
mod table;
