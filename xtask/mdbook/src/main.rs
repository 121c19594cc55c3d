//! Renders the mdBook in a folder: `relayspec-mdbook FOLDER`. `cargo xtask book` writes the sources and checks the links.

use std::process::ExitCode;

use mdbook_driver::MDBook;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("error: missing folder; use `cargo xtask book`");
        return ExitCode::FAILURE;
    };
    match MDBook::load(folder).and_then(|book| book.build()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
