//! Encrypting to recipients and decrypting with keys: the two calls into age.

use std::io::{self, Read, Write};
use std::path::Path;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{DecryptError, Decryptor, Encryptor, ssh, x25519};
use plimsoll_model::recipient::Recipient;
use zeroize::Zeroizing;

use crate::{Keyring, VaultError};

/// The largest file that is read, in bytes.
pub(crate) const MAX_BYTES: u64 = 16 << 20;

/// `text`, encrypted so that each of `recipients` can read it.
pub(crate) fn seal(text: &str, recipients: &[Recipient], path: &Path) -> Result<Vec<u8>, VaultError> {
    let keys = keys_of(recipients)?;
    let encryptor = Encryptor::with_recipients(keys.iter().map(|key| key.as_ref() as &dyn age::Recipient));
    let encryptor = encryptor.map_err(|error| VaultError::io("encrypt", path)(io::Error::other(error.to_string())))?;
    let write = || -> io::Result<Vec<u8>> {
        let mut writer = encryptor.wrap_output(ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?)?;
        writer.write_all(text.as_bytes())?;
        writer.finish()?.finish()
    };
    write().map_err(VaultError::io("encrypt", path))
}

/// What is encrypted in `sealed`, the content of the file at `path`.
pub(crate) fn unseal(sealed: &[u8], keyring: &Keyring, path: &Path) -> Result<Zeroizing<String>, VaultError> {
    let damaged = || VaultError::Damaged { path: path.to_path_buf() };
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(sealed)).map_err(|_| damaged())?;
    let keys = keyring.keys()?;
    let mut reader = match decryptor.decrypt(keys.identities()) {
        Ok(reader) => reader,
        Err(DecryptError::NoMatchingKeys) => return Err(keys.trouble(path)),
        Err(_) => return Err(damaged()),
    };
    // Room for all of it from the start: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(sealed.len()));
    reader.read_to_string(&mut text).map_err(|_| damaged())?;
    Ok(text)
}

/// The keys of recipients, for age.
pub(crate) fn keys_of(recipients: &[Recipient]) -> Result<Vec<Box<dyn age::Recipient>>, VaultError> {
    recipients.iter().map(public).collect()
}

fn public(recipient: &Recipient) -> Result<Box<dyn age::Recipient>, VaultError> {
    let bad = |why| VaultError::BadRecipient { recipient: recipient.clone(), why };
    if recipient.key().starts_with("age1") {
        return Ok(Box::new(recipient.key().parse::<x25519::Recipient>().map_err(bad)?));
    }
    let key: Result<ssh::Recipient, _> = recipient.key().parse();
    Ok(Box::new(key.map_err(|error| match error {
        ssh::ParseRecipientKeyError::RsaModulusTooLarge => bad("it has more than 4096 bits"),
        ssh::ParseRecipientKeyError::RsaModulusTooSmall => bad("it has less than 2048 bits"),
        _ => bad("it is not whole"),
    })?))
}
