//! Every colour of the report, for light and for dark paper, and the strokes that go with them.
//!
//! Strategies have the colours of Okabe and Ito, which colour-blind readers tell apart, darkened or
//! lightened where the paper asks for it; a marker and a dash repeat what the colour says. Tiers have
//! an order, so they have a ramp: the darker on light paper, the nearer to the client.

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

/// Strategies that can be told apart in one figure.
pub(crate) const N_SERIES: usize = 8;
/// Steps of the ramp of tiers.
const N_TIERS: usize = 6;

const SWATCHES: [Swatch; ON_TIER + N_TIERS] = [
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
    swatch("tier-2", 0x3C86C2, 0x64A6DC),
    swatch("tier-3", 0x6AA8DA, 0x4286BF),
    swatch("tier-4", 0x9AC6E8, 0x2C6699),
    swatch("tier-5", 0xC2DFF3, 0x1F4B73),
    swatch("on-tier-0", 0xFFFFFE, 0x15171B),
    swatch("on-tier-1", 0xFFFFFE, 0x15171B),
    swatch("on-tier-2", 0xFFFFFE, 0x15171B),
    swatch("on-tier-3", 0x10243A, 0xFFFFFE),
    swatch("on-tier-4", 0x10243A, 0xFFFFFE),
    swatch("on-tier-5", 0x10243A, 0xFFFFFE),
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

    /// The colour of text on this box.
    pub(crate) fn text_on(self) -> Role {
        if self == Role::ORIGIN { Role::ON_ORIGIN } else { Role(self.0 + N_TIERS) }
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
