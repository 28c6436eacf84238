//! Who is served by which strategy, and from when on.

/// From which request on units are with B, by place.
#[derive(Debug, Clone, Default)]
pub(super) struct Assignment {
    /// Shares and first requests of the stages so far, ascending.
    stages: Vec<(f64, usize)>,
    /// From this request on, all are with A again.
    back_at: Option<usize>,
}

impl Assignment {
    /// The next stage begins.
    pub(super) fn push(&mut self, share: f64, request: usize) {
        self.stages.push((share, request));
    }

    /// The first request from which the unit at this place is with B; never is beyond all.
    pub(super) fn joins_at(&self, place: f64) -> usize {
        let stage = self.stages.iter().find(|(share, _)| place < *share);
        stage.map_or(usize::MAX, |(_, request)| *request)
    }

    /// Whether B serves a request of the unit at this place.
    pub(super) fn is_with_b(&self, place: f64, request: usize) -> bool {
        self.joins_at(place) <= request && self.back_at.is_none_or(|back| request < back)
    }

    /// When those who are with B go back to A, if they do.
    pub(super) fn back_at(&self) -> Option<usize> {
        self.back_at
    }

    /// The same until this request, and then all back to A.
    pub(super) fn taken_back_at(&self, request: usize) -> Assignment {
        Assignment { back_at: Some(request), ..self.clone() }
    }

    /// The same until the last stage, and then everybody with B.
    pub(super) fn with_everybody(&self) -> Assignment {
        let mut all = self.clone();
        if let Some((share, _)) = all.stages.last_mut() {
            *share = f64::INFINITY;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_join_at_the_first_stage_that_has_room_for_them() {
        let mut assignment = Assignment::default();
        assignment.push(0.1, 50);
        assignment.push(0.5, 80);
        let joins = |assignment: &Assignment| {
            [0.0, 0.09, 0.1, 0.49, 0.5, 0.99].map(|place| assignment.joins_at(place))
        };
        assert_eq!(joins(&assignment), [50, 50, 80, 80, usize::MAX, usize::MAX]);
        assert_eq!(joins(&assignment.with_everybody()), [50, 50, 80, 80, 80, 80]);
        let back = assignment.taken_back_at(90);
        let with_b = [49, 50, 89, 90, 100].map(|request| back.is_with_b(0.05, request));
        assert_eq!(with_b, [false, true, true, false, false]);
        assert!(assignment.is_with_b(0.05, 100) && !Assignment::default().is_with_b(0.0, 100));
    }
}
