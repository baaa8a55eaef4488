//! The OBS and S3 wire vocabulary: what the words of a request mean, and nothing about what is allowed.
//!
//! Everything here is pure: bytes and `http` types in, values out.

pub mod auth;
pub mod dialect;
pub mod encryption;
pub mod error;
pub mod malformed;
pub mod operation;
pub mod resource;
pub mod scheme;
pub mod sse;
pub mod trailer;
