//! A daemon that is killed repeatedly.

mod kills;
