//! Every colour of the report, for light and for dark paper, and the strokes that go with them.
//!
//! Strategies have the colours of Okabe and Ito, which colour-blind readers tell apart, darkened or
//! lightened where the paper asks for it; a marker and a dash repeat what the colour says. Tiers have
//! an order, so they have a ramp: the darker on light paper, the nearer to the client. Changes have two
//! directions, so they have two ramps from the grey of no change: to blue if better, to orange if worse;
//! time that reads wait is worse the longer nobody works on them. Parts of a sum that are neither have
//! greens and purples.

/// The paper that a figure is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white.
    Light,
    /// Light on near-black.
    Dark,
}

/// What a mark is, from which follows its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Role(usize);

struct Swatch {
    name: &'static str,
    light: u32,
    dark: u32,
}

const fn swatch(name: &'static str, light: u32, dark: u32) -> Swatch {
    Swatch { name, light, dark }
}

const SERIES: usize = 7;
const TIER: usize = SERIES + N_SERIES;
const ON_TIER: usize = TIER + N_TIERS;
const CHANGE: usize = ON_TIER + N_TIERS;
const ON_CHANGE: usize = CHANGE + N_CHANGES;
const PART: usize = ON_CHANGE + N_CHANGES;
const ON_PART: usize = PART + N_PARTS;

/// Strategies that can be told apart in one figure.
pub(crate) const N_SERIES: usize = 8;
/// Steps of the ramp of tiers.
const N_TIERS: usize = 6;
/// Steps of change, from worst over none to best.
const N_CHANGES: usize = 11;
/// Parts of a sum that can be told apart.
const N_PARTS: usize = 6;

const SWATCHES: [Swatch; ON_PART + N_PARTS] = [
    swatch("paper", 0xFFFFFF, 0x15171A),
    swatch("ink", 0x1C1E21, 0xE8E9EB),
    swatch("muted", 0x5C6168, 0xA3A9B1),
    swatch("grid", 0xE4E6E9, 0x2C3036),
    swatch("origin", 0xD3D6DA, 0x464B52),
    swatch("on-origin", 0x1C1E21, 0xE8E9EB),
    swatch("guide", 0x7A8088, 0x868D96),
    swatch("series-0", 0x0072B2, 0x4C9FE0),
    swatch("series-1", 0xD55E00, 0xF0803C),
    swatch("series-2", 0x009E73, 0x1DBB8E),
    swatch("series-3", 0xB85C94, 0xD98DBB),
    swatch("series-4", 0xC98A00, 0xE69F00),
    swatch("series-5", 0x3F9BD1, 0x8ED0F7),
    swatch("series-6", 0x1F1F1F, 0xF7F7F7),
    swatch("series-7", 0x9A8F00, 0xF0E442),
    swatch("tier-0", 0x0B3A66, 0xB5DAF7),
    swatch("tier-1", 0x1D5F99, 0x8DC3EF),
    swatch("tier-2", 0x3378B0, 0x64A6DC),
    swatch("tier-3", 0x6AA8DA, 0x3B79AE),
    swatch("tier-4", 0x9AC6E8, 0x2C6699),
    swatch("tier-5", 0xC2DFF3, 0x1F4B73),
    swatch("on-tier-0", 0xFFFFFE, 0x15171B),
    swatch("on-tier-1", 0xFFFFFE, 0x15171B),
    swatch("on-tier-2", 0xFFFFFE, 0x15171B),
    swatch("on-tier-3", 0x10243A, 0xFFFFFE),
    swatch("on-tier-4", 0x10243A, 0xFFFFFE),
    swatch("on-tier-5", 0x10243A, 0xFFFFFE),
    swatch("change-0", 0x8A3A06, 0xF9C79C),
    swatch("change-1", 0xC2560F, 0xE08D4C),
    swatch("change-2", 0xE58A45, 0xA9642A),
    swatch("change-3", 0xF4BE93, 0x734423),
    swatch("change-4", 0xFBE4D2, 0x46311F),
    swatch("change-5", 0xEEF0F2, 0x2A2E33),
    swatch("change-6", 0xD9EAF7, 0x1E3547),
    swatch("change-7", 0xA8D0EE, 0x205074),
    swatch("change-8", 0x67ACDD, 0x2B73A8),
    swatch("change-9", 0x2475B3, 0x5AA5DD),
    swatch("change-10", 0x0B4A80, 0xACD7F8),
    swatch("on-change-0", 0xFFFFFE, 0x15171B),
    swatch("on-change-1", 0xFFFFFE, 0x15171B),
    swatch("on-change-2", 0x1C1E22, 0xFFFFFE),
    swatch("on-change-3", 0x1C1E22, 0xFFFFFE),
    swatch("on-change-4", 0x1C1E22, 0xE8E9EC),
    swatch("on-change-5", 0x1C1E22, 0xE8E9EC),
    swatch("on-change-6", 0x1C1E22, 0xE8E9EC),
    swatch("on-change-7", 0x1C1E22, 0xFFFFFE),
    swatch("on-change-8", 0x1C1E22, 0xFFFFFE),
    swatch("on-change-9", 0xFFFFFE, 0x15171B),
    swatch("on-change-10", 0xFFFFFE, 0x15171B),
    swatch("part-0", 0x1B6B52, 0x6FCBA6),
    swatch("part-1", 0x6FB89A, 0x2E7D61),
    swatch("part-2", 0xC4E3D6, 0x1D4A3B),
    swatch("part-3", 0x65478F, 0xC3ABE2),
    swatch("part-4", 0xAE93CF, 0x6F55A0),
    swatch("part-5", 0xE2D6F0, 0x3D2E59),
    swatch("on-part-0", 0xFFFFFD, 0x15171D),
    swatch("on-part-1", 0x10243B, 0xFFFFFD),
    swatch("on-part-2", 0x10243B, 0xE8E9ED),
    swatch("on-part-3", 0xFFFFFD, 0x15171D),
    swatch("on-part-4", 0x10243B, 0xFFFFFD),
    swatch("on-part-5", 0x10243B, 0xE8E9ED),
];

impl Role {
    pub(crate) const PAPER: Role = Role(0);
    pub(crate) const INK: Role = Role(1);
    pub(crate) const MUTED: Role = Role(2);
    pub(crate) const GRID: Role = Role(3);
    pub(crate) const ORIGIN: Role = Role(4);
    pub(crate) const ON_ORIGIN: Role = Role(5);
    pub(crate) const GUIDE: Role = Role(6);

    /// The colour of a strategy.
    pub(crate) fn series(slot: usize) -> Role {
        Role(SERIES + slot % N_SERIES)
    }

    /// The colour of a tier among `n`: the ramp is spread over the tiers there are.
    pub(crate) fn tier(position: usize, n: usize) -> Role {
        let last = N_TIERS - 1;
        let spread = (position * (last - 1)).checked_div(n.saturating_sub(1));
        Role(TIER + spread.unwrap_or(1).min(last))
    }

    /// The colour of a change by this many steps, negative if for the worse.
    pub(crate) fn change(steps: i32) -> Role {
        let most = (N_CHANGES / 2) as i32;
        Role(CHANGE + (steps.clamp(-most, most) + most) as usize)
    }

    /// The colour of a part of a sum.
    pub(crate) fn part(nth: usize) -> Role {
        Role(PART + nth % N_PARTS)
    }

    /// The colour of text on this box.
    pub(crate) fn text_on(self) -> Role {
        match self {
            Role::ORIGIN => Role::ON_ORIGIN,
            Role(part) if part >= PART => Role(part + N_PARTS),
            Role(change) if change >= CHANGE => Role(change + N_CHANGES),
            Role(tier) => Role(tier + N_TIERS),
        }
    }

    /// All roles, in order.
    pub(crate) fn all() -> impl Iterator<Item = Role> {
        (0..SWATCHES.len()).map(Role)
    }

    /// The stroke of a line as drawn and skipped lengths; none if solid.
    pub(crate) fn dash(self) -> Option<(f64, f64)> {
        if self == Role::GUIDE {
            return Some((3.0, 4.0));
        }
        let slot = self.0.checked_sub(SERIES).filter(|slot| *slot < N_SERIES)?;
        [None, Some((7.0, 3.0)), Some((2.0, 2.5)), Some((12.0, 4.0))][slot % 4]
    }

    pub(crate) fn rgb(self, theme: Theme) -> u32 {
        let swatch = &SWATCHES[self.0];
        match theme {
            Theme::Light => swatch.light,
            Theme::Dark => swatch.dark,
        }
    }

    /// The name of its CSS variable, without the dashes.
    pub(crate) fn name(self) -> &'static str {
        SWATCHES[self.0].name
    }

    /// A colour that stands for the role until a theme is put in.
    pub(crate) fn key(self) -> u32 {
        0x01_0200 + self.0 as u32
    }
}

/// The declarations of all colours, each for both themes.
pub(crate) fn css() -> String {
    Role::all()
        .map(|role| {
            let (light, dark) = (role.rgb(Theme::Light), role.rgb(Theme::Dark));
            format!("  --{}: light-dark(#{light:06X}, #{dark:06X});\n", role.name())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, as WCAG 2 has it.
    fn luminance(rgb: u32) -> f64 {
        let part = |shift: u32| {
            let share = f64::from(rgb >> shift & 0xFF) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0)
    }

    #[test]
    fn text_can_be_read_on_every_change_part_and_tier() {
        let parts = (0..N_PARTS).map(Role::part);
        let tiers = (TIER..TIER + N_TIERS).map(Role);
        let all = (-5..=5).map(Role::change).chain(parts).chain(tiers).chain([Role::ORIGIN]);
        for role in all {
            for theme in [Theme::Light, Theme::Dark] {
                let [a, b] = [role, role.text_on()].map(|role| luminance(role.rgb(theme)));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(contrast >= 4.5, "{} in {theme:?}: {contrast:.2}", role.name());
            }
        }
    }
}
