//! The folder of a backup as one file: a tar archive, encrypted when it is for somebody.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path};

use plimsoll_model::{Recipient, Secret};
use plimsoll_vault::large;
use rustix::fs::{CWD, Dir, Mode, OFlags, openat};
use tar::{Archive, Builder, EntryType, Header};

use crate::OffsiteError;

/// What an encrypted file begins with.
const AGE: &[u8] = b"age-encryption.org/";

/// Writes the files of `folder` into `file`, which only its owner may read, encrypted for `recipients` where there are any. Links are not
/// followed: whose folder it is may be somebody who can see less.
///
/// # Errors
/// A file cannot be read or written, or nothing can be encrypted to a recipient.
pub fn pack(folder: &Path, file: &Path, recipients: &[Recipient]) -> Result<(), OffsiteError> {
    let output = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file).map_err(OffsiteError::io(file))?;
    let output = BufWriter::new(output);
    let output = if recipients.is_empty() {
        archive(folder, output)?
    } else {
        let sealed = archive(folder, large::encrypt(recipients, output, file)?)?;
        sealed.finish().map_err(OffsiteError::io(file))?
    };
    let written = output.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
    written.map_err(OffsiteError::io(file))
}

fn archive<W: Write>(folder: &Path, output: W) -> Result<W, OffsiteError> {
    let write = || -> io::Result<W> {
        let mut builder = Builder::new(output);
        for (name, file) in files(folder)? {
            let mut header = Header::new_gnu();
            header.set_size(file.metadata()?.len());
            header.set_mode(0o600);
            header.set_mtime(0);
            builder.append_data(&mut header, &name, BufReader::new(file))?;
        }
        builder.into_inner()
    };
    write().map_err(OffsiteError::io(folder))
}

/// The regular files of a folder, by name.
fn files(folder: &Path) -> io::Result<Vec<(String, File)>> {
    let folder: OwnedFd = openat(CWD, folder, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let mut names = Vec::new();
    for entry in Dir::read_from(&folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| name != "." && name != "..");
    names.sort();
    let open = |name: String| {
        let file = File::from(openat(&folder, &name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?);
        if file.metadata()?.is_file() { Ok((name, file)) } else { Err(io::Error::other(format!("{name} is not a file"))) }
    };
    names.into_iter().map(open).collect()
}

/// The beginning of `file` that holds its header; nothing when it is not encrypted.
///
/// # Errors
/// It cannot be read.
pub fn header(file: &Path) -> Result<Option<Vec<u8>>, OffsiteError> {
    let mut begin = Vec::new();
    let limit = u64::try_from(large::HEADER_BYTES).unwrap_or(u64::MAX);
    let read = File::open(file).and_then(|file| file.take(limit).read_to_end(&mut begin));
    read.map_err(OffsiteError::io(file))?;
    Ok(begin.starts_with(AGE).then(|| only_header(begin)))
}

/// What comes after the header is of no use to who looks for the key: but for the 16 bytes of the nonce.
fn only_header(mut begin: Vec<u8>) -> Vec<u8> {
    let end = begin.windows(5).position(|window| window == b"\n--- ").and_then(|mark| {
        let line = begin[mark + 1..].iter().position(|byte| *byte == b'\n')?;
        Some(mark + 1 + line + 1 + 16)
    });
    begin.truncate(end.unwrap_or(usize::MAX));
    begin
}

/// Writes what `file` holds into `folder`, which must not be there, and which only its owner may read. An encrypted one needs its `key`.
///
/// # Errors
/// It is damaged, it is encrypted and the key is not its own, or the folder cannot be written, which is then gone again.
pub fn unpack(file: &Path, folder: &Path, key: Option<&Secret<String>>) -> Result<(), OffsiteError> {
    let input = BufReader::new(File::open(file).map_err(OffsiteError::io(file))?);
    fs::create_dir(folder).map_err(OffsiteError::io(folder))?;
    let unpacked = match key {
        Some(key) => large::open(input, key, file).map_err(OffsiteError::from).and_then(|input| extract(input, file, folder)),
        None => extract(input, file, folder),
    };
    if unpacked.is_err() {
        // What cannot be deleted now is deleted before the next one is unpacked.
        let _ = fs::remove_dir_all(folder);
    }
    unpacked
}

fn extract(input: impl Read, file: &Path, folder: &Path) -> Result<(), OffsiteError> {
    let damaged = |why: String| OffsiteError::Damaged { path: file.to_path_buf(), why };
    let unread = |error: io::Error| damaged(error.to_string());
    let mut archive = Archive::new(input);
    let mut count = 0;
    for entry in archive.entries().map_err(unread)? {
        let mut entry = entry.map_err(unread)?;
        let name = entry.path().map_err(unread)?.into_owned();
        let mut parts = name.components();
        let is_plain = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
        if !is_plain || entry.header().entry_type() != EntryType::Regular {
            return Err(damaged(format!("it has {}, which is no plain file", name.display())));
        }
        let path = folder.join(name);
        let mut output = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(OffsiteError::io(&path))?;
        io::copy(&mut entry, &mut output).map_err(unread)?;
        output.sync_all().map_err(OffsiteError::io(&path))?;
        count += 1;
    }
    // An empty archive is what is left of a file whose beginning was overwritten with zeros.
    if count == 0 { Err(damaged("it is empty".into())) } else { Ok(()) }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay files out for what they test")]
mod tests {
    use super::*;

    fn backup(folder: &Path) -> Vec<(&'static str, Vec<u8>)> {
        let files = vec![("data.zst", vec![9; 100_000]), ("manifest.json", b"{}".to_vec()), ("verified.json", b"{}".to_vec())];
        fs::create_dir(folder).unwrap();
        for (name, content) in &files {
            fs::write(folder.join(name), content).unwrap();
        }
        files
    }

    #[test]
    fn a_folder_comes_back_as_it_was() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        let files = backup(&at("backup"));
        pack(&at("backup"), &at("copy.tar"), &[]).unwrap();
        assert_eq!(header(&at("copy.tar")).unwrap(), None);
        unpack(&at("copy.tar"), &at("again"), None).unwrap();
        for (name, content) in files {
            assert_eq!(fs::read(at("again").join(name)).unwrap(), content);
        }
    }

    #[test]
    fn an_encrypted_copy_is_opened_by_its_key_alone() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        backup(&at("backup"));
        let recipient = Recipient::new("age1p9mv6fnehshhscumphd7jvaze4cr8emm66cpkvgw3ve7cc6lffxsmz5fra").unwrap();
        pack(&at("backup"), &at("copy.age"), &[recipient]).unwrap();
        let header = header(&at("copy.age")).unwrap().unwrap();
        assert!(header.len() < 400, "{}", header.len());
        let junk = Secret::new("00".repeat(16));
        assert_eq!(unpack(&at("copy.age"), &at("again"), Some(&junk)).unwrap_err().code(), "secrets-damaged");
        assert_eq!(unpack(&at("copy.age"), &at("again"), None).unwrap_err().code(), "copy-damaged");
        assert!(!at("again").exists());
    }

    #[test]
    fn links_are_followed_neither_out_nor_in() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        backup(&at("backup"));
        fs::write(at("secret"), "of somebody else").unwrap();
        fs::remove_file(at("backup").join("data.zst")).unwrap();
        std::os::unix::fs::symlink(at("secret"), at("backup").join("data.zst")).unwrap();
        assert_eq!(pack(&at("backup"), &at("copy.tar"), &[]).unwrap_err().code(), "copy-file");
        for (kind, name) in [(EntryType::Symlink, "data.zst"), (EntryType::Regular, "sub/data.zst"), (EntryType::Regular, "/data.zst")] {
            let mut builder = Builder::new(File::create(at("evil.tar")).unwrap());
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(0);
            // The library would not write such names.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.as_gnu_mut().unwrap().linkname[..4].copy_from_slice(b"/etc");
            header.set_cksum();
            builder.append(&header, io::empty()).unwrap();
            builder.into_inner().unwrap();
            assert_eq!(unpack(&at("evil.tar"), &at("again"), None).unwrap_err().code(), "copy-damaged", "{name}");
        }
    }

    #[test]
    fn a_copy_that_is_cut_off_or_emptied_is_damaged() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        backup(&at("backup"));
        pack(&at("backup"), &at("copy.tar"), &[]).unwrap();
        let whole = fs::read(at("copy.tar")).unwrap();
        for content in [&whole[..whole.len() / 2], &whole[..700], &[0; 10_240][..], b""] {
            fs::write(at("copy.tar"), content).unwrap();
            assert_eq!(unpack(&at("copy.tar"), &at("again"), None).unwrap_err().code(), "copy-damaged", "{}", content.len());
        }
    }
}
