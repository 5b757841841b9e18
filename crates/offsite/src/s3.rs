//! A store that speaks the protocol of [Amazon S3](https://docs.aws.amazon.com/AmazonS3/latest/API/). Requests are signed by their URLs.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use md5::{Digest, Md5};
use plimsoll_model::Secret;
use rusty_s3::actions::{CreateMultipartUpload, ListObjectsV2, S3Action};
use rusty_s3::{Bucket, Credentials, UrlStyle};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{self, Ask, Http};
use crate::error::Why;
use crate::{Object, OffsiteError};

/// How long a signed URL is good: longer than all tries of one request.
const GOOD_FOR: Duration = Duration::from_secs(3_600);
/// The size of a part, in bytes: what is held in memory. A store takes 10,000 of them.
const PART: usize = 32 << 20;
/// The longest answer that is taken, in bytes: a thousand names.
const ANSWER_BYTES: usize = 4 << 20;

pub(crate) struct S3 {
    bucket: Bucket,
    credentials: Credentials,
    http: Http,
}

impl S3 {
    pub fn new(bucket: &str, endpoint: Option<&str>, region: &str, name: &Secret<String>, key: &Secret<String>) -> Result<Self, OffsiteError> {
        let unfit = |why: String| OffsiteError::Place { place: format!("s3://{bucket}"), why };
        // Amazon wants the bucket in the host's name, and others may not have names for each bucket.
        let (url, style) = match endpoint {
            Some(url) => (url.to_owned(), UrlStyle::Path),
            None => (format!("https://s3.{region}.amazonaws.com"), UrlStyle::VirtualHost),
        };
        let url = url.parse().map_err(|error: url::ParseError| unfit(error.to_string()))?;
        let bucket = Bucket::new(url, style, bucket.to_owned(), region.to_owned()).map_err(|error| unfit(error.to_string()))?;
        let credentials = Credentials::new(name.expose().trim(), key.expose().trim());
        Ok(Self { bucket, credentials, http: Http::new() })
    }

    pub async fn list(&self, folder: &str) -> Result<Vec<Object>, Why> {
        let (prefix, mut objects, mut token) = (format!("{folder}/"), Vec::new(), None::<String>);
        loop {
            let mut action = self.bucket.list_objects_v2(Some(&self.credentials));
            action.with_prefix(prefix.as_str());
            if let Some(token) = token {
                action.with_continuation_token(token);
            }
            let answer = self.short(&action, HeaderMap::new(), Bytes::new()).await?;
            let listed = ListObjectsV2::parse_response(&answer).map_err(|error| Why::Other(format!("its answer is not understood: {error}")))?;
            let named = |(key, size): (String, Option<u64>)| Some(Object { name: key.strip_prefix(&prefix)?.to_owned(), bytes: size.unwrap_or(0) });
            objects.extend(listed.contents.into_iter().map(|found| (found.key, found.size)).filter_map(named));
            token = listed.next_continuation_token;
            if token.is_none() {
                return Ok(objects);
            }
        }
    }

    pub async fn put(&self, key: &str, file: &Path) -> Result<(), Why> {
        let mut file = File::open(file).await.map_err(Why::Local)?;
        let first = part(&mut file).await?;
        if first.len() < PART {
            return self.short(&self.bucket.put_object(Some(&self.credentials), key), summed(&first), first).await.map(drop);
        }
        let answer = self.short(&self.bucket.create_multipart_upload(Some(&self.credentials), key), HeaderMap::new(), Bytes::new()).await?;
        let upload = CreateMultipartUpload::parse_response(&answer).map_err(|error| Why::Other(format!("its answer is not understood: {error}")))?;
        let put = self.parts(key, upload.upload_id(), first, file).await;
        if put.is_err() {
            // Parts of what never becomes an object are paid for until somebody deletes them. The first error is the one to tell.
            let abort = self.bucket.abort_multipart_upload(Some(&self.credentials), key, upload.upload_id());
            drop(self.short(&abort, HeaderMap::new(), Bytes::new()).await);
        }
        put
    }

    async fn parts(&self, key: &str, upload: &str, first: Bytes, mut file: File) -> Result<(), Why> {
        let (mut next, mut tags) = (first, Vec::new());
        while !next.is_empty() {
            let number = u16::try_from(tags.len() + 1).map_err(|_| Why::Other("it has too many parts".into()))?;
            let action = self.bucket.upload_part(Some(&self.credentials), key, number, upload);
            let answer = self.ask(&action, summed(&next), next).await?;
            let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
            tags.push(tag.ok_or_else(|| Why::Other("it took a part and did not name it".into()))?);
            client::text(answer, ANSWER_BYTES).await?;
            next = part(&mut file).await?;
        }
        let action = self.bucket.complete_multipart_upload(Some(&self.credentials), key, upload, tags.iter().map(String::as_str));
        let url = action.sign(GOOD_FOR);
        let ask = Ask { method: Method::POST, url: url.as_str(), headers: HeaderMap::new(), body: action.body().into() };
        let said = client::text(self.http.ask(&ask).await?, ANSWER_BYTES).await?;
        // It may begin to answer before it knows.
        if said.contains("<Error>") { Err(Why::Other(format!("the parts did not become one: {said}"))) } else { Ok(()) }
    }

    pub async fn get(&self, key: &str, file: &Path) -> Result<(), Why> {
        let mut answer = self.ask(&self.bucket.get_object(Some(&self.credentials), key), HeaderMap::new(), Bytes::new()).await?;
        let mut output = File::create(file).await.map_err(Why::Local)?;
        while let Some(piece) = client::next(answer.body_mut()).await? {
            output.write_all(&piece).await.map_err(Why::Local)?;
        }
        output.sync_all().await.map_err(Why::Local)
    }

    pub async fn delete(&self, key: &str) -> Result<(), Why> {
        self.short(&self.bucket.delete_object(Some(&self.credentials), key), HeaderMap::new(), Bytes::new()).await.map(drop)
    }

    async fn short<'a, A: S3Action<'a>>(&self, action: &A, headers: HeaderMap, body: Bytes) -> Result<String, Why> {
        client::text(self.ask(action, headers, body).await?, ANSWER_BYTES).await
    }

    async fn ask<'a, A: S3Action<'a>>(&self, action: &A, headers: HeaderMap, body: Bytes) -> Result<http::Response<hyper::body::Incoming>, Why> {
        let url = action.sign(GOOD_FOR);
        let method = Method::from_bytes(A::METHOD.to_str().as_bytes()).map_err(|error| Why::Other(error.to_string()))?;
        self.http.ask(&Ask { method, url: url.as_str(), headers, body }).await
    }
}

/// The next part of a file: shorter than [`PART`] only at its end.
async fn part(file: &mut File) -> Result<Bytes, Why> {
    let mut part = Vec::with_capacity(PART);
    let limit = u64::try_from(PART).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut part).await.map_err(Why::Local)?;
    Ok(part.into())
}

/// By which a store finds out whether what came is what was sent (RFC 1864).
fn summed(body: &Bytes) -> HeaderMap {
    let sum = BASE64_STANDARD.encode(Md5::digest(body));
    let value = HeaderValue::try_from(sum).expect("base64 is plain text");
    HeaderMap::from_iter([(HeaderName::from_static("content-md5"), value)])
}
