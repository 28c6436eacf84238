//! The laws: their distribution functions, and what they refuse.

use trace::units::Nanos;

use super::spec::{Bimodal, Burr, Law, Lognormal, ShapeAndScale};
use super::special::{Tails, gamma, normal};

/// A law with its times as floating-point nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Curve {
    Lognormal(Normal),
    Gamma { shift: f64, shape: f64, scale: f64 },
    Weibull { shift: f64, shape: f64, scale: f64 },
    Burr { shift: f64, scale: f64, c: f64, k: f64 },
    Bimodal { share: f64, first: Normal, second: Normal },
}

/// A shifted lognormal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Normal {
    pub(super) shift: f64,
    pub(super) median: f64,
    pub(super) sigma: f64,
}

impl Curve {
    /// How likely a latency of at most `x` nanoseconds is, and a longer one.
    pub(super) fn tails(&self, x: f64) -> Tails {
        let from_above =
            |ln_above: f64| Tails { below: -libm::expm1(ln_above), above: libm::exp(ln_above) };
        match *self {
            Curve::Lognormal(normal) => normal.tails(x),
            Curve::Gamma { shift, shape, scale } => gamma(shape, (x - shift) / scale),
            Curve::Weibull { shift, shape, scale } if x > shift => {
                from_above(-libm::pow((x - shift) / scale, shape))
            }
            Curve::Burr { shift, scale, c, k } if x > shift => {
                from_above(-k * libm::log1p(libm::pow((x - shift) / scale, c)))
            }
            Curve::Weibull { .. } | Curve::Burr { .. } => Tails::NONE_BELOW,
            Curve::Bimodal { share, first, second } => {
                let (first, second) = (first.tails(x), second.tails(x));
                let mix = |a: f64, b: f64| share * a + (1.0 - share) * b;
                Tails {
                    below: mix(first.below, second.below),
                    above: mix(first.above, second.above),
                }
            }
        }
    }

    /// The law as it is written: times to the nanosecond.
    pub(super) fn law(&self) -> Law {
        let ns = |value: f64| Nanos((value + 0.5) as u64);
        let scale = |value: f64| ns(value.max(1.0));
        let lognormal = |of: Normal| Lognormal {
            shift: ns(of.shift),
            median: scale(of.median),
            sigma: of.sigma,
        };
        match *self {
            Curve::Lognormal(normal) => Law::Lognormal(lognormal(normal)),
            Curve::Gamma { shift, shape, scale: s } => {
                Law::Gamma(ShapeAndScale { shift: ns(shift), shape, scale: scale(s) })
            }
            Curve::Weibull { shift, shape, scale: s } => {
                Law::Weibull(ShapeAndScale { shift: ns(shift), shape, scale: scale(s) })
            }
            Curve::Burr { shift, scale: s, c, k } => {
                Law::Burr(Burr { shift: ns(shift), scale: scale(s), c, k })
            }
            Curve::Bimodal { share, first, second } => {
                Law::Bimodal(Bimodal { share, first: lognormal(first), second: lognormal(second) })
            }
        }
    }
}

impl Normal {
    fn tails(&self, x: f64) -> Tails {
        if x <= self.shift {
            return Tails::NONE_BELOW;
        }
        normal(libm::log((x - self.shift) / self.median) / self.sigma)
    }
}

impl From<&Law> for Curve {
    fn from(law: &Law) -> Self {
        let ns = |nanos: Nanos| nanos.0 as f64;
        let normal =
            |of: &Lognormal| Normal { shift: ns(of.shift), median: ns(of.median), sigma: of.sigma };
        match law {
            Law::Lognormal(of) => Curve::Lognormal(normal(of)),
            Law::Gamma(of) => {
                Curve::Gamma { shift: ns(of.shift), shape: of.shape, scale: ns(of.scale) }
            }
            Law::Weibull(of) => {
                Curve::Weibull { shift: ns(of.shift), shape: of.shape, scale: ns(of.scale) }
            }
            Law::Burr(of) => {
                Curve::Burr { shift: ns(of.shift), scale: ns(of.scale), c: of.c, k: of.k }
            }
            Law::Bimodal(of) => Curve::Bimodal {
                share: of.share,
                first: normal(&of.first),
                second: normal(&of.second),
            },
        }
    }
}

/// Says what is wrong with a law, if anything is.
pub(super) fn check(law: &Law) -> Result<(), String> {
    let scale = |name: &str, value: Nanos| {
        if value.0 == 0 { Err(format!("`{name}` must be above 0")) } else { Ok(()) }
    };
    let number = |name: &str, value: f64, least: f64, most: f64| {
        if value >= least && value <= most {
            Ok(())
        } else {
            Err(format!("`{name}` is {value}; it must lie between {least} and {most}"))
        }
    };
    let shape = |name: &str, value: f64| number(name, value, 0.05, 1000.0);
    let lognormal = |of: &Lognormal| {
        scale("median", of.median)?;
        number("sigma", of.sigma, 1e-6, 10.0)
    };
    match law {
        Law::Lognormal(of) => lognormal(of)?,
        Law::Gamma(of) | Law::Weibull(of) => {
            scale("scale", of.scale)?;
            shape("shape", of.shape)?;
        }
        Law::Burr(of) => {
            scale("scale", of.scale)?;
            shape("c", of.c)?;
            shape("k", of.k)?;
        }
        Law::Bimodal(of) => {
            number("share", of.share, 0.0, 1.0)?;
            lognormal(&of.first)?;
            lognormal(&of.second)?;
        }
    }
    let longest = super::LONGEST;
    if Curve::from(law).tails(longest.0 as f64).above > 1e-4 {
        return Err(format!("more than one latency in 10,000 would exceed {longest}"));
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One of each, around 10 ms.
    pub(in crate::latency) fn examples() -> Vec<Curve> {
        let warm = Normal { shift: 80e6, median: 12e6, sigma: 0.3 };
        let cold = Normal { shift: 0.0, median: 288e6, sigma: 0.1 };
        vec![
            Curve::Lognormal(Normal { shift: 5e6, median: 10e6, sigma: 0.7 }),
            Curve::Gamma { shift: 2e6, shape: 2.5, scale: 4e6 },
            Curve::Weibull { shift: 1e6, shape: 0.8, scale: 10e6 },
            Curve::Burr { shift: 0.0, scale: 10e6, c: 3.0, k: 0.9 },
            Curve::Bimodal { share: 0.29, first: warm, second: cold },
        ]
    }

    #[test]
    fn medians_are_where_they_must_be() {
        let at = |curve: Curve, x: f64| curve.tails(x).below;
        let half = |below: f64| assert!((below - 0.5).abs() < 1e-12, "{below}");
        half(at(Curve::Lognormal(Normal { shift: 5e6, median: 10e6, sigma: 0.7 }), 15e6));
        // shift + scale (ln 2)^(1 / shape).
        half(at(
            Curve::Weibull { shift: 1e6, shape: 2.0, scale: 1e6 },
            1e6 + 1e6 * libm::sqrt(std::f64::consts::LN_2),
        ));
        // scale (2^(1/k) - 1)^(1/c).
        half(at(Curve::Burr { shift: 0.0, scale: 1e6, c: 3.0, k: 1.0 }, 1e6));
        // A gamma of shape 1 is an exponential.
        half(at(Curve::Gamma { shift: 0.0, shape: 1.0, scale: 1e6 }, 1e6 * std::f64::consts::LN_2));
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for curve in examples() {
            assert_eq!(Curve::from(&curve.law()), curve);
            check(&curve.law()).unwrap();
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "lognormal = { median = '0', sigma = 1.0 }",
            "lognormal = { median = '1ms', sigma = -1.0 }",
            "lognormal = { median = '1ms', sigma = nan }",
            "lognormal = { median = '100d', sigma = 1.0 }",
            "gamma = { shape = 0.0, scale = '1ms' }",
            "weibull = { shape = 1e9, scale = '1ms' }",
            "burr = { scale = '1ms', c = 0.1, k = 0.1 }",
            "bimodal = { share = 1.5, first = { median = '1ms', sigma = 1 }, second = { median = '1ms', sigma = 1 } }",
        ] {
            let law: Law = toml::from_str(text).unwrap();
            assert!(check(&law).is_err(), "{text}");
        }
    }
}
