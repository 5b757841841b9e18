//! What rounds come to, and how it is judged.

use super::super::bed::middle;
use super::super::row::{Goal, Row};
use super::round::Round;

/// The peers, in the order of the tools behind ours.
const PEERS: [&str; 3] = ["script", "ansible", "pyinfra"];

/// The median of each figure of some rounds.
pub struct Medians(Round);

impl Medians {
    /// Of these.
    pub fn of(rounds: &[Round]) -> Self {
        let one = |of: fn(&Round) -> f64| middle(rounds.iter().map(of).collect());
        let each = |of: fn(&Round) -> [f64; 4]| std::array::from_fn(|tool| middle(rounds.iter().map(|round| of(round)[tool]).collect()));
        Self(Round {
            bare: one(|round| round.bare),
            first: each(|round| round.first),
            changed: each(|round| round.changed),
            unchanged: each(|round| round.unchanged),
            unconnected: one(|round| round.unconnected),
        })
    }

    /// As rows; `hosts` is how many there were, in words.
    pub fn rows(&self, hosts: &str) -> Vec<Row> {
        let Round { bare, first, changed, unchanged, unconnected } = self.0;
        let named = |what: &str, seconds: f64| Row::new(format!("20 MB to {hosts}: {what}"), seconds, "s");
        let greeted = |what: &str, seconds: f64| named(what, seconds).against("ssh HOST true", bare).goal(Goal::AboveAtMost(0.06));
        let mut rows = beside_peers(&named("first", first[0]), first, [Some(Goal::RatioAtMost(1.0)), None, None]);
        let goals = [Some(Goal::RatioAtMost(0.5)), Some(Goal::RatioAtMost(0.15)), None];
        rows.extend(beside_peers(&named("1 % changed", changed[0]), changed, goals));
        rows.extend(beside_peers(&named("nothing changed", unchanged[0]), unchanged, [None; 3]));
        rows.extend([greeted("nothing changed", unchanged[0]), greeted("nothing changed, connections made anew", unconnected)]);
        rows
    }
}

/// Our row, beside each peer.
fn beside_peers(ours: &Row, [_, theirs @ ..]: [f64; 4], goals: [Option<Goal>; 3]) -> Vec<Row> {
    let row = |((name, seconds), goal): ((&'static str, f64), Option<Goal>)| {
        let row = ours.clone().against(name, seconds);
        goal.map_or(row.clone(), |goal| row.goal(goal))
    };
    PEERS.into_iter().zip(theirs).zip(goals).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_is_a_median_and_judged_by_its_own_goal() {
        let round = |ours: f64| Round { bare: 1.0, first: [ours; 4], changed: [ours, 2.0, 9.0, 1.0], unchanged: [ours; 4], unconnected: 1.1 };
        let told: Vec<String> =
            Medians::of(&[round(9.0), round(1.0), round(0.1)]).rows("1 host").iter().map(|row| row.to_json().to_string()).collect();
        let met = |what: &str, peer: &str| {
            let is_it = |row: &&String| row.contains(&format!(": {what}\"")) && row.contains(&format!("{{\"name\":\"{peer}\""));
            let row = told.iter().find(is_it).unwrap_or_else(|| panic!("{what} beside {peer} is missing: {told:?}"));
            ["null", "true", "false"].into_iter().find(|met| row.contains(&format!("\"met\":{met}")))
        };
        assert_eq!(met("first", "script"), Some("true"));
        assert_eq!(met("first", "ansible"), Some("null"));
        assert_eq!(met("1 % changed", "script"), Some("true"));
        assert_eq!(met("1 % changed", "ansible"), Some("true"));
        assert_eq!(met("nothing changed", "ssh HOST true"), Some("true"));
        assert_eq!(met("nothing changed, connections made anew", "ssh HOST true"), Some("false"));
        assert_eq!(told.len(), 11);
    }
}
