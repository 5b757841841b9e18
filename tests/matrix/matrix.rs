//! The cells of the matrix.

use crate::cell::{self, Cell, Spots};
use crate::road::Road;
use crate::stage::Stage;
use crate::victim::Victim;

/// How often a road is gone to learn its points, where other work of the machine kept the deployment from reaching them.
const TRIES: usize = 3;

/// The points of a road.
fn learned(scene: &mut impl Stage, road: Road) -> Spots {
    let mut learn = || road.own(&cell::run(scene, &Cell { road, spot: None, victim: Victim::Operator, alone: false }).1);
    let own = (0..TRIES).map(|_| learn()).find(|own| !own.is_empty());
    own.unwrap_or_else(|| panic!("{road}: none of its points was come to"))
}

/// The cells of these roads, as they are in `scene`: every victim that is there at a point, or else one of them, in turn, at those points that
/// the stage does not leave out.
pub fn cells<S: Stage>(scene: &mut S, roads: &[Road], all: bool) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut points = 0;
    for &road in roads {
        let own = learned(scene, road);
        eprintln!("{road}: {} points", own.len());
        for (spot, present) in own {
            points += 1;
            if !all && !S::is_walked(&spot.point, points) {
                continue;
            }
            let turn = if all { 0..present.len() } else { cells.len() % present.len()..cells.len() % present.len() + 1 };
            cells.extend(present[turn].iter().map(|victim| Cell { road, spot: Some(spot.clone()), victim: *victim, alone: points % 2 == 0 }));
        }
    }
    cells
}
