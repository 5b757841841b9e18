//! The cells of the matrix.

use crate::cell::{self, Cell};
use crate::road::Road;
use crate::scene::Scene;
use crate::victim::Victim;

/// The cells of all roads, as they are in `scene`: every victim that is there at a point, or else one of them, in turn.
pub fn cells(scene: &mut Scene, all: bool) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut points = 0;
    for road in Road::ALL {
        let (_, spots) = cell::run(scene, &Cell { road, spot: None, victim: Victim::Operator, alone: false });
        let own = road.own(&spots);
        eprintln!("{road}: {} points", own.len());
        for (spot, present) in own {
            points += 1;
            let turn = if all { 0..present.len() } else { points % present.len()..points % present.len() + 1 };
            cells.extend(present[turn].iter().map(|victim| Cell { road, spot: Some(spot.clone()), victim: *victim, alone: points % 2 == 0 }));
        }
    }
    cells
}
