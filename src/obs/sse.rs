//! Evidence of server-side encryption in headers and query.
