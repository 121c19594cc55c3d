//! HTTP/1.1 for a test runner: header lines unchanged, bodies whole, and messages that may be valid or invalid.
//!
//! An [`HttpServer`] keeps requests for the script to answer; an [`Exchange`] is one request and its response, on either side.

mod exchange;
mod message;
mod read;
mod server;
mod write;

pub use exchange::{Exchange, fetch};
pub use message::{HttpMessage, StartLine};
pub use read::{HttpError, Reader};
pub use server::{HttpServer, IncomingRequest};
pub use write::{Body, BodyFraming, request, response};
