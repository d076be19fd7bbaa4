//! Puts the console where the crate embeds it from: the built one if there is one, else a page
//! that says how to build it.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// Where the console's build ends up, seen from this crate.
const DIST: &str = "../../dashboards/web/dist";

const NOT_BUILT: &str = "<!doctype html>
<html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>Weir</title>
<h1>控制台尚未构建 · The console was not built</h1>
<p>请运行 <code>make ui</code> 后重新构建。 Run <code>make ui</code> and build again.</p>
<p>接口照常可用：<a href=\"/api/v1/site\">/api/v1</a>。 The API works all the same.</p>
</html>
";

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?).join("console");
    let dist = root.join(DIST);
    // Cargo builds anew at every call while a watched path is missing, so let it be there, empty.
    // Where that is not allowed (a read-only checkout), slow is good enough.
    let _ = fs::create_dir_all(&dist);
    println!("cargo:rerun-if-changed={}", dist.display());
    println!("cargo:rerun-if-changed=build.rs");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    if dist.join("index.html").is_file() {
        copy(&dist, &out)
    } else {
        fs::create_dir_all(&out)?;
        fs::write(out.join("index.html"), NOT_BUILT)
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
