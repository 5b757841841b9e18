//! Copies of backups in other places: a store that speaks the protocol of Amazon S3, or a folder of another machine that is reached by SFTP.
//!
//! - [`pack`] makes one file of the folder of a backup, encrypted with age when it is for somebody; [`unpack`] makes the folder of it again.
//! - [`Store`] brings such files to a place and back, tells which ones are there, and deletes them.
//!
//! A file appears at its place whole or not at all. What it is called, how many are kept, and whether a backup is any good is left to others.

mod client;
mod error;

mod pack;
mod s3;
mod sftp;

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_model::Secret;
use plimsoll_model::copy::{Access, CopySpec, Destination};

pub use error::OffsiteError;
pub use pack::{header, pack, unpack};

/// A place where copies lie.
pub struct Store {
    place: String,
    kind: Kind,
}

enum Kind {
    S3(Box<s3::S3>),
    Sftp(sftp::Sftp),
}

/// A file that lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its name in its folder.
    pub name: String,
    /// Its size, in bytes.
    pub bytes: u64,
}

impl Store {
    /// The place of `spec`, come in to with the `secrets` that it names. `scratch` is a folder for nobody else's eyes, where a key lies while it
    /// is used.
    ///
    /// # Errors
    /// A secret is missing, or the place cannot be one.
    pub fn new(spec: &CopySpec, secrets: &BTreeMap<String, Secret<String>>, scratch: &Path) -> Result<Self, OffsiteError> {
        let secret = |name: &String| secrets.get(name).ok_or_else(|| OffsiteError::Secret { name: name.clone(), place: spec.to.to_string() });
        let kind = match (&spec.to, &spec.access) {
            (Destination::S3 { bucket, .. }, Access::S3 { endpoint, region, access_key, secret_key }) => {
                Kind::S3(Box::new(s3::S3::new(bucket, endpoint.as_deref(), region, secret(access_key)?, secret(secret_key)?)?))
            }
            (Destination::Sftp { user, host, port, .. }, Access::Sftp { ssh_key, host_key }) => {
                let login = sftp::Login { user: user.clone(), host: host.clone(), port: *port, host_key: host_key.clone() };
                Kind::Sftp(sftp::Sftp::new(login, secret(ssh_key)?.clone(), scratch))
            }
            _ => return Err(OffsiteError::Mismatch { place: spec.to.to_string() }),
        };
        Ok(Self { place: spec.to.to_string(), kind })
    }

    /// The files in `folder`, by name. A folder that is not there has none.
    ///
    /// # Errors
    /// The place cannot be reached, or does not let us look.
    pub async fn list(&self, folder: &str) -> Result<Vec<Object>, OffsiteError> {
        let listed = match &self.kind {
            Kind::S3(s3) => s3.list(folder).await,
            Kind::Sftp(sftp) => sftp.list(folder).await,
        };
        let mut objects = self.told(listed, "look into")?;
        objects.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(objects)
    }

    /// Brings `file` there, as `name` in `folder`. One of that name is replaced.
    ///
    /// # Errors
    /// The file cannot be read, or the place cannot be reached, does not let us write, or is full.
    pub async fn put(&self, folder: &str, name: &str, file: &Path) -> Result<(), OffsiteError> {
        let put = match &self.kind {
            Kind::S3(s3) => s3.put(&format!("{folder}/{name}"), file).await,
            Kind::Sftp(sftp) => sftp.put(folder, name, file).await,
        };
        self.told(put, "copy to")
    }

    /// Brings what is `name` in `folder` here, into `file`.
    ///
    /// # Errors
    /// It is not there, the place cannot be reached, or the file cannot be written.
    pub async fn get(&self, folder: &str, name: &str, file: &Path) -> Result<(), OffsiteError> {
        let got = match &self.kind {
            Kind::S3(s3) => s3.get(&format!("{folder}/{name}"), file).await,
            Kind::Sftp(sftp) => sftp.get(&format!("{folder}/{name}"), file).await,
        };
        self.told(got, "copy from")
    }

    /// Deletes what is `name` in `folder`.
    ///
    /// # Errors
    /// The place cannot be reached, or does not let us delete.
    pub async fn delete(&self, folder: &str, name: &str) -> Result<(), OffsiteError> {
        let deleted = match &self.kind {
            Kind::S3(s3) => s3.delete(&format!("{folder}/{name}")).await,
            Kind::Sftp(sftp) => sftp.delete(&format!("{folder}/{name}")).await,
        };
        self.told(deleted, "delete at")
    }

    fn told<T>(&self, done: Result<T, error::Why>, task: &'static str) -> Result<T, OffsiteError> {
        done.map_err(|why| OffsiteError::Failed { task, place: self.place.clone(), why })
    }
}
