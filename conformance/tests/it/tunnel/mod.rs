//! Tunnels of one flaw each, and whom the built-in scenarios blame for it.

mod cloud;
