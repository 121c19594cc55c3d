//! Bad input and bad luck, given to the real binary: each has its exit status, one clear message, and leaves nothing running.

mod baselines;
mod clients;
mod commands;
mod endings;
mod printing;
mod questions;
mod unreachable;
mod usage;
