//! Signatures of rule packs: who answers for the law that a site is judged by.
//!
//! The signature of `local.toml` stands in `local.toml.sig` beside it: two lines, the public key and
//! the signature (Ed25519) of the file to the byte. A changed byte makes it void. Whether the key is
//! one to trust is not decided here but by the site file.

use crate::exit::Failure;
use anyhow::{Context as _, anyhow};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};
use weir_compliance::Seal;

/// A key signs packs with this before them, and so nothing else by mistake.
const CONTEXT: &[u8] = b"weir rule pack 1\n";
const PREFIX: &str = "ed25519:";
/// Only the owner reads a private key.
const PRIVATE_MODE: u32 = 0o600;
/// No signature is longer.
const SIGNATURE_FILE_MAX: usize = 1_024;

/// The text of a pack.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .with_context(|| format!("could not read the pack {}", path.display()))
        .map_err(Failure::usage)
}

/// Writes a new private key and yields the public one.
pub(super) fn keygen(file: &Path) -> Result<String, Failure> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)
        .map_err(|error| Failure::environment(anyhow!("no random numbers: {error}")))?;
    let key = SigningKey::from_bytes(&secret);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(PRIVATE_MODE);
    options
        .open(file)
        .and_then(|mut file| writeln!(file, "{}", hex(&secret)))
        .with_context(|| format!("could not write the private key {}", file.display()))
        .map_err(Failure::environment)?;
    Ok(name(&key.verifying_key()))
}

/// Signs a pack; yields the public key and the file of the signature.
pub(super) fn sign(key: &Path, pack: &Path, text: &str) -> Result<(String, PathBuf), Failure> {
    let secret = fs::read_to_string(key)
        .with_context(|| format!("could not read the private key {}", key.display()))
        .map_err(Failure::usage)?;
    let secret = bytes::<32>(secret.trim())
        .ok_or_else(|| Failure::usage(anyhow!("{} is no private key", key.display())))?;
    let key = SigningKey::from_bytes(&secret);
    let (name, signature) = (name(&key.verifying_key()), key.sign(&message(text)));
    let file = beside(pack);
    fs::write(&file, format!("{name}\n{}\n", hex(&signature.to_bytes())))
        .with_context(|| format!("could not write the signature {}", file.display()))
        .map_err(Failure::environment)?;
    Ok((name, file))
}

/// Who signed a pack.
///
/// # Errors
/// When there is a signature that is none of this text: somebody changed it afterwards.
pub(super) fn of(pack: &Path, text: &str) -> Result<Seal, Failure> {
    let file = beside(pack);
    let said = match fs::read_to_string(&file) {
        Ok(said) => said,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Seal::Unsigned),
        Err(error) => {
            return Err(Failure::usage(
                anyhow!(error).context(format!("could not read {}", file.display())),
            ));
        }
    };
    verified(&said, text).map(|key| Seal::Signed { key }).ok_or_else(|| {
        Failure::usage(anyhow!(
            "{}: the signature does not fit; the pack was changed after it was signed",
            pack.display()
        ))
    })
}

/// The key, if the signature is its and of this text.
fn verified(said: &str, text: &str) -> Option<String> {
    let mut lines = said.get(..said.len().min(SIGNATURE_FILE_MAX))?.lines();
    let (key, signature) = (lines.next()?.trim(), lines.next()?.trim());
    let signer = VerifyingKey::from_bytes(&bytes(key.strip_prefix(PREFIX)?)?).ok()?;
    let signature = Signature::from_bytes(&bytes(signature)?);
    signer.verify_strict(&message(text), &signature).ok()?;
    Some(name(&signer))
}

fn message(text: &str) -> Vec<u8> {
    [CONTEXT, text.as_bytes()].concat()
}

fn beside(pack: &Path) -> PathBuf {
    let mut name = pack.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// A public key as site files name it.
fn name(key: &VerifyingKey) -> String {
    format!("{PREFIX}{}", hex(key.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    if hex.len() != 2 * N || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signature file of a text by the key made of a byte.
    fn signed(text: &str, of: u8) -> String {
        let key = SigningKey::from_bytes(&[of; 32]);
        let signature = hex(&key.sign(&message(text)).to_bytes());
        format!("{}\n{signature}\n", name(&key.verifying_key()))
    }

    #[test]
    fn a_signature_fits_its_text_to_the_byte() {
        let said = signed("low = 0.3\n", 7);
        assert!(verified(&said, "low = 0.3\n").is_some_and(|key| said.starts_with(&key)));
        for changed in ["low = 0.2\n", "low = 0.3", "low = 0.3\r\n", ""] {
            assert_eq!(verified(&said, changed), None, "{changed:?}");
        }
    }

    #[test]
    fn a_foreign_key_or_a_broken_file_vouches_for_nothing() {
        let (mine, other) = (signed("a", 7), signed("a", 8));
        let mixed =
            format!("{}\n{}\n", mine.lines().next().unwrap(), other.lines().nth(1).unwrap());
        let cut = &mine[..mine.len() - 2];
        for said in [&mixed, cut, "", "ed25519:\n\n", &mine.replace(PREFIX, ""), "é\né"] {
            assert_eq!(verified(said, "a"), None, "{said:?}");
        }
    }

    #[test]
    fn bytes_are_read_from_hex_only() {
        assert_eq!(bytes::<2>("00ff"), Some([0, 255]));
        for wrong in ["00f", "00fff", "0g00", "+f00", "é0"] {
            assert_eq!(bytes::<2>(wrong), None, "{wrong}");
        }
    }
}
