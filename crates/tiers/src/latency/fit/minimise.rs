//! The least value of a function of a few numbers, without derivatives.
//!
//! The simplex method of Nelder and Mead (1965, doi 10.1093/comjnl/7.4.308) with its usual
//! coefficients. It is deterministic: sorting is stable and only additions and multiplications
//! move the simplex. It finds a local least; callers start it from several places.

/// Searches from `start` with a first simplex of side `side`. Returns where the least value was found,
/// and the value.
pub(super) fn minimise<const N: usize>(
    start: [f64; N],
    side: f64,
    value: &dyn Fn(&[f64; N]) -> f64,
) -> ([f64; N], f64) {
    const MOST_ROUNDS: usize = 600;
    const CLOSE_ENOUGH: f64 = 1e-10;
    let measured = |point: [f64; N]| {
        let at = value(&point);
        (point, if at.is_nan() { f64::INFINITY } else { at })
    };
    let mut simplex = vec![measured(start)];
    for axis in 0..N {
        let mut corner = start;
        corner[axis] += side;
        simplex.push(measured(corner));
    }
    for _ in 0..MOST_ROUNDS {
        simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst) = (simplex[0], simplex[N]);
        let size = (0..N).map(|axis| (worst.0[axis] - best.0[axis]).abs()).fold(0.0, f64::max);
        if worst.1 - best.1 <= CLOSE_ENOUGH * best.1 && size < 1e-6 {
            break;
        }
        let centre: [f64; N] = std::array::from_fn(|axis| {
            simplex[..N].iter().map(|corner| corner.0[axis]).sum::<f64>() / N as f64
        });
        // Along the line from the worst corner through the centre of the others.
        let along = |t: f64| {
            measured(std::array::from_fn(|axis| centre[axis] + t * (centre[axis] - worst.0[axis])))
        };
        let mirrored = along(1.0);
        simplex[N] = if mirrored.1 < best.1 {
            let further = along(2.0);
            if further.1 < mirrored.1 { further } else { mirrored }
        } else if mirrored.1 < simplex[N - 1].1 {
            mirrored
        } else {
            let nearer = if mirrored.1 < worst.1 { along(0.5) } else { along(-0.5) };
            if nearer.1 >= worst.1.min(mirrored.1) {
                for corner in &mut simplex[1..] {
                    *corner =
                        measured(std::array::from_fn(|axis| 0.5 * (best.0[axis] + corner.0[axis])));
                }
                continue;
            }
            nearer
        };
    }
    simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
    simplex[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rosenbrocks_valley_is_walked_to_its_end() {
        let valley = |[x, y]: &[f64; 2]| 100.0 * (y - x * x) * (y - x * x) + (1.0 - x) * (1.0 - x);
        let ([x, y], least) = minimise([-1.2, 1.0], 0.5, &valley);
        assert!((x - 1.0).abs() < 1e-4 && (y - 1.0).abs() < 1e-4, "{x} {y} {least}");
    }
}
