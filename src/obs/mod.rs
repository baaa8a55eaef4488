//! The OBS and S3 wire vocabulary: what the words of a request mean, and nothing about what is allowed.
//!
//! Everything here is pure: bytes and `http` types in, values out. One thing is remembered, and changes no value: the
//! fingerprints that were made last (`recent`).

pub mod auth;
mod authorization;
pub(crate) mod block;
pub mod bucket_pattern;
pub(crate) mod bytes;
mod credential;
pub mod dialect;
pub(crate) mod dictionary;
pub mod encryption;
pub mod error;
pub mod exposed;
pub(crate) mod fold;
pub mod form;
pub(crate) mod header;
pub mod malformed;
pub(crate) mod names;
pub mod operation;
pub(crate) mod pairs;
pub(crate) mod path;
mod recent;
pub mod resource;
pub(crate) mod route;
pub mod scheme;
pub mod secret;
pub mod sign;
pub(crate) mod signature;
pub(crate) mod spelled;
pub mod sse;
pub(crate) mod subresource;
pub mod trailer;
pub mod xml;
