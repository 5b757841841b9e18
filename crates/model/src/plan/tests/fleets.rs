//! What plans promise of several hosts: everything is where it shall be, and comes in batches where that is wanted.

use super::*;

const HOSTS: usize = 5;

fn names() -> BTreeSet<HostName> {
    (0..HOSTS).map(host).collect()
}

/// The hosts whose bits are set; all of them when none is.
fn masked(mask: u8) -> Option<BTreeSet<HostName>> {
    (mask > 0).then(|| (0..HOSTS).filter(|number| mask & (1 << number) != 0).map(host).collect())
}

/// What each host holds once `desired` is live.
fn fleet(desired: &Desired) -> BTreeMap<HostName, Observed> {
    let part =
        |host: &HostName| Desired { components: desired.on(host).map(|(name, wanted)| (name.clone(), wanted.clone())).collect(), policy: None };
    names().into_iter().map(|host| (host.clone(), live(&part(&host)))).collect()
}

fn fresh() -> BTreeMap<HostName, Observed> {
    fleet(&Desired::default())
}

fn limits() -> impl Strategy<Value = Option<MaxUnavailable>> {
    prop::option::of(prop_oneof![(1..4_u32).prop_map(MaxUnavailable::Hosts), (1..=100_u32).prop_map(MaxUnavailable::Percent)])
}

prop_compose! {
    /// A project whose components go to some hosts, in batches or not.
    fn placed()(mut desired in projects(), places in prop::collection::vec((0..1_u8 << HOSTS, limits()), 8)) -> Desired {
        for (wanted, (mask, rolling)) in desired.components.values_mut().zip(places) {
            (wanted.hosts, wanted.rolling) = (masked(mask), rolling);
        }
        desired
    }
}

/// Each level of a component: the hosts on which it is brought to what is wanted.
fn turns(plan: &Plan, name: &ComponentName) -> Vec<(usize, BTreeSet<HostName>)> {
    let brings = |work: &Work| work.component == *name && !matches!(work.change, Change::Leave | Change::Remove);
    let on = |level: &Level| level.hosts.iter().filter(|(_, work)| work.iter().any(brings)).map(|(host, _)| host.clone()).collect();
    plan.levels.iter().map(on).enumerate().filter(|(_, hosts): &(usize, BTreeSet<_>)| !hosts.is_empty()).collect()
}

/// The hosts that a component is taken away from, all in the last level.
fn left(plan: &Plan, name: &ComponentName) -> BTreeSet<HostName> {
    let leaves = |work: &Work| work.component == *name && work.change == Change::Leave;
    let last = plan.levels.last().into_iter().flat_map(|level| &level.hosts);
    last.filter(|(_, work)| work.iter().any(leaves)).map(|(host, _)| host.clone()).collect()
}

proptest! {
    #[test]
    fn everything_comes_once_to_its_hosts_in_batches_that_are_small_enough(desired in placed()) {
        let plan = make(terms(), desired.clone(), &fresh()).unwrap();
        for (name, wanted) in &desired.components {
            let turns = turns(&plan, name);
            let all: Vec<HostName> = turns.iter().flat_map(|(_, hosts)| hosts.clone()).collect();
            let own: Vec<HostName> = wanted.hosts.clone().unwrap_or_else(names).into_iter().collect();
            prop_assert_eq!(&all, &own);
            let most = wanted.rolling.map_or(HOSTS, |limit| limit.of(own.len()));
            prop_assert!(turns.iter().all(|(_, hosts)| hosts.len() <= most), "{:?}", turns);
            prop_assert_eq!(turns.len(), own.len().div_ceil(most), "no more batches than it takes");
            let batches: Vec<Vec<HostName>> = turns.into_iter().map(|(_, hosts)| hosts.into_iter().collect()).collect();
            prop_assert_eq!(plan.batches().remove(name), wanted.rolling.map(|_| batches));
        }
    }

    #[test]
    fn what_is_depended_on_is_verified_on_all_hosts_before(desired in placed()) {
        let plan = make(terms(), desired.clone(), &fresh()).unwrap();
        for (name, wanted) in &desired.components {
            for need in &wanted.depends_on {
                prop_assert!(turns(&plan, need).last().unwrap().0 < turns(&plan, name)[0].0);
            }
        }
    }

    #[test]
    fn what_is_live_on_its_hosts_needs_no_plan(desired in placed()) {
        prop_assert!(make(terms(), desired.clone(), &fleet(&desired)).unwrap().is_empty());
    }

    #[test]
    fn what_moves_leaves_its_former_hosts_last(desired in placed(), masks in prop::collection::vec(0..1_u8 << HOSTS, 8)) {
        let mut next = desired.clone();
        next.components.values_mut().zip(masks).for_each(|(wanted, mask)| wanted.hosts = masked(mask));
        let plan = make(terms(), next.clone(), &fleet(&desired)).unwrap();
        for (name, wanted) in &next.components {
            let (before, after) = (desired.components[name].hosts.clone().unwrap_or_else(names), wanted.hosts.clone().unwrap_or_else(names));
            let came: BTreeSet<HostName> = turns(&plan, name).into_iter().flat_map(|(_, hosts)| hosts).collect();
            prop_assert_eq!(came, &after - &before);
            prop_assert_eq!(left(&plan, name), &before - &after);
        }
    }

    #[test]
    fn batches_and_places_are_part_of_the_hash(desired in placed()) {
        let mut other = desired.clone();
        let first = other.components.values_mut().next().unwrap();
        first.rolling = if first.rolling.is_some() { None } else { Some(MaxUnavailable::Hosts(9)) };
        prop_assert_ne!(make(terms(), desired, &fresh()).unwrap().hash(), make(terms(), other, &fresh()).unwrap().hash());
    }
}

/// Two components, the second of which depends on the first, which goes from host to host. On `h1` there is a third.
fn rolling() -> Desired {
    let mut desired = two(1);
    desired.components.get_mut(&name(0)).unwrap().rolling = Some(MaxUnavailable::Percent(40));
    let mut worker = wanted(3, 1, BTreeSet::new());
    worker.hosts = masked(0b10);
    desired.components.insert(name(3), worker);
    desired
}

#[test]
fn batches_are_levels() {
    let plan = make(terms(), rolling(), &fresh()).unwrap();
    let told = |level: &Level| {
        let hosts = level.hosts.iter().flat_map(|(host, work)| work.iter().map(move |work| format!("{} on {host}", work.component)));
        hosts.collect::<Vec<_>>().join(", ")
    };
    insta::assert_snapshot!(plan.levels.iter().map(told).collect::<Vec<_>>().join("\n"), @r"
    c0 on h0, c0 on h1, c3 on h1
    c0 on h2, c0 on h3
    c0 on h4
    c1 on h0, c1 on h1, c1 on h2, c1 on h3, c1 on h4
    ");
}

#[test]
fn what_does_not_change_takes_no_batch() {
    let mut hosts = fleet(&rolling());
    let wanted = rolling().components[&name(0)].config();
    for number in [1, 3, 4] {
        let seen = hosts.get_mut(&host(number)).unwrap().components.get_mut(&name(0)).unwrap();
        assert_eq!(seen.served.as_ref().map(|served| served.config), Some(wanted));
        seen.slots[0].condition = Condition::Stopped;
    }
    let plan = make(terms(), rolling(), &hosts).unwrap();
    assert_eq!(plan.batches(), BTreeMap::from([(name(0), vec![vec![host(1), host(3)], vec![host(4)]])]));
}

#[test]
fn each_host_is_judged_by_what_goes_there() {
    let code = |desired: Desired, hosts: &BTreeMap<HostName, Observed>| make(terms(), desired, hosts).map(|_| ()).map_err(|error| error.code());
    let mut apart = rolling();
    apart.components.get_mut(&name(3)).unwrap().route = apart.components[&name(0)].route.clone();
    assert_eq!(code(apart.clone(), &fresh()), Err("shared-route"));
    apart.components.get_mut(&name(0)).unwrap().hosts = masked(0b1);
    assert_eq!(code(apart.clone(), &fresh()), Ok(()));
    // What leaves a host keeps its route there to the end.
    assert_eq!(code(apart, &fleet(&rolling())), Err("route-moves"));

    let port = rolling().components[&name(3)].route.as_ref().unwrap().matches.port;
    for (number, expect) in [(0, Ok(())), (1, Err("port-taken"))] {
        let mut hosts = fresh();
        hosts.get_mut(&host(number)).unwrap().ports.insert(port, PortUse::Other);
        assert_eq!(code(rolling(), &hosts), expect, "h{number}");
    }
    let mut nowhere = rolling();
    nowhere.components.get_mut(&name(3)).unwrap().hosts = Some(BTreeSet::from([host(77)]));
    assert_eq!(code(nowhere, &fresh()), Err("no-host"));
}

#[test]
fn a_rollback_needs_releases_where_they_go() {
    let back = Terms { intent: Intent::Rollback { to: "1".parse().unwrap() }, ..terms() };
    let mut hosts = fleet(&rolling());
    let release = rolling().components[&name(3)].release;
    assert!(!hosts[&host(0)].releases.contains(&release));
    assert!(make(back.clone(), rolling(), &hosts).is_ok());
    hosts.get_mut(&host(1)).unwrap().releases.clear();
    assert_eq!(make(back, rolling(), &hosts).unwrap_err().code(), "release-gone");
}

#[test]
fn only_a_host_that_knows_of_places_and_batches_takes_them() {
    let version = |desired: Desired| make(terms(), desired, &fresh()).unwrap().version;
    assert_eq!((version(two(1)), version(rolling())), (1, 3));
    let mut secure = two(1);
    let tls = Tls { certificate: Digest::ZERO, expires_at: Moment::LAST, redirect_from: None, hsts_s: 0, enrolment: None };
    secure.components.get_mut(&name(0)).unwrap().route.as_mut().unwrap().tls = Some(tls);
    assert_eq!(version(secure), 2);
}

#[test]
fn the_weightiest_change_is_told() {
    let hosts = fleet(&rolling());
    let check = |next: &Desired, number: usize, expect: Change| {
        assert_eq!(make(terms(), next.clone(), &hosts).unwrap().changes()[&name(number)], expect);
    };
    let mut next = rolling();
    next.components.get_mut(&name(3)).unwrap().hosts = masked(0b100);
    check(&next, 3, Change::Create);
    next.components.get_mut(&name(0)).unwrap().hosts = masked(0b111);
    check(&next, 0, Change::Leave);
    next.components.remove(&name(3));
    check(&next, 3, Change::Remove);
}
