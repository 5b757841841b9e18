//! Certificates: what is shown to clients, and what the manifest names.

use owo_colors::OwoColorize;
use plimsoll_model::Digest;
use plimsoll_model::time::Moment;
use plimsoll_ops::{Enrolled, FailedRenewal, certs_check, certs_list, certs_renew};

use super::measure::{count, duration, moment};
use super::table::table;

/// A table of what the routes show.
pub fn shown(output: &certs_list::Output) -> String {
    if output.certificates.is_empty() {
        return format!("no route of {} speaks HTTPS\n", output.key);
    }
    let head = ["component", "url", "certificate", "expires", "from", "renewal", "plain HTTP", "HSTS"].map(|title| title.dimmed().to_string());
    let row = |shown: &certs_list::Shown| {
        let plain = shown.redirect_from.map_or_else(|| "-".into(), |port| format!("sent on from port {port}"));
        let hsts = lasts(shown.hsts_s);
        let expires = expires(shown.expires_at, shown.days_left);
        let (from, renewal) = (shown.authority.clone().unwrap_or_else(|| "files".into()), shown.renew_at.map_or_else(|| "-".into(), moment));
        [shown.component.to_string(), shown.url.clone(), short(shown.digest), expires, from, renewal, plain, hsts]
    };
    let failures: String = output.certificates.iter().filter_map(|shown| Some(failure(&shown.url, shown.failed.as_ref()?))).collect();
    table(&std::iter::once(head).chain(output.certificates.iter().map(row)).collect::<Vec<_>>()) + &failures
}

/// A table of what authorities have issued.
pub fn renewed(output: &certs_renew::Output) -> String {
    if output.certificates.is_empty() {
        return format!("no certificate of {} comes from an authority\n", output.key);
    }
    let head = ["host", "authority", "certificate", "expires", "renewal"].map(|title| title.dimmed().to_string());
    let at = |at: Option<Moment>| at.map_or_else(|| "-".into(), moment);
    let row = |enrolled: &Enrolled| {
        let certificate = enrolled.certificate.map_or_else(|| "-".into(), short);
        [enrolled.enrolment.host.clone(), enrolled.enrolment.directory.clone(), certificate, at(enrolled.expires_at), at(enrolled.renew_at)]
    };
    table(&std::iter::once(head).chain(output.certificates.iter().map(row)).collect::<Vec<_>>())
}

fn failure(url: &str, FailedRenewal { at, failure }: &FailedRenewal) -> String {
    let help = failure.help.as_ref().map(|help| format!("help: {help}\n")).unwrap_or_default();
    format!("{} {url} could not be renewed at {}: {}\n{help}", "note:".yellow(), moment(*at), failure.message)
}

/// A table of what the manifest names and was found to be right.
pub fn judged(output: &certs_check::Output) -> String {
    let issued: String = output.issued.iter().map(|issued| format!("{}: issued by {}\n", issued.hosts.join(", "), issued.authority)).collect();
    if output.certificates.is_empty() && !issued.is_empty() {
        return issued;
    }
    if output.certificates.is_empty() {
        return format!("the manifest names no certificate for {}: its routes speak plain HTTP\n", output.environment);
    }
    let head = ["file", "private key", "certificate", "expires", "hosts"].map(|title| title.dimmed().to_string());
    let row = |judged: &certs_check::Judged| {
        let hosts = if judged.hosts.is_empty() { "any".to_owned() } else { judged.hosts.join(", ") };
        let expires = expires(judged.expires_at, judged.days_left);
        [judged.certificate.clone(), judged.key.clone(), short(judged.digest), expires, hosts]
    };
    table(&std::iter::once(head).chain(output.certificates.iter().map(row)).collect::<Vec<_>>()) + &issued
}

fn lasts(seconds: u64) -> String {
    match seconds / 86_400 {
        0 => duration(seconds * 1_000),
        days => count(usize::try_from(days).unwrap_or(usize::MAX), "day"),
    }
}

fn short(digest: Digest) -> String {
    digest.short()
}

fn expires(at: Moment, days_left: u64) -> String {
    let days = usize::try_from(days_left).unwrap_or(usize::MAX);
    format!("{} ({} left)", moment(at), count(days, "day"))
}

#[cfg(test)]
mod tests {
    use super::super::plain;
    use super::*;

    #[test]
    fn what_routes_show_is_told() {
        let shown_of = |certificates| certs_list::Output {
            key: plimsoll_model::EnvironmentKey { project: "shop".parse().unwrap(), environment: "production".parse().unwrap() },
            certificates,
        };
        assert_eq!(shown(&shown_of(Vec::new())), "no route of shop/production speaks HTTPS\n");
        let web = certs_list::Shown {
            component: "web".parse().unwrap(),
            url: "https://shop.example/".into(),
            digest: Digest::ZERO,
            expires_at: Moment(1_768_660_200_007),
            days_left: 1,
            redirect_from: Some(80),
            authority: None,
            renew_at: None,
            failed: None,
            hsts_s: 180 * 86_400,
        };
        let text = plain(&shown(&shown_of(vec![web])));
        let line =
            "web        https://shop.example/  00000000     2026-01-17 14:30:00 UTC (1 day left)  files  -        sent on from port 80  180 days";
        assert!(text.lines().any(|told| told == line), "{text}");
    }
}
