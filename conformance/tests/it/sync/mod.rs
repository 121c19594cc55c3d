//! A sync server that is killed repeatedly.

mod lasting;
