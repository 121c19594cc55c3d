//! Embeds the scenarios and the built-in protocols: writes tables of paths and texts, which the library includes.

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
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("scenarios.rs"), table)?;
    fs::write(out.join("protocols.rs"), protocols(&root.join("../schemas"))?)
}

/// The folders below `schemas/` that have a definition, as a table of names and files.
fn protocols(schemas: &Path) -> io::Result<String> {
    let mut table = String::from("static PROTOCOLS: &[(&str, &[(&str, &str)])] = &[\n");
    println!("cargo::rerun-if-changed={}", schemas.display());
    let mut folders: Vec<_> =
        fs::read_dir(schemas)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    folders.retain(|folder| folder.join("protocol.json").is_file());
    folders.sort();
    for folder in folders {
        println!("cargo::rerun-if-changed={}", folder.display());
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        table.push_str(&format!("    ({:?}, &[\n", name(&folder)));
        let mut files: Vec<_> =
            fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        files.sort();
        for file in files {
            println!("cargo::rerun-if-changed={}", file.display());
            table.push_str(&format!("        ({:?}, include_str!({:?})),\n", name(&file), file.display().to_string()));
        }
        table.push_str("    ]),\n");
    }
    table.push_str("];\n");
    Ok(table)
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
