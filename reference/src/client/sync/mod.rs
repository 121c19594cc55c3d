//! The client of the sync family: what it asks for, and what it makes of what the server says (chapter `sync`).

mod client;
mod requests;
#[cfg(test)]
mod tests;

pub use client::Client;
