//! The nginx that leads the traffic: whether it takes its configuration.

use plimsoll_model::finding::Finding;

use crate::Case;

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let trouble = case.facts.nginx.as_ref().and_then(|nginx| nginx.trouble.as_ref());
    let message = |why: &String| format!("nginx does not take its configuration, so no route can be switched: {why}");
    let help = "set the file that it names right, until `nginx -t` is content";
    trouble.map(|why| case.error("nginx-broken", message(why), help)).into_iter().collect()
}
