//! What text may stand at a place: one rule per kind of text.
//!
//! Each rule has a regular expression for the schema as well. Where both differ, the expression is the looser one.

use super::suggest::shown;
use crate::approval::{Approver, ApproverError};
use crate::copy::Destination;
use crate::recipient::{Recipient, RecipientError};
use crate::{HostName, name};

/// What text of some kind looks like.
pub(super) struct Rule {
    /// What such a text is called in a sentence, with its article.
    pub noun: &'static str,
    /// A regular expression that such texts match.
    pub pattern: &'static str,
    /// Says what is wrong with a text.
    pub judge: fn(&str) -> Result<(), Refusal>,
}

/// Why a text was refused.
pub(super) struct Refusal {
    /// Stable code of the finding.
    pub code: &'static str,
    /// What is the matter.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// A command line for the shell.
pub(super) static COMMAND: Rule = Rule { noun: "a command line (a string)", pattern: "\\S", judge: command };
/// The name of a project, component or environment.
pub(super) static NAME: Rule = Rule { noun: "a name (a string)", pattern: "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", judge: plain_name };
/// What one writes after `ssh`.
pub(super) static SSH_HOST: Rule = Rule { noun: "a host (a string)", pattern: "^[A-Za-z0-9@._:\\[\\]%/][A-Za-z0-9@._:\\[\\]%/-]*$", judge: ssh_host };
/// The host name of a request.
pub(super) static WEB_HOST: Rule = Rule { noun: "a host name (a string)", pattern: "^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$", judge: web_host };
/// The path prefix of a route.
pub(super) static PREFIX: Rule = Rule { noun: "a path prefix (a string)", pattern: "^/[^\\s?#]*$", judge: prefix };
/// The path, and maybe the query, that a health check asks for.
pub(super) static HEALTH_PATH: Rule = Rule { noun: "a path such as \"/health\"", pattern: "^/[^\\s#]*$", judge: health_path };
/// A git branch.
pub(super) static BRANCH: Rule = Rule { noun: "a branch (a string)", pattern: "^[^\\s~^:?*\\[\\\\]+$", judge: branch };
/// A user of the host.
pub(super) static USER: Rule = Rule { noun: "a user name (a string)", pattern: "^[A-Za-z_][A-Za-z0-9_.-]{0,31}$", judge: user };
/// A part of all hosts.
pub(super) static PERCENTAGE: Rule = Rule { noun: "a percentage such as \"25%\"", pattern: "^([1-9][0-9]?|100)%$", judge: percentage };
/// The name of an environment variable.
pub(super) static VARIABLE: Rule = Rule { noun: "the name of an environment variable", pattern: "^[A-Za-z_][A-Za-z0-9_]*$", judge: variable };
/// A public key of somebody who can approve plans.
pub(super) static APPROVER: Rule = Rule {
    noun: "an SSH public key (a string)",
    pattern: "^\\s*(sk-)?(ssh-(ed25519|rsa)|ecdsa-sha2-nistp256)(@openssh\\.com)?\\s+[A-Za-z0-9+/=]+(\\s[^\\n]*)?$",
    judge: approver,
};
/// A public key that secrets are encrypted to.
pub(super) static RECIPIENT: Rule =
    Rule { noun: "a public key (a string)", pattern: "^\\s*(age1[a-z0-9]+|ssh-(ed25519|rsa)\\s+[A-Za-z0-9+/=]+)(\\s[^\\n]*)?$", judge: recipient };
/// A version, in whatever scheme.
pub(super) static VERSION: Rule = Rule { noun: "a version (a string)", pattern: "^\\S{1,100}$", judge: version };
/// A file of the machine where plimsoll is called.
pub(super) static FILE: Rule = Rule { noun: "the path of a file (a string)", pattern: "^\\S(.*\\S)?$", judge: file };

/// A mail address.
pub(super) static MAIL: Rule = Rule { noun: "a mail address (a string)", pattern: "^[^\\s@]+@[^\\s@]+[.][^\\s@]+$", judge: mail };
/// The directory of an authority.
pub(super) static DIRECTORY: Rule = Rule { noun: "the URL of a directory (a string)", pattern: "^https://[^\\s/?#]+[^\\s?#]*$", judge: directory };
/// Where copies of backups go.
pub(super) static DESTINATION: Rule = Rule {
    noun: "a destination (a string)",
    pattern: "^(s3://[a-z0-9.-]{3,63}(/[A-Za-z0-9._/-]*)?|sftp://[A-Za-z0-9._-]+@[A-Za-z0-9._-]+(:[0-9]+)?/[A-Za-z0-9._/-]+)$",
    judge: destination,
};
/// The URL of a store.
pub(super) static STORE: Rule = Rule { noun: "the URL of a store (a string)", pattern: "^https?://[^\\s/?#@]+/?$", judge: store };
/// The region of a store.
pub(super) static REGION: Rule = Rule { noun: "a region (a string)", pattern: "^[A-Za-z0-9-]{1,60}$", judge: region };
/// The public key of a machine.
pub(super) static HOST_KEY: Rule =
    Rule { noun: "a host key (a string)", pattern: "^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/=]+$", judge: host_key };

fn refuse(code: &'static str, message: String, help: impl Into<String>) -> Result<(), Refusal> {
    Err(Refusal { code, message, help: help.into() })
}

fn command(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return refuse("bad-command", "the command is empty".into(), "write the command line, or leave the key out");
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return refuse("bad-command", format!("{} has a control character", shown(text)), "remove it; a line break or a tab may stay");
    }
    Ok(())
}

fn plain_name(text: &str) -> Result<(), Refusal> {
    name::judge(text).or_else(|error| {
        let tidy = tidied(text);
        let help = if tidy.is_empty() { "write a short name, such as `shop`".into() } else { format!("write {}", shown(&tidy)) };
        refuse("bad-name", format!("{} is not a name: {error}", shown(text)), help)
    })
}

/// The name that is nearest to `text`, or nothing.
pub(super) fn tidied(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let words: String = text.chars().map(plain).collect();
    let joined = words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    joined[..joined.len().min(name::MAX_NAME)].trim_end_matches('-').into()
}

fn ssh_host(text: &str) -> Result<(), Refusal> {
    match HostName::new(text) {
        Ok(_) => Ok(()),
        Err(_) => refuse("bad-host", format!("{} is not a host", shown(text)), "write it as after `ssh`, such as \"deploy@dev.shop.example\""),
    }
}

fn web_host(text: &str) -> Result<(), Refusal> {
    let label = |label: &str| {
        let edges = !label.starts_with('-') && !label.ends_with('-');
        (1..=63).contains(&label.len()) && edges && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if text.len() <= 253 && text.split('.').all(label) {
        return Ok(());
    }
    let help = match text {
        text if text.contains('*') => "write one full host name; a pattern is not possible, but a route without `host` takes all of them",
        text if text.contains(['/', ':']) => "write the host alone, such as \"shop.example\"; `port` and `path` are keys of their own",
        _ => "write labels of letters, digits and '-' with dots between them, such as \"shop.example\"",
    };
    refuse("bad-host", format!("{} is not a host name", shown(text)), help)
}

fn prefix(text: &str) -> Result<(), Refusal> {
    let wrong = |why: &str| refuse("bad-route-path", format!("{} is not a path prefix: {why}", shown(text)), "write a path such as \"/api\"");
    let segments = || text.trim_matches('/').split('/');
    match text {
        text if !text.starts_with('/') => wrong("it does not start with '/'"),
        text if text.len() > 1024 => wrong("it has more than 1024 bytes"),
        text if text.chars().any(|c| c.is_whitespace() || c.is_control() || "?#*\\".contains(c)) => {
            wrong("it has a space, a control character or one of ?#*\\")
        }
        text if text.contains("//") || segments().any(|segment| segment == "." || segment == "..") => wrong("it has a segment '', '.' or '..'"),
        _ if segments().next() == Some("_deploy") => wrong("paths below /_deploy are answered by Plimsoll itself"),
        _ => Ok(()),
    }
}

fn health_path(text: &str) -> Result<(), Refusal> {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '#';
    if text.starts_with('/') && text.len() <= 1024 && text.chars().all(plain) {
        return Ok(());
    }
    let help = "write a path with a leading slash, such as \"/health\"; `{ connect = true }` or `{ stays_up = \"1s\" }` ask nothing of HTTP";
    refuse("bad-health-path", format!("{} is not a path that can be asked for", shown(text)), help)
}

fn branch(text: &str) -> Result<(), Refusal> {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
    let good = !text.is_empty() && text.len() <= 250 && !text.starts_with(['-', '/', '.']) && !text.ends_with(['/', '.']);
    if good && !text.contains("..") && !text.contains("@{") && !text.contains(forbidden) {
        return Ok(());
    }
    refuse("bad-branch", format!("{} is not a branch that git knows", shown(text)), "write the branch's name, such as \"main\"")
}

fn user(text: &str) -> Result<(), Refusal> {
    let inner = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if (1..=32).contains(&text.len()) && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(inner) {
        return Ok(());
    }
    refuse("bad-user", format!("{} is not the name of a user", shown(text)), "write the name of a user of the host, such as \"shop\"")
}

fn percentage(text: &str) -> Result<(), Refusal> {
    let number = text.strip_suffix('%').filter(|number| number.len() <= 3 && number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0'));
    if number.and_then(|number| number.parse::<u32>().ok()).is_some_and(|number| (1..=100).contains(&number)) {
        return Ok(());
    }
    refuse("bad-percentage", format!("{} is not a percentage", shown(text)), "write a whole number from 1 to 100 and '%', such as \"25%\"")
}

fn variable(text: &str) -> Result<(), Refusal> {
    if text == "PORT" {
        let message = "`PORT` is reserved: each slot gets the port that it must listen on in it".to_owned();
        return refuse("reserved-variable", message, "remove it; the port that people use is `route.port`");
    }
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.len() <= 256 && text.chars().all(inner) {
        return Ok(());
    }
    let help = "write letters, digits and '_', with no digit first, such as \"DATABASE_URL\"";
    refuse("bad-variable", format!("{} is not the name of an environment variable", shown(text)), help)
}

fn approver(text: &str) -> Result<(), Refusal> {
    let one_line = text.lines().count() == 1;
    let (why, help) = match Approver::new(text) {
        Ok(_) if one_line => return Ok(()),
        Ok(_) => ("a key is one line".to_owned(), "write the line that the .pub file holds"),
        Err(error @ ApproverError::Private) => {
            (error.to_string(), "write the line of the .pub file beside it, and make a new key: this one has been shown")
        }
        Err(error @ ApproverError::Broken) => (error.to_string(), "copy the whole line of the .pub file"),
        Err(error @ ApproverError::Unknown) => {
            (error.to_string(), "write the line of a file such as ~/.ssh/id_ed25519.pub; `ssh-keygen -t ed25519` makes one")
        }
    };
    refuse("bad-approver", why, help)
}

fn recipient(text: &str) -> Result<(), Refusal> {
    let key = "write the line that your ~/.ssh/id_ed25519.pub or id_rsa.pub holds, or an `age1…`";
    let help = match Recipient::new(text) {
        Ok(_) if !text.contains('\n') => return Ok(()),
        Err(RecipientError::Private) => {
            "remove it, and make a new one if anyone has seen it; what stands here is the public key, from a file that ends with .pub"
        }
        Err(RecipientError::Type) => "write an SSH key of type ed25519 or RSA, or an `age1…`; `ssh-keygen -t ed25519` makes one",
        Ok(_) | Err(_) => key,
    };
    let why = Recipient::new(text).err().map_or_else(|| "a key is one line".to_owned(), |error| error.to_string());
    refuse("bad-recipient", why, help)
}

fn version(text: &str) -> Result<(), Refusal> {
    if (1..=100).contains(&text.len()) && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Ok(());
    }
    refuse("bad-version", format!("{} is not a version", shown(text)), "write at most 100 characters without spaces, such as \"1.4.0\"")
}

fn mail(text: &str) -> Result<(), Refusal> {
    let printable = text.len() <= 254 && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    match text.split_once('@') {
        Some((name, domain)) if printable && !name.is_empty() && !domain.contains('@') && is_within(domain, '.') => Ok(()),
        _ => refuse("bad-mail", format!("{} is no mail address", shown(text)), "write one that is read, such as \"ops@shop.example\""),
    }
}

/// Whether `mark` stands in `text`, and not at its ends only.
fn is_within(text: &str, mark: char) -> bool {
    text.char_indices().any(|(at, c)| c == mark && at > 0 && at + 1 < text.len())
}

fn directory(text: &str) -> Result<(), Refusal> {
    let rest =
        text.strip_prefix("https://").filter(|_| !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '@')));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with(['/', ':']) => Ok(()),
        _ => {
            refuse("bad-directory", format!("{} is not the URL of a directory", shown(text)), "write it in full: https://authority.example/directory")
        }
    }
}

fn destination(text: &str) -> Result<(), Refusal> {
    Destination::new(text).map(drop).or_else(|error| {
        let help = "write s3://BUCKET/PREFIX, or sftp://USER@HOST/FOLDER";
        refuse("bad-destination", format!("{} is not where copies can go: {error}", shown(text)), help)
    })
}

fn store(text: &str) -> Result<(), Refusal> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"/?#@".contains(c);
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with(':') && rest.chars().all(plain) => Ok(()),
        _ => refuse("bad-store", format!("{} is not the URL of a store", shown(text)), "write it without a path: https://s3.store.example"),
    }
}

fn region(text: &str) -> Result<(), Refusal> {
    if (1..=60).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Ok(());
    }
    refuse("bad-region", format!("{} is not a region", shown(text)), "write its name, such as \"eu-central-1\"")
}

/// Becomes a line of a file that `ssh` reads.
fn host_key(text: &str) -> Result<(), Refusal> {
    const KINDS: [&str; 5] = ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];
    let is_key = |key: &str| key.len() >= 60 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    match text.split_once(' ') {
        Some((kind, key)) if KINDS.contains(&kind) && is_key(key) => Ok(()),
        _ => refuse("bad-host-key", format!("{} is not the key of a machine", shown(text)), "write what `ssh-keyscan HOST` prints, without the host"),
    }
}

fn file(text: &str) -> Result<(), Refusal> {
    if !text.is_empty() && text.len() <= 4096 && text.trim() == text && !text.contains(char::is_control) {
        return Ok(());
    }
    refuse("bad-path", format!("{} is not the path of a file", shown(text)), "write it relative to the project's folder, or absolute")
}
