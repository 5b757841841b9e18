//! Large files: encrypted as they are written, and opened with the key of the one file alone.
//!
//! A file of age has a key of its own, which its header holds for each of its readers. So whoever has the private key of a reader needs to see
//! nothing but that header, and can hand over the file's key to where the file is: it opens this file and no other.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::path::Path;

use age::secrecy::ExposeSecret;
use age::stream::{StreamReader, StreamWriter};
use age::{DecryptError, Decryptor, Encryptor, Identity};
use age_core::format::{FileKey, Stanza};
use plimsoll_model::{Recipient, Secret};

use crate::seal::keys_of;
use crate::{Keyring, VaultError};

/// How much of the beginning of a file holds its header for certain, in bytes: a reader takes up to 800.
pub const HEADER_BYTES: usize = 1 << 18;

/// A file that is encrypted as it is written.
pub type Sealed<W> = StreamWriter<W>;

/// Encrypts what is written from now on into `output`, for each of `recipients`. It has to be [finished](StreamWriter::finish).
///
/// # Errors
/// Nothing can be encrypted to a recipient, or `output` cannot be written. `path` is what it is called in the error.
pub fn encrypt<W: Write>(recipients: &[Recipient], output: W, path: &Path) -> Result<Sealed<W>, VaultError> {
    let keys = keys_of(recipients)?;
    let encryptor = Encryptor::with_recipients(keys.iter().map(|key| key.as_ref() as &dyn age::Recipient));
    let unsealed = |error: age::EncryptError| VaultError::io("encrypt", path)(std::io::Error::other(error.to_string()));
    encryptor.map_err(unsealed)?.wrap_output(output).map_err(VaultError::io("encrypt", path))
}

/// The key of the file that begins with `header`, as text. Whoever has it can read that file.
///
/// # Errors
/// None of the keys opens it, or it is damaged. `path` is what the file is called in the error.
pub fn file_key(header: &[u8], keyring: &Keyring, path: &Path) -> Result<Secret<String>, VaultError> {
    let damaged = || VaultError::Damaged { path: path.to_path_buf() };
    let decryptor = Decryptor::new_buffered(header).map_err(|_| damaged())?;
    let keys = keyring.keys()?;
    let seen: Vec<Witness<'_>> = keys.identities().map(|of| Witness { of, key: RefCell::new(None) }).collect();
    match decryptor.decrypt(seen.iter().map(|witness| witness as &dyn Identity)) {
        Ok(_) => seen.iter().find_map(|witness| witness.key.take()).ok_or_else(damaged),
        Err(DecryptError::NoMatchingKeys) => Err(keys.trouble(path)),
        Err(_) => Err(damaged()),
    }
}

/// What the file has that `input` reads, opened with its own key.
///
/// # Errors
/// It is the key of another file, or this one is damaged. `path` is what it is called in the error.
pub fn open<R: Read>(input: R, key: &Secret<String>, path: &Path) -> Result<StreamReader<R>, VaultError> {
    let damaged = |_| VaultError::Damaged { path: path.to_path_buf() };
    let known = Known(key);
    Decryptor::new(input).map_err(damaged)?.decrypt(std::iter::once(&known as &dyn Identity)).map_err(damaged)
}

/// Remembers the key that it sees.
struct Witness<'a> {
    of: &'a dyn Identity,
    key: RefCell<Option<Secret<String>>>,
}

impl Identity for Witness<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        let opened = self.of.unwrap_stanza(stanza);
        if let Some(Ok(key)) = &opened {
            let text = key.expose_secret().iter().map(|byte| format!("{byte:02x}")).collect();
            self.key.replace(Some(Secret::new(text)));
        }
        opened
    }
}

/// Has the key already, whoever it is for.
struct Known<'a>(&'a Secret<String>);

impl Identity for Known<'_> {
    fn unwrap_stanza(&self, _: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        let text = self.0.expose();
        let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
        let filled = FileKey::try_init_with_mut(|key| key.iter_mut().enumerate().try_for_each(|(at, to)| byte(at).map(|byte| *to = byte).ok_or(())));
        filled.ok().map(Ok)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay files out for what they test")]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use age::secrecy::ExposeSecret as _;

    use super::*;
    use crate::Ask;

    #[derive(Debug)]
    struct Nobody;

    impl Ask for Nobody {
        fn passphrase(&self, _: &Path, _: bool) -> Option<Secret<String>> {
            None
        }
    }

    fn keyring(folder: &Path, key: &age::x25519::Identity) -> Keyring {
        let file: PathBuf = folder.join(key.to_public().to_string());
        std::fs::write(&file, key.to_string().expose_secret()).unwrap();
        Keyring { files: vec![file], named: true, ask: Arc::new(Nobody) }
    }

    #[test]
    fn a_file_is_opened_by_its_own_key_that_a_reader_found_in_its_header() {
        let folder = tempfile::tempdir().unwrap();
        let [ada, lee, eve] = [(); 3].map(|()| age::x25519::Identity::generate());
        let recipients = [&ada, &lee].map(|key| Recipient::new(&key.to_public().to_string()).unwrap());
        let path = Path::new("copy.age");
        let sealed = |text: &[u8]| {
            let mut writer = encrypt(&recipients, Vec::new(), path).unwrap();
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        };
        let text = vec![7; 200_000];
        let (file, other) = (sealed(&text), sealed(b"another"));
        for reader in [&ada, &lee] {
            let key = file_key(&file[..2_000], &keyring(folder.path(), reader), path).unwrap();
            let mut read = Vec::new();
            open(&file[..], &key, path).unwrap().read_to_end(&mut read).unwrap();
            assert_eq!(read, text);
            assert_eq!(open(&other[..], &key, path).err().unwrap().code(), "secrets-damaged");
        }
        assert_eq!(file_key(&file, &keyring(folder.path(), &eve), path).unwrap_err().code(), "secrets-no-key");
        for junk in ["", "00", "x", "zz00000000000000000000000000000000"] {
            assert!(open(&file[..], &Secret::new(junk.into()), path).is_err(), "{junk}");
        }
    }
}
