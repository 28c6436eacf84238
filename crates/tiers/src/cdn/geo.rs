//! Places on the globe, and how long light needs between them.
//!
//! Distances are great circles by the haversine formula (Sinnott: "Virtues of the haversine", Sky and
//! Telescope 68(2), 1984) on a sphere of the earth's mean radius, which is within 0.6 % of the
//! ellipsoid. A round trip is twice that distance, longer by a factor because cables and routes are no
//! great circles, at the speed of light in fibre.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::units::Nanos;

/// Mean radius of the earth in kilometres: (2a + b) / 3 of the GRS 80 ellipsoid (Moritz: "Geodetic
/// Reference System 1980", Journal of Geodesy 74, 2000).
const EARTH_RADIUS_KM: f64 = 6371.0088;

/// A place, written `[latitude, longitude]` in degrees: north and east are positive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "[f64; 2]", into = "[f64; 2]")]
pub struct Place {
    latitude: f64,
    longitude: f64,
}

impl TryFrom<[f64; 2]> for Place {
    type Error = String;
    fn try_from([latitude, longitude]: [f64; 2]) -> Result<Self, String> {
        if !(-90.0..=90.0).contains(&latitude) {
            return Err(format!("latitude {latitude} is not from -90 to 90; it stands first"));
        }
        if !(-180.0..=180.0).contains(&longitude) {
            return Err(format!("longitude {longitude} is not from -180 to 180; it stands second"));
        }
        Ok(Place { latitude, longitude })
    }
}

impl From<Place> for [f64; 2] {
    fn from(place: Place) -> Self {
        [place.latitude, place.longitude]
    }
}

/// The distance between two places along the surface, in kilometres.
pub fn great_circle_km(a: Place, b: Place) -> f64 {
    let (lat_a, lat_b) = (a.latitude.to_radians(), b.latitude.to_radians());
    let half_lat = libm::sin((lat_b - lat_a) / 2.0);
    let half_lon = libm::sin((b.longitude - a.longitude).to_radians() / 2.0);
    let haversine = half_lat * half_lat + libm::cos(lat_a) * libm::cos(lat_b) * half_lon * half_lon;
    2.0 * EARTH_RADIUS_KM * libm::asin(haversine.sqrt().min(1.0))
}

/// What round trips are worked out from where none is given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fibre {
    /// Speed of light in it.
    pub(super) km_per_s: f64,
    /// How much longer a route is than the great circle.
    pub(super) path_factor: f64,
}

impl Fibre {
    /// There and back.
    pub(super) fn round_trip(self, a: Place, b: Place) -> Nanos {
        let seconds = 2.0 * great_circle_km(a, b) * self.path_factor / self.km_per_s;
        Nanos((seconds * 1e9).round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(latitude: f64, longitude: f64) -> Place {
        Place::try_from([latitude, longitude]).unwrap()
    }

    #[test]
    fn known_distances() {
        let quarter = EARTH_RADIUS_KM * std::f64::consts::FRAC_PI_2;
        let close = |a, b, km: f64| (great_circle_km(a, b) - km).abs() < 0.01;
        assert!(close(place(90.0, 0.0), place(0.0, 123.0), quarter));
        assert!(close(place(0.0, -45.0), place(0.0, 45.0), quarter));
        assert!(close(place(10.0, 20.0), place(-10.0, -160.0), 2.0 * quarter));
        // The usual worked example of the formula, Nashville to Los Angeles: 2886.444 km on a
        // sphere of 6371 km.
        let example = 2886.444 * EARTH_RADIUS_KM / 6371.0;
        assert!(close(place(36.12, -86.67), place(33.94, -118.40), example));
        // Across the date line it is the short way round.
        assert!(close(place(0.0, 179.0), place(0.0, -179.0), quarter / 45.0));
    }

    #[test]
    fn light_needs_about_ten_microseconds_a_kilometre_and_back() {
        let fibre = Fibre { km_per_s: 200_000.0, path_factor: 1.5 };
        let (a, b) = (place(0.0, 0.0), place(0.0, 90.0));
        let expected = great_circle_km(a, b) * 10_000.0 * 1.5;
        assert!((fibre.round_trip(a, b).0 as f64 - expected).abs() <= 1.0);
        assert_eq!(fibre.round_trip(a, a), Nanos(0));
    }

    #[test]
    fn places_off_the_globe_are_refused() {
        for at in [[91.0, 0.0], [0.0, 181.0], [f64::NAN, 0.0], [0.0, f64::INFINITY]] {
            assert!(Place::try_from(at).is_err(), "{at:?}");
        }
    }

    proptest! {
        #[test]
        fn distance_is_a_metric(lat in prop::array::uniform3(-90.0..=90.0f64),
                                lon in prop::array::uniform3(-180.0..=180.0f64)) {
            let [a, b, c] = [0, 1, 2].map(|i| place(lat[i], lon[i]));
            let ab = great_circle_km(a, b);
            prop_assert!((ab - great_circle_km(b, a)).abs() < 1e-6);
            prop_assert!((0.0..=EARTH_RADIUS_KM * std::f64::consts::PI + 1e-6).contains(&ab));
            prop_assert!(ab <= great_circle_km(a, c) + great_circle_km(c, b) + 1e-3);
        }
    }
}
