//! The client of the sync family (chapter `sync`).

mod client;
mod report;
mod requests;
#[cfg(test)]
mod tests;

pub(crate) use client::SyncClient;
