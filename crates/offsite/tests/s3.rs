//! Copies in a store that speaks the protocol of Amazon S3, one of others' making that judges signatures.

#![expect(clippy::disallowed_methods, reason = "tests lay files out for what they test")]

use std::collections::BTreeMap;
use std::fs;

use plimsoll_model::Secret;
use plimsoll_model::copy::{Access, CopySpec, Destination};
use plimsoll_offsite::{Object, OffsiteError, Store};
use plimsoll_testkit::fixtures::Bucket;

const FOLDER: &str = "copies/shop/production/main";

fn store(bucket: &str, endpoint: String, key: &str) -> Store {
    let to = Destination::new(&format!("s3://{bucket}/copies")).expect("it is one");
    let access = Access::S3 { endpoint: Some(endpoint), region: "eu-central-1".into(), access_key: "ID".into(), secret_key: "KEY".into() };
    let spec = CopySpec { to, access, recipients: Vec::new(), keep: 3 };
    let secrets = [("ID", Bucket::ACCESS_KEY), ("KEY", key)].map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned())));
    Store::new(&spec, &BTreeMap::from(secrets), std::env::temp_dir().as_path()).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn what_is_brought_there_is_listed_comes_back_and_is_deleted() {
    let (bucket, scratch) = (Bucket::new(), tempfile::tempdir().unwrap());
    let store = store(Bucket::NAME, bucket.url(), Bucket::SECRET_KEY);
    let at = |name: &str| scratch.path().join(name);
    // One that fits into one request, and one of several parts whose last one is short.
    let files = [("a.tar", vec![1; 10_000]), ("b.tar", (0..70_000_000_u32).map(|n| (n % 251) as u8).collect::<Vec<u8>>())];
    assert_eq!(store.list(FOLDER).await.unwrap(), []);
    for (name, content) in &files {
        fs::write(at(name), content).unwrap();
        store.put(FOLDER, name, &at(name)).await.unwrap();
        store.get(FOLDER, name, &at("again")).await.unwrap();
        assert!(fs::read(at("again")).unwrap() == *content, "{name}");
        assert!(fs::read(bucket.file(&format!("{FOLDER}/{name}"))).unwrap() == *content, "{name} lies there as it is");
    }
    // What is called alike in another folder is another one.
    store.put(&format!("{FOLDER}-other"), "c.tar", &at("a.tar")).await.unwrap();
    let listed = files.map(|(name, content)| Object { name: name.into(), bytes: content.len() as u64 });
    assert_eq!(store.list(FOLDER).await.unwrap(), listed);
    store.delete(FOLDER, "a.tar").await.unwrap();
    assert_eq!(store.list(FOLDER).await.unwrap(), listed[1..]);
}

#[tokio::test]
async fn what_a_store_refuses_is_told_with_its_reason_and_without_the_key() {
    let (bucket, scratch) = (Bucket::new(), tempfile::tempdir().unwrap());
    let file = scratch.path().join("a.tar");
    fs::write(&file, "content").unwrap();
    let check = |error: OffsiteError, code: &str, reason: &str| {
        let told = format!("{error} {error:?} {}", error.help());
        assert_eq!(error.code(), code, "{told}");
        assert!(told.contains(reason), "{told}");
        assert!(!told.contains(Bucket::SECRET_KEY) && !told.contains("wrong-key") && !told.contains("Signature="), "{told}");
    };
    let wrong = store(Bucket::NAME, bucket.url(), "wrong-key");
    check(wrong.put(FOLDER, "a.tar", &file).await.unwrap_err(), "copy-denied", "SignatureDoesNotMatch");
    check(wrong.list(FOLDER).await.unwrap_err(), "copy-denied", "cannot look into s3://shop-backups/copies");
    let elsewhere = store("no-such-bucket", bucket.url(), Bucket::SECRET_KEY);
    check(elsewhere.list(FOLDER).await.unwrap_err(), "copy-missing", "NoSuchBucket");
    let here = store(Bucket::NAME, bucket.url(), Bucket::SECRET_KEY);
    check(here.get(FOLDER, "none.tar", &file).await.unwrap_err(), "copy-missing", "NoSuchKey");
    check(here.put(FOLDER, "a.tar", &scratch.path().join("none")).await.unwrap_err(), "copy-file", "No such file");
    let url = bucket.url();
    drop(bucket);
    check(store(Bucket::NAME, url, Bucket::SECRET_KEY).list(FOLDER).await.unwrap_err(), "copy-unreachable", "Connection refused");
}
