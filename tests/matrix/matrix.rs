//! The cells of the matrix.

use crate::cell::{self, Cell};
use crate::road::Road;
use crate::stage::Stage;
use crate::victim::Victim;

/// The cells of these roads, as they are in `scene`: every victim that is there at a point, or else one of them, in turn, at those points that
/// the stage does not leave out.
pub fn cells<S: Stage>(scene: &mut S, roads: &[Road], all: bool) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut points = 0;
    for &road in roads {
        let (_, spots) = cell::run(scene, &Cell { road, spot: None, victim: Victim::Operator, alone: false });
        let own = road.own(&spots);
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
