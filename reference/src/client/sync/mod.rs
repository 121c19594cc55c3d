//! The client of the sync family: what it asks for, and what it makes of what the server says (chapter `sync`).

mod client;
mod requests;
#[cfg(test)]
mod tests;
mod told;

pub use client::Client;
