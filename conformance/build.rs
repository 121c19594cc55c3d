//! Embeds the scenario files: writes a table of paths and texts, which the library includes.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    println!("cargo::rerun-if-changed=scenarios");
    let mut files = Vec::new();
    collect(&root.join("scenarios"), &mut files)?;
    files.sort();
    let mut table = String::from("static SCENARIOS: &[(&str, &str)] = &[\n");
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let shown = Path::new("conformance").join(file.strip_prefix(&root).unwrap_or(&file));
        table.push_str(&format!(
            "    ({:?}, include_str!({:?})),\n",
            shown.display().to_string(),
            file.display().to_string()
        ));
    }
    table.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("scenarios.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}
